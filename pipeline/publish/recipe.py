"""What an export is made of: a frozen recipe that can be kept as JSON."""

import unicodedata
from dataclasses import asdict, dataclass
from typing import Literal

from pipeline.decode import decode
from pipeline.errors import BadInput

LayoutChoice = Literal["format2", "format3", "both"]
LARGEST_TEST_SHARE = 0.5
_LONGEST_BYTES = 180
"""File systems allow 255 bytes a name; the layout, the ending and a temporary mark come on top."""
_REFUSED = set('/\\:*?"<>|,')
"""Separators of paths and of dataset lists (a comma), and what Windows refuses in names."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which pairs become which files. Raises BadInput where it cannot be followed."""

    name: str
    """The export's name, which is also its folder's."""
    datasets: tuple[str, ...]
    """Names of the datasets, in the order of the files."""
    layout: LayoutChoice = "both"
    test_share: float = 0.2
    """About this share is held back as a test; 0 holds nothing back."""
    accepted_only: bool = False
    """Leave out pairs that nobody has reviewed."""
    seed: int = 42
    """Another seed holds other wordings back."""

    def __post_init__(self) -> None:
        check_name(self.name, "export")
        if not self.datasets:
            raise BadInput("The recipe names no dataset. Choose at least one.")
        repeated = sorted({name for name in self.datasets if self.datasets.count(name) > 1})
        if repeated:
            raise BadInput(f"The recipe names the dataset {repeated[0]!r} twice. Name it once.")
        if self.layout not in ("format2", "format3", "both"):
            raise BadInput(f"The layout {self.layout!r} is none of format2, format3, both.")
        if not 0 <= self.test_share <= LARGEST_TEST_SHARE:
            raise BadInput(
                f"The test share is {self.test_share}; choose 0 to {LARGEST_TEST_SHARE}, "
                "so that more is trained than held back."
            )

    def to_json(self) -> dict[str, object]:
        """Return the recipe as a JSON object."""
        return {**asdict(self), "datasets": list(self.datasets)}

    @classmethod
    def from_json(cls, value: dict[str, object]) -> "Recipe":
        """Return the recipe of a JSON object; BadInput says what does not fit."""
        try:
            return decode(cls, value)
        except ValueError as error:
            raise BadInput(f"This is no recipe: {error}.") from error


def check_name(name: str, kind: str) -> None:
    """Raise BadInput unless `name` can name files on every system; Chinese is welcome."""
    wrong = sorted({c for c in name if c in _REFUSED or unicodedata.category(c)[0] == "C"})
    if not name.strip():
        raise BadInput(f"The {kind} has no name. Give it one.")
    if wrong:
        shown = " ".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in wrong)
        raise BadInput(f"The {kind} name {name!r} contains {shown}. Leave that out.")
    if name != name.strip() or name.startswith(".") or name.endswith("."):
        raise BadInput(f"The {kind} name {name!r} begins or ends with a dot or a space.")
    if len(name.encode()) > _LONGEST_BYTES:
        raise BadInput(f"The {kind} name {name[:20]!r}… is longer than {_LONGEST_BYTES} bytes.")
