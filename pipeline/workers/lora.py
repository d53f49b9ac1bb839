"""Putting LoRA on a base: which layers learn, in which variant, and going on from an adapter."""

from collections.abc import Iterable
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model, set_peft_model_state_dict
from safetensors.torch import load_file
from transformers import PreTrainedModel

from pipeline.errors import BadInput
from pipeline.said import Said
from pipeline.train.config import Settings

WEIGHTS = "adapter_model.safetensors"
ATTENTION = frozenset({"attn", "attention", "self_attn", "self_attention"})
"""What models call the module that holds the layers of attention."""


class NoSuchTarget(BadInput):
    """A layer that is to learn is none of the model's linear layers."""

    def __init__(self, target: str, known: Iterable[str]) -> None:
        self.target = target
        super().__init__(
            "targets names {target!r}, but this model has no linear layer of that name. "
            "Its layers: {known}.",
            known=tuple(sorted(known)),
        )


class AdapterDoesNotFit(BadInput):
    """The weights of an adapter are for another base, or of another shape."""

    def __init__(self, folder: Path, reason: object) -> None:
        self.folder = folder
        super().__init__(
            "The adapter in {folder} does not fit this base: {reason}. Continue it on the "
            "model that it was trained on.",
            reason=reason,
        )


def with_lora(base: PreTrainedModel, settings: Settings, adapter: Path | None = None) -> PeftModel:
    """Put LoRA on a base, new or as an adapter's folder has it; its weights are float32.

    What a base in fewer bits has whole (embeddings, output, norms) stays in half precision, see
    decision 0112. Raises NoSuchTarget, AdapterDoesNotFit.
    """
    torch.manual_seed(settings.seed)
    if settings.gradient_checkpointing:
        base.activation_checkpointing_enable()
        base.enable_input_require_grads()
    if adapter is None:
        return get_peft_model(base, _new(base, settings))
    config = LoraConfig.from_pretrained(str(adapter))
    config.inference_mode, config.lora_dropout = False, settings.dropout
    config.base_model_name_or_path = None  # A base may lie elsewhere now; PEFT writes where.
    # What the weights started from is over: they are put in below.
    config.init_lora_weights = True
    try:
        model = get_peft_model(base, config)
    except ValueError as error:
        raise AdapterDoesNotFit(adapter, error) from error
    put_weights(model, adapter)
    return model


def put_weights(model: PeftModel, folder: Path) -> None:
    """Put an adapter's weights into the model, every one of them; AdapterDoesNotFit if not."""
    try:
        result = set_peft_model_state_dict(model, load_file(folder / WEIGHTS))
    except RuntimeError as error:
        raise AdapterDoesNotFit(folder, error) from error
    missing = [name for name in result.missing_keys if "lora_" in name]
    if missing or result.unexpected_keys:
        name = (missing or result.unexpected_keys)[0]
        what = Said("{name} is missing", name=name)
        raise AdapterDoesNotFit(
            folder, what if missing else Said("{name} is not in the base", name=name)
        )


def targets(base: PreTrainedModel, wanted: str) -> str | list[str]:
    """Return what PEFT calls the layers of `all`, `attention`, or of names with commas."""
    if wanted == "all":
        return "all-linear"
    head = base.get_output_embeddings()
    linear = [
        name.split(".")
        for name, module in base.named_modules()
        if isinstance(module, torch.nn.Linear) and module is not head
    ] or [name.split(".") for name in _unusual(base)]
    if wanted == "attention":
        found = sorted({".".join(path[-2:]) for path in linear if ATTENTION & set(path[:-1])})
        if not found:
            raise NoSuchTarget(wanted, {path[-1] for path in linear})
        return found
    names = [name.strip() for name in wanted.split(",")]
    for name in names:
        if not any(f".{'.'.join(path)}".endswith(f".{name}") for path in linear):
            raise NoSuchTarget(name, {path[-1] for path in linear})
    return names


def _unusual(base: PreTrainedModel) -> list[str]:
    """The linear layers of models that write them transposed (GPT-2's Conv1D)."""
    return [name for name, module in base.named_modules() if type(module).__name__ == "Conv1D"]


def _new(base: PreTrainedModel, settings: Settings) -> LoraConfig:
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=targets(base, settings.targets),
        use_rslora=settings.rslora,
        use_dora=settings.dora,
        task_type="CAUSAL_LM",
    )
