"""A run's title and what a person wrote about it: `notes.json`, beside its frozen config."""

from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.decode import decode
from pipeline.jsonio import read_json, write_json

NAME = "notes.json"
LONGEST_TITLE, LONGEST_TEXT = 200, 20_000


@dataclass(frozen=True, slots=True)
class Notes:
    """What a person wrote; an empty title leaves the one that the run was launched with."""

    title: str = ""
    text: str = ""


def read(folder: Path) -> Notes:
    """Return the notes of a run's folder; empty ones where there are none that can be read."""
    try:
        return decode(Notes, read_json(folder / NAME))
    except (OSError, ValueError):
        return Notes()


def write(folder: Path, notes: Notes) -> None:
    """Keep the notes of a run, cut to what a page can show."""
    kept = Notes(notes.title.strip()[:LONGEST_TITLE], notes.text.strip()[:LONGEST_TEXT])
    write_json(folder / NAME, asdict(kept))
