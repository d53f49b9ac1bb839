"""Questions to the held models: prompts, answers, and the stamp under each."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from pipeline.chat.protocol import Final, Question, Stamp, Text
from pipeline.errors import BadInput, PipelineError
from pipeline.said import Said
from pipeline.workers.answers import Limits
from pipeline.workers.generate import Generated, Request, generate
from pipeline.workers.holding import Held
from pipeline.workers.memory import is_of_gpu, is_out_of_memory
from pipeline.workers.owner import Failure, Ticket
from pipeline.workers.prompts import Prompt, render, with_system


@dataclass(frozen=True, slots=True)
class _Row:
    """One model's answer to one question."""

    ticket: Ticket
    model: str
    prompt: Prompt

    @property
    def question(self) -> Question:
        return self.ticket.question


def answer(held: Held, tickets: Sequence[Ticket]) -> None:
    """Answer all questions in one batch; each hears its models' texts, and a Final for each."""
    rows = [row for ticket in tickets for row in _rows(held, ticket)]
    if not rows:
        return
    try:
        generated = generate(
            held.model,
            held.tokenizer,
            [Request(row.model, row.prompt.ids) for row in rows],
            [row.question.settings for row in rows],
            on_text=lambda place, text: rows[place].ticket.tell(Text(rows[place].model, text)),
            is_given_up=lambda place: rows[place].ticket.is_cancelled(),
            can_mix=held.self_test.can_mix,
        )
    except RuntimeError as error:
        if is_of_gpu(error):
            torch.cuda.empty_cache()  # So that the next, shorter question finds what there is.
        raise
    for row, done in zip(rows, generated, strict=True):
        row.ticket.tell(Final(row.model, done.finish_reason, _stamp(held, row, done)))


def _rows(held: Held, ticket: Ticket) -> list[_Row]:
    """The prompts of a question; one that cannot be asked is told why, and has none."""
    question = ticket.question
    try:
        templates = held.templates.choose(question)
        rows = []
        for name in question.models:
            messages = with_system(question.messages_of(name), question.system_prompt)
            rows.append(_Row(ticket, name, render(held.tokenizer, templates[name], messages)))
        for row in rows:
            request = Request(row.model, row.prompt.ids)
            Limits.of(held.model, held.tokenizer, request, question.settings)
    except BadInput as error:
        ticket.tell(Failure("refused", error.said))
        return []
    return rows


def _stamp(held: Held, row: _Row, done: Generated) -> Stamp:
    weights = held.weights.get(row.model)
    settings = row.question.settings
    return Stamp(
        model=row.model,
        base=str(held.config.model),
        adapter=str(weights.folder) if weights else None,
        adapter_sha1=weights.sha1 if weights else None,
        system_prompt=row.prompt.system_prompt,
        temperature=settings.temperature,
        top_p=settings.top_p,
        max_tokens=settings.max_tokens,
        seed=settings.seed,
        mode=done.mode,
        device=str(held.model.device),
        dtype=str(held.model.dtype).removeprefix("torch."),
        prompt_tokens=len(row.prompt.ids),
        tokens=len(done.token_ids),
        first_token_s=round(done.first_token_s, 3),
        tokens_per_second=round(done.tokens_per_second, 1),
        prompt=row.prompt.text,
        repetition_penalty=settings.repetition_penalty,
    )


def explain(error: Exception) -> Failure:
    """Say what went wrong in words for whoever asked, with the class of an `error` event."""
    if isinstance(error, PipelineError):
        return Failure("model", error.said)
    if is_out_of_memory(error):
        return Failure(
            "out_of_memory",
            Said(
                "The device's memory is full. Ask fewer models at once or for fewer tokens, or "
                "close what else uses the device (a training run?), then ask again."
            ),
        )
    if isinstance(error, OSError):
        return Failure("disk", Said("A file could not be read or written: {error}.", error=error))
    return Failure(
        "unknown",
        Said(
            "{kind}: {error}. The server's log has the details.",
            kind=type(error).__name__,
            error=error,
        ),
    )
