"""How likely a model finds the reference answers: their mean loss a token, row by row."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from pipeline.workers.generate import padded


@dataclass(frozen=True, slots=True)
class Scored:
    """The loss of one reference answer given its prompt."""

    loss: float | None
    """Mean over the answer's tokens, the end token too; None for an answer without tokens."""
    tokens: int


def reference_losses(
    model: PreTrainedModel, rows: Sequence[tuple[Sequence[int], Sequence[int]]], pad_id: int
) -> list[Scored]:
    """Score (prompt ids, answer ids) rows in one batch, with the adapter that is active."""
    if not any(answer for _, answer in rows):
        return [Scored(None, 0) for _ in rows]
    logits = answer_logits(model, rows, pad_id)
    return [_scored(each, answer) for each, (_, answer) in zip(logits, rows, strict=True)]


def answer_logits(
    model: PreTrainedModel, rows: Sequence[tuple[Sequence[int], Sequence[int]]], pad_id: int
) -> list[torch.Tensor]:
    """Return (answer tokens, vocabulary) for each row: what is expected at each of its tokens.

    Rows are padded on the left, so that all answers end together and logits are made only for the
    last positions: over a large vocabulary they would fill the memory.
    """
    longest = max(len(answer) for _, answer in rows)
    ids, mask = padded([[*prompt, *answer] for prompt, answer in rows], pad_id, model.device)
    with torch.no_grad():
        logits = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(dim=-1) - 1).clamp_min(0),
            logits_to_keep=longest + 1,
            use_cache=False,
        ).logits
    return [logits[row, longest - len(answer) : longest] for row, (_, answer) in enumerate(rows)]


def _scored(logits: torch.Tensor, answer: Sequence[int]) -> Scored:
    if not answer:
        return Scored(None, 0)
    target = torch.tensor(list(answer), device=logits.device)
    return Scored(float(cross_entropy(logits.float(), target)), len(answer))
