"""What is to be known before a run starts: each check is good, to be looked at, or stops the start.

Pure: whoever launches gathers the facts. A check carries its figures; the words are the page's.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from typing import Literal

from pipeline.models.template import Policy
from pipeline.publish.seen import CutCount
from pipeline.train.config import DataFile, Settings

Level = Literal["good", "look", "broken"]
LEAST_IDENTITY_RATE = 8e-4
"""At 3e-4 a name was never said after three passes, at 1e-3 always (30 pairs; docs/log.md)."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """How fast the latest run of the same model on the same device went."""

    run_id: int
    seconds_per_row: float
    """A row once through the model, everything else of the run spread over the rows."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a launch would use, as it lies there now."""

    file_count: int
    changed_files: tuple[str, ...]
    """Files of the export that are not as they were hashed, or not there."""
    data: tuple[DataFile, ...]
    test_rows: int
    settings: Settings
    device: str
    policy: Policy
    system_text: str = ""
    default_prompt: str | None = None
    """The system prompt that the model's template hides."""
    model_fault: str = ""
    """Why the model's folder cannot be used; empty if it can."""
    placeholder_rows: int = 0
    placeholder: str = ""
    """One of those that were left, to show."""
    cut: CutCount | None = None
    """What the cut-off cuts; None where the model's tokens cannot be read."""
    template_fault: str = ""
    """Why the model's chat template cannot be trained with as asked; empty if it can."""
    busy_runs: tuple[int, ...] = ()
    """Runs that train on the same device now."""
    shares_device: bool = False
    """Whether to start beside them all the same."""
    earlier: Earlier | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list: `launch.check_NAME_LEVEL` are its words, `values` its figures."""

    name: str
    level: Level
    values: dict[str, object] = field(default_factory=dict)


def checks(facts: Facts) -> tuple[Check, ...]:
    """Return every check that applies, in the order in which a person thinks of them."""
    found: list[Check | None] = [
        _export(facts),
        _model(facts),
        _rows(facts),
        _test(facts),
        _placeholders(facts),
        _cut(facts),
        _system(facts),
        _prompt(facts),
        _template(facts),
        _rate(facts),
        _domains(facts),
        _steps(facts),
        _time(facts),
        _device(facts),
    ]
    return tuple(check for check in found if check is not None)


def may_start(found: Iterable[Check]) -> bool:
    """Whether no check stops the start."""
    return all(check.level != "broken" for check in found)


def epoch_rows(data: Iterable[DataFile]) -> int:
    """Return how many rows an epoch goes over, each file as often as it is repeated."""
    return sum(file.rows * file.repeat for file in data)


def step_count(rows: int, settings: Settings) -> int:
    """Return how many optimizer steps the run will make."""
    return ceil(rows / (settings.batch_rows * settings.accumulation)) * settings.epochs


def _export(facts: Facts) -> Check:
    if facts.changed_files:
        return Check("export", "broken", {"files": ", ".join(facts.changed_files)})
    return Check("export", "good", {"count": facts.file_count})


def _model(facts: Facts) -> Check:
    if facts.model_fault:
        return Check("model", "broken", {"reason": facts.model_fault})
    return Check("model", "good")


def _rows(facts: Facts) -> Check:
    rows = epoch_rows(facts.data)
    if not rows:
        return Check("rows", "broken")
    parts = [f"{file.rows * file.repeat:,} {file.dataset}" for file in facts.data]
    return Check("rows", "good", {"count": rows, "datasets": ", ".join(parts)})


def _test(facts: Facts) -> Check:
    if not facts.test_rows:
        return Check("test", "look")
    return Check("test", "good", {"count": facts.test_rows})


def _placeholders(facts: Facts) -> Check:
    if facts.placeholder_rows:
        values: dict[str, object] = {"count": facts.placeholder_rows, "example": facts.placeholder}
        return Check("placeholders", "look", values)
    return Check("placeholders", "good")


def _cut(facts: Facts) -> Check | None:
    if facts.cut is None:
        return None
    found = facts.cut
    values: dict[str, object] = {"rows": found.rows, "cutoff": facts.settings.cutoff_tokens}
    if not found.cut and not found.left_out:
        return Check("cut", "good", values)
    values |= {"count": found.cut, "out": found.left_out, "first": found.first}
    return Check("cut", "look", values)


def _template(facts: Facts) -> Check | None:
    is_faulty = bool(facts.template_fault)
    return Check("template", "broken", {"reason": facts.template_fault}) if is_faulty else None


def _system(facts: Facts) -> Check | None:
    is_missing = facts.policy == "text" and not facts.system_text.strip()
    return Check("system", "broken") if is_missing else None


def _prompt(facts: Facts) -> Check | None:
    if not _teaches_identity(facts):
        return None
    if facts.policy == "model" and facts.default_prompt:
        return Check("prompt", "look")
    return Check("prompt", "good")


def _rate(facts: Facts) -> Check | None:
    if not _teaches_identity(facts):
        return None
    rate = facts.settings.learning_rate
    level: Level = "good" if rate >= LEAST_IDENTITY_RATE else "look"
    return Check("rate", level, {"rate": f"{rate:g}"})


def _domains(facts: Facts) -> Check | None:
    names = sorted({file.dataset for file in facts.data if file.role == "domain"})
    if not names:
        return None
    if len(names) == 1:
        return Check("domains", "good")
    return Check("domains", "look", {"count": len(names), "names": ", ".join(names)})


def _steps(facts: Facts) -> Check | None:
    rows = epoch_rows(facts.data)
    if not rows:
        return None
    settings = facts.settings
    return Check(
        "steps",
        "good",
        {
            "count": step_count(rows, settings),
            "rows": rows,
            "epochs": settings.epochs,
            "batch": settings.batch_rows * settings.accumulation,
        },
    )


def _time(facts: Facts) -> Check | None:
    rows = epoch_rows(facts.data) * facts.settings.epochs
    if not rows:
        return None
    if facts.earlier is None:
        return Check("time", "look")
    seconds = rows * facts.earlier.seconds_per_row
    return Check("time", "good", {"seconds": seconds, "run": facts.earlier.run_id})


def _device(facts: Facts) -> Check:
    values: dict[str, object] = {"device": facts.device}
    if not facts.busy_runs:
        return Check("device", "good", values)
    runs = ", ".join(str(run) for run in facts.busy_runs)
    name = "device" if facts.shares_device else "queue"
    return Check(name, "look", values | {"runs": runs, "count": len(facts.busy_runs)})


def _teaches_identity(facts: Facts) -> bool:
    return any(file.role == "identity" and file.rows for file in facts.data)
