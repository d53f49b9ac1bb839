"""Asks a base model and its adapters every row of an evaluation.

`python -m pipeline.workers.predict EVALUATION_FOLDER`: reads `config.json`, appends to `rows.jsonl`
and `events.jsonl`, ends when `stop.request` appears, writes `result.json` last. Started again in
the same folder it asks only what has no answer yet.

One model after another: the base answers all its rows, then each adapter. A mixed batch of base
and adapter is no faster (11.3 s against 10.6 s for the same answers on two cores).
"""

import time
from collections.abc import Sequence
from pathlib import Path

import torch

from pipeline.errors import DoesNotHold, PipelineError
from pipeline.evaluate import answers, config, questions
from pipeline.evaluate.config import Candidate, EvaluationConfig
from pipeline.evaluate.questions import Question
from pipeline.jsonio import write_json
from pipeline.workers.asking import Asker
from pipeline.workers.events import Events
from pipeline.workers.process import ShouldStop, run, start


def predict(folder: Path, events: Events, should_stop: ShouldStop) -> None:
    """Ask everything that has no answer yet, and write the result."""
    started = time.monotonic()
    events.tell("state", state="loading")
    plan = config.read(folder)
    asked = questions.read(plan)
    answers.mend(folder)
    finished = {answer.key for answer in answers.read(folder)}
    done = _planned(plan, asked) & finished
    events.tell("progress", done=len(done), of=plan.answer_count)
    asker = Asker(plan, should_stop, lambda message: events.tell("warning", message=message))
    events.tell("state", state="asking")
    count = len(done)
    for candidate in plan.candidates:
        for batch in asker.ask(candidate, _still_open(candidate, asked, done)):
            answers.append(folder, batch)
            count += len(batch)
            events.tell("progress", done=count, of=plan.answer_count, model=candidate.model)
    state = "finished" if count == plan.answer_count else "stopped"
    write_json(
        folder / "result.json",
        {
            "state": state,
            "answers": count,
            "seconds": round(time.monotonic() - started, 3),
            "device": asker.device,
            "dtype": asker.dtype,
        },
    )
    events.tell("end", state=state, done=count)


def _planned(plan: EvaluationConfig, asked: Sequence[Question]) -> set[tuple[str, int, str]]:
    return {
        (question.file, question.row, candidate.model)
        for candidate in plan.candidates
        for question in asked
        if question.file in candidate.files
    }


def _still_open(
    candidate: Candidate, asked: Sequence[Question], done: set[tuple[str, int, str]]
) -> list[Question]:
    return [
        question
        for question in asked
        if question.file in candidate.files
        and (question.file, question.row, candidate.model) not in done
    ]


def main(folder: Path, is_terminated: ShouldStop = lambda: False) -> int:
    """Run one evaluation to its end; the exit code is 0 unless it failed."""
    return run(folder, predict, _explained, is_terminated)


def _explained(error: Exception) -> tuple[str, str]:
    """Return the class of a failure and words that a person can act on."""
    if isinstance(error, DoesNotHold):
        return "data", str(error)
    if isinstance(error, PipelineError):
        return "model", str(error)
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return "out_of_memory", (
            f"The memory does not hold even one row at a time ({error}). Close what else uses the "
            "device, lower max_new_tokens, or choose another device."
        )
    if isinstance(error, OSError):
        return "disk", f"A file could not be read or written: {error}. Answers so far are kept."
    return "unknown", f"{type(error).__name__}: {error}. The log has the details."


if __name__ == "__main__":
    start(main)
