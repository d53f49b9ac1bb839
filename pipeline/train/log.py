"""Searching the log of a worker: files of any size, a line at a time."""

from dataclasses import dataclass
from pathlib import Path

LONGEST_LINE = 2000


@dataclass(frozen=True, slots=True)
class Found:
    """Lines that hold a text: the last of them, and how many there are."""

    lines: tuple[tuple[int, str], ...]
    """Number in the file, from 1, and text."""
    count: int


def find(path: Path, text: str, *, most: int) -> Found:
    """Return the last `most` lines that hold `text`, without regard to case."""
    wanted = text.casefold()
    lines: list[tuple[int, str]] = []
    count = 0
    if not path.exists():
        return Found((), 0)
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            # A progress bar rewrites its line with \r: what it said last is what counts.
            said = line.rstrip("\n").rsplit("\r", 1)[-1]
            if wanted in said.casefold():
                count += 1
                lines.append((number, said[:LONGEST_LINE]))
                del lines[:-most]
    return Found(tuple(lines), count)
