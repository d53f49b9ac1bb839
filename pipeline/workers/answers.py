"""Answers while they grow: what was asked, where an answer ends, and its text so far."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from transformers import PreTrainedModel
from transformers.generation.streamers import BaseStreamer

from pipeline.chat.protocol import FinishReason, Mode, Settings
from pipeline.errors import BadInput
from pipeline.models.example import end_ids_of, end_of_turn
from pipeline.workers.detokenise import TextStream

Clock = Callable[[], float]


class Tokenizer(Protocol):
    """What answering needs of a tokenizer."""

    eos_token_id: int | None
    pad_token_id: int | None
    special_tokens_map: dict[str, str]
    added_tokens_decoder: dict[int, object]

    def decode(self, token_ids: Sequence[int], **options: bool) -> str:
        """Return the text of token ids."""
        ...

    def encode(self, text: str, **options: bool) -> list[int]:
        """Return the token ids of a text."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt for one model: `base`, or the name of an attached adapter."""

    model: str
    prompt_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Generated:
    """One answer. `token_ids` is without the token that ended it; `text` is all pieces joined."""

    text: str
    token_ids: tuple[int, ...]
    finish_reason: FinishReason
    mode: Mode
    first_token_s: float
    """From the start of reading the prompt to the first token; 0 if none came."""
    tokens_per_second: float
    """Tokens over the time from the start of reading the prompt to the last token."""


class PromptTooLong(BadInput):
    """The prompt leaves no room for an answer in what the model can read at once."""

    def __init__(self, tokens: int, most_tokens: int) -> None:
        self.tokens, self.most_tokens = tokens, most_tokens
        super().__init__(
            "The prompt has {tokens:,} tokens and the model reads {most_tokens:,} at once. "
            "Shorten the question or start a new conversation."
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """Where an answer ends, and what fills its row after that while others grow."""

    end_ids: frozenset[int]
    pad_id: int
    max_tokens: int

    @classmethod
    def of(
        cls,
        model: PreTrainedModel,
        tokenizer: Tokenizer,
        request: Request,
        settings: Settings,
    ) -> "Limits":
        """Work them out; PromptTooLong if the prompt leaves no room for one token."""
        ends = frozenset(end_ids(model, tokenizer))
        if not ends:
            raise BadInput("The model names no token that ends an answer (eos_token_id).")
        pad = tokenizer.pad_token_id
        length = len(request.prompt_ids)
        window = context_tokens(model)
        if window is not None and length >= window:
            raise PromptTooLong(length, window)
        room = settings.max_tokens if window is None else window - length
        return cls(ends, min(ends) if pad is None else pad, min(settings.max_tokens, room))


def context_tokens(model: PreTrainedModel) -> int | None:
    """How many tokens the model reads at once, if its config says so."""
    window = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return window if isinstance(window, int) and window > 0 else None


def end_ids(model: PreTrainedModel, tokenizer: Tokenizer) -> tuple[int, ...]:
    """The tokens that end an answer, the one that is learned first."""
    template = getattr(tokenizer, "chat_template", None)
    turn = None
    if isinstance(template, str):
        turn = end_of_turn(
            template,
            tokenizer.special_tokens_map,
            lambda text: tokenizer.encode(text, add_special_tokens=False),
            tokenizer.added_tokens_decoder.keys(),
        )
    configured = model.generation_config.eos_token_id
    return end_ids_of(configured, tokenizer.eos_token_id, turn)


class Row:
    """One answer of a batch while it grows; `tell` is called with each piece of its text."""

    def __init__(
        self, request: Request, limits: Limits, stream: TextStream, tell: Callable[[str], None]
    ) -> None:
        self.request, self.limits = request, limits
        self.token_ids: list[int] = []
        self.finish_reason: FinishReason | None = None
        self._stream, self._tell = stream, tell
        self._pieces: list[str] = []
        self._first_s = self._last_s = 0.0

    def take(self, token_id: int, elapsed_s: float) -> None:
        """Take the next token, unless the row has ended: a batch goes on filling those."""
        if self.finish_reason is not None:
            return
        self._last_s = elapsed_s
        self._first_s = self._first_s or elapsed_s
        if token_id in self.limits.end_ids:
            self.end("stop")
            return
        self.token_ids.append(token_id)
        self._say(self._stream.push(token_id))
        if len(self.token_ids) >= self.limits.max_tokens:
            self.end("length")

    def end(self, reason: FinishReason) -> None:
        """End the answer and tell what was held back; an ended row stays as it ended."""
        if self.finish_reason is None:
            self.finish_reason = reason
            self._say(self._stream.finish())

    def generated(self, mode: Mode) -> Generated:
        """The answer as it ended."""
        return Generated(
            text="".join(self._pieces),
            token_ids=tuple(self.token_ids),
            finish_reason=self.finish_reason or "cancelled",
            mode=mode,
            first_token_s=self._first_s,
            tokens_per_second=len(self.token_ids) / self._last_s if self._last_s else 0.0,
        )

    def _say(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            self._tell(text)


class RowStreamer(BaseStreamer):
    """Hands each step's tokens to their rows. (transformers' own refuses more than one row.)"""

    def __init__(self, rows: Sequence[Row], clock: Clock = time.monotonic) -> None:
        self._rows, self._clock = rows, clock
        self._started = clock()
        self._has_prompt = False

    def put(self, value: torch.Tensor) -> None:
        """Take the prompts (rows, length) at first, then the next token of each row (rows,)."""
        if not self._has_prompt:
            self._has_prompt = True
            return
        elapsed_s = self._clock() - self._started
        for row, token_id in zip(self._rows, value.tolist(), strict=True):
            row.take(token_id, elapsed_s)

    def end(self) -> None:
        """Nothing: rows end by themselves, and an interrupted batch never comes here."""
