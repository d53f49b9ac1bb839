"""A run as a SkyPilot task: what is mounted and run is what the run was."""

import shlex
from pathlib import Path

import pytest
import yaml

from pipeline.models.template import SystemPrompt
from pipeline.train import presets, skypilot
from pipeline.train.config import Settings, TrainConfig


def frozen(settings: Settings, policy: SystemPrompt) -> TrainConfig:
    return TrainConfig(
        title='the "clinic" run',
        model="/models/qwen 3",
        export="/exports/clinic-3",
        layout="format2",
        data=(),
        validation=(),
        system_prompt=policy,
        device="cpu",
        preset="strong",
        settings=settings,
    )


@pytest.mark.parametrize(
    ("accelerators", "device"),
    [("", "cpu"), ("A100:1", "cuda:0"), ("H100:3", "cuda:0,1,2"), ("L4", "cuda:0")],
    ids=str,
)
def test_the_task_trains_what_the_run_was_with_every_gpu(accelerators: str, device: str):
    settings = presets.changed(Settings(), ["rank=4", 'sample_prompts=["it\'s?"]'])
    made = frozen(settings, SystemPrompt("text", "Be $brief; ok"))
    task = yaml.safe_load(skypilot.task(made, accelerators))
    assert task["file_mounts"] == {
        "~/graft/exports/clinic-3": "/exports/clinic-3",
        "~/graft/models/qwen 3": "/models/qwen 3",
    }
    assert task.get("resources", {}).get("accelerators", "") == accelerators
    words = shlex.split(task["run"])
    assert words[:7] == ["python", "-m", "pipeline", "--workspace", "~/graft", "train", "clinic-3"]
    said = {word: words[at + 1] for at, word in enumerate(words[:-1]) if word.startswith("--")}
    assert (said["--device"], said["--model"]) == (device, "qwen 3")
    assert said["--system-prompt"] == "Be $brief; ok"
    given = [words[at + 1] for at, word in enumerate(words) if word == "--set"]
    assert presets.changed(presets.preset("strong").settings, given) == settings
    assert Path(task["workdir"], "requirements.txt").is_file()
