"""Looking at what may wait and work, whatever it is: all of a kind, and one until it is over."""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from pipeline.errors import DoesNotHold
from pipeline.queue import supervise
from pipeline.workspace import Workspace, numbered

logger = logging.getLogger(__name__)

Job = TypeVar("Job")
POLL_S = 0.3


class _Told(Protocol):
    @property
    def offset(self) -> int: ...


class Standing(Protocol):
    """How far something is."""

    @property
    def state(self) -> str: ...
    @property
    def is_active(self) -> bool: ...
    @property
    def progress(self) -> _Told: ...


def all_of(home: Path, read: Callable[[Path], Job]) -> Iterator[Job]:
    """Yield what is in the numbered folders of a kind, newest first; an unreadable one is left out.

    A folder without a config is being made.
    """
    for number in reversed(numbered(home)):
        folder = home / str(number)
        if not (folder / "config.json").is_file():
            continue
        try:
            yield read(folder)
        except DoesNotHold as reason:
            logger.warning("Left out of the %s: %s", home.name, reason)


def until_over(
    workspace: Workspace,
    job: Job,
    again: Callable[[Job], Job],
    standing: Callable[[Job], Standing],
    on_progress: Callable[[Job], None] | None,
) -> Job:
    """Return it once it is over, calling back at first and whenever its events have gone on.

    `again` looks at it anew.
    """
    while True:
        if on_progress:
            on_progress(job)
        now = standing(job)
        if not now.is_active:
            return job
        before = now.progress.offset
        while now.is_active and now.progress.offset == before:
            if now.state == "queued":
                supervise.ensure(workspace)
            time.sleep(POLL_S)
            job = again(job)
            now = standing(job)
