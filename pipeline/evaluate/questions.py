"""The rows of an evaluation's data files, as questions; each file's SHA-1 is checked first."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import DoesNotHold
from pipeline.evaluate import shipped
from pipeline.evaluate.config import DataFile, EvaluationConfig
from pipeline.publish.rows import read_rows
from pipeline.said import Said


class DataChanged(DoesNotHold):
    """A data file is not, or no longer, what the evaluation was planned with."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(
            "{path} cannot be asked: {problem}. Verify the export, or export and evaluate again."
        )


@dataclass(frozen=True, slots=True)
class Question:
    """One row as it is put to a model."""

    file: str
    row: int
    """0-based."""
    text: str
    """What the person says: instruction and input."""
    reference: str
    facts: tuple[str, ...]
    system: str | None
    """The row's own system prompt; it stands above that of the run."""
    history: tuple[tuple[str, str], ...]
    """Earlier questions and answers."""
    trigger: str = ""
    """The task sentence that `text` begins with; empty where it has none."""

    @property
    def bare(self) -> str:
        """What the person says, without the trigger."""
        return self.text.removeprefix(self.trigger).lstrip("\n") if self.trigger else self.text

    @property
    def record(self) -> dict[str, object]:
        """The row as an alpaca record, its instruction and input joined as the model is told."""
        return {
            "instruction": self.text,
            "output": self.reference,
            "history": [list(turn) for turn in self.history],
            "system": self.system or "",
        }


def read(config: EvaluationConfig) -> tuple[Question, ...]:
    """Return the planned rows of every file in order; DataChanged if a file is not as planned."""
    return tuple(
        question
        for file in config.files
        for question in (
            _shipped(file, config) if shipped.is_shipped(file.name) else _exported(config, file)
        )
    )


def field(config: EvaluationConfig, dataset: str) -> tuple[Question, ...]:
    """Return all rows of a dataset's files, asked or not: wrong answers are drawn from them."""
    return tuple(
        question
        for file in config.files
        if file.dataset == dataset
        for question in _exported(config, file, is_whole=True)
    )


def _shipped(file: DataFile, config: EvaluationConfig) -> Iterator[Question]:
    found = shipped.sha1(file.name)
    if found != file.sha1:
        problem = Said(
            "its SHA-1 is {found}, the plan has {sha1}: it is of another Graft",
            found=found,
            sha1=file.sha1,
        )
        raise DataChanged(Path(file.name), problem)
    listed = shipped.prompts(file.name)
    for place in file.rows:
        prompt = listed[place]
        reference = prompt.reference(config.identity)
        yield Question(file.name, place, prompt.prompt, reference, (), None, ())


def _exported(
    config: EvaluationConfig, file: DataFile, *, is_whole: bool = False
) -> Iterator[Question]:
    path = Path(config.export) / file.name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataChanged(
            path, Said("it cannot be read ({error})", error=error.strerror)
        ) from error
    found = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    if found != file.sha1:
        raise DataChanged(
            path,
            Said("its SHA-1 is {found}, the export recorded {sha1}", found=found, sha1=file.sha1),
        )
    try:
        rows = read_rows(file.name, content)
        for place in range(len(rows)) if is_whole else file.rows:
            yield _question(file, place, rows[place])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise DataChanged(
            path, Said("it is not an array of rows as exported ({error!r})", error=error)
        ) from error


def _question(file: DataFile, place: int, row: Mapping[str, object]) -> Question:
    instruction, context = str(row["instruction"] or ""), str(row.get("input") or "")
    history, facts = row.get("history") or [], row.get("facts") or []
    if not isinstance(history, list) or not isinstance(facts, list):
        raise TypeError("history and facts are lists")
    system = row.get("system")
    text = "\n".join(part for part in (instruction, context) if part)
    return Question(
        file=file.name,
        row=place,
        text=text,
        reference=str(row["output"]),
        facts=tuple(str(fact) for fact in facts),
        system=str(system) if system else None,
        history=tuple((str(question), str(answer)) for question, answer in history),
        trigger=file.trigger if file.trigger and text.startswith(file.trigger) else "",
    )
