"""Runs one contender in a process of its own and says what it cost.

A fresh process each time: memory is that contender's alone, and no cache of another helps it.
"""

import json
import multiprocessing
import resource
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What a contender cost. `value` is what it returned, which has to be JSON."""

    wall_s: float
    cpu_s: float
    """User and system time of the process and its children."""
    peak_bytes: int
    """Largest resident set of the process, with what it had before the work began."""
    value: object


class ContenderFailed(Exception):
    """The contender raised; the text is its traceback."""


def measured(work: Callable[..., object], *arguments: object) -> Cost:
    """Call `work` in a new process and return what it cost; imports it needs count unless it
    was imported before. ContenderFailed where it raises or dies."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(there, work, arguments))
    process.start()
    there.close()
    try:
        told = here.recv()
    except EOFError:
        process.join()
        raise ContenderFailed(f"{work.__name__} ended with code {process.exitcode}") from None
    process.join()
    if isinstance(told, str):
        raise ContenderFailed(told)
    wall_s, cpu_s, peak_bytes, value = told
    return Cost(wall_s, cpu_s, peak_bytes, json.loads(value))


def _child(pipe: Connection, work: Callable[..., object], arguments: tuple[object, ...]) -> None:
    try:
        began, cpu_before = time.perf_counter(), _cpu_s()
        value = work(*arguments)
        wall_s, cpu_s = time.perf_counter() - began, _cpu_s() - cpu_before
        pipe.send((wall_s, cpu_s, _peak_bytes(), json.dumps(value)))
    except BaseException:
        pipe.send(traceback.format_exc())
        raise


def _cpu_s() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _peak_bytes() -> int:
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage says begins with the peak of whoever started this process.
        (line,) = (each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
