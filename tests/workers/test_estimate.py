"""What the memory estimate reckons with, held to what transformers, PEFT and autograd really do."""

import weakref
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    GPTNeoXConfig,
    LlamaConfig,
    Qwen3Config,
)

from pipeline.models.shape import shape_of
from pipeline.train.config import Settings
from pipeline.train.estimate import Machine, Part, adapter_weights, held_bytes
from pipeline.workers.linear import make_lean

SIZES = {
    "vocab_size": 300,
    "hidden_size": 64,
    "intermediate_size": 200,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
GROUPED = {"num_key_value_heads": 2, "head_dim": 32}
CONFIGS = {
    "llama": LlamaConfig(**SIZES, num_key_value_heads=2, tie_word_embeddings=True),
    "qwen3": Qwen3Config(**SIZES, **GROUPED),
    "gemma3": Gemma3TextConfig(**SIZES, **GROUPED),
    "gpt_neox": GPTNeoXConfig(**SIZES),
}
PART = Part(rows=2, length=32, learned=16)


@pytest.fixture(params=CONFIGS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A model of each architecture, without a tokenizer."""
    AutoModelForCausalLM.from_config(CONFIGS[request.param]).save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize("dora", [False, True], ids=["lora", "dora"])
def test_the_weights_of_an_adapter_are_counted_as_peft_makes_them(folder, dora):
    settings = Settings(rank=4, dora=dora)
    model = _with_lora(AutoModelForCausalLM.from_pretrained(folder), settings)
    made = sum(each.numel() for each in model.parameters() if each.requires_grad)
    assert adapter_weights(shape_of(folder), settings) == made


@pytest.mark.parametrize("dora", [False, True], ids=["lora", "dora"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_what_autograd_holds_for_the_backward_pass_is_reckoned_closely(folder, dtype, dora):
    settings = Settings(rank=4, dora=dora)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    model = _with_lora(base, settings).train()
    reckoned = held_bytes(shape_of(folder), settings, Machine("cpu", dtype), PART)
    assert reckoned == pytest.approx(_held(model, dtype), rel=0.11)


def _with_lora(base: torch.nn.Module, settings: Settings) -> torch.nn.Module:
    lora = LoraConfig(r=settings.rank, target_modules="all-linear", use_dora=settings.dora)
    return get_peft_model(base, lora)


class Kept:
    """A tensor that autograd keeps as long as it keeps this."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor


def _held(model: torch.nn.Module, dtype: str) -> int:
    """Bytes that autograd keeps after a forward pass, the model's own weights left out."""
    known = {each.untyped_storage().data_ptr() for each in (*model.parameters(), *model.buffers())}
    kept: weakref.WeakSet[Kept] = weakref.WeakSet()

    def keep(tensor: torch.Tensor) -> Kept:
        made = Kept(tensor)
        kept.add(made)
        return made

    ids = torch.randint(3, 299, (PART.rows, PART.length))
    make_lean(model)
    numbers = torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bfloat16")
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda made: made.tensor), numbers:
        answer = model(input_ids=ids, use_cache=False)
    there = {each.tensor.untyped_storage().data_ptr(): each.tensor for each in kept}
    del answer
    return sum(
        tensor.untyped_storage().nbytes() for place, tensor in there.items() if place not in known
    )
