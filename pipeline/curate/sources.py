"""What a person gives to import, as single things to read: files, and what folders hold.

A folder is one of three things: a LLaMA-Factory `data/` folder (by its `dataset_info.json`), a
dataset that Hugging Face's `datasets` saved with `save_to_disk`, or plain files side by side.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from pipeline.curate.columns import Columns
from pipeline.curate.formats import SUFFIXES, unreadable
from pipeline.errors import BadInput
from pipeline.said import Said
from store.types import Layout


@dataclass(frozen=True, slots=True)
class Source:
    """One set of records to read: a file, or the files of a dataset that was saved in pieces."""

    name: str
    """Shown, and kept with each pair as where it came from."""
    paths: tuple[Path, ...]
    dataset: str = ""
    """What the set is called where it comes from; empty for a file on its own."""
    columns: Columns | None = None
    """What a registry says of its fields; None leaves it to what is recognised."""
    layout: Layout | None = None
    warnings: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What a dataset made of it may be called."""
        return self.dataset or self.paths[0].stem


@dataclass(frozen=True, slots=True)
class Skipped:
    """A set that a registry names and that cannot be imported, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to import at a path."""

    sources: tuple[Source, ...]
    skipped: tuple[Skipped, ...] = ()


def as_source(given: Source | Path) -> Source:
    """Return a file as a source that says nothing of itself."""
    return given if isinstance(given, Source) else Source(given.name, (given,))


def is_saved_dataset(folder: Path) -> bool:
    """Whether `datasets` saved a dataset, or several splits of one, in a folder."""
    return (folder / "state.json").is_file() or (folder / "dataset_dict.json").is_file()


def saved_dataset(folder: Path) -> Found:
    """Return the splits of a dataset on disk; BadInput where its own files say nothing usable."""
    described = folder / "dataset_dict.json"
    if not described.is_file():
        return Found((_split(folder, folder.name),))
    splits = _json(described).get("splits")
    if not isinstance(splits, list) or not splits:
        raise BadInput("{described} names no splits. Save the dataset again.", described=described)
    name = folder.resolve().name
    return Found(tuple(_split(folder / str(split), f"{name}/{split}") for split in splits))


def plain_files(folder: Path) -> Found:
    """Return the files of a folder that can be imported; BadInput where there are none."""
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise unreadable(folder, error) from error
    if not files:
        known = tuple(SUFFIXES)
        raise BadInput(
            "The folder {folder} holds no file that can be imported ({known}).",
            folder=folder,
            known=known,
        )
    return Found(tuple(as_source(file) for file in files))


def _split(folder: Path, name: str) -> Source:
    state = _json(folder / "state.json")
    listed = state.get("_data_files")
    files = [each.get("filename") for each in listed] if isinstance(listed, list) else []
    paths = tuple(folder / Path(str(file)).name for file in files)
    missing = [path.name for path in paths if not path.is_file()]
    if missing or not paths:
        lacking = ", ".join(missing) or Said("the list of its files")
        raise BadInput(
            "The dataset {folder} is not whole: {lacking} is missing. Save it again.",
            folder=folder,
            lacking=lacking,
        )
    return Source(name, paths, dataset=name.replace("/", "-"))


def _json(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        raise BadInput("{path} is not valid JSON: {error}.", path=path, error=error) from error
    if not isinstance(value, dict):
        raise BadInput("{path} holds no JSON object.", path=path)
    return value
