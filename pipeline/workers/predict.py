"""Asks a base model and its adapters every row of an evaluation.

`python -m pipeline.workers.predict EVALUATION_FOLDER`: reads `config.json`, appends to
`rows.jsonl`, `contrasts.jsonl`, `comparisons.jsonl` and `events.jsonl`, ends when `stop.request`
appears, writes `result.json` last. Started again in the same folder it does only what has no line
yet; what an earlier evaluation of the same weights has found is taken over.

One model after another answers: a mixed batch of base and adapter is no faster (11.3 s against
10.6 s for the same answers on two cores). The base's pass over its own general answers is shared by
all adapters, and a prompt's by all the answers that are weighed on it.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import DoesNotHold, PipelineError
from pipeline.evaluate import answers, config, questions, reuse
from pipeline.evaluate.answers import Comparison, ContrastLine, RawAnswer
from pipeline.evaluate.config import BASE, Candidate, EvaluationConfig, Form
from pipeline.evaluate.questions import Question
from pipeline.jsonio import write_json
from pipeline.said import Said
from pipeline.workers import weighing
from pipeline.workers.asking import Asker
from pipeline.workers.events import Events
from pipeline.workers.memory import is_out_of_memory
from pipeline.workers.process import ShouldStop, run, start, unexpected


def predict(folder: Path, events: Events, should_stop: ShouldStop) -> None:
    """Ask everything that has no answer yet, weigh what is to be weighed, and write the result."""
    started = time.monotonic()
    events.tell("state", state="loading")
    plan = config.read(folder)
    asked = questions.read(plan)
    answers.mend(folder)
    asker = Asker(plan, should_stop, lambda said: events.tell("warning", **said.as_json()))
    _take_over(folder, asker)
    work = Work(folder, plan, asked, events)
    events.tell("state", state="asking")
    work.tell("")
    for candidate in plan.candidates:
        for batch in asker.ask(candidate, work.unanswered(candidate)):
            work.keep(candidate.model, batch)
    if any(work.unweighed(candidate) for candidate in plan.candidates):
        wrong = weighing.wrong_answers(asker)
        for candidate in plan.candidates:
            rows = work.unweighed(candidate)
            for lines in weighing.contrast_lines(asker, candidate, rows, wrong):
                work.keep(candidate.model, lines)
    for comparisons in weighing.compared(asker, plan.candidates[1:], work.uncompared()):
        work.keep(BASE, comparisons)
    state = "finished" if work.count == plan.step_count else "stopped"
    write_json(
        folder / "result.json",
        {
            "state": state,
            "answers": work.count,
            "seconds": round(time.monotonic() - started, 3),
            "device": asker.device,
            "dtype": asker.dtype,
        },
    )
    events.tell("end", state=state, done=work.count)


class Work:
    """What is there already, and what is still open. The lines in the folder decide."""

    def __init__(
        self,
        folder: Path,
        plan: EvaluationConfig,
        asked: Sequence[Question],
        events: Events,
    ) -> None:
        self._folder, self._plan, self._asked, self._events = folder, plan, asked, events
        planned = {
            (question.file, question.row, candidate.model)
            for candidate in plan.candidates
            for question in asked
            if question.file in candidate.files
        }
        self._answers = {a.key: a for a in answers.read(folder) if a.key in planned}
        self._weighed = {line.key for line in answers.contrasts(folder) if line.key[:3] in planned}
        self._compared = {line.key for line in answers.comparisons(folder) if line.key in planned}

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._answers) + len(self._weighed) + len(self._compared)

    def keep(self, model: str, lines: Sequence[RawAnswer | ContrastLine | Comparison]) -> None:
        """Write lines to the disk, then tell how far it is."""
        answers.append(self._folder, lines)
        for line in lines:
            if isinstance(line, RawAnswer):
                self._answers[line.key] = line
            elif isinstance(line, ContrastLine):
                self._weighed.add(line.key)
            else:
                self._compared.add(line.key)
        self.tell(model)

    def tell(self, model: str) -> None:
        """Tell how far it is, and which model is at work."""
        self._events.tell("progress", done=self.count, of=self._plan.step_count, model=model)

    def unanswered(self, candidate: Candidate) -> list[Question]:
        """Return the questions that a model has not answered yet."""
        return [
            question
            for question in self._of(candidate)
            if (question.file, question.row, candidate.model) not in self._answers
        ]

    def unweighed(self, candidate: Candidate) -> list[tuple[Question, Form]]:
        """Return the questions of fields, in each form, whose right answer is not weighed yet."""
        return [
            (question, form)
            for question in self._of(candidate)
            for form in weighing.forms_of(self._plan, question)
            if (question.file, question.row, candidate.model, form) not in self._weighed
        ]

    def uncompared(self) -> dict[str, list[tuple[Question, RawAnswer]]]:
        """Return for each adapter the general rows, with the base's answers, not compared yet."""
        return {
            candidate.model: [
                (question, said)
                for question in self._of(candidate)
                if self._plan.is_compared(self._plan.file(question.file))
                and (question.file, question.row, candidate.model) not in self._compared
                and (said := self._answers.get((question.file, question.row, BASE)))
            ]
            for candidate in self._plan.candidates
            if candidate.adapter
        }

    def _of(self, candidate: Candidate) -> list[Question]:
        return [question for question in self._asked if question.file in candidate.files]


def _take_over(folder: Path, asker: Asker) -> None:
    """Write down what an earlier evaluation has found, once, before anything is asked."""
    if (folder / reuse.NAME).exists():
        return
    reuse.write_stamps(folder, asker.plan, asker.device, asker.dtype)
    lines = reuse.taken_over(folder, asker.plan)
    for kind in (RawAnswer, ContrastLine, Comparison):
        answers.append(folder, [line for line in lines if isinstance(line, kind)])


def main(folder: Path, is_terminated: ShouldStop = lambda: False) -> int:
    """Run one evaluation to its end; the exit code is 0 unless it failed."""
    return run(folder, predict, _explained, is_terminated)


def _explained(error: Exception) -> tuple[str, Said]:
    """Return the class of a failure and words that a person can act on."""
    if isinstance(error, DoesNotHold):
        return "data", error.said
    if isinstance(error, PipelineError):
        return "model", error.said
    if is_out_of_memory(error):
        return "out_of_memory", Said(
            "The memory does not hold even one row at a time ({error}). Close what else "
            "uses the device, lower max_new_tokens, or choose another device.",
            error=error,
        )
    return unexpected(error, Said("Answers so far are kept."))


if __name__ == "__main__":
    start(main)
