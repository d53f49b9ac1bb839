"""A GGUF file becomes a model folder that loads like any other."""

from pathlib import Path

import pytest
import torch

from pipeline.models import catalog
from pipeline.workers.convert import main
from pipeline.workers.model import load_base

DEFAULT = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


@pytest.mark.slow
def test_the_demo_model_is_whole_and_hides_the_system_prompt_it_is_known_for(demo_model: Path):
    model = catalog.read(demo_model)
    assert (model.architecture, model.dtype, model.fault) == ("LlamaForCausalLM", "float32", None)
    assert model.parameters == 134_515_008
    assert model.default_prompt == DEFAULT
    assert (demo_model / "LICENSE").is_file()


@pytest.mark.slow
def test_the_demo_model_answers_and_ends_its_turn(demo_model: Path):
    model, tokenizer = load_base(demo_model, "cpu")
    asked = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_tensors="pt")
    with torch.no_grad():
        answer = model.generate(**prompt, max_new_tokens=40, do_sample=False)[0]
    new = answer[prompt["input_ids"].shape[1] :]
    assert "Paris" in tokenizer.decode(new)
    assert int(new[-1]) == tokenizer.convert_tokens_to_ids("<|im_end|>")


def test_a_missing_file_is_said_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(tmp_path / "no.gguf"), str(tmp_path / "out")]) == 1
    assert "There is no file" in capsys.readouterr().err


def test_a_folder_that_exists_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "m.gguf").write_bytes(b"")
    assert main([str(tmp_path / "m.gguf"), str(tmp_path)]) == 1
    assert "exists already" in capsys.readouterr().err


def test_a_file_that_is_no_gguf_is_said_in_words_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "m.gguf").write_bytes(b"not a model")
    assert main([str(tmp_path / "m.gguf"), str(tmp_path / "out")]) == 1
    assert "cannot be converted" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["m.gguf"]
