"""What is to be known before a run starts: each check is good, to be looked at, or stops the start.

Pure: whoever launches gathers the facts. A check carries its figures; the words are the page's.
"""

from collections.abc import Iterable
from math import ceil

from pipeline.train.config import DataFile, Settings
from pipeline.train.data_checks import data_checks
from pipeline.train.facts import Check, Facts
from pipeline.train.model_checks import model_checks

ASKING = frozenset({"placeholders", "cut", "prompt", "memory", "template", "end"})
"""Checks that, where they are to be looked at, are asked about once before the start: what comes
of them is seldom what was wanted. The others advise."""
ROOM = 0.9
"""The share of the free memory that a run may be reckoned to need without a word."""


def checks(facts: Facts) -> tuple[Check, ...]:
    """Return every check that applies, in the order in which a person thinks of them."""
    found: list[Check | None] = [
        *data_checks(facts),
        *model_checks(facts),
        _steps(facts),
        _time(facts),
        _memory(facts),
        _device(facts),
    ]
    return tuple(check for check in found if check is not None)


def may_start(found: Iterable[Check]) -> bool:
    """Whether no check stops the start."""
    return all(check.level != "broken" for check in found)


def asking(found: Iterable[Check]) -> tuple[str, ...]:
    """Return the names of the checks that a person has to answer before the start."""
    return tuple(each.name for each in found if each.level == "look" and each.name in ASKING)


def epoch_rows(data: Iterable[DataFile]) -> int:
    """Return how many rows an epoch goes over, each file as often as it is repeated."""
    return sum(file.rows * file.repeat for file in data)


def step_count(rows: int, settings: Settings) -> int:
    """Return how many optimizer steps the run will make."""
    return ceil(rows / (settings.batch_rows * settings.accumulation)) * settings.epochs


def seconds(facts: Facts) -> float | None:
    """Return how long the run will take; None where nothing tells."""
    tokens = sum(each.tokens for each in facts.tokens) * facts.settings.epochs
    return tokens * facts.pace.seconds_per_token if facts.pace and tokens else None


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
    if not epoch_rows(facts.data):
        return None
    needed = seconds(facts)
    if needed is None or facts.pace is None:
        return Check("time", "look")
    source = {"source": facts.pace.source, "number": facts.pace.number}
    return Check("time", "good", {"seconds": needed, **source})


def _memory(facts: Facts) -> Check | None:
    if facts.memory is None:
        return None
    memory = facts.memory
    values: dict[str, object] = {
        "needed_bytes": memory.needed_bytes,
        "free_bytes": memory.free_bytes,
        "device": facts.device,
        "is_measured": memory.measured_bytes is not None,
    }
    if memory.needed_bytes > memory.total_bytes:
        return Check("memory", "broken", values | {"total_bytes": memory.total_bytes})
    is_tight = memory.needed_bytes > ROOM * memory.free_bytes
    return Check("memory", "look" if is_tight else "good", values)


def _device(facts: Facts) -> Check:
    values: dict[str, object] = {"device": facts.device}
    if not facts.busy_runs:
        return Check("device", "good", values)
    name = "device" if facts.shares_device else "queue"
    return Check(name, "look", values | {"runs": facts.busy_runs, "count": len(facts.busy_runs)})
