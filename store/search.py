"""Finding a text in every question and answer: a scan over a copy of them made for that.

The copy holds each text as UTF-16 units, folded one by one, in two planes: all low bytes, all high
bytes. A search compares whole arrays of low bytes with the two rarest of its own and looks at the
rest only where both agree; that is exact, for any script, and needs no words. The copy is made
when it is first needed, lies in a file without a name beside the database (so that the system may
drop it from memory and nothing is left behind), and then follows the changes.
"""

import logging
import tempfile
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import BinaryIO
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pyarrow

from store.db import Database

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Units = npt.NDArray[np.uint16]

_SEGMENT_PAIRS = 4_096
_MOST_FOUND = 6
_EDGE = "\0"
"""Stands after each text; nothing with it in it is ever found."""
_TEXTS = """
SELECT id, length(question) AS question_length, length(answer) AS answer_length,
       concat(question, chr(0), answer, chr(0)) AS text
FROM pairs WHERE id IN (SELECT id FROM wanted)
"""
_NUMBERS = ("id", "question_length", "answer_length")
# An import, its undoing and all that is not known in detail say nothing of their fields.
_OF_TEXTS = "(a.fields IS NULL OR list_has_any(a.fields, ['question', 'answer']))"
_SINCE = f"""
SELECT (SELECT next FROM counters WHERE kind = 'action'),
       EXISTS (SELECT 1 FROM actions a WHERE a.id >= ? AND {_OF_TEXTS}),
       (SELECT count(*) FROM actions WHERE id < ?), (SELECT count(*) FROM actions)
"""
_TOUCHED = f"""
SELECT DISTINCT c.pair_id FROM changes c JOIN actions a ON a.id = c.action_id
WHERE a.id >= ? AND {_OF_TEXTS}
"""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many characters each pair's texts have: tables by id, -1 where there is no such pair."""

    question: Ints
    answer: Ints


@dataclass(frozen=True, slots=True)
class _Segment:
    """Some thousand pairs: where each one's texts start in the planes, and which still stand."""

    ids: Ints
    question_length: Ints
    answer_length: Ints
    starts: Ints
    low: Bytes
    high: Bytes
    stands: npt.NDArray[np.bool_]


def find(db: Database, text: str) -> Ints:
    """Return the ids of the pairs that hold `text` in question or answer, by rising id.

    Case and width make no difference: characters are compared one by one, each by its NFKC
    case fold where that is a single character.
    """
    return _index(db).find(db, text)


def prepare(db: Database) -> None:
    """Make the copy beside other work, so that the first search need not wait for it."""
    index = _index(db)
    if not index.is_asked_for:
        index.is_asked_for = True
        db.beside(lambda: _prepare(index, db))


def is_prepared(db: Database) -> bool:
    """Whether a search would start at once."""
    return _index(db).is_made


def lengths(db: Database) -> Lengths:
    """Return the lengths of all texts."""
    index = _index(db)
    return index.lengths(db) if index.is_made else db.remembered("lengths", lambda: _read(db))


def folded(text: str) -> Units:
    """Return a text as the UTF-16 units that searching compares."""
    return _folds()[np.frombuffer(text.encode("utf-16-le"), np.uint16)]


