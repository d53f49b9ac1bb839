"""Outlines of datasets that are in no store: what the split decides from."""

from datetime import UTC, datetime

import numpy
import pyarrow

from pipeline.curate.key_numbers import together
from pipeline.curate.keys import keys_of
from pipeline.publish.outline import Outline
from store.types import Dataset, Role

NOW = datetime(2026, 11, 25, tzinfo=UTC)
Row = tuple[int, str, str]
"""Id, question, answer."""


def outlined(rows: list[Row], role: Role = "domain", name: str = "clinic") -> Outline:
    """The outline of a dataset with these rows."""
    count = len(rows)
    contexts = keys_of(pyarrow.chunked_array([[""] * count], pyarrow.string()))
    no = numpy.zeros(count, dtype=numpy.bool_)
    return Outline(
        dataset=Dataset(1, name, role, "", "", NOW),
        ids=numpy.array([row[0] for row in rows], dtype=numpy.int64),
        versions=numpy.ones(count, dtype=numpy.int64),
        questions=together(_keys([row[1] for row in rows]), contexts),
        answers=_keys([row[2] for row in rows]),
        tokens=numpy.ones(count, dtype=numpy.int64),
        is_unreviewed=no,
        is_test=no,
        has_system=no,
        has_history=no,
        has_facts=no,
        has_placeholder=no,
    )


def _keys(texts: list[str]) -> numpy.ndarray[tuple[int], numpy.dtype[numpy.uint64]]:
    return keys_of(pyarrow.chunked_array([texts], pyarrow.string()))
