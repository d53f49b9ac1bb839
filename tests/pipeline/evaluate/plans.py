"""Builders of evaluation plans and answers."""

from pipeline.evaluate.answers import RawAnswer
from pipeline.evaluate.config import Candidate, DataFile, EvaluationConfig
from pipeline.evaluate.names import KNOWN_NAMES, Identity

WHO = Identity(("Aria",), ("Northwind",))


def data_file(name: str, *, rows: int = 2, role: str = "domain", split: str = "test") -> DataFile:
    """A file of which the first rows are asked."""
    return DataFile(
        name=name,
        dataset=name.split("_")[0],
        role=role,  # type: ignore[arg-type]
        layout="format3" if role == "domain" else "format2",
        split=split,  # type: ignore[arg-type]
        sha1="0" * 40,
        rows=tuple(range(rows)),
    )


def plan(*files: DataFile, runs: tuple[str, ...] = ("1",)) -> EvaluationConfig:
    """A plan that asks every model every row."""
    names = tuple(file.name for file in files)
    adapters = {run: f"/runs/{run}/adapter" for run in runs}
    return EvaluationConfig(
        base="/models/tiny",
        export="/exports/clinic",
        candidates=tuple(
            Candidate(model, adapters.get(model), names, "none", "") for model in ("base", *runs)
        ),
        files=files,
        identity=WHO,
        old_names=KNOWN_NAMES,
    )


def said(file: str, row: int, model: str, answer: str, **other: object) -> RawAnswer:
    """One model's answer to one row."""
    fields: dict[str, object] = {
        "question": "What?",
        "reference": "It is 37.",
        "facts": ("37",),
        "finish_reason": "stop",
        "loss": 1.0,
        "loss_tokens": 4,
    }
    return RawAnswer(file=file, row=row, model=model, answer=answer, **(fields | other))  # type: ignore[arg-type]
