"""Rows of exports and pairs of the store as a model sees them, and how many of them are cut.

Streams the files that an export wrote; knows no database.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.models.example import Record, messages_of, spell
from pipeline.models.template import Message, render
from pipeline.models.tokenizer import LocalCoder
from pipeline.publish.layouts import ALL, to_row
from pipeline.publish.rows import as_alpaca, read_rows
from pipeline.said import Said
from store.types import NewPair, Pair

INTRODUCTIONS = 2_000
"""Identity answers from which the name is read; more do not tell more."""
_BATCH_ROWS = 512
_NEAR = 64
"""Tokens by which reading a whole conversation at once may differ from how it is trained: what a
template writes after the end, and where the answer is read apart from its prompt."""
# How many times longer, in UTF-8, a normaliser can make a text (Unicode TR15, table 8).
_GROWTH = {"NFC": 3, "": 1}


@dataclass(frozen=True, slots=True)
class CutCount:
    """What a cut-off does to rows: a cut answer never learns to stop, a row left out nothing."""

    rows: int = 0
    cut: int = 0
    left_out: int = 0
    first: str = ""
    """Where the first such row stands: `file.json row 7`, or its pair's number."""

    def plus(self, other: "CutCount") -> "CutCount":
        """Return both counts together."""
        return CutCount(
            self.rows + other.rows,
            self.cut + other.cut,
            self.left_out + other.left_out,
            self.first or other.first,
        )


def rows(path: Path) -> Iterator[Record]:
    """Yield the rows of an export's file: line by line where it writes them so, else as a whole."""
    if path.suffix == ".parquet":
        yield from read_rows(path.name, path.read_bytes())
        return
    with path.open(encoding="utf-8") as file:
        is_array = file.readline().strip() == "[" and file.readline().strip()[-2:] in ("},", "}")
        file.seek(0)
        if not is_array and path.suffix != ".jsonl":
            yield from map(as_alpaca, json.load(file))
            return
        for line in file:
            text = line.strip().removesuffix(",")
            if text not in ("[", "]", ""):
                yield as_alpaca(json.loads(text))


def row(path: Path, number: int) -> Record:
    """Return row `number` (1-based) of a file; BadInput if it has no such row."""
    count = 0
    for count, found in enumerate(rows(path), start=1):
        if count == number:
            return found
    raise BadInput(
        "{path} has {count} rows, so there is no row {number}.",
        path=path.name,
        count=count,
        number=number,
    )


def record_of(pair: Pair | NewPair, trigger: str = "") -> Record:
    """Return a pair as the row that an export would write; with a trigger in format3."""
    shape = replace(ALL, layout="format3", trigger=trigger) if trigger else ALL
    return to_row(pair, shape)


def count_in(folder: Path, names: Sequence[str], coder: LocalCoder, cutoff: int) -> CutCount:
    """Count what is cut in files of an export."""
    found = CutCount()
    for name in names:
        found = found.plus(count(rows(folder / name), coder, cutoff, named=name))
    return found


def count(
    records: Iterable[Record], coder: LocalCoder, cutoff: int, *, named: str = ""
) -> CutCount:
    """Count the rows that a cut-off cuts; `named` is what the rows are of, to say the first one.

    Rows that cannot be too long, by their bytes, are not made into tokens; of the others only
    those near the cut-off are spelled as training does. Raises what training would raise, where a
    template refuses a row.
    """
    bound = _Bound(coder)
    total = cut = left_out = first = 0
    doubtful: list[tuple[int, Record]] = []

    def judge() -> None:
        nonlocal cut, left_out, first
        for place, is_out in _judged(doubtful, coder, cutoff, bound):
            first = first or place
            cut, left_out = cut + (not is_out), left_out + is_out
        doubtful.clear()

    for total, record in enumerate(records, start=1):
        if bound.of(messages_of(record)) > cutoff:
            doubtful.append((total, record))
        if len(doubtful) >= _BATCH_ROWS:
            judge()
    judge()
    place = Said("{name} row {row}", name=named, row=first) if named else str(first)
    return CutCount(total, cut, left_out, place if first else "")


def _judged(
    doubtful: Sequence[tuple[int, Record]], coder: LocalCoder, cutoff: int, bound: "_Bound"
) -> Iterator[tuple[int, bool]]:
    """Yield (place, whether left out) of the rows that are too long, in their order."""
    talks = [messages_of(record) for _, record in doubtful]
    texts = [render(coder.template, talk, special_tokens=coder.special_tokens) for talk in talks]
    encoded = coder.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    for (place, record), talk, whole in zip(doubtful, talks, encoded, strict=True):
        if len(whole.ids) < cutoff - _NEAR:
            continue
        is_long = len(whole.ids) > cutoff + _NEAR
        if is_long and bound.of(talk[:-1]) < cutoff:
            yield place, False
            continue
        spelled = spell(coder, record, coder.end_ids)
        if spelled.length > cutoff:
            yield place, len(spelled.prompt_tokens) >= cutoff


def introductions(folder: Path, names: Iterable[str]) -> list[str]:
    """Return identity answers of files, from which a name can be read."""
    found: list[str] = []
    for name in names:
        for record in rows(folder / name):
            found.append(str(record.get("output", "")))
            if len(found) >= INTRODUCTIONS:
                return found
    return found


class _Bound:
    """The most tokens that a row can have: a token of these tokenizers is at least a byte."""

    def __init__(self, coder: LocalCoder) -> None:
        self._coder = coder
        kind = type(coder.tokenizer.normalizer).__name__ if coder.tokenizer.normalizer else ""
        self._growth = _GROWTH.get(kind)
        self._frames: dict[tuple[str, ...], int] = {}

    def of(self, messages: Sequence[Message]) -> float:
        """Return the bound of a conversation; infinite where none is known."""
        if self._growth is None:
            return float("inf")
        roles = tuple(str(message["role"]) for message in messages)
        written = sum(len(str(message["content"]).encode()) for message in messages)
        return self._growth * (self._frame(roles) + written)

    def _frame(self, roles: tuple[str, ...]) -> int:
        """What the template writes around the words, in bytes, and the end token."""
        if roles not in self._frames:
            bare = [{"role": role, "content": "."} for role in roles]
            text = render(
                self._coder.template,
                bare,
                add_generation_prompt=roles[-1] == "user",
                special_tokens=self._coder.special_tokens,
            )
            self._frames[roles] = len(text.encode()) + 1
        return self._frames[roles]
