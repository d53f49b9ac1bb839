"""How likely a model finds several answers to one prompt; the prompt is read once for all of them.

Also how far a model has moved from the base on the base's own answers. Pure tensors: no files.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from pipeline.workers.generate import padded
from pipeline.workers.reference import answer_logits

Ids = Sequence[int]


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt and the answers that are weighed against each other."""

    prompt: Ids
    answers: tuple[Ids, ...]
    """Each with the token that ends it; none is empty."""


def likelihoods(model: PreTrainedModel, rows: Sequence[Asked], pad_id: int) -> list[list[float]]:
    """Return for each row the mean log-likelihood a token of each of its answers.

    The prompts go through the model once, then every answer on a copy of its prompt's cache: equal
    to reading each prompt with each answer (a test says to 1e-5), in half the time or less.
    """
    ids, mask = padded([row.prompt for row in rows], pad_id, model.device)
    owner = torch.tensor(
        [place for place, row in enumerate(rows) for _ in row.answers], device=model.device
    )
    answers = [answer for row in rows for answer in row.answers]
    tokens, weights = _padded_right(answers, pad_id, model.device)
    with torch.no_grad():
        read = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(dim=-1) - 1).clamp_min(0),
            logits_to_keep=1,
            use_cache=True,
        )
        logits = read.logits[owner]
        if tokens.shape[1] > 1:
            cache = read.cache
            cache.batch_select_indices(owner)
            lengths = mask.sum(dim=-1)[owner]
            places = torch.arange(tokens.shape[1] - 1, device=model.device)
            said = model(
                input_ids=tokens[:, :-1],
                attention_mask=torch.cat([mask[owner], weights[:, :-1].long()], dim=1),
                position_ids=lengths[:, None] + places,
                cache=cache,
                use_cache=True,
            )
            logits = torch.cat([logits, said.logits], dim=1)
    # Over the last dimension: along another, a large vocabulary's sum loses 1e-4 in float32.
    flat = cross_entropy(logits.float().flatten(0, 1), tokens.flatten(), reduction="none")
    losses = flat.view_as(tokens)
    means = ((losses * weights).sum(dim=1) / weights.sum(dim=1)).neg().tolist()
    found = iter(means)
    return [[next(found) for _ in row.answers] for row in rows]


@dataclass(frozen=True, slots=True)
class Read:
    """A model's distributions (tokens, vocabulary) over an answer, as log-probabilities."""

    log_probabilities: torch.Tensor
    answer: torch.Tensor


@dataclass(frozen=True, slots=True)
class Closeness:
    """How close a model is to the base on one answer of the base's."""

    loss: float
    base_loss: float
    kl: float
    """Mean KL(base || model) a token, in nats."""
    agreement: float
    """The share of tokens where both have the same first choice."""


def read_answers(
    model: PreTrainedModel, rows: Sequence[tuple[Ids, Ids]], pad_id: int
) -> list[Read]:
    """Return what the model, with the adapter that is active, expects at each answer's tokens.

    Rows are (prompt, answer), in one batch; no answer may be empty.
    """
    return [
        Read(logits.float().log_softmax(dim=-1), torch.tensor(list(answer), device=logits.device))
        for logits, (_, answer) in zip(answer_logits(model, rows, pad_id), rows, strict=True)
    ]


def closeness(of_model: Read, of_base: Read) -> Closeness:
    """Compare what two models expect at the tokens of one answer."""
    ours, theirs = of_model.log_probabilities, of_base.log_probabilities
    places = torch.arange(len(of_base.answer), device=theirs.device)
    kl = (theirs.exp() * (theirs - ours)).sum(dim=-1)
    return Closeness(
        loss=float(-ours[places, of_base.answer].mean()),
        base_loss=float(-theirs[places, of_base.answer].mean()),
        kl=max(float(kl.mean()), 0.0),
        agreement=float((ours.argmax(dim=-1) == theirs.argmax(dim=-1)).float().mean()),
    )


def _padded_right(
    answers: Sequence[Ids], pad_id: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and their weights, 1 where a token counts: both (answers, longest)."""
    longest = max(len(answer) for answer in answers)
    ids = [[*answer, *[pad_id] * (longest - len(answer))] for answer in answers]
    weights = [[1.0] * len(answer) + [0.0] * (longest - len(answer)) for answer in answers]
    return torch.tensor(ids, device=device), torch.tensor(weights, device=device)
