"""What an export is made of: a frozen recipe that can be kept as JSON."""

import unicodedata
from dataclasses import asdict, dataclass, field, fields
from typing import Literal, get_args

from pipeline.decode import decode
from pipeline.errors import BadInput

LayoutChoice = Literal["format2", "format3", "both", "sharegpt", "messages"]
FileFormat = Literal["json", "jsonl", "parquet"]
SystemPolicy = Literal["keep", "drop", "text"]
Paraphrases = Literal["tested", "together"]
LARGEST_TEST_SHARE = 0.5
LARGEST_REPEAT = 100
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
    """`both` means format2 and format3, a file each."""
    layouts: dict[str, LayoutChoice] = field(default_factory=dict)
    """Datasets that are laid out otherwise."""
    repeats: dict[str, int] = field(default_factory=dict)
    """How many times the rows of a dataset stand in its training file, where that is not once."""
    replay: float | None = None
    """The share of general pairs in what is trained, those of lowest hash; None takes them all."""
    test_share: float = 0.2
    """About this share of wordings is held back as a test; 0 holds nothing back."""
    fact_share: float = 0.1
    """About this share of whole facts of domain datasets is held back as a second test."""
    paraphrases: Paraphrases = "together"
    """Where the wordings of a fact are close to each other: keep such a group on one side, or test
    some of them although others are trained, where too few would be left to test."""
    system: SystemPolicy = "keep"
    """Of the pairs' own system prompts: keep them, drop them, or give `system_text` to the rest."""
    system_text: str = ""
    accepted_only: bool = False
    """Leave out pairs that nobody has reviewed."""
    seed: int = 42
    """Another seed holds other wordings back."""
    file_format: FileFormat = "json"

    def __post_init__(self) -> None:
        check_name(self.name, "export")
        if not self.datasets:
            raise BadInput("The recipe names no dataset. Choose at least one.")
        repeated = sorted({name for name in self.datasets if self.datasets.count(name) > 1})
        if repeated:
            raise BadInput(
                "The recipe names the dataset {dataset!r} twice. Name it once.", dataset=repeated[0]
            )
        self._check_choices()
        self._check_numbers()

    def layout_of(self, dataset: str) -> LayoutChoice:
        """Return the layout asked for a dataset."""
        return self.layouts.get(dataset, self.layout)

    def repeat_of(self, dataset: str) -> int:
        """Return how many times a dataset's rows are trained in one pass."""
        return self.repeats.get(dataset, 1)

    def to_json(self) -> dict[str, object]:
        """Return the recipe as a JSON object."""
        return {**asdict(self), "datasets": list(self.datasets)}

    @classmethod
    def from_json(cls, value: dict[str, object]) -> "Recipe":
        """Return the recipe of a JSON object; BadInput says what does not fit."""
        try:
            return decode(cls, value)
        except ValueError as error:
            raise BadInput("This is no recipe: {error}.", error=error) from error

    def _check_choices(self) -> None:
        strangers = sorted({*self.layouts, *self.repeats} - set(self.datasets))
        if strangers:
            raise BadInput(
                "The recipe says something of {dataset!r}, which is none of its datasets.",
                dataset=strangers[0],
            )
        for layout in (self.layout, *self.layouts.values()):
            if layout not in get_args(LayoutChoice):
                known = get_args(LayoutChoice)
                raise BadInput(
                    "The layout {layout!r} is none of {known}.", layout=layout, known=known
                )
        if self.file_format not in get_args(FileFormat):
            known = get_args(FileFormat)
            raise BadInput(
                "The file format {file_format!r} is none of {known}.",
                file_format=self.file_format,
                known=known,
            )
        if self.paraphrases not in get_args(Paraphrases):
            raise BadInput(
                "Paraphrases are tested or together, not {paraphrases!r}.",
                paraphrases=self.paraphrases,
            )
        if self.system not in get_args(SystemPolicy):
            raise BadInput(
                "The system policy {system!r} is none of keep, drop, text.", system=self.system
            )
        if (self.system == "text") != bool(self.system_text.strip()):
            raise BadInput("A system text and the policy 'text' belong together; give both.")

    def _check_numbers(self) -> None:
        for kind, share in (("test", self.test_share), ("fact", self.fact_share)):
            if not 0 <= share <= LARGEST_TEST_SHARE:
                raise BadInput(
                    "The {kind} share is {share}; choose 0 to {most}, so that more is trained "
                    "than held back.",
                    kind=kind,
                    share=share,
                    most=LARGEST_TEST_SHARE,
                )
        if self.replay is not None and not 0 <= self.replay < 1:
            raise BadInput(
                "The replay share is {replay}; choose 0 up to, but not, 1.", replay=self.replay
            )
        for name, repeat in self.repeats.items():
            if not 1 <= repeat <= LARGEST_REPEAT:
                raise BadInput(
                    "{name} is repeated {repeat} times; choose 1 to {most}.",
                    name=name,
                    repeat=repeat,
                    most=LARGEST_REPEAT,
                )


def changed_fields(older: dict[str, object], newer: dict[str, object]) -> tuple[str, ...]:
    """Return which parts of two kept recipes differ, the name aside."""
    one, other = Recipe.from_json(older), Recipe.from_json(newer)
    return tuple(
        each.name
        for each in fields(Recipe)
        if each.name != "name" and getattr(one, each.name) != getattr(other, each.name)
    )


def check_name(name: str, kind: str) -> None:
    """Raise BadInput unless `name` can name files on every system; Chinese is welcome."""
    wrong = sorted({c for c in name if c in _REFUSED or unicodedata.category(c)[0] == "C"})
    if not name.strip():
        raise BadInput("The {kind} has no name. Give it one.", kind=kind)
    if wrong:
        shown = " ".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in wrong)
        raise BadInput(
            "The {kind} name {name!r} contains {shown}. Leave that out.",
            kind=kind,
            name=name,
            shown=shown,
        )
    if name != name.strip() or name.startswith(".") or name.endswith("."):
        raise BadInput(
            "The {kind} name {name!r} begins or ends with a dot or a space.", kind=kind, name=name
        )
    if len(name.encode()) > _LONGEST_BYTES:
        raise BadInput(
            "The {kind} name {start!r}… is longer than {most} bytes.",
            kind=kind,
            start=name[:20],
            most=_LONGEST_BYTES,
        )
