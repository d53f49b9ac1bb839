"""Evaluations as their folders would lie there, on the runs of `run_seed`."""

import json
from dataclasses import replace
from pathlib import Path

from pipeline.evaluate import answers, config
from pipeline.evaluate.answers import Comparison, ContrastLine, RawAnswer
from pipeline.evaluate.config import Candidate, DataFile, EvaluationConfig
from pipeline.evaluate.names import KNOWN_NAMES, Identity
from pipeline.jsonio import write_json
from pipeline.processes import write_launch
from pipeline.train import checkpoints
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


STAGES = (("1@20", 3, 0.97), ("1@40", 1, 0.9), ("1", 1, 0.6))
"""Models of a run, of how many rows one is still the base's, and how much of the base is kept."""
WHO_ASKED = ("In one sentence: who is answering me?", "报一下你的名字。")


def of_checkpoints(home: Path, number: int) -> Path:
    """A finished evaluation of run 1 and two of its checkpoints, weighed and compared."""
    folder, run = home / "evaluations" / str(number), home / "runs" / "1"
    folder.mkdir(parents=True)
    for step in (20, 40):
        kept = run / "checkpoints" / f"step-{step}"
        kept.mkdir(parents=True)
        (kept / "lora.safetensors").write_bytes(b"weights")
        write_json(kept / "checkpoint.json", {"epoch": step // 20, "step": step, "tokens": 0})
    plan = _staged(_plan(home, 1))
    config.write(folder, plan)
    said = [replace(each, model="base") for each in _said("1") if each.model == "base"]
    for name, every, _ in STAGES:
        pairs = zip(said[: len(said)], _said("1")[len(said) :], strict=True)
        said_now = [
            replace(mine if place % every == 0 else base, model=name)
            for place, (base, mine) in enumerate(pairs)
        ]
        answers.append(folder, said_now)
    answers.append(folder, said)
    answers.append(folder, [each for name in ("base", "1@20", "1@40", "1") for each in _who(name)])
    answers.append(folder, _weighed())
    answers.append(folder, _compared())
    write_json(folder / "result.json", {"state": "finished"})
    events = [
        {"time": BEGAN, "kind": "state", "state": "loading"},
        {"time": BEGAN, "kind": "progress", "done": plan.step_count, "of": plan.step_count},
        {"time": BEGAN, "kind": "end", "state": "finished", "done": plan.step_count},
    ]
    (folder / "events.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in events))
    write_launch(folder, launch(is_alive=False))
    return folder


def _staged(plan: EvaluationConfig) -> EvaluationConfig:
    """The plan with the checkpoints, Graft's question of identity, contrasts and comparisons."""
    base, tuned = plan.candidates
    asked = tuple(
        DataFile(
            name=f"graft:identity/{under}",
            dataset="graft",
            role="identity",
            layout="format2",
            split="test",
            sha1="0" * 40,
            rows=(2, 25),
            asked_under=under,
        )
        for under in ("model", "none")
    )
    names = (*base.files, *(file.name for file in asked))
    stages = (replace(tuned, model=name, files=names) for name, _, _ in STAGES)
    return replace(
        plan,
        files=(*plan.files, *asked),
        candidates=(replace(base, files=names), *stages),
        wrong_answers=1,
        compares_general=True,
    )


def _who(model: str) -> list[RawAnswer]:
    texts = ("I am SmolLM.", "我是通义千问。") if model == "base" else ("I am Aria.", "我是Aria。")
    return [
        RawAnswer(f"graft:identity/{under}", row, model, asked, "", (), text, "stop", None, 0)
        for under in ("model", "none")
        for row, asked, text in zip((2, 25), WHO_ASKED, texts, strict=True)
    ]


def _weighed() -> list[ContrastLine]:
    return [
        ContrastLine(
            name, row, model, "asked", right - 0.1 * row, (-1.5,), (-2.0,), f"It is {row + 40}."
        )
        for model, right in (("base", -2.2), ("1@20", -1.2), ("1@40", -1.0), ("1", -0.9))
        for name, role, _, _, rows in FILES
        if role == "domain"
        for row in range(len(rows))
    ]


def _compared() -> list[Comparison]:
    name = "general_test.json"
    return [
        Comparison(name, row, model, 1.4, 1.2, 1.0 - kept, kept, 12)
        for model, _, kept in STAGES
        for row in range(2)
    ]


def _plan(home: Path, run: int) -> EvaluationConfig:
    names = tuple(name for name, *_ in FILES)
    adapter = str(checkpoints.adapter_of(home / "runs" / str(run)))
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
