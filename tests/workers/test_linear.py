"""Lean layers are PEFT's in other words: same answers, same gradients, or left alone."""

from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaForCausalLM

from pipeline.workers import linear
from pipeline.workers.linear import make_lean
from tests.workers.tiny_model import make_base

IDS = torch.tensor([[5, 6, 7, 8, 9, 10], [11, 12, 13, 14, 15, 16]])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("lean") / "base")


def with_lora(base: Path, **changes: object) -> PeftModel:
    torch.manual_seed(1)
    lora = LoraConfig(
        **{"r": 4, "target_modules": "all-linear", "init_lora_weights": False, **changes}
    )
    return get_peft_model(LlamaForCausalLM.from_pretrained(base), lora).train()


def learned(model: PeftModel) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The logits, and the gradient of every weight that learns."""
    model.zero_grad()
    logits = model(input_ids=IDS, use_cache=False).logits.float()
    logits.log_softmax(-1)[..., 3].sum().backward()
    return logits.detach(), {
        name: weight.grad.clone()
        for name, weight in model.named_parameters()
        if weight.requires_grad
    }


@pytest.mark.parametrize("is_onednn", [False, True], ids=["MKL", "oneDNN"])
def test_a_lean_layer_answers_and_learns_as_pefts(
    base: Path, monkeypatch: pytest.MonkeyPatch, is_onednn: bool
):
    monkeypatch.setattr(linear, "prefers_onednn", lambda: is_onednn)
    model = with_lora(base)
    logits, gradients = learned(model)
    assert make_lean(model) == 2 * 7 + 1
    lean_logits, lean_gradients = learned(model)
    torch.testing.assert_close(lean_logits, logits, rtol=1e-4, atol=1e-4)
    assert lean_gradients.keys() == gradients.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(lean_gradients[name], gradient, rtol=1e-3, atol=1e-4)


def test_a_lean_layer_computes_in_half_precision_as_pefts(base: Path):
    model = with_lora(base)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits, gradients = learned(model)
        make_lean(model)
        lean_logits, lean_gradients = learned(model)
    assert (lean_logits - logits).abs().max() < 0.05 * logits.abs().max()
    for name, gradient in gradients.items():
        away = (lean_gradients[name] - gradient).norm() / gradient.norm()
        assert (lean_gradients[name].dtype, bool(away < 0.1)) == (torch.float32, True), name


def test_an_adapter_that_is_switched_off_is_off(base: Path):
    model = with_lora(base)
    make_lean(model)
    plain = LlamaForCausalLM.from_pretrained(base)(input_ids=IDS).logits
    with model.disable_adapter():
        torch.testing.assert_close(model(input_ids=IDS).logits, plain, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(model(input_ids=IDS).logits, plain, atol=1e-2)


@pytest.mark.parametrize("variant", [{"use_dora": True}, {"lora_dropout": 0.5}], ids=str)
def test_other_than_plain_layers_are_left_as_they_are(base: Path, variant: dict[str, object]):
    assert make_lean(with_lora(base, **variant)) == 1  # The output layer alone.
