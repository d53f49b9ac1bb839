"""The frozen config: what cannot work is refused in words, and old files still read."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import BadInput
from pipeline.jsonio import read_json, write_json
from pipeline.models.template import SystemPrompt
from pipeline.train import config, continuing, presets
from pipeline.train.config import DataFile, Settings, TrainConfig
from pipeline.train.continuing import ShapeDiffers

FILE = DataFile("a_format3.json", "a", "domain", "0" * 40, 3)
CONFIG = TrainConfig(
    title="t",
    model="/m",
    export="/e",
    layout="format3",
    data=(FILE,),
    validation=(FILE,),
    system_prompt=SystemPrompt("none"),
    device="cuda:1",
    preset="strong",
    settings=Settings(
        targets="attention",
        quantization="4bit",
        early_stop_patience=2,
        sample_prompts=("Who are you?", "你是谁？"),
    ),
    parent_run=3,
    initial_adapter="/runs/3/adapter",
    study="format2 against format3",
)


def test_a_config_reads_back_as_it_was_written(tmp_path: Path):
    config.write(tmp_path, CONFIG)
    assert config.read(tmp_path) == CONFIG


def test_a_config_from_before_a_setting_was_known_takes_its_default(tmp_path: Path):
    config.write(tmp_path, replace(CONFIG, settings=Settings(rank=8)))
    value = read_json(tmp_path / "config.json")
    known = ("rank", "alpha", "learning_rate", "epochs")
    old = value["settings"]
    assert isinstance(old, dict)
    value["settings"] = {name: old[name] for name in known}
    for name in ("initial_adapter", "study", "evaluate_after"):
        del value[name]
    write_json(tmp_path / "config.json", value)
    read = config.read(tmp_path)
    assert (read.settings, read.study, read.initial_adapter) == (Settings(rank=8), "", "")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: replace(CONFIG, device="cpu"), "quantization is 4bit.*device is cpu"),
        (lambda: replace(CONFIG, validation=()), "early_stop_patience is 2.*no rows back"),
        (lambda: Settings(targets="q_proj,,v_proj"), "targets is 'q_proj,,v_proj'"),
        (lambda: Settings(sample_prompts=("Hi",) * 9), "sample_prompts is 9 texts"),
        (lambda: Settings(sample_prompts=(" ",)), "1 to 2000 characters"),
        (lambda: Settings(neftune_alpha=-1), "neftune_alpha is -1"),
    ],
    ids=["quantization", "early stop", "targets", "prompts", "blank prompt", "noise"],
)
def test_what_cannot_work_is_refused_with_its_name(make: Callable[[], object], words: str):
    with pytest.raises(BadInput, match=words):
        make()


@pytest.mark.parametrize(
    ("assignment", "name", "value"),
    [
        ("targets=q_proj,v_proj", "targets", "q_proj,v_proj"),
        ("quantization=8bit", "quantization", "8bit"),
        ("neftune_alpha=5", "neftune_alpha", 5.0),
        ("dora=true", "dora", True),
        ('sample_prompts=["Who are you?"]', "sample_prompts", ("Who are you?",)),
    ],
    ids=str,
)
def test_the_command_line_sets_every_kind_of_setting(assignment: str, name: str, value: object):
    assert getattr(presets.changed(Settings(), [assignment]), name) == value


def adapter(folder: Path, **changes: object) -> Path:
    value = {"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["v", "q"]}
    write_json(folder / "adapter_config.json", value | changes)
    return folder


def test_a_continued_adapter_keeps_its_shape(tmp_path: Path):
    taken = continuing.shaped_like(Settings(learning_rate=1e-4), adapter(tmp_path, use_dora=True))
    assert taken == Settings(learning_rate=1e-4, rank=8, alpha=16, dora=True, targets="q,v")
    continuing.check(taken, tmp_path)
    with pytest.raises(ShapeDiffers, match=r"rank is 16, but the adapter .* with 8"):
        continuing.check(Settings(), tmp_path)


@pytest.mark.parametrize("kind", ["IA3", None], ids=["another kind", "no kind"])
def test_what_is_no_lora_adapter_cannot_be_continued(tmp_path: Path, kind: str | None):
    with pytest.raises(BadInput, match="no LoRA adapter"):
        continuing.shape(adapter(tmp_path, peft_type=kind))
