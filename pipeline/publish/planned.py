"""An export before it is written, as columns of numbers: its files, and where each pair goes."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.publish.manifest import About, Split
from pipeline.publish.outline import Integers
from pipeline.publish.recipe import FileFormat, Recipe
from pipeline.publish.warnings import ExportWarning
from store.types import Role, RowLayout, RowShape

SIDES: tuple[str, ...] = ("train", "test", "test_facts")
"""The names of the sides of `split`, as members have them."""


@dataclass(frozen=True, slots=True, eq=False)
class PlannedFile:
    """A data file that an export would write, and the pairs in it."""

    dataset: str
    role: Role
    split: Split
    about: About
    trigger: str
    """The dataset's trigger; in a format2 file it stands in no row."""
    shape: RowShape
    ids: Integers
    """Rising."""
    tokens: int
    """Estimated, of every row once."""
    repeat: int = 1
    file_format: FileFormat = "json"

    @property
    def layout(self) -> RowLayout:
        """How its rows are laid out."""
        return self.shape.layout

    @property
    def name(self) -> str:
        """The file's name."""
        test = "test" if self.about == "wordings" else "test_facts"
        kind = test if self.split == "test" else self.layout
        return f"{self.dataset}_{kind}.{self.file_format}"

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.ids) * self.repeat


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """Every pair of an export, by rising id."""

    ids: Integers
    versions: Integers
    sides: Integers
    """As `split` numbers them; `SIDES` has their names."""

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[tuple[int, int, str]]:
        for pair_id, version, side in zip(self.ids, self.versions, self.sides, strict=True):
            yield int(pair_id), int(version), SIDES[side]


@dataclass(frozen=True, slots=True, eq=False)
class ExportPlan:
    """An export before it is written: which pairs go where."""

    recipe: Recipe
    files: tuple[PlannedFile, ...]
    members: Members
    unreviewed: int
    left_out: int
    """General pairs that the replay share has no place for."""
    warnings: tuple[ExportWarning, ...]

    @property
    def pairs(self) -> int:
        """How many pairs it holds; one that is written in both layouts counts once."""
        return len(self.members)

    def trained(self) -> tuple[PlannedFile, ...]:
        """Return one training file a dataset, its last layout."""
        return tuple({file.dataset: file for file in self.files if file.split == "train"}.values())
