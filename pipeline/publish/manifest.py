"""What an export says of itself: `manifest.json`, written last, without any time in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.decode import decode
from pipeline.errors import BadInput
from pipeline.jsonio import read_json
from pipeline.publish.verify import MANIFEST
from pipeline.said import Said
from store.types import Layout, Role, RowLayout

FORMAT = 1
Split = Literal["train", "test"]
About = Literal["wordings", "facts"]
"""What a test asks: unseen wordings of trained facts (and general pairs), or unseen facts."""


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A data file of an export."""

    name: str
    dataset: str
    role: Role
    layout: RowLayout
    split: Split
    rows: int
    bytes: int
    sha1: str
    trigger: str = ""
    about: About = "wordings"
    """Which of the two tests it is; of no meaning for training files."""
    repeat: int = 1
    """How many times each pair stands in it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole of an export."""

    name: str
    recipe: dict[str, object]
    pairs: int
    unreviewed: int
    files: tuple[ExportFile, ...]
    registry_sha1: str
    """The SHA-1 of `dataset_info.json`."""

    def training(self, layout: Layout) -> tuple[ExportFile, ...]:
        """Return one training file a dataset: in `layout` where there is one, else in the other."""
        chosen: dict[str, ExportFile] = {}
        for file in self.files:
            if file.split == "train" and (file.dataset not in chosen or file.layout == layout):
                chosen[file.dataset] = file
        return tuple(chosen.values())

    def tests(self, about: About | None = None) -> tuple[ExportFile, ...]:
        """Return the files of rows held back, or only those of one kind."""
        return tuple(
            file for file in self.files if file.split == "test" and about in (None, file.about)
        )


def read(folder: Path) -> Manifest:
    """Read an export's manifest; BadInput if it is missing, damaged, or of another format."""
    path = folder / MANIFEST
    try:
        value = read_json(path)
        if value.pop("format", None) != FORMAT:
            raise ValueError(Said("it is not of format {format}", format=FORMAT))
        return decode(Manifest, value)
    except (OSError, ValueError) as error:
        raise BadInput(
            "{folder} is no whole export ({error}). Export again.", folder=folder, error=error
        ) from error
