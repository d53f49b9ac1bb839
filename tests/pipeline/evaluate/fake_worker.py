"""Stands in for the worker: answers every open row from its reference, or does as a file says.

`python -m tests.pipeline.evaluate.fake_worker FOLDER`. A file `fake` in the folder's parent says
`hang` (answer one row, then wait to be stopped) or `die` (answer one row, then kill itself).
"""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pipeline.evaluate import answers, config, questions
from pipeline.evaluate.answers import Comparison, ContrastLine, RawAnswer
from pipeline.evaluate.config import EvaluationConfig, forms
from pipeline.evaluate.questions import Question
from pipeline.jsonio import write_json


def tell(folder: Path, kind: str, **fields: object) -> None:
    """Write an event."""
    with (folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"time": time.time(), "kind": kind, **fields}) + "\n")


def work(folder: Path) -> None:
    """Answer, and tell it as the real worker does."""
    script = folder.parent / "fake"
    how = script.read_text() if script.exists() else "answer"
    tell(folder, "state", state="loading")
    plan = config.read(folder)
    rows = questions.read(plan)
    done = {answer.key for answer in answers.read(folder)}
    tell(folder, "state", state="asking")
    for candidate in plan.candidates:
        for row in rows:
            if row.file not in candidate.files or (row.file, row.row, candidate.model) in done:
                continue
            text = row.reference if candidate.model != "base" else "I am SmolLM."
            said = RawAnswer(
                row.file,
                row.row,
                candidate.model,
                row.text,
                row.reference,
                row.facts,
                text,
                "stop",
                1.0,
                3,
            )
            answers.append(folder, [said])
            done.add(said.key)
            tell(folder, "progress", done=len(done), of=plan.step_count, model=candidate.model)
            if how == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            while how == "hang":
                time.sleep(0.02)
                if (folder / "stop.request").exists():
                    write_json(folder / "result.json", {"state": "stopped"})
                    tell(folder, "end", state="stopped", done=len(done))
                    return
    weigh(folder, plan, rows)
    write_json(folder / "result.json", {"state": "finished"})
    tell(folder, "end", state="finished", done=plan.step_count)


def weigh(folder: Path, plan: EvaluationConfig, rows: Sequence[Question]) -> None:
    """Find every right answer likelier than two wrong ones, for the adapters, and no change."""
    lines: list[ContrastLine] = []
    compared: list[Comparison] = []
    for candidate in plan.candidates:
        for row in rows:
            file = plan.file(row.file)
            place = (row.file, row.row, candidate.model)
            if file.role == "domain":
                right = -1.0 if candidate.adapter else -3.0
                for form in forms(file):
                    lines.append(ContrastLine(*place, form, right, (-2.0,), (-2.0,), "No."))
            if candidate.adapter and plan.is_compared(file):
                compared.append(Comparison(*place, 1.0, 1.0, 0.0, 1.0, 3))
    answers.append(folder, lines)
    answers.append(folder, compared)
    tell(folder, "progress", done=plan.step_count, of=plan.step_count, model="base")


if __name__ == "__main__":
    work(Path(sys.argv[1]))
