"""JSON arrays and JSON lines read in pieces, so that memory does not grow with the file.

A piece of an array is cut where a record seems to begin and parsed whole: the cut was right exactly
when that succeeds, because a cut inside a string or an object leaves something open. Where it does
not, the slow way takes the items one by one.
"""

import json
from collections.abc import Iterator

import orjson

from pipeline.curate.encoding import Undecodable, Utf8Blocks
from pipeline.curate.records import Batch
from pipeline.said import Said

LARGEST_RECORD = 128 << 20
"""A record beyond this many bytes is none: a quote that was never closed, most likely."""
_LARGEST_OBJECT_FILE = 64 << 20
_SPACES = " \t\r\n,"
_BEFORE = _SPACES.encode()
"""What may stand before a record."""
_CUTS_TRIED = 3
_LONGEST_WORD = 12
"""Longer than any literal or escape that the end of a piece can cut."""


def read_json(blocks: Utf8Blocks, warnings: list[str], file: str) -> Iterator[Batch]:
    """Yield the records of an array, of JSON lines, or of one object over the whole file."""
    pieces = iter(blocks)
    head = b""
    for piece in pieces:
        head = (head + piece).lstrip()
        if head:
            break
    if head[:1] == b"[":
        array = _Array(head[1:], pieces)
        yield from array.batches()
        if array.has_more:
            warnings.append(Said("{file}: what follows the array was left out.", file=file))
    elif head:
        yield from _Lines(head, pieces).batches()


class _Array:
    def __init__(self, head: bytes, pieces: Iterator[bytes]) -> None:
        self._buffer, self._pieces = head, pieces
        self._row, self._line = 0, 1
        self._between = b""
        """What stands between two records, with the first key: where to cut."""
        self._is_ended = False
        self.has_more = False
        """Whether something stands behind the array."""

    def batches(self) -> Iterator[Batch]:
        is_last, wanted = False, 0
        while not self._is_ended:
            if len(self._buffer) >= wanted or is_last:
                batch = self._quick(is_last) or self._slow(is_last)
                if batch:
                    yield batch
                # A record longer than a piece: look again when there is twice as much of it.
                wanted = 0 if batch else 2 * len(self._buffer)
            if is_last:
                return
            try:
                piece = next(self._pieces, None)
            except Undecodable as reason:
                yield Batch(refused=[(self._row + 1, reason.said)])
                return
            is_last = piece is None
            self._buffer += piece or b""

    def _quick(self, is_last: bool) -> Batch | None:
        """Parse the buffer up to a likely cut; None where no cut could be proved right."""
        if self._buffer[:1] in _BEFORE:
            self._use(len(self._buffer) - len(self._buffer.lstrip(_BEFORE)))
        if is_last:
            values = _parsed(b"[" + self._buffer)
            self._is_ended = values is not None
            return None if values is None else self._batch(values, len(self._buffer))
        cut = len(self._buffer)
        for _ in range(_CUTS_TRIED if self._between else 0):
            cut = self._buffer.rfind(self._between, 0, cut)
            if cut <= 0:
                return None
            values = _parsed(b"[" + self._buffer[: cut + 1] + b"]")
            if values is not None:
                return self._batch(values, self._buffer.index(b",", cut + 1) + 1)
        return None

    def _batch(self, values: list[object], used: int) -> Batch:
        first = self._row + 1
        self._row += len(values)
        self._use(used)
        batch = Batch(is_clean=True)
        if set(map(type, values)) <= {dict}:
            batch.rows, batch.records = list(range(first, self._row + 1)), values  # type: ignore[assignment]  # all are dicts
            return batch
        for row, value in enumerate(values, start=first):
            batch.take(row, value)
        return batch

    def _use(self, count: int) -> None:
        self._line += self._buffer.count(b"\n", 0, count)
        self._buffer = self._buffer[count:]

    def _slow(self, is_last: bool) -> Batch:
        """Take the whole items of the buffer one by one."""
        text = self._buffer.decode("utf-8", "surrogateescape")
        decoder = json.JSONDecoder()
        batch, starts, place = Batch(), [], 0
        while True:
            start = _skip(text, place)
            if text[start : start + 1] == "]":
                self._is_ended, place = True, len(text)
                self.has_more = bool(text[start + 1 :].strip()) or any(
                    map(bytes.strip, self._pieces)
                )
                break
            try:
                value, end = decoder.raw_decode(text, start)
            except (ValueError, RecursionError) as error:
                if is_last or not _may_go_on(text, start, error):
                    self._row += 1
                    batch.refused.append((self._row, self._broken(text, start, error)))
                    self._is_ended, place = True, len(text)
                break
            if end == len(text) and not is_last and not isinstance(value, str | list | dict):
                break  # A number may go on in the next piece.
            self._row += 1
            batch.take(self._row, value)
            starts.append((place, start))
            place = end
        if len(starts) > 1:
            self._between = _between(text, *starts[1])
        self._use(len(text[:place].encode("utf-8", "surrogateescape")))
        return batch

    def _broken(self, text: str, start: int, error: Exception) -> Said:
        line = self._line + text.count("\n", 0, start)
        if _is_at_end(text, error, slack=0):
            return Said(
                "the file ends in the middle of this row (line {line}); the rows before it were "
                "read",
                line=line,
            )
        return Said(
            "the file is no valid JSON of this row (line {line}); the rows before it were read",
            line=line,
        )


