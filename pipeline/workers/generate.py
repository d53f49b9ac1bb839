"""Answers of a base model and its adapters to a batch of prompts, streamed token by token.

PEFT keeps the chosen adapter as state of the model: **one thread only may call this for a model**.
What a prompt is and where answers go is the caller's business; prompts come as token ids.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
from pipeline.workers.sampling import SharedNoise

__all__ = ["Generated", "Request", "Settings", "generate"]

logger = logging.getLogger(__name__)

PEFT_BASE = "__base__"
# What PEFT raises before the first token where it cannot mix: DoRA and merged layers (ValueError),
# modules_to_save in one adapter only (KeyError), tuners and layers that know nothing of it.
MIX_REFUSALS = (ValueError, KeyError, TypeError, AttributeError, NotImplementedError)

OnText = Callable[[int, str], None]
ShouldStop = Callable[[], bool]


def generate(
    model: PreTrainedModel,
    tokenizer: Tokenizer,
    requests: Sequence[Request],
    settings: Settings,
    *,
    on_text: OnText = lambda row, text: None,
    should_stop: ShouldStop = lambda: False,
    can_mix: bool = True,
) -> list[Generated]:
    """Answer all requests in one batch and return the answers in their order.

    Requests of several models form one mixed batch; where PEFT refuses that (or `can_mix` is
    False) a batch for each model, one after another. An answer's `mode` says which it was.
    `on_text(row, piece)` is called with whole characters as they come, from this thread;
    `should_stop()` is asked at each token and ends every unfinished answer as `cancelled`.
    Raises PromptTooLong; what torch raises passes through, with PEFT's hooks taken back.
    """
    limits = Limits.of(model, tokenizer, requests, settings)
    names = list(dict.fromkeys(request.model for request in requests))
    decode = partial(tokenizer.decode, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def new_rows() -> list[Row]:
        return [
            Row(request, limits, TextStream(decode), partial(on_text, place))
            for place, request in enumerate(requests)
        ]

    rows = new_rows()
    if len(names) > 1 and can_mix:
        try:
            _run(model, rows, settings, should_stop, mix=True)
            return [row.generated("mixed") for row in rows]
        except MIX_REFUSALS as refusal:
            if any(row.token_ids for row in rows):
                raise
            logger.warning("PEFT refuses a mixed batch, so one model after another: %r", refusal)
            rows = new_rows()
    for name in names:
        with only(model, name):
            batch = [row for row in rows if row.request.model == name]
            _run(model, batch, settings, should_stop, mix=False)
    mode: Mode = "alone" if len(names) == 1 else "in turn"
    return [row.generated(mode) for row in rows]


@contextmanager
def only(model: PreTrainedModel, name: str) -> Iterator[None]:
    """Let the whole model answer as `name` (`base` or an adapter) for a while."""
    if not hasattr(model, "peft_config"):
        if name != BASE:
            raise BadInput(f"The model has no adapter {name!r}.")
        yield
    elif name == BASE:
        with model.disable_adapter():
            yield
    else:
        model.set_adapter(name)
        yield


@contextmanager
def hooks_taken_back(model: PreTrainedModel) -> Iterator[None]:
    """Remove the forward hooks that a failure inside leaves behind.

    A mixed `generate` of PEFT 0.21 that raises leaves a hook on every LoRA layer; each later call
    of that model then fails, or answers with the wrong adapters.
    """
    before = {module: set(module._forward_pre_hooks) for module in model.modules()}
    try:
        yield
    except BaseException:
        for module, kept in before.items():
            for key in module._forward_pre_hooks.keys() - kept:
                del module._forward_pre_hooks[key]
                module._forward_pre_hooks_with_kwargs.pop(key, None)
        raise


def adapter_names(names: Sequence[str]) -> list[str]:
    """The names of a batch's rows as PEFT writes them."""
    return [PEFT_BASE if name == BASE else name for name in names]


def padded(
    prompts: Sequence[Sequence[int]], pad_id: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and attention mask (prompts, longest), padded on the left: answers go on right."""
    longest = max(len(prompt) for prompt in prompts)
    gaps = [longest - len(prompt) for prompt in prompts]
    ids = [[pad_id] * gap + list(prompt) for gap, prompt in zip(gaps, prompts, strict=True)]
    mask = [[0] * gap + [1] * (longest - gap) for gap in gaps]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


class _StopAsked(StoppingCriteria):
    """Ends every row once `should_stop()` is true. Unlike an exception it leaves no hooks."""

    def __init__(self, should_stop: ShouldStop) -> None:
        self._should_stop = should_stop

    def __call__(
        self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: object
    ) -> torch.Tensor:
        return torch.full(
            (input_ids.shape[0],), self._should_stop(), dtype=torch.bool, device=input_ids.device
        )


def _run(
    model: PreTrainedModel,
    rows: Sequence[Row],
    settings: Settings,
    should_stop: ShouldStop,
    *,
    mix: bool,
) -> None:
    """Let rows of one length limit grow to their ends."""
    if should_stop():
        return
    limits = rows[0].limits
    ids, mask = padded([row.request.prompt_ids for row in rows], limits.pad_id, model.device)
    mixing = {"adapter_names": adapter_names([row.request.model for row in rows])} if mix else {}
    noise = [SharedNoise(settings)] if settings.temperature > 0 else []
    with hooks_taken_back(model), torch.no_grad():
        model.generate(
            input_ids=ids,
            attention_mask=mask,
            generation_config=_greedy(limits),
            logits_processor=LogitsProcessorList(noise),
            stopping_criteria=StoppingCriteriaList([_StopAsked(should_stop)]),
            streamer=RowStreamer(rows),
            **mixing,
        )
    for row in rows:
        row.end("cancelled")


def _greedy(limits: Limits) -> GenerationConfig:
    """The likeliest token, whatever the model's own settings say: what is asked is what is done."""
    return GenerationConfig(
        max_new_tokens=limits.max_tokens,
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
