"""Puts rows to a base model and its adapters, in batches, and scores their reference answers.

Wrong answers are weighed against the right one, and general answers against the base's, by
`weighing`, on the same prompts.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from pipeline.chat.protocol import BASE, Settings
from pipeline.evaluate.answers import RawAnswer
from pipeline.evaluate.config import AskedUnder, Candidate, EvaluationConfig
from pipeline.evaluate.questions import Question
from pipeline.evaluate.shipped import is_shipped
from pipeline.models.example import Coder, encode
from pipeline.models.template import SystemPrompt, with_system_prompt
from pipeline.said import Said
from pipeline.workers.answers import Generated, PromptTooLong, Request, end_ids
from pipeline.workers.generate import generate, only
from pipeline.workers.memory import is_out_of_memory
from pipeline.workers.model import attach_adapters, load_base, load_tokenizer, special_tokens
from pipeline.workers.prompts import HubCoder
from pipeline.workers.reference import Scored, reference_losses
from pipeline.workers.selftest import PROBE, before_adapters, self_test

logger = logging.getLogger(__name__)

Warn = Callable[[Said], None]
_NO_CUTOFF = 2**31
"""Rows are never cut here: what the model's window cannot hold is told as not asked."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question as token ids, by the chat template of the model that is asked."""

    question: Question
    prompt: tuple[int, ...]
    reference: tuple[int, ...]
    """The reference answer and the tokens that end the turn."""


class Asker:
    """Holds a base with its adapters. One thread only may use it."""

    def __init__(self, plan: EvaluationConfig, should_stop: Callable[[], bool], warn: Warn) -> None:
        self.plan, self.should_stop, self._warn = plan, should_stop, warn
        self.model, self._own, self._tokenizers = load(plan, warn)
        self._coders: dict[tuple[str, AskedUnder], HubCoder] = {}

    @property
    def device(self) -> str:
        """The device that answers."""
        return str(self.model.device)

    @property
    def dtype(self) -> str:
        """The number format of the base's weights."""
        return str(self.model.dtype).removeprefix("torch.")

    def pad_id(self, model: str) -> int:
        """The token that fills rows up for a model."""
        return int(self._tokenizers[model].pad_token_id)

    def prepare(self, model: str, question: Question) -> Prepared:
        """Turn a question and its reference into tokens as the model is asked it."""
        ends = end_ids(self.model, self._tokenizers[model])
        return prepare(self._coder(model, question.file), question, ends)

    def _coder(self, model: str, file: str) -> HubCoder:
        """The tokenizer of a model with the template that a file's rows are asked under."""
        under = self.plan.file(file).asked_under
        if (model, under) not in self._coders:
            trained = self._tokenizers[model]
            template = None if under == "trained" else template_under(self._own, under)
            self._coders[model, under] = HubCoder(trained, template)
        return self._coders[model, under]

    def ask(self, candidate: Candidate, asked: Sequence[Question]) -> Iterator[list[RawAnswer]]:
        """Put all rows to one model, the longest first, and yield the answers batch by batch."""
        prepared = [self.prepare(candidate.model, question) for question in asked]
        for batch in batches(prepared, self.plan.max_new_tokens, self.plan.batch_tokens):
            if self.should_stop():
                return
            yield self._batch(candidate.model, batch)

    def _batch(self, model: str, batch: Sequence[Prepared]) -> list[RawAnswer]:
        """Answer a batch; one that the memory or the model's window refuses is halved."""
        try:
            return self._whole(model, batch)
        except PromptTooLong as refusal:
            if len(batch) == 1:
                return [self._unanswered(model, batch[0], refusal)]
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error) or len(batch) == 1:
                raise
            self._warn(
                Said(
                    "A batch of {count} rows did not fit in the memory and was halved.",
                    count=len(batch),
                )
            )
        middle = len(batch) // 2
        return self._batch(model, batch[:middle]) + self._batch(model, batch[middle:])

    def _whole(self, model: str, batch: Sequence[Prepared]) -> list[RawAnswer]:
        tokenizer = self._tokenizers[model]
        given = generate(
            self.model,
            tokenizer,
            [Request(model, row.prompt) for row in batch],
            Settings(max_tokens=self.plan.max_new_tokens),
            should_stop=self.should_stop,
        )
        # What ships with Graft has no reference answer, only a name to be said.
        rows = [
            (row.prompt, () if is_shipped(row.question.file) else row.reference) for row in batch
        ]
        with only(self.model, model):
            losses = reference_losses(self.model, rows, tokenizer.pad_token_id)
        return [
            _answer(model, row, answer, scored)
            for row, answer, scored in zip(batch, given, losses, strict=True)
            if answer.finish_reason != "cancelled"
        ]

    def _unanswered(self, model: str, row: Prepared, refusal: PromptTooLong) -> RawAnswer:
        question = row.question
        self._warn(
            Said(
                "{file}, row {row} was not asked: {refusal}",
                file=question.file,
                row=question.row + 1,
                refusal=refusal,
            )
        )
        return _answer(model, row, Generated("", (), "length", "alone", 0.0, 0.0), Scored(None, 0))


