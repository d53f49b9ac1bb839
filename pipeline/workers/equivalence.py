"""Measures whether two models answer alike: logits along the greedy answers to fixed prompts.

One answer a prompt is written, greedily, by base and adapter. Then each model reads prompt and
answer once: where its likeliest token is the answer's at every place, its own greedy answer is
the same, so nothing has to be generated twice.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from pipeline.chat.protocol import BASE, Message, Settings
from pipeline.errors import Cancelled
from pipeline.merge.report import Row
from pipeline.workers.generate import Request, generate, only
from pipeline.workers.process import ShouldStop
from pipeline.workers.prompts import render

ANSWER_TOKENS = 24


@dataclass(frozen=True, slots=True)
class Reference:
    """What base and adapter say to the prompts, and how sure they are of each token."""

    prompts: tuple[str, ...]
    prompt_ids: tuple[tuple[int, ...], ...]
    answers: tuple[str, ...]
    ids: tuple[tuple[int, ...], ...]
    """Prompt and answer."""
    logits: tuple[torch.Tensor, ...]
    """(answer tokens + 1, vocabulary) of each prompt, on the CPU."""
    from_base: tuple[float, ...]
    """The largest difference to the base's logits."""
    dtype: torch.dtype
    """What it was computed in."""


def read_prompts(tokenizer: Tokenizer, prompts: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return the token ids of prompts as the tokenizer's own template puts them."""
    template = str(tokenizer.chat_template)
    return tuple(render(tokenizer, template, [Message("user", each)]).ids for each in prompts)


def reference(
    model: PreTrainedModel,
    tokenizer: Tokenizer,
    adapter: str,
    prompts: Sequence[str],
    should_stop: ShouldStop,
) -> Reference:
    """Let base and adapter answer the prompts; Cancelled where it is stopped."""
    prompt_ids = read_prompts(tokenizer, prompts)
    requests = [Request(adapter, each) for each in prompt_ids]
    settings = Settings(max_tokens=ANSWER_TOKENS)
    said = generate(model, tokenizer, requests, settings, should_stop=should_stop)
    if should_stop():
        raise Cancelled
    ids = tuple((*each, *answer.token_ids) for each, answer in zip(prompt_ids, said, strict=True))
    with only(model, adapter):
        logits = _read(model, prompt_ids, ids, should_stop)
    with only(model, BASE):
        plain = _read(model, prompt_ids, ids, should_stop)
    return Reference(
        prompts=tuple(prompts),
        prompt_ids=prompt_ids,
        answers=tuple(answer.text for answer in said),
        ids=ids,
        logits=logits,
        from_base=tuple(map(_difference, logits, plain)),
        dtype=model.dtype,
    )


def compare(known: Reference, model: PreTrainedModel, should_stop: ShouldStop) -> tuple[Row, ...]:
    """Hold a model against the reference, prompt by prompt; Cancelled where it is stopped."""
    logits = _read(model, known.prompt_ids, known.ids, should_stop)
    return tuple(
        Row(
            prompt=known.prompts[place],
            answer=known.answers[place],
            difference=_difference(found, known.logits[place]),
            from_base=known.from_base[place],
            is_same=bool((found.argmax(-1) == known.logits[place].argmax(-1)).all()),
            lead=_lead(known.logits[place], found.argmax(-1)),
        )
        for place, found in enumerate(logits)
    )


def fingerprints(model: PreTrainedModel, dtype: torch.dtype) -> dict[str, str]:
    """Return a hash of every weight, bit for bit, as it lies in files of a number format.

    A few models hold some of their weights finer than their files do once they are loaded.
    """
    return {
        name: _hash(tensor.to(dtype) if tensor.is_floating_point() else tensor)
        for name, tensor in model.state_dict().items()
    }


def _hash(tensor: torch.Tensor) -> str:
    plain = tensor.detach().cpu().contiguous().view(torch.uint8)
    return hashlib.sha256(plain.numpy()).hexdigest()


def _read(
    model: PreTrainedModel,
    prompt_ids: Sequence[Sequence[int]],
    ids: Sequence[Sequence[int]],
    should_stop: ShouldStop,
) -> tuple[torch.Tensor, ...]:
    """Return the logits from where each answer begins; one prompt at a time, without padding."""
    found = []
    for prompt, whole in zip(prompt_ids, ids, strict=True):
        if should_stop():
            raise Cancelled
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([list(whole)], device=model.device)).logits[0]
        found.append(logits[len(prompt) - 1 :].float().cpu())
    return tuple(found)


def _difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the largest; what is no number differs by as much as a number can."""
    most = torch.finfo(torch.float32).max
    return float((one - other).abs().nan_to_num(nan=most, posinf=most).max())


def _lead(wanted: torch.Tensor, chosen: torch.Tensor) -> float:
    """By how much the best token stands above the one that was chosen, at most."""
    return float((wanted.max(-1).values - wanted.gather(-1, chosen[:, None])[:, 0]).max())
