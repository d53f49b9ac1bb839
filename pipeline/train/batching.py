"""Which rows stand together in a step, and which of them go through the model at once.

Pure, and without torch: the worker trains by it, and what a run needs is reckoned by it before.
"""

import random
from collections.abc import Sequence

_BUCKET_STEPS = 8


def steps_of_epoch(
    lengths: Sequence[int], *, rows_a_step: int, seed: int, epoch: int
) -> list[list[int]]:
    """Return the row numbers of each optimizer step, every row once, alike for alike arguments.

    Rows are shuffled, then sorted by length within stretches of a few steps, so that a step holds
    rows of like length and little padding; the steps are shuffled again.
    """
    order = random.Random(f"{seed}/{epoch}")
    rows = list(range(len(lengths)))
    order.shuffle(rows)
    stretch = rows_a_step * _BUCKET_STEPS
    steps: list[list[int]] = []
    for start in range(0, len(rows), stretch):
        near = sorted(rows[start : start + stretch], key=lambda row: lengths[row])
        steps += [near[at : at + rows_a_step] for at in range(0, len(near), rows_a_step)]
    order.shuffle(steps)
    return steps


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
    lengths: Sequence[int], rows: Sequence[int], *, most_rows: int, most_tokens: int
) -> list[list[int]]:
    """Split the rows of a step so that no part has more rows, or padded tokens, than allowed.

    A single row that is longer than `most_tokens` makes a part of its own.
    """
    parts: list[list[int]] = []
    for row in sorted(rows, key=lambda row: lengths[row]):
        # Sorted by length: the newest row is the longest, and the others are padded to it.
        is_room = parts and len(parts[-1]) < most_rows
        if is_room and lengths[row] * (len(parts[-1]) + 1) <= most_tokens:
            parts[-1].append(row)
        else:
            parts.append([row])
    return parts
