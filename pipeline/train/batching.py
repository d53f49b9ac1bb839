"""Which rows stand together in a step, and which of them go through the model at once.

Pure, and without torch: the worker trains by it, and what a run needs is reckoned by it before.
"""

import random
from collections.abc import Iterable, Sequence

PASS_TOKENS, PASS_TOKENS_OF_A_GPU = 64, 512
"""What one more pass through the model costs beside its tokens, in tokens: its weights are read and
its layers called once more. Tried on a CPU (64 did as well as 24); reckoned for a GPU."""


def pass_tokens(device: str) -> int:
    """Return how much padding on a device is as dear as one more pass."""
    return PASS_TOKENS_OF_A_GPU if device.startswith("cuda") else PASS_TOKENS


def steps_of_epoch(count: int, *, rows_a_step: int, seed: int, epoch: int) -> list[list[int]]:
    """Return the row numbers of each optimizer step: `count` rows in a random order, each once.

    Alike for alike arguments. Steps are not sorted by length: then a file of short rows would be
    learned in fewer, other steps than a file of long ones (docs/log.md).
    """
    rows = list(range(count))
    random.Random(f"{seed}/{epoch}").shuffle(rows)
    return [rows[at : at + rows_a_step] for at in range(0, count, rows_a_step)]


def share_of(rows: Sequence[int], lengths: Sequence[int], *, number: int, count: int) -> list[int]:
    """Return the rows of a step that one of several processes learns from: as many tokens as each.

    All rows in their order where there is only one process.
    """
    if count == 1:
        return list(rows)
    longest_first = sorted(rows, key=lambda row: -lengths[row])
    # Dealt forth and back, so that no process gets the longest of every round.
    return [
        row
        for place, row in enumerate(longest_first)
        if min(place % (2 * count), -(place + 1) % (2 * count)) == number
    ]


def split_by_tokens(
    lengths: Sequence[int],
    rows: Iterable[int],
    *,
    most_rows: int,
    most_tokens: int,
    most_padding: int,
) -> list[list[int]]:
    """Split the rows of a step into parts that go through the model one after another.

    No part has more rows, or padded tokens, than allowed, nor more padding: rows of unlike length
    are better taken apart. A single row that is longer than `most_tokens` makes a part of its own.
    """
    parts: list[list[int]] = []
    longest = padding = 0
    for row in sorted(rows, key=lambda row: -lengths[row]):
        padding += longest - lengths[row]
        is_room = parts and len(parts[-1]) < most_rows and padding <= most_padding
        if is_room and longest * (len(parts[-1]) + 1) <= most_tokens:
            parts[-1].append(row)
        else:
            parts.append([row])
            longest, padding = lengths[row], 0
    return parts
