"""Proof, at load, that `base` answers as the base and each adapter as itself.

Comparisons once showed the tuned model in both columns for months, in another tool, and sampling
hid it. So logits are compared here, before any question is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from pipeline.chat.protocol import BASE
from pipeline.errors import BadInput
from pipeline.said import Said
from pipeline.workers.generate import only
from pipeline.workers.mixing import CannotMix, hindrances, mixed

PROBE = "What is water? 水是什么？"


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What was found; differences are the largest between two logits of the probe's last token."""

    base_difference: float
    """The base with its adapters switched off against the base before any was attached."""
    adapter_differences: dict[str, float]
    """Each adapter against the base; 0 means that it changes nothing."""
    can_mix: bool
    """Whether base and adapters answer rightly in one batch."""
    reason: str
    """Why not, in a sentence; empty if they do."""
    apart: dict[str, str]
    """Adapters that are asked by themselves, and why."""


@dataclass(frozen=True, slots=True)
class Plain:
    """The probe's logits (rows, vocabulary) before adapters, and how much two passes differ."""

    ids: torch.Tensor
    logits: torch.Tensor
    noise: float


class BaseChanged(BadInput):
    """Attaching the adapters changed the base: its column would not show the base."""

    def __init__(self, difference: float, suspects: Sequence[str]) -> None:
        self.difference, self.suspects = difference, tuple(suspects)
        super().__init__(
            "With these adapters attached the base no longer answers as itself: logits differ "
            "by {difference:.2g}. Adapters that start from PiSSA, OLoRA or the like rewrite "
            "the base (here perhaps: {suspects}); leave them out of the comparison, or merge them "
            "into a model of their own.",
        )


class NoNumbers(BadInput):
    """An adapter's answers are no numbers: its weights are broken."""

    def __init__(self, adapter: str) -> None:
        self.adapter = adapter
        super().__init__(
            "Adapter {adapter} gives no numbers (NaN or infinite): its training went wrong. "
            "Leave it out, or choose an earlier checkpoint of that run."
        )


def before_adapters(model: PreTrainedModel, probe_ids: Sequence[int], rows: int) -> Plain:
    """Read the probe with the plain base, in as many rows as the mixed batch will have."""
    ids = torch.tensor([list(probe_ids)] * rows, device=model.device)
    first, second = _logits(model, ids), _logits(model, ids)
    return Plain(ids, first, _difference(first, second))


def self_test(model: PreTrainedModel, names: Sequence[str], plain: Plain) -> SelfTest:
    """Compare the model with its adapters to the plain base; BaseChanged if that is not kept.

    `plain` must have a row for the base and one for each of `names`, in that order.
    """
    with only(model, BASE):
        difference = _difference(_logits(model, plain.ids), plain.logits)
    if difference > plain.noise:
        raise BaseChanged(difference, _rewriting(model, names))
    own: dict[str, torch.Tensor] = {}
    for row, name in enumerate(names, start=1):
        with only(model, name):
            own[name] = _logits(model, plain.ids)[row]
        if not own[name].isfinite().all():
            raise NoNumbers(name)
    reason = _mixing_fault(model, own, plain) if names else ""
    return SelfTest(
        base_difference=difference,
        adapter_differences={
            name: _difference(logits, plain.logits[0]) for name, logits in own.items()
        },
        can_mix=not reason,
        reason=reason,
        apart=hindrances(model, names),
    )


def _mixing_fault(model: PreTrainedModel, own: dict[str, torch.Tensor], plain: Plain) -> str:
    """Why a mixed batch of base and adapters is not to be trusted; empty if it is.

    `plain` has more rows than are mixed where adapters cannot be; the others repeat the base.
    """
    apart = hindrances(model, list(own))
    names = [BASE if name in apart else name for name in (BASE, *own)]
    try:
        with mixed(model, names):
            logits = _logits(model, plain.ids)
    except CannotMix as refusal:
        return refusal.said
    for row, name in enumerate(names):
        if name == BASE:
            if (difference := _difference(logits[row], plain.logits[row])) > plain.noise:
                return Said(
                    "A mixed batch changes the base's own row by {difference:.2g}.",
                    difference=difference,
                )
            continue
        # A batch is computed in another order: rounding, never more than half way to the base.
        if 2 * _difference(logits[row], own[name]) > _difference(own[name], plain.logits[row]):
            return Said("A mixed batch does not answer with adapter {name}.", name=name)
    return ""


def _logits(model: PreTrainedModel, ids: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = model(input_ids=ids).logits[:, -1].float()
    return logits


def _difference(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).abs().max())


def _rewriting(model: PreTrainedModel, names: Sequence[str]) -> list[str]:
    """The adapters whose starting point is not the plain one, which is what rewrites a base."""
    starts = {name: model.peft_config[name].init_lora_weights for name in names}
    return [f"{name}: {start}" for name, start in starts.items() if isinstance(start, str)]
