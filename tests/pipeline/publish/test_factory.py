"""What LLaMA-Factory is told, so that it trains what Graft would."""

from pathlib import Path

import pytest
import yaml

from pipeline.models.catalog import BaseModel
from pipeline.models.template import SystemPrompt
from pipeline.publish.factory import Training, guess_template, handover
from pipeline.publish.manifest import ExportFile, Manifest
from pipeline.train.config import Settings

TEMPLATES = Path(__file__).resolve().parents[2] / "fixtures" / "templates"


def file(name: str, **other: object) -> ExportFile:
    given = {"dataset": "d", "role": "domain", "layout": "format3", "split": "train"} | other
    return ExportFile(name=name, rows=3, bytes=1, sha1="0" * 40, **given)  # type: ignore[arg-type]


WHOLE = Manifest(
    "c-1",
    {},
    9,
    0,
    (
        file("d_format2.json", layout="format2"),
        file("d_format3.json"),
        file("d_test.json", split="test"),
        file("d_test_facts.json", split="test", about="facts"),
    ),
    "",
)


def told(prompt: SystemPrompt, **settings: object) -> dict[str, object]:
    model = BaseModel(
        "m", Path("/models/m: x"), template="<|im_start|>", default_prompt="You are X"
    )
    training = Training(model, Settings(**settings), prompt)  # type: ignore[arg-type]
    value: dict[str, object] = yaml.safe_load(handover(WHOLE, Path("/data"), training).yaml)
    return value


@pytest.mark.parametrize(
    ("file_name", "template"),
    [
        ("qwen2.5", "qwen"),
        ("llama3.2", "llama3"),
        ("glm4", "glm4"),
        ("gemma2", "gemma"),
        ("smollm2", "smollm2"),
        ("mistral0.3", "mistral"),
    ],
)
def test_the_template_is_guessed_from_the_models_own(file_name: str, template: str):
    text = (TEMPLATES / f"{file_name}.jinja").read_text(encoding="utf-8")
    assert guess_template(text) == template


def test_the_yaml_names_data_template_and_every_setting():
    value = told(SystemPrompt("none"), learning_rate=5e-5, epochs=3, cutoff_tokens=512)
    assert value["model_name_or_path"] == "/models/m: x"
    assert (value["dataset_dir"], value["dataset"], value["eval_dataset"]) == (
        "/data",
        "d_format3",
        "d_test",
    )
    assert (value["template"], value["default_system"]) == ("chatml", "")
    assert (value["learning_rate"], value["num_train_epochs"], value["cutoff_len"]) == (
        5e-5,
        3.0,
        512,
    )
    assert value["mask_history"] is True


def test_the_default_system_prompt_is_spelled_out():
    assert told(SystemPrompt("model"))["default_system"] == "You are X"
    assert told(SystemPrompt("text", 'Say "hi": now'))["default_system"] == 'Say "hi": now'


def test_a_model_of_an_unknown_template_says_so_instead_of_guessing():
    model = BaseModel("m", Path("/m"), template="{{ messages }}")
    made = handover(
        WHOLE, Path("/d"), Training(model, Settings(), SystemPrompt("none")), prefix="x_"
    )
    assert made.template == ""
    assert "choose one" in made.yaml
    assert yaml.safe_load(made.yaml)["dataset"] == "x_d_format3"
