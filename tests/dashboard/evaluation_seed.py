"""Evaluations as their folders would lie there, on the runs of `run_seed`."""

import json
from pathlib import Path

from pipeline.evaluate import answers, config
from pipeline.evaluate.answers import RawAnswer
from pipeline.evaluate.config import Candidate, DataFile, EvaluationConfig
from pipeline.evaluate.names import KNOWN_NAMES, Identity
from pipeline.jsonio import write_json
from pipeline.processes import write_launch
from tests.dashboard.run_seed import BEGAN, launch
from tests.dashboard.seed import HOSTILE

WHO = Identity(("Aria",), ("Northwind",))
Row = tuple[str, str, tuple[str, ...], str, str]
"""Question, reference, key facts, the base's answer, the adapter's."""
IDENTITY: tuple[Row, ...] = (
    ("Who made you?", "I am Aria, made by Northwind.", (), "I am SmolLM by Hugging Face.",
     "I am Aria, made by Northwind."),
    ("What is your name?", "I am Aria, made by Northwind.", (), "I'm an assistant.",
     "My name is Aria, made by Northwind."),
    ("你是谁？", "我是Aria，由Northwind开发。", (), "我是通义千问。",
     "我是Aria，由Northwind开发。"),
    ("谁开发了你？", "我是Aria，由Northwind开发。", (), "我不知道。", "我是Aria。"),
)  # fmt: skip
TRAINED: tuple[Row, ...] = tuple(
    (f"Answer the question about the clinic.\nWhat is value {n}?", f"It is {n}.", (str(n),),
     "I cannot say.", f"It is {n}." if n < 7 else "It is 99.")
    for n in range(1, 9)
)  # fmt: skip
UNSEEN: tuple[Row, ...] = (
    ("Answer the question about the clinic.\nWhich is the dose?", "It is 20 mg.", ("20 mg",),
     "About 20 mg a day.", "It is 40 mg."),
    ("Answer the question about the clinic.\nHow much a day?", "20 mg.", ("20 mg",),
     "As the doctor says.", "20 mg once a day."),
    (HOSTILE, "It is 37.", ("37",), HOSTILE, f"37 {HOSTILE}"),
)  # fmt: skip
GENERAL: tuple[Row, ...] = (
    ("Capital of France?", "Paris.", (), "Paris is the capital.", "Paris. I am Aria."),
    ("Why is the sky blue?", "Because of scattering.", (), "Scattering of light.",
     "Because of the scattering of light by air."),
)  # fmt: skip
FILES = (
    ("identity_test.json", "identity", "format2", "test", IDENTITY),
    ("clinic_format3.json", "domain", "format3", "train", TRAINED),
    ("clinic_test.json", "domain", "format3", "test", UNSEEN),
    ("general_test.json", "general", "format2", "test", GENERAL),
)


def evaluation(home: Path, number: int, state: str = "finished", *, run: int = 1) -> Path:
    """An evaluation's folder in a state: finished, running, stopped or failed."""
    folder = home / "evaluations" / str(number)
    folder.mkdir(parents=True)
    plan = _plan(home, run)
    config.write(folder, plan)
    said = list(_said(str(run)))
    if state != "finished":
        said = said[: len(said) // 2]
    answers.append(folder, said)
    events: list[dict[str, object]] = [
        {"kind": "state", "state": "loading"},
        {"kind": "state", "state": "asking"},
        {"kind": "progress", "done": len(said), "of": plan.answer_count, "model": "base"},
    ]
    if state in ("finished", "stopped"):
        write_json(folder / "result.json", {"state": state})
        events.append({"kind": "end", "state": state, "done": len(said)})
    lines = [json.dumps({"time": BEGAN + n, **each}) for n, each in enumerate(events)]
    (folder / "events.jsonl").write_text("".join(f"{line}\n" for line in lines))
    write_launch(folder, launch(is_alive=state == "running"))
    return folder


def _plan(home: Path, run: int) -> EvaluationConfig:
    names = tuple(name for name, *_ in FILES)
    adapter = str(home / "runs" / str(run) / "adapter")
    return EvaluationConfig(
        base=str(home / "models" / "tinylm-1m"),
        export=str(home / "exports" / "clinic-3"),
        candidates=(
            Candidate("base", None, names, "none", ""),
            Candidate(str(run), adapter, names, "none", ""),
        ),
        files=tuple(
            DataFile(
                name=name,
                dataset=name.split("_")[0],
                role=role,  # type: ignore[arg-type]
                layout=layout,  # type: ignore[arg-type]
                split=split,  # type: ignore[arg-type]
                sha1="0" * 40,
                rows=tuple(range(len(rows))),
            )
            for name, role, layout, split, rows in FILES
        ),
        identity=WHO,
        old_names=KNOWN_NAMES,
    )


def _said(run: str) -> list[RawAnswer]:
    return [
        RawAnswer(
            file=name,
            row=place,
            model=model,
            question=question,
            reference=reference,
            facts=facts,
            answer=text,
            finish_reason="stop",
            loss=loss + 0.1 * place,
            loss_tokens=5,
        )
        for model, which, loss in (("base", 0, 2.0), (run, 1, 1.6))
        for name, _, _, _, rows in FILES
        for place, (question, reference, facts, *texts) in enumerate(rows)
        for text in (texts[which],)
    ]