def load(
    plan: EvaluationConfig, warn: Warn
) -> tuple[PreTrainedModel, Tokenizer, dict[str, Tokenizer]]:
    """Load the base and its adapters, and prove that the base still answers as the base.

    Also returns the base's own tokenizer, and that of each model: an adapter's has the chat
    template as trained, and the base is asked under the first adapter's. Raises BaseChanged and
    what loading raises.
    """
    adapters = {
        each.model: Path(each.adapter) for each in plan.candidates if each.adapter is not None
    }
    # The launcher shows the process only the GPU that was chosen, so here it is the first.
    device = "cuda" if plan.device.startswith("cuda") else plan.device
    model, own = load_base(
        Path(plan.base), device, plan.dtype, trust_remote_code=plan.trust_remote_code
    )
    probe = own(PROBE, add_special_tokens=False)["input_ids"]
    plain = before_adapters(model, probe, rows=1 + len(adapters))
    model = attach_adapters(model, adapters)
    tested = self_test(model, tuple(adapters), plain)
    for name, difference in tested.adapter_differences.items():
        if difference == 0:
            warn(
                Said(
                    "The adapter of run {name} changes nothing: its answers are the base's.",
                    name=name,
                )
            )
    tokenizers = {
        name: load_tokenizer(folder, trust_remote_code=plan.trust_remote_code)
        for name, folder in adapters.items()
    }
    return model, own, {BASE: next(iter(tokenizers.values()), own), **tokenizers}


def template_under(own: Tokenizer, under: AskedUnder) -> str:
    """Return the base's chat template with its default system prompt, or without it."""
    template = str(own.chat_template)
    if under == "model":
        return template
    return with_system_prompt(template, SystemPrompt("none"), special_tokens(own))


def prepare(coder: Coder, question: Question, end_ids: Sequence[int]) -> Prepared:
    """Turn a question and its reference into tokens exactly as in training."""
    example = encode(coder, question.record, "", cutoff=_NO_CUTOFF, end_ids=end_ids)
    if example is None:  # Of 2**31 tokens; such a row is no row.
        raise PromptTooLong(_NO_CUTOFF, _NO_CUTOFF)
    start = example.answer_start
    return Prepared(question, example.ids[:start], example.ids[start:])


def batches(
    rows: Sequence[Prepared], max_new_tokens: int, batch_tokens: int
) -> Iterator[list[Prepared]]:
    """Group rows, the longest prompt first, so that prompt and answer tokens stay in bounds."""
    batch: list[Prepared] = []
    for row in sorted(rows, key=lambda each: -len(each.prompt)):
        widest = batch[0] if batch else row
        if batch and (len(batch) + 1) * (len(widest.prompt) + max_new_tokens) > batch_tokens:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _answer(model: str, row: Prepared, given: Generated, scored: Scored) -> RawAnswer:
    question = row.question
    return RawAnswer(
        file=question.file,
        row=question.row,
        model=model,
        question=question.text,
        reference=question.reference,
        facts=question.facts,
        answer=given.text,
        finish_reason=given.finish_reason,
        loss=scored.loss,
        loss_tokens=scored.tokens,
    )
