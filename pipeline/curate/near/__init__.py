"""Close pairs among a million: read once, sample, join, then align and name what differs.

`characters` (tables) → `reading`, `rows` (UTF-8 to folded characters, exact keys, samples) →
`candidates` (rows that share rare samples) → `alignment`, `spelling`, `lexicon`, `words`, `gaps`,
`differences` (what differs, word by word) → `naming` (the relation) → `finding` (all of it).
The compiled parts know numbers only: characters, hashes and row numbers.
"""

from collections.abc import Callable

import pyarrow

from pipeline.curate.links import Links

COLUMNS = ("question", "answer", "context", "system", "history")
FLOOR = 0.6
"""Links that score less are not kept, unless told."""
Progress = Callable[[float], None]
"""Told the share that is done, 0 to 1; what it raises ends the work."""


def find_links(
    rows: pyarrow.Table, *, floor: float = FLOOR, progress: Progress = lambda _: None
) -> Links:
    """Return what is close among rows, down to a score of `floor`, by rising rows.

    `rows` has the text columns COLUMNS (history as JSON), in the order in which older ones come
    first. The same rows give the same links. Of a group of equal rows each is linked with the
    first. A score is the similarity of the questions, word by word; of duplicates and other
    wordings it is that of question and answer together where that is more. The answer's score is
    0 where the questions alone decided.

    The first call on a machine compiles the parts below, which takes about half a minute.
    BadInput where there are more rows than can be compared at once (16 million).
    """
    # numba takes a third of a second to import: only those who compare pay for it.
    from pipeline.curate.near.compiled import keep_compiled  # noqa: PLC0415

    keep_compiled()
    from pipeline.curate.near import finding  # noqa: PLC0415

    return finding.find(rows, floor, progress)


def prepare() -> None:
    """Compile what is not compiled yet, so that the first comparison does not wait for it."""
    texts = {name: ["Is 1 mg enough, 一毫克？", "Is 2 mg enough, 两毫克？"] for name in COLUMNS}
    find_links(pyarrow.table({**texts, "system": ["", ""], "history": ["[]", "[]"]}))