class Index:
    """The copy of one database's texts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segments: tuple[_Segment, ...] = ()
        self._found: OrderedDict[str, Ints] = OrderedDict()
        self._lengths: Lengths | None = None
        self._lock = threading.RLock()
        self._counts = np.ones(256, np.int64)
        self._changes = -1
        self._next_action = 0
        self._actions = 0
        self.is_made = False
        self.is_asked_for = False

    def find(self, db: Database, text: str) -> Ints:
        """See the function of this name."""
        with self._lock:
            self.follow(db)
            if text not in self._found:
                self._found[text] = self._scanned(text)
                while len(self._found) > _MOST_FOUND:
                    self._found.popitem(last=False)
            return self._found[text]

    def lengths(self, db: Database) -> Lengths:
        """See the function of this name."""
        with self._lock:
            self.follow(db)
            if self._lengths is None:
                self._lengths = _joined(self._segments)
            return self._lengths

    def follow(self, db: Database) -> None:
        """Bring the copy to what is stored now."""
        with self._lock:
            changes = db.changes
            if changes == self._changes:
                return
            with db.read() as cursor:
                row = cursor.execute(_SINCE, [self._next_action] * 2).fetchone()
            next_action, has_texts, older, actions = row or (1, True, 0, 0)
            # An import takes its number when it begins and shows when it ends.
            has_texts = has_texts or older != self._actions
            self._actions = actions
            if has_texts or not self.is_made:
                self._found.clear()
                self._lengths = None
                self._bring_up(db)
            self._changes, self._next_action, self.is_made = changes, next_action, True

    def _scanned(self, text: str) -> Ints:
        wanted = folded(text)
        found = [np.empty(0, np.int64)]
        if len(wanted) and _EDGE not in text:
            found += [s.ids[_rows(s, wanted, self._counts) & s.stands] for s in self._segments]
        return np.sort(np.concatenate(found))

    def _bring_up(self, db: Database) -> None:
        with db.read() as cursor:
            touched = cursor.execute(_TOUCHED, [self._next_action]).fetchnumpy()["pair_id"]
            there = cursor.execute("SELECT id FROM pairs").fetchnumpy()["id"]
        stale = _table(touched if self.is_made else there, there)
        known = _table(there, there)
        unknown = known.copy()
        kept: list[_Segment] = []
        for segment in self._segments:
            # Ids are dense: a table by id answers for all of them at once.
            ids = np.minimum(segment.ids, len(known) - 1)
            stands = segment.stands & known[ids] & (segment.ids < len(known)) & ~stale[ids]
            # What is left of a half-empty or small part moves to a new one.
            if 2 * np.count_nonzero(stands) > _SEGMENT_PAIRS:
                kept.append(replace(segment, stands=stands))
                unknown[segment.ids[stands]] = False
        self._segments = (*kept, *self._copied(db, np.flatnonzero(unknown)))

    def _copied(self, db: Database, ids: Ints) -> Iterator[_Segment]:
        """Read the texts of these pairs, part by part."""
        if not len(ids):
            return
        # The maps outlive the file, which has no name: closing it leaves nothing to clear away.
        with db.read() as cursor, tempfile.TemporaryFile(dir=self._folder) as file:
            cursor.register("wanted", pyarrow.table({"id": ids}))
            for rows in cursor.sql(_TEXTS).to_arrow_reader(_SEGMENT_PAIRS):
                if db.is_closing:
                    raise InterruptedError("the database is being closed")
                yield self._segment(rows, file)

    def _segment(self, rows: pyarrow.RecordBatch, file: BinaryIO) -> _Segment:
        # Copies: a view would hold the whole batch with its texts in memory.
        ids, question, answer = (rows[name].to_numpy().copy() for name in _NUMBERS)
        units, starts = _units(rows, question + answer + 2 * len(_EDGE))
        low, high = (units & 255).astype(np.uint8), (units >> 8).astype(np.uint8)
        self._counts += np.bincount(low, minlength=256)
        planes = _mapped(np.concatenate([low, high]), file)
        return _Segment(
            ids=ids,
            question_length=question,
            answer_length=answer,
            starts=starts,
            low=planes[: len(low)],
            high=planes[len(low) :],
            stands=np.ones(len(ids), np.bool_),
        )


_INDEXES: WeakKeyDictionary[Database, Index] = WeakKeyDictionary()
_INDEXES_LOCK = threading.Lock()


def _prepare(index: Index, db: Database) -> None:
    try:
        index.follow(db)
    except InterruptedError as reason:
        logger.debug("searching is not prepared: %s", reason)


def _index(db: Database) -> Index:
    with _INDEXES_LOCK:
        return _INDEXES.setdefault(db, Index(db.path.parent))


@cache
def _folds() -> Units:
    """The fold of every UTF-16 unit; halves of a surrogate pair stay as they are."""
    table = np.arange(65_536, dtype=np.uint16)
    for unit in (*range(0xD800), *range(0xE000, 65_536)):
        once = unicodedata.normalize("NFKC", chr(unit)).casefold()
        fold = unicodedata.normalize("NFKC", once)
        if len(fold) == 1 and ord(fold) < 65_536 and fold != _EDGE:
            table[unit] = ord(fold)
    return table


def _units(rows: pyarrow.RecordBatch, characters: Ints) -> tuple[Units, Ints]:
    """Return the folded units of the texts, one after another, and where each pair's start.

    `characters` says how many each text has.
    """
    texts = rows["text"].cast(pyarrow.large_string())
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    utf8 = memoryview(data)[ends[0] : ends[-1]]
    units = np.frombuffer(str(utf8, "utf-8").encode("utf-16-le"), np.uint16)
    if len(units) != characters.sum():
        # What takes four bytes there takes two units here.
        pairs_of_units = np.cumsum(np.frombuffer(utf8, np.uint8) >= 0xF0)
        characters = characters + np.diff(np.append(0, pairs_of_units)[ends - ends[0]])
    return _folds()[units], np.append(0, np.cumsum(characters))


def _rows(segment: _Segment, wanted: Units, counts: Ints) -> npt.NDArray[np.bool_]:
    """Say which pairs of a segment hold the wanted units."""
    low, high = (wanted & 255).astype(np.uint8), (wanted >> 8).astype(np.uint8)
    size, width = len(segment.low), len(wanted)
    held = np.zeros(len(segment.ids), np.bool_)
    if width > size:
        return held
    if width == 1:
        is_here = (segment.low == low[0]) & (segment.high == high[0])
        return np.logical_or.reduceat(is_here, segment.starts[:-1])
    first, second = np.argsort(counts[low], kind="stable")[:2].tolist()
    reach = size - width + 1
    both = segment.low[first : first + reach] == low[first]
    both &= segment.low[second : second + reach] == low[second]
    at = np.flatnonzero(both)
    for k in range(width):
        if k not in (first, second):
            at = at[segment.low[at + k] == low[k]]
        at = at[segment.high[at + k] == high[k]]
    held[np.searchsorted(segment.starts, at, "right") - 1] = True
    return held


def _mapped(planes: Bytes, file: BinaryIO) -> Bytes:
    """Put bytes into a file and return them as it holds them; without room they stay in memory."""
    try:
        at = file.seek(0, 2)
        file.write(planes.data)
        file.flush()
        return np.memmap(file, np.uint8, "r", at, planes.shape)
    except OSError as reason:
        logger.warning("the copy for searching stays in memory: %s", reason)
        return planes


def _joined(segments: tuple[_Segment, ...]) -> Lengths:
    largest = max((int(segment.ids.max(initial=0)) for segment in segments), default=0)
    question, answer = np.full((2, largest + 1), -1)
    for segment in segments:
        ids = segment.ids[segment.stands]
        question[ids] = segment.question_length[segment.stands]
        answer[ids] = segment.answer_length[segment.stands]
    return Lengths(question, answer)


def _table(ids: Ints, within: Ints) -> npt.NDArray[np.bool_]:
    """Return a table by id that is true for `ids`, as long as the largest of `within` needs."""
    table = np.zeros(int(within.max(initial=0)) + 1, np.bool_)
    table[ids[ids < len(table)]] = True
    return table


def _read(db: Database) -> Lengths:
    with db.read() as cursor:
        rows = cursor.execute(
            "SELECT id, length(question) AS q, length(answer) AS a FROM pairs"
        ).fetchnumpy()
    question, answer = np.full((2, int(rows["id"].max(initial=0)) + 1), -1)
    question[rows["id"]], answer[rows["id"]] = rows["q"], rows["a"]
    return Lengths(question, answer)
