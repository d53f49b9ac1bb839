"""Reading base models from their folders, without torch."""

import json
from pathlib import Path

import pytest

from pipeline.errors import BadInput
from pipeline.jsonio import write_json
from pipeline.models import catalog
from pipeline.workspace import Workspace

TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"


def make(folder: Path, **tensors: tuple[str, list[int]]) -> Path:
    folder.mkdir(parents=True)
    write_json(folder / "config.json", {"architectures": ["TinyForCausalLM"]})
    write_json(folder / "tokenizer_config.json", {"chat_template": TEMPLATE})
    header = {
        name: {"dtype": dtype, "shape": shape, "data_offsets": [0, 0]}
        for name, (dtype, shape) in tensors.items()
    }
    raw = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    (folder / "model.safetensors").write_bytes(len(raw).to_bytes(8, "little") + raw)
    return folder


def test_parameters_and_format_come_from_the_headers(tmp_path):
    folder = make(tmp_path / "tiny", a=("BF16", [10, 20]), b=("F32", [5]))
    model = catalog.read(folder)
    assert (model.name, model.architecture) == ("tiny", "TinyForCausalLM")
    assert (model.parameters, model.dtype, model.fault) == (205, "bfloat16", None)
    assert model.default_prompt is None


def test_the_models_of_a_workspace_are_listed_by_name(tmp_path):
    workspace = Workspace.at(tmp_path)
    for name in ("b", "a"):
        make(workspace.models / name, w=("F32", [1]))
    (workspace.models / "no-model").mkdir()
    assert [model.name for model in catalog.listed(workspace)] == ["a", "b"]


def test_a_folder_without_a_config_is_no_model(tmp_path):
    with pytest.raises(BadInput, match=r"config\.json"):
        catalog.read(tmp_path)


@pytest.mark.parametrize(
    ("gone", "fault"),
    [
        ("model.safetensors", "safetensors"),
        ("tokenizer_config.json", "tokenizer"),
    ],
)
def test_what_is_missing_is_the_fault(tmp_path, gone: str, fault: str):
    folder = make(tmp_path / "tiny", w=("F32", [1]))
    (folder / gone).unlink()
    assert fault in str(catalog.read(folder).fault)


@pytest.mark.parametrize("content", [b"", b"\xff" * 16, b"\x04\0\0\0\0\0\0\0[12]"])
def test_weights_that_are_none_are_a_fault_and_no_exception(tmp_path, content: bytes):
    folder = make(tmp_path / "tiny", w=("F32", [1]))
    (folder / "model.safetensors").write_bytes(content)
    assert catalog.read(folder).fault
