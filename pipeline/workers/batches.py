"""From examples to the tensors a step learns from. Pure: no model, no files, no device."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from pipeline.models.example import IGNORED, Example
from pipeline.train.batching import pass_tokens, split_by_tokens, steps_of_epoch

__all__ = ["Batch", "collate", "pass_tokens", "split_by_tokens", "steps_of_epoch"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows padded on the right, with logits wanted only where something is learned."""

    ids: torch.Tensor
    """(rows, length)"""
    places: torch.Tensor
    """(learned,): where `ids`, row after row, stands before a token to learn."""
    targets: torch.Tensor
    """(learned,): the token to learn there."""


def collate(examples: Sequence[Example], pad_id: int) -> Batch:
    """Pad examples to one length and find the places whose logits are needed."""
    length = max(len(example.ids) for example in examples)
    ids = torch.full((len(examples), length), pad_id)
    labels = torch.full((len(examples), length), IGNORED)
    for row, example in enumerate(examples):
        size = len(example.ids)
        ids[row, :size] = torch.tensor(example.ids)
        labels[row, :size] = torch.tensor(example.labels)
    next_ids = labels.roll(-1, dims=1)
    next_ids[:, -1] = IGNORED
    places = (next_ids.flatten() != IGNORED).nonzero().flatten()
    return Batch(ids, places, next_ids.flatten()[places])
