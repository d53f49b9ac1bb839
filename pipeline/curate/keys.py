"""The keys of `pipeline.curate.normalise` as 64-bit numbers, for a whole column of texts at once.

Many texts are read by a compiled pass over Arrow's own bytes, a few by Python: the numbers are
the same. Those of a large import are stored with its pairs: who changes what a key is, has to add
a migration that empties the columns `question_key` and `answer_key`.
"""

import numpy
import pyarrow

from pipeline.curate.key_numbers import Numbers, number_of, together
from pipeline.curate.normalise import key

COMPILED_FROM = 10_000
"""Below so many pairs, loading the compiled pass costs more than it saves."""


def keys_of(texts: pyarrow.ChunkedArray, *, are_many: bool = False) -> Numbers:
    """Return the number of each text's key, in order; read by the compiled pass if `are_many`."""
    if are_many:
        # Its library is large and slow to load: many texts are worth it.
        from pipeline.curate.near.compiled import keep_compiled  # noqa: PLC0415

        keep_compiled()
        from pipeline.curate.near import keys  # noqa: PLC0415

        return keys.keys_of(texts)
    listed = texts.to_pylist()
    known = {text: number_of(key(text)) for text in set(listed)}
    return numpy.array([known[text] for text in listed], dtype=numpy.uint64)


def keys_of_questions(pairs: pyarrow.Table, *, are_many: bool = False) -> Numbers:
    """Return the number of each pair's question with its context, in order."""
    asked = keys_of(pairs.column("question"), are_many=are_many)
    return together(asked, keys_of(pairs.column("context"), are_many=are_many))