class _Lines:
    def __init__(self, head: bytes, pieces: Iterator[bytes]) -> None:
        self._rest, self._pieces = head, pieces
        self._row = 0
        self._reason = Said("")
        """Why the file cannot be read to its end."""

    def batches(self) -> Iterator[Batch]:
        for lines in self._lines():
            batch = self._quick(lines) or self._slow(lines)
            if batch:
                yield batch
        if self._reason:
            yield Batch(refused=[(self._row + 1, self._reason)])

    def _lines(self) -> Iterator[list[bytes]]:
        """Yield the whole lines of each piece; nothing but a line feed ends one."""
        parts, size = [self._rest], len(self._rest)
        while True:
            if b"\n" in parts[-1] or size > LARGEST_RECORD:
                data = b"".join(parts)
                cut = data.rfind(b"\n") + 1 or len(data)
                self._rest = data[cut:]
                yield _not_blank(data[:cut])
                parts, size = [self._rest], len(self._rest)
            try:
                piece = next(self._pieces, None)
            except Undecodable as reason:
                self._reason = reason.said
                return
            if piece is None:
                self._rest, last = b"", b"".join(parts)
                yield _not_blank(last)
                return
            parts.append(piece)
            size += len(piece)

    def _quick(self, lines: list[bytes]) -> Batch | None:
        try:
            values = [orjson.loads(line) for line in lines]
        except ValueError:
            return None
        if not set(map(type, values)) <= {dict}:
            return None
        first = self._row + 1
        self._row += len(values)
        rows = list(range(first, self._row + 1))
        return Batch(rows, values, is_clean=True)

    def _slow(self, lines: list[bytes]) -> Batch:
        batch = Batch()
        for line in lines:
            self._row += 1
            try:
                value = json.loads(line.decode("utf-8", "surrogateescape"))
            except (ValueError, RecursionError) as error:
                if self._row == 1 and (whole := self._whole(lines)):
                    return whole
                batch.refused.append(
                    (self._row, Said("is no valid JSON ({error})", error=_words(error)))
                )
            else:
                batch.take(self._row, value)
        return batch

    def _whole(self, lines: list[bytes]) -> Batch | None:
        """Take the file as a single pretty-printed object; None if it is none."""
        data = b"\n".join([*lines, self._rest])
        ahead: list[bytes] = []
        for piece in self._pieces:
            ahead.append(piece)
            if len(data) + sum(map(len, ahead)) > _LARGEST_OBJECT_FILE:
                break
        try:
            value = json.loads((data + b"".join(ahead)).decode("utf-8", "surrogateescape"))
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            self._pieces = _chained(ahead, self._pieces)
            return None
        self._rest, self._pieces = b"", iter(())
        return Batch([1], [value])


def _chained(first: list[bytes], later: Iterator[bytes]) -> Iterator[bytes]:
    yield from first
    yield from later


def _not_blank(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\n") if line and not line.isspace()]


def _parsed(data: bytes) -> list[object] | None:
    try:
        value: list[object] = orjson.loads(data)
    except ValueError:
        return None
    return value


def _between(text: str, end: int, start: int) -> bytes:
    """Return what stands between a record's end and the next one's first key, both included."""
    if text[end - 1] != "}" or text[start] != "{":
        return b""
    close = text.find('"', _skip(text, start + 1) + 1)
    return text[end - 1 : close + 1].encode("utf-8", "surrogateescape")


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in _SPACES:
        place += 1
    return place


def _may_go_on(text: str, start: int, error: Exception) -> bool:
    """Whether a record that cannot be parsed may be one whose end was not read yet."""
    return len(text) - start < LARGEST_RECORD and _is_at_end(text, error, slack=_LONGEST_WORD)


def _is_at_end(text: str, error: Exception, *, slack: int) -> bool:
    if not isinstance(error, json.JSONDecodeError):
        return False
    is_open_string = error.msg.startswith("Unterminated string")
    return is_open_string or error.pos >= len(text.rstrip()) - slack


def _words(error: Exception) -> str:
    return Said("it is nested too deeply") if isinstance(error, RecursionError) else str(error)
