"""From examples to the tensors a step learns from. Pure: no model, no files, no device."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from pipeline.models.example import IGNORED, Example

_BUCKET_STEPS = 8


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows padded on the right, with logits wanted only where something is learned."""

    ids: torch.Tensor
    """(rows, length)"""
    places: torch.Tensor
    """(learned,): where `ids`, row after row, stands before a token to learn."""
    targets: torch.Tensor
    """(learned,): the token to learn there."""


def steps_of_epoch(
    lengths: Sequence[int], *, rows_a_step: int, seed: int, epoch: int
) -> list[list[int]]:
    """Return the row numbers of each optimizer step, every row once, alike for alike arguments.

    Rows are shuffled, then sorted by length within stretches of a few steps, so that a step holds
    rows of like length and little padding; the steps are shuffled again.
    """
    order = random.Random(f"{seed}/{epoch}")
    rows = list(range(len(lengths)))
    order.shuffle(rows)
    stretch = rows_a_step * _BUCKET_STEPS
    steps: list[list[int]] = []
    for start in range(0, len(rows), stretch):
        near = sorted(rows[start : start + stretch], key=lambda row: lengths[row])
        steps += [near[at : at + rows_a_step] for at in range(0, len(near), rows_a_step)]
    order.shuffle(steps)
    return steps


def split_by_tokens(
    lengths: Sequence[int], rows: Sequence[int], *, most_rows: int, most_tokens: int
) -> list[list[int]]:
    """Split the rows of a step so that no part has more rows, or padded tokens, than allowed.

    A single row that is longer than `most_tokens` makes a part of its own.
    """
    parts: list[list[int]] = []
    for row in sorted(rows, key=lambda row: lengths[row]):
        # Sorted by length: the newest row is the longest, and the others are padded to it.
        is_room = parts and len(parts[-1]) < most_rows
        if is_room and lengths[row] * (len(parts[-1]) + 1) <= most_tokens:
            parts[-1].append(row)
        else:
            parts.append([row])
    return parts


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
