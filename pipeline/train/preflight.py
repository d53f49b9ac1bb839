"""What is to be known before a run starts: each check is good, to be looked at, or stops the start.

Pure: whoever launches gathers the facts. A check carries its figures; the words are the page's.
"""

from collections.abc import Iterable
from math import ceil

from pipeline.train import tracking
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
        _trackers(facts),
        _cluster(facts),
        _cluster_memory(facts),
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
    batch = settings.batch_rows * settings.accumulation
    values: dict[str, object] = {
        "count": step_count(rows, settings),
        "rows": rows,
        "epochs": settings.epochs,
        "batch": batch,
    }
    if facts.processes > 1:
        # However many share a step, it learns from as many rows.
        values |= {"processes": facts.processes, "each": ceil(batch / facts.processes)}
        return Check("shared_steps", "good" if batch >= facts.processes else "look", values)
    return Check("steps", "good", values)


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
    if memory.processes > 1:
        values |= {
            "each_bytes": memory.each_bytes,
            "processes": memory.processes,
            "is_shared": memory.is_shared,
        }
    if memory.needed_bytes > memory.total_bytes:
        return Check("memory", "broken", values | {"total_bytes": memory.total_bytes})
    is_tight = memory.needed_bytes > ROOM * memory.free_bytes
    return Check("memory", "look" if is_tight else "good", values)


def _trackers(facts: Facts) -> Check | None:
    missing = facts.missing_trackers
    if not missing:
        return None
    command = tracking.install_command(missing)
    return Check("trackers", "broken", {"names": ", ".join(missing), "command": command})


def _cluster(facts: Facts) -> Check | None:
    asked = facts.cluster
    if asked is None:
        return None
    if asked.fault:
        return Check("cluster", "broken", {"reason": asked.fault.said})
    gpus = asked.about.gpus
    values: dict[str, object] = {
        "address": asked.address,
        "ray": asked.about.ray,
        "gpus": gpus,
        "processes": facts.processes,
    }
    if not gpus:
        return Check("cluster_cpus" if gpus == 0 else "cluster_untold", "look", values)
    if gpus < facts.processes:
        return Check("cluster_small", "broken", values)
    return Check("cluster", "good", values)


def _cluster_memory(facts: Facts) -> Check | None:
    """What each process would hold there; whether that is free nobody here can tell."""
    if facts.cluster_estimate is None:
        return None
    return Check("cluster_memory", "good", {"needed_bytes": facts.cluster_estimate.total})


def _device(facts: Facts) -> Check:
    values: dict[str, object] = {"device": facts.device}
    if not facts.busy_runs:
        return Check("device", "good", values)
    name = "device" if facts.shares_device else "queue"
    return Check(name, "look", values | {"runs": facts.busy_runs, "count": len(facts.busy_runs)})
