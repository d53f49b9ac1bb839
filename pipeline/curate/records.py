"""What reading a file gives: records in batches, and what was refused with its row and reason."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import overload

from pipeline.errors import PipelineError
from pipeline.said import Said

Record = dict[str, object]


class Unusable(PipelineError):
    """A record lacks what a pair needs; its text is the reason, for the refusal."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that cannot be used, where it is, and why."""

    file: str
    row: int
    """1-based, counted as the file counts its records."""
    reason: Said


@dataclass(slots=True)
class Batch:
    """Some records of a file in their order, and the rows between them that are none."""

    rows: list[int] = field(default_factory=list)
    """The 1-based row of each record."""
    records: list[Record] = field(default_factory=list)
    refused: list[tuple[int, Said]] = field(default_factory=list)
    """(row, reason) of what is no record."""
    is_clean: bool = False
    """Whether every text is known to be whole Unicode, without lone surrogates."""

    def take(self, row: int, value: object) -> None:
        """Keep a record, or refuse what is no object."""
        if isinstance(value, dict):
            self.rows.append(row)
            self.records.append(value)
        else:
            self.refused.append(
                (row, Said("is no object with fields but {kind}", kind=kind_of(value)))
            )

    def __bool__(self) -> bool:
        return bool(self.records or self.refused)


@dataclass(slots=True)
class Reading:
    """A file being read: its batches one after another, and how far that is."""

    file: str
    size_bytes: int
    batches: Iterator[Batch]
    place: Callable[[], int]
    """Returns how many of the bytes were read so far."""
    warnings: list[str]
    """Grows while the file is read."""


class Refusals(Sequence[Refused]):
    """Refused rows, by file and row; a million of them cost eight bytes each and their reasons."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, Said], array[int]] = {}
        self._files: dict[str, int] = {}
        self._ordered: list[tuple[int, int, str, Said]] | None = None
        self._count = 0

    def add(self, file: str, row: int, reason: Said) -> None:
        """Note that a row cannot be used."""
        self._files.setdefault(file, len(self._files))
        self._rows.setdefault((file, reason), array("q")).append(row)
        self._ordered = None
        self._count += 1

    def by_reason(self) -> dict[Said, int]:
        """Return how many rows each reason refused, the commonest first."""
        counts: dict[Said, int] = {}
        for (_, reason), rows in self._rows.items():
            counts[reason] = counts.get(reason, 0) + len(rows)
        return dict(sorted(counts.items(), key=lambda each: -each[1]))

    def of_reason(self, reason: Said) -> "Refusals":
        """Return those that one reason refused."""
        chosen = Refusals()
        for (file, why), rows in self._rows.items():
            if why == reason:
                chosen._files.setdefault(file, self._files[file])
                chosen._rows[file, why] = rows
                chosen._count += len(rows)
        return chosen

    def merge(self, other: "Refusals") -> None:
        """Take in the refusals of another file."""
        for each in other:
            self.add(each.file, each.row, each.reason)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Refused: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Refused, ...]: ...

    def __getitem__(self, place: int | slice) -> Refused | tuple[Refused, ...]:
        if isinstance(place, slice):
            chosen = self._sorted()[place]
            return tuple(Refused(file, row, reason) for _, row, file, reason in chosen)
        _, row, file, reason = self._sorted()[place]
        return Refused(file, row, reason)

    def __iter__(self) -> Iterator[Refused]:
        return (Refused(file, row, reason) for _, row, file, reason in self._sorted())

    def _sorted(self) -> list[tuple[int, int, str, Said]]:
        if self._ordered is None:
            self._ordered = sorted(
                (self._files[file], row, file, reason)
                for (file, reason), rows in self._rows.items()
                for row in rows
            )
        return self._ordered


def kind_of(value: object) -> Said:
    """Say what a value is that was read from JSON, YAML or a table."""
    return _KINDS.get(type(value), Said("a number"))


_KINDS: dict[type, Said] = {
    str: Said("a text"),
    list: Said("a list"),
    dict: Said("an object"),
    bool: Said("true or false"),
    type(None): Said("null"),
}
