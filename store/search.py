"""Finding a text in every question and answer: a scan over a copy of them made for that.

How the copy lies in memory and is searched, `store.planes` knows. It is made when it is first
needed, lies in a file without a name beside the database (so that the system may drop it from
memory and nothing is left behind), and then follows the changes.
"""

import logging
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow

from store.db import Database
from store.planes import EDGE, Flags, Ints, Segment, folded, segment_of

_SEGMENT_PAIRS = 4_096
_MOST_FOUND = 6
_TEXTS = """
SELECT id, length(question) AS question_length, length(answer) AS answer_length,
       concat(question, chr(0), answer, chr(0)) AS text
FROM pairs WHERE id IN (SELECT id FROM wanted)
"""
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


class Index:
    """The copy of one database's texts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segments: tuple[Segment, ...] = ()
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
        if len(wanted) and EDGE not in text:
            found += [each.holding(wanted, self._counts) for each in self._segments]
        return np.sort(np.concatenate(found))

    def _bring_up(self, db: Database) -> None:
        with db.read() as cursor:
            touched = cursor.execute(_TOUCHED, [self._next_action]).fetchnumpy()["pair_id"]
            there = cursor.execute("SELECT id FROM pairs").fetchnumpy()["id"]
        stale = _table(touched if self.is_made else there, there)
        known = _table(there, there)
        unknown = known.copy()
        kept: list[Segment] = []
        for segment in self._segments:
            # Ids are dense: a table by id answers for all of them at once.
            ids = np.minimum(segment.ids, len(known) - 1)
            stands = segment.stands & known[ids] & (segment.ids < len(known)) & ~stale[ids]
            # What is left of a half-empty or small part moves to a new one.
            if 2 * np.count_nonzero(stands) > _SEGMENT_PAIRS:
                kept.append(replace(segment, stands=stands))
                unknown[segment.ids[stands]] = False
        self._segments = (*kept, *self._copied(db, np.flatnonzero(unknown)))

    def _copied(self, db: Database, ids: Ints) -> Iterator[Segment]:
        """Read the texts of these pairs, part by part."""
        if not len(ids):
            return
        # The maps outlive the file, which has no name: closing it leaves nothing to clear away.
        with db.read() as cursor, tempfile.TemporaryFile(dir=self._folder) as file:
            cursor.register("wanted", pyarrow.table({"id": ids}))
            for rows in cursor.sql(_TEXTS).to_arrow_reader(_SEGMENT_PAIRS):
                if db.is_closing:
                    raise InterruptedError("the database is being closed")
                made = segment_of(rows, file)
                self._counts += np.bincount(made.low, minlength=256)
                yield made


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


def _joined(segments: tuple[Segment, ...]) -> Lengths:
    largest = max((int(segment.ids.max(initial=0)) for segment in segments), default=0)
    question, answer = np.full((2, largest + 1), -1)
    for segment in segments:
        ids = segment.ids[segment.stands]
        question[ids] = segment.question_length[segment.stands]
        answer[ids] = segment.answer_length[segment.stands]
    return Lengths(question, answer)


def _table(ids: Ints, within: Ints) -> Flags:
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
