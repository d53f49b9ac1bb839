"""Token ids into text piece by piece. Knows nothing of models: it is given a `decode`."""

from collections.abc import Callable, Sequence

UNFINISHED = "�"
"""What a decoder writes for bytes that are no character yet: a Chinese one is up to four tokens."""


class TextStream:
    """The text of one growing answer, in pieces that never hold half a character.

    The pieces joined are the text of all tokens, less a last character that was cut off. Only a
    short window is decoded at each token: the tokens of the last piece (a decoder may treat the
    first token of a text specially) and those held back since.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._start = 0
        self._told = 0

    def push(self, token_id: int) -> str:
        """Take one token; return the text that became whole with it, often empty."""
        self._ids.append(token_id)
        return self._next(is_last=False)

    def finish(self) -> str:
        """Return what was held back, without a last character that never became whole."""
        return self._next(is_last=True).rstrip(UNFINISHED)

    def _next(self, *, is_last: bool) -> str:
        before = self._decode(self._ids[self._start : self._told])
        after = self._decode(self._ids[self._start :])
        if len(after) <= len(before) or (after.endswith(UNFINISHED) and not is_last):
            return ""
        self._start, self._told = self._told, len(self._ids)
        return after[len(before) :]
