"""Frozen linear layers, with LoRA or without, as one node of autograd: same numbers, less work.

PEFT's layer is six nodes (base, A, B, scale, sum, and casts), each with a tensor of its own, and
on processors where torch's matrix product is slow for their kind another one is taken. Layers that
are anything but plain LoRA on a plain linear layer are left as PEFT has them.
"""

import functools
from pathlib import Path
from typing import Any

import torch
from peft.tuners.lora.layer import Linear as LoraLinear
from torch import Tensor
from torch.nn import Identity, Linear
from torch.nn.functional import linear
from transformers import PreTrainedModel

_CPU_FACTS = Path("/proc/cpuinfo")


def make_lean(model: PreTrainedModel) -> int:
    """Let the layers of a model (PEFT's, around a base) compute in one node each; returns how many.

    They still answer as PEFT's do where an adapter is switched off, merged, or mixed.
    """
    layers = [layer for layer in model.modules() if _is_plain(layer)]
    for layer in layers:
        layer.forward = functools.partial(_lora_forward, layer, layer.forward)
    head = model.get_output_embeddings()
    if type(head) is Linear and not head.weight.requires_grad:
        head.forward = functools.partial(_frozen_forward, head)
        layers.append(head)
    return len(layers)


def _is_plain(layer: torch.nn.Module) -> bool:
    """Whether a layer is LoRA as first described, without dropout, on a layer in whole numbers."""
    if type(layer) is not LoraLinear or type(layer.base_layer) is not Linear:
        return False
    is_one = list(layer.lora_A) == list(layer.active_adapters) and len(layer.lora_A) == 1
    if not is_one or layer.lora_variant or layer.fan_in_fan_out:
        return False
    (name,) = layer.lora_A
    has_bias = layer.lora_A[name].bias is not None or layer.lora_B[name].bias is not None
    is_frozen = not any(part.requires_grad for part in layer.base_layer.parameters())
    return is_frozen and not has_bias and isinstance(layer.lora_dropout[name], Identity)


def _lora_forward(layer: LoraLinear, otherwise: Any, x: Tensor, *args: Any, **named: Any) -> Tensor:  # noqa: ANN401  # Passed on to PEFT as it came.
    if args or named or layer.disable_adapters or layer.merged:
        answer: Tensor = otherwise(x, *args, **named)
        return answer
    base = layer.base_layer
    (name,) = layer.lora_A
    a, b = layer.lora_A[name].weight, layer.lora_B[name].weight
    out: Tensor = _Layer.apply(x, base.weight, base.bias, a, b, layer.scaling[name])
    return out


def _frozen_forward(layer: Linear, x: Tensor) -> Tensor:
    out: Tensor = _Layer.apply(x, layer.weight, layer.bias, None, None, 0.0)
    return out


class _Layer(torch.autograd.Function):
    """x Wᵀ + bias + scale · (x Aᵀ) Bᵀ, where W and the bias are frozen."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401  # torch gives it no type.
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        a: Tensor | None,
        b: Tensor | None,
        scale: float,
    ) -> Tensor:
        kind = x.device.type
        is_mixed = torch.is_autocast_enabled(kind)
        dtype = torch.get_autocast_dtype(kind) if is_mixed else x.dtype
        ctx.shape, ctx.dtype, ctx.scale = x.shape, x.dtype, scale
        with torch.autocast(kind, enabled=False):
            rows = x.reshape(-1, x.shape[-1]).to(dtype)
            weight = weight.to(dtype)
            out = _product(rows, weight)
            if bias is not None:
                out += bias.to(dtype)
            narrow = None
            if a is not None and b is not None:
                a, b = a.to(dtype), b.to(dtype)
                narrow = rows @ a.t()
                out.addmm_(narrow, b.t(), alpha=scale)
        ctx.save_for_backward(rows if a is not None else None, weight, a, b, narrow)
        return out.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        rows, weight, a, b, narrow = ctx.saved_tensors
        gradient = gradient.reshape(-1, gradient.shape[-1])
        for_x = for_a = for_b = through = None
        if a is not None:
            through = _scaled(gradient, b, ctx.scale)
            for_a = (through.t() @ rows).float()
            for_b = _scaled(gradient.t(), narrow, ctx.scale).float()
        if ctx.needs_input_grad[0]:
            for_x = _product(gradient, weight.t())
            if through is not None:
                for_x.addmm_(through, a)
            for_x = for_x.to(ctx.dtype).view(ctx.shape)
        return for_x, None, None, for_a, for_b, None


def _scaled(one: Tensor, other: Tensor, scale: float) -> Tensor:
    """scale · one · other, in one call: to ask a GPU for a small thing takes longer than it."""
    unread = one.new_empty(()).expand(one.shape[0], other.shape[1])
    return torch.addmm(unread, one, other, beta=0, alpha=scale)


def _product(rows: Tensor, weight: Tensor) -> Tensor:
    """rows · weightᵀ."""
    if rows.dtype == torch.float32 and rows.device.type == "cpu" and prefers_onednn():
        out: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, None, "none", [], "")
        return out
    return linear(rows, weight)


@functools.cache
def prefers_onednn() -> bool:
    """Whether oneDNN multiplies float32 matrices faster here than MKL, which torch uses.

    MKL uses half the width of the vector units of processors that Intel did not make. Decided by
    what the processor is and not by a race, so that a resumed run computes as before.
    """
    if not (torch.backends.mkldnn.is_available() and torch.cpu._is_avx512_supported()):
        return False
    return _CPU_FACTS.is_file() and "AuthenticAMD" in _CPU_FACTS.read_text(errors="replace")
