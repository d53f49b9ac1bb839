"""Answers of a base model and its adapters to a batch of prompts, streamed token by token.

PEFT keeps the chosen adapter as state of the model: **one thread only may call this for a model**.
What a prompt is and where answers go is the caller's business; prompts come as token ids.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessorList,
    PreTrainedModel,
    StoppingCriteria,
    StoppingCriteriaList,
)

from pipeline.chat.protocol import BASE, Mode, Settings
from pipeline.errors import BadInput
from pipeline.workers.answers import Generated, Limits, Request, Row, RowStreamer, Tokenizer
from pipeline.workers.detokenise import TextStream
from pipeline.workers.mixing import hindrances, mixed
from pipeline.workers.sampling import RowDraws

__all__ = ["Generated", "Request", "Settings", "generate"]

OnText = Callable[[int, str], None]
ShouldStop = Callable[[], bool]
IsGivenUp = Callable[[int], bool]


def generate(
    model: PreTrainedModel,
    tokenizer: Tokenizer,
    requests: Sequence[Request],
    settings: Settings | Sequence[Settings],
    *,
    on_text: OnText = lambda row, text: None,
    should_stop: ShouldStop = lambda: False,
    is_given_up: IsGivenUp = lambda row: False,
    can_mix: bool = True,
) -> list[Generated]:
    """Answer all requests, by one settings for all or one for each, and return them in order.

    Requests of the base and of plain LoRA adapters form one mixed batch (unless `can_mix` is
    False); other models answer in a batch each, one after another. An answer's `mode` says which
    it was. `on_text(row, piece)` is called with whole characters as they come, from this thread;
    `should_stop()` is asked at each token and ends every unfinished answer as `cancelled`,
    `is_given_up(row)` ends that one. Raises PromptTooLong; what torch raises passes through.
    """
    of_each = [settings] * len(requests) if isinstance(settings, Settings) else list(settings)
    limits = [
        Limits.of(model, tokenizer, request, own)
        for request, own in zip(requests, of_each, strict=True)
    ]
    decode = partial(tokenizer.decode, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    rows = [
        Row(request, own, TextStream(decode), partial(on_text, place))
        for place, (request, own) in enumerate(zip(requests, limits, strict=True))
    ]
    batches = _batches(model, [request.model for request in requests], can_mix=can_mix)
    for places in batches:
        names = [requests[place].model for place in places]
        batch = _Batch(
            [rows[place] for place in places],
            [of_each[place] for place in places],
            lambda: should_stop() or all(is_given_up(place) for place in range(len(rows))),
            [partial(is_given_up, place) for place in places],
        )
        with only(model, names[0]) if len(set(names)) == 1 else mixed(model, names):
            _run(model, batch)
    apart: Mode = "alone" if len(batches) == 1 else "in turn"
    modes = {
        place: "mixed" if len({requests[each].model for each in places}) > 1 else apart
        for places in batches
        for place in places
    }
    return [row.generated(modes[place]) for place, row in enumerate(rows)]


def _batches(model: PreTrainedModel, names: Sequence[str], *, can_mix: bool) -> list[list[int]]:
    """Say which rows answer together: those that mix, then each other model's."""
    different = list(dict.fromkeys(names))
    apart = set(hindrances(model, different)) if can_mix else set(different)
    groups = [[name] for name in different if name in apart]
    if together := [name for name in different if name not in apart]:
        groups.insert(0, together)
    return [[row for row, name in enumerate(names) if name in group] for group in groups]


@contextmanager
def only(model: PreTrainedModel, name: str) -> Iterator[None]:
    """Let the whole model answer as `name` (`base` or an adapter) for a while."""
    if not hasattr(model, "peft_config"):
        if name != BASE:
            raise BadInput("The model has no adapter {name!r}.", name=name)
        yield
    elif name == BASE:
        with model.disable_adapter():
            yield
    else:
        model.set_adapter(name)
        yield


def padded(
    prompts: Sequence[Sequence[int]], pad_id: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and attention mask (prompts, longest), padded on the left: answers go on right."""
    longest = max(len(prompt) for prompt in prompts)
    gaps = [longest - len(prompt) for prompt in prompts]
    ids = [[pad_id] * gap + list(prompt) for gap, prompt in zip(gaps, prompts, strict=True)]
    mask = [[0] * gap + [1] * (longest - gap) for gap in gaps]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows that grow together, how each is drawn, and who may end it."""

    rows: Sequence[Row]
    settings: Sequence[Settings]
    should_stop: ShouldStop
    given_up: Sequence[ShouldStop]


class _Ended(StoppingCriteria):
    """Ends the rows that are whole or given up, and all once the batch should stop."""

    def __init__(self, batch: _Batch) -> None:
        self._batch = batch

    def __call__(
        self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: object
    ) -> torch.Tensor:
        for row, is_given_up in zip(self._batch.rows, self._batch.given_up, strict=True):
            if is_given_up():
                row.end("cancelled")
        stop = self._batch.should_stop()
        ended = [stop or row.finish_reason is not None for row in self._batch.rows]
        return torch.tensor(ended, device=input_ids.device)


def _run(model: PreTrainedModel, batch: _Batch) -> None:
    """Let the rows of a batch grow to their ends."""
    if batch.should_stop():
        return
    prompts = [row.request.prompt_ids for row in batch.rows]
    limits = batch.rows[0].limits
    ids, mask = padded(prompts, limits.pad_id, model.device)
    draws = RowDraws(prompts, batch.settings)
    with torch.no_grad():
        model.generate(
            input_ids=ids,
            attention_mask=mask,
            generation_config=_greedy(limits, max(row.limits.max_tokens for row in batch.rows)),
            logits_processor=LogitsProcessorList([] if draws.changes_nothing else [draws]),
            stopping_criteria=StoppingCriteriaList([_Ended(batch)]),
            streamer=RowStreamer(batch.rows),
        )
    for row in batch.rows:
        row.end("cancelled")


def _greedy(limits: Limits, max_tokens: int) -> GenerationConfig:
    """The likeliest token, whatever the model's own settings say: what is asked is what is done."""
    return GenerationConfig(
        max_new_tokens=max_tokens,
        max_length=None,
        min_length=0,
        do_sample=False,
        num_beams=1,
        temperature=1.0,
        top_p=1.0,
        top_k=50,  # the default: unused without sampling, any other value is warned of
        repetition_penalty=1.0,
        no_repeat_ngram_size=0,
        eos_token_id=sorted(limits.end_ids),
        pad_token_id=limits.pad_id,
    )
