"""A base and any number of its LoRA adapters in one batch, each row with its own weights.

PEFT's own mixed batch takes the rows apart in every layer, which costs as much as asking one model
after another. Here a layer adds one batched product for all rows; a row of the base has a zero
matrix there, so that its numbers are the base's to the last bit. Adapters are loaded by PEFT.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from peft import PeftConfig
from peft.tuners.lora.layer import LoraLayer
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import nn
from transformers import PreTrainedModel

from pipeline.chat.protocol import BASE
from pipeline.errors import PipelineError
from pipeline.said import Said


class CannotMix(PipelineError):
    """An adapter does more in a layer than to add a product, so rows cannot differ in it."""

    def __init__(self, adapter: str, reason: str) -> None:
        self.adapter, self.reason = adapter, reason
        super().__init__("Adapter {adapter} {reason}.")


@contextmanager
def mixed(model: PreTrainedModel, names: Sequence[str]) -> Iterator[None]:
    """Let row i of each batch inside answer as `names[i]`: `base` or an attached adapter.

    Raises CannotMix where `hindrances` has one, with the model as it was. One thread only may use
    the model meanwhile.
    """
    for name, reason in hindrances(model, names).items():
        raise CannotMix(name, reason)
    layers = [module for module in model.modules() if isinstance(module, LoraLayer)]
    matrices = [_of_rows(layer, names) for layer in layers]
    before = [vars(layer).get("forward") for layer in layers]
    for layer, pair in zip(layers, matrices, strict=True):
        layer.forward = layer.base_layer if pair is None else partial(_forward, layer, *pair)
    try:
        yield
    finally:
        for layer, forward in zip(layers, before, strict=True):
            if forward is None:
                del layer.forward  # the class's own comes to light again
            else:
                layer.forward = forward


def hindrances(model: PreTrainedModel, names: Sequence[str]) -> dict[str, str]:
    """Say which of these adapters cannot be mixed, and why: "changes biases of the base"."""
    adapters = [name for name in dict.fromkeys(names) if name != BASE]
    for other, config in getattr(model, "peft_config", {}).items():
        if reason := _whole_layers(config):
            # What it replaced answers for all rows, whether they are its own or not.
            said = {
                name: Said("is beside adapter {other}, which {reason}", other=other, reason=reason)
                for name in adapters
            }
            return said | ({other: reason} if other in adapters else {})
    found: dict[str, str] = {}
    for layer in model.modules():
        if isinstance(layer, BaseTunerLayer):
            for name in adapters:
                if name not in found and (reason := _hindrance(layer, name)):
                    found[name] = reason
    return found


def _whole_layers(config: PeftConfig) -> str:
    """What an adapter changes beside the layers that it adds products to; empty for nothing."""
    if getattr(config, "modules_to_save", None):
        return Said("has whole layers of its own (modules_to_save)")
    if getattr(config, "trainable_token_indices", None):
        return Said("has tokens of its own (trainable_token_indices)")
    return Said("changes biases of the base") if getattr(config, "bias", "none") != "none" else ""


def _hindrance(layer: BaseTunerLayer, name: str) -> str:
    """Why an adapter's part in a layer is no plain product; empty if it is, or it has none."""
    if not isinstance(layer, LoraLayer):
        return Said("is no LoRA ({kind})", kind=type(layer).__name__)
    if layer.merged:
        return Said("is merged into the base")
    if name in layer.lora_embedding_A:
        return Said("changes the table of tokens")
    if variant := layer.lora_variant.get(name):
        return Said(
            "is a variant of LoRA ({kind})", kind=type(variant).__name__.removesuffix("Variant")
        )
    if name in layer.lora_A and (
        not isinstance(layer.lora_A[name], nn.Linear) or layer.lora_bias.get(name)
    ):
        return Said(
            "has more than a product in a layer ({kind}, a bias)",
            kind=type(layer.lora_A[name]).__name__,
        )
    return ""


def _of_rows(layer: LoraLayer, names: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Return for each row its A (rows, in, rank) and its B with the scaling (rows, rank, out).

    Zeros where a row has no adapter here, or one of a smaller rank; None if that is all of them.
    """
    here = {name for name in names if name in layer.lora_A}
    if not here:
        return None
    like = layer.lora_A[next(iter(here))].weight
    rank = max(layer.lora_A[name].weight.shape[0] for name in here)
    down = like.new_zeros(len(names), rank, layer.in_features)
    up = like.new_zeros(len(names), layer.out_features, rank)
    with torch.no_grad():
        for row, name in enumerate(names):
            if name in here:
                own = layer.lora_A[name].weight
                down[row, : own.shape[0]] = own
                up[row, :, : own.shape[0]] = layer.lora_B[name].weight * layer.scaling[name]
    return down.transpose(1, 2).contiguous(), up.transpose(1, 2).contiguous()


def _forward(
    layer: LoraLayer, down: torch.Tensor, up: torch.Tensor, x: torch.Tensor, *args: object
) -> torch.Tensor:
    """The base layer's output (rows, tokens, out) plus each row's product, rounded as by PEFT."""
    output: torch.Tensor = layer.base_layer(x, *args)
    if x.dim() != 3 or x.shape[0] != down.shape[0]:
        raise CannotMix(
            "of a row", Said("meets tokens of several rows at once (a mixture of experts)")
        )
    if output.dtype == x.dtype == down.dtype:
        return torch.baddbmm(output, torch.bmm(x, down), up)
    return torch.baddbmm(output.to(down.dtype), torch.bmm(x.to(down.dtype), down), up).to(
        output.dtype
    )
