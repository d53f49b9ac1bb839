"""A full disk, told as a fact; and new folders, which are whole or not there at all."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.workspace import new_numbered

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
START_BYTES = 2 << 20
"""With less than this not even the files fit with which a worker begins: its records and log."""


class NoSpaceLeft(PipelineError):
    """The disk is full, so nothing was begun, and nothing half made is left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            "The disk of {folder} is full, so nothing was begun. What was there before is "
            "untouched. Free some space, then try again."
        )


def is_full(error: OSError) -> bool:
    """Say whether an error means that there is no room: on the disk, or for this user."""
    return error.errno in FULL


def has_room(folder: Path) -> bool:
    """Say whether there is room for a worker to begin."""
    return shutil.disk_usage(folder).free >= START_BYTES


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Raise NoSpaceLeft where what is written inside finds the disk full."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise NoSpaceLeft(folder) from error
        raise


@contextmanager
def new_folder(home: Path) -> Iterator[Path]:
    """Make the next numbered folder for the block to fill; where that fails it is taken away.

    Raises NoSpaceLeft, also where a worker would find no room to begin in.
    """
    with told(home):
        if not has_room(home):
            raise NoSpaceLeft(home)
        folder = new_numbered(home)
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
