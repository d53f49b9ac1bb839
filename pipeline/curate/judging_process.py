"""A process that judges: the setting comes first on stdin, then tables; each is answered on stdout.

It opens no database and ends when its owner does.
"""

import sys

from pipeline.curate import blocks
from pipeline.curate.judging import judged


def main() -> None:
    """Answer tables until stdin ends."""
    setting = blocks.setting(blocks.read_block(sys.stdin.buffer))
    while True:
        try:
            texts = blocks.table(blocks.read_block(sys.stdin.buffer))
        except EOFError:
            return
        blocks.write_block(sys.stdout.buffer, blocks.packed_table(judged(texts, setting)))


if __name__ == "__main__":
    main()
