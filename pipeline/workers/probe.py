"""Puts questions to a base model before training: greedy, and sampled if the plan says so.

`python -m pipeline.workers.probe PROBE_FOLDER`: reads `config.json` and `questions.jsonl`, appends
to `rows.jsonl` and `events.jsonl`, ends when `stop.request` appears, writes `result.json` last.
Started again in the same folder it asks only what has no answer yet.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import rows
from pipeline.chat.protocol import BASE, Settings
from pipeline.errors import PipelineError
from pipeline.jsonio import write_json
from pipeline.models.example import messages_of, prompt_of
from pipeline.models.template import with_system_prompt
from pipeline.probe import config
from pipeline.probe.answers import GREEDY, ProbeAnswer
from pipeline.probe.config import ProbeConfig, Question
from pipeline.said import Said
from pipeline.workers.answers import PromptTooLong, Request
from pipeline.workers.events import Events
from pipeline.workers.generate import generate
from pipeline.workers.memory import is_out_of_memory
from pipeline.workers.model import load_base, special_tokens
from pipeline.workers.process import ShouldStop, run, start, unexpected
from pipeline.workers.prompts import HubCoder


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question as token ids."""

    question: Question
    prompt: tuple[int, ...]


def probe(folder: Path, events: Events, should_stop: ShouldStop) -> None:
    """Ask everything that has no answer yet, and write the result."""
    started = time.monotonic()
    events.tell("state", state="loading")
    plan = config.read(folder)
    asked = config.read_questions(folder, plan)
    rows.mend(folder)
    done = {(answer.key, answer.sample) for answer in rows.read(folder, ProbeAnswer)}
    events.tell("progress", done=len(done), of=plan.answer_count)
    base = Base(plan, should_stop, lambda said: events.tell("warning", **said.as_json()))
    prepared = [base.prepare(question) for question in asked]
    events.tell("state", state="asking")
    count = len(done)
    for sample in range(1 + plan.samples):
        open_rows = [row for row in prepared if (row.question.key, sample) not in done]
        for answers in base.ask(open_rows, sample):
            rows.append(folder, answers)
            count += len(answers)
            events.tell("progress", done=count, of=plan.answer_count)
    state = "finished" if count == plan.answer_count else "stopped"
    took = round(time.monotonic() - started, 3)
    result = {"state": state, "answers": count, "seconds": took, **base.about}
    write_json(folder / "result.json", result)
    events.tell("end", state=state, done=count)


class Base:
    """Holds the base model. One thread only may use it."""

    def __init__(
        self, plan: ProbeConfig, should_stop: ShouldStop, warn: Callable[[Said], None]
    ) -> None:
        self._plan, self._should_stop, self._warn = plan, should_stop, warn
        # The launcher shows the process only the GPU that was chosen, so here it is the first.
        device = "cuda" if plan.device.startswith("cuda") else plan.device
        self._model, self._tokenizer = load_base(
            Path(plan.base), device, plan.dtype, trust_remote_code=plan.trust_remote_code
        )
        template = with_system_prompt(
            str(self._tokenizer.chat_template), plan.system_prompt, special_tokens(self._tokenizer)
        )
        self._coder = HubCoder(self._tokenizer, template)

    @property
    def about(self) -> dict[str, object]:
        """What answered."""
        dtype = str(self._model.dtype).removeprefix("torch.")
        return {"device": str(self._model.device), "dtype": dtype}

    def prepare(self, question: Question) -> Prepared:
        """Turn a question into tokens, as a run would train it."""
        return Prepared(question, prompt_of(self._coder, messages_of(question.record)[:-1])[1])

    def ask(self, asked: Sequence[Prepared], sample: int) -> Iterator[list[ProbeAnswer]]:
        """Put all questions, the longest first, and yield the answers batch by batch."""
        for batch in self._batches(asked):
            if self._should_stop():
                return
            yield self._batch(batch, sample)

    def _batches(self, asked: Sequence[Prepared]) -> Iterator[list[Prepared]]:
        batch: list[Prepared] = []
        for row in sorted(asked, key=lambda each: -len(each.prompt)):
            widest = len((batch or [row])[0].prompt) + self._plan.max_new_tokens
            if batch and (len(batch) + 1) * widest > self._plan.batch_tokens:
                yield batch
                batch = []
            batch.append(row)
        if batch:
            yield batch

    def _batch(self, batch: Sequence[Prepared], sample: int) -> list[ProbeAnswer]:
        """Answer a batch; one that the memory or the model's window refuses is halved."""
        try:
            return self._whole(batch, sample)
        except PromptTooLong as refusal:
            if len(batch) == 1:
                key = batch[0].question.key
                self._warn(
                    Said("Question {key} was not asked: {refusal}", key=key, refusal=refusal)
                )
                return [ProbeAnswer(key, sample, "", "refused", 0)]
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
        return self._batch(batch[:middle], sample) + self._batch(batch[middle:], sample)

    def _whole(self, batch: Sequence[Prepared], sample: int) -> list[ProbeAnswer]:
        plan = self._plan
        settings = Settings(max_tokens=plan.max_new_tokens)
        if sample != GREEDY:
            settings = Settings(
                temperature=plan.temperature,
                top_p=plan.top_p,
                max_tokens=plan.max_new_tokens,
                seed=plan.seed + sample,
            )
        given = generate(
            self._model,
            self._tokenizer,
            [Request(BASE, row.prompt) for row in batch],
            settings,
            should_stop=self._should_stop,
        )
        return [
            ProbeAnswer(
                row.question.key,
                sample,
                answer.text,
                "stop" if answer.finish_reason == "stop" else "length",
                len(answer.token_ids),
            )
            for row, answer in zip(batch, given, strict=True)
            if answer.finish_reason != "cancelled"
        ]


def main(folder: Path, is_terminated: ShouldStop = lambda: False) -> int:
    """Run one probe to its end; the exit code is 0 unless it failed."""
    return run(folder, probe, _explained, is_terminated)


def _explained(error: Exception) -> tuple[str, Said]:
    """Return the class of a failure and words that a person can act on."""
    if isinstance(error, PipelineError):
        return "model", error.said
    if is_out_of_memory(error):
        return "out_of_memory", Said(
            "The memory does not hold even one question at a time ({error}). Close what "
            "else uses the device, ask for shorter answers, or choose another device.",
            error=error,
        )
    return unexpected(error, Said("Answers so far are kept."))


if __name__ == "__main__":
    start(main)
