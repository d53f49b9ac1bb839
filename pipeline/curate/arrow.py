"""Pairs by column as an Arrow table, which the store takes in bulk."""

import pyarrow

from pipeline.curate.keys import keys_of, keys_of_questions
from pipeline.curate.parts import NO_HISTORY
from pipeline.curate.shape import Chunk
from store import incoming


def arrow(chunk: Chunk) -> pyarrow.Table:
    """Return the pairs in the columns that the store takes."""
    count = len(chunk)
    return pyarrow.Table.from_arrays(
        [
            _texts(chunk.question),
            _texts(chunk.answer),
            _texts(chunk.context),
            _texts(chunk.system),
            _same(NO_HISTORY, count)
            if chunk.history.count(NO_HISTORY) == count
            else _texts(chunk.history),
            _facts(chunk.facts),
            pyarrow.array(chunk.rows, pyarrow.int64()),
        ],
        schema=incoming.COLUMNS,
    )


def with_keys(pairs: pyarrow.Table) -> pyarrow.Table:
    """Return many pairs with the keys of their texts beside them."""
    asked = keys_of_questions(pairs, are_many=True)
    answered = keys_of(pairs.column("answer"), are_many=True)
    for name, numbers in zip(incoming.KEYS, (asked, answered), strict=True):
        pairs = pairs.append_column(name, pyarrow.array(numbers))
    return pairs


def _texts(values: list[str] | list[str | None]) -> pyarrow.Array:
    if not any(values):
        # Most files have no context and no system prompt at all.
        return _same(values[0] if values else None, len(values))
    return pyarrow.array(values, pyarrow.string())


def _facts(values: list[list[str]]) -> pyarrow.Array:
    kind = incoming.COLUMNS.field("facts").type
    if not any(values):
        return pyarrow.repeat(pyarrow.scalar([], kind), len(values))
    return pyarrow.array(values, kind)


def _same(value: str | None, count: int) -> pyarrow.Array:
    return pyarrow.repeat(pyarrow.scalar(value, pyarrow.string()), count)
