"""Stands in for the worker: answers every open question, or does as a file says.

`python -m tests.pipeline.probe.fake_worker FOLDER`. A file `fake` in the probes' folder says `hang`
(answer once, then wait to be stopped), `die` (answer once, then kill itself), `long` (answers
reach their limit) or `wrong`. Otherwise a question with facts is answered rightly by its greedy
answer, and by sampled ones where its key is even.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

from pipeline import rows
from pipeline.jsonio import write_json
from pipeline.probe import config
from pipeline.probe.answers import GREEDY, ProbeAnswer
from pipeline.probe.config import Question


def tell(folder: Path, kind: str, **fields: object) -> None:
    """Write an event."""
    with (folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"time": time.time(), "kind": kind, **fields}) + "\n")


def answer(question: Question, sample: int, how: str) -> ProbeAnswer:
    """Return what the base says."""
    is_right = how != "wrong" and (sample == GREEDY or question.key % 2 == 0)
    text = " ".join(question.facts) if is_right and question.facts else f"About {question.key}."
    return ProbeAnswer(question.key, sample, text, "length" if how == "long" else "stop", 3)


def work(folder: Path) -> None:
    """Answer, and tell it as the real worker does."""
    script = folder.parent / "fake"
    how = script.read_text() if script.exists() else "answer"
    tell(folder, "state", state="loading")
    plan = config.read(folder)
    done = {(each.key, each.sample) for each in rows.read(folder, ProbeAnswer)}
    tell(folder, "state", state="asking")
    for sample in range(1 + plan.samples):
        for question in config.read_questions(folder, plan):
            if (question.key, sample) in done:
                continue
            rows.append(folder, [answer(question, sample, how)])
            done.add((question.key, sample))
            tell(folder, "progress", done=len(done), of=plan.answer_count)
            if how == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            while how == "hang":
                time.sleep(0.02)
                if (folder / "stop.request").exists():
                    write_json(folder / "result.json", {"state": "stopped"})
                    tell(folder, "end", state="stopped", done=len(done))
                    return
    write_json(folder / "result.json", {"state": "finished"})
    tell(folder, "end", state="finished", done=len(done))


if __name__ == "__main__":
    work(Path(sys.argv[1]))
