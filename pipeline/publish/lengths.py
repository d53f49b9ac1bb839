"""How long the rows of an export are for a model: what batches, memory and time follow from."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pipeline.models.example import Record, messages_of, spell
from pipeline.models.tokenizer import LocalCoder
from pipeline.publish.seen import rows

MOST_SPELLED = 4_000
"""Rows of a file that are made into tokens; of a longer file they are taken evenly."""
MOST_LONGEST = 64
"""Beside them, the longest rows of a longer file by their bytes: they decide the memory."""


@dataclass(frozen=True, slots=True)
class FileLengths:
    """The rows of one file in tokens, those that the cut-off leaves out taken out."""

    rows: int
    """All rows of the file."""
    prompts: tuple[int, ...]
    """Tokens before the answer, a number a spelled row."""
    wholes: tuple[int, ...]
    """Tokens in all, within the cut-off."""
    evenly: int
    """How many of the spelled rows were taken evenly; the others are the longest."""

    @property
    def tokens(self) -> float:
        """Tokens of the whole file, scaled up where only some rows were spelled."""
        if not self.evenly:
            return 0.0
        return sum(self.wholes[: self.evenly]) * self.rows / self.evenly

    @property
    def learned(self) -> float:
        """Learned tokens of the whole file, scaled up likewise."""
        if not self.evenly:
            return 0.0
        share = sum(self.wholes[: self.evenly]) - sum(self.prompts[: self.evenly])
        return share * self.rows / self.evenly


def file_lengths(path: Path, coder: LocalCoder, cutoff: int) -> FileLengths:
    """Measure one file; raises what training would raise, where a template refuses a row."""
    sizes = [_size(record) for record in rows(path)]
    every = max(1, -(-len(sizes) // MOST_SPELLED))
    chosen = list(range(0, len(sizes), every))
    longest = sorted(range(len(sizes)), key=lambda row: -sizes[row])[:MOST_LONGEST]
    more = sorted(set(longest) - set(chosen))
    spelled = _spelled(path, sorted({*chosen, *more}), coder)
    prompts, wholes, evenly = [], [], 0
    for row in (*chosen, *more):
        prompt, whole = spelled[row]
        if prompt >= cutoff:
            continue
        prompts.append(prompt)
        wholes.append(min(whole, cutoff))
        evenly += row % every == 0
    return FileLengths(len(sizes), tuple(prompts), tuple(wholes), evenly)


def _spelled(path: Path, chosen: Sequence[int], coder: LocalCoder) -> dict[int, tuple[int, int]]:
    wanted = set(chosen)
    found = {}
    for number, record in enumerate(islice(rows(path), max(chosen, default=-1) + 1)):
        if number in wanted:
            spelled = spell(coder, record, coder.end_ids)
            found[number] = (len(spelled.prompt_tokens), spelled.length)
    return found


def _size(record: Record) -> int:
    return sum(len(str(message["content"]).encode()) for message in messages_of(record))
