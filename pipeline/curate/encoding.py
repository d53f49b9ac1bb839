"""A text file as UTF-8, block by block, whatever it is written in; knows nothing of its format."""

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import BadInput, PipelineError
from pipeline.said import Said

BLOCK_BYTES = 2 << 20
"""Small enough for a processor's cache; a larger block reads no faster."""
_SNIFFED = 4_096
_LONE_SHARE = 0.6
"""Icelandic and dashes beside quotes reach 0.75; the rarest of GB18030 characters 0.36."""
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_FOUR_BYTES = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]")
"""A character of GB18030 whose bytes beyond ASCII stand alone, such as an emoji."""


class Undecodable(PipelineError):
    """From some byte on the file is in no known encoding; what stood before was given out."""


class Utf8Blocks:
    """Iterates over the bytes of a file as UTF-8, without its byte order mark.

    UTF-16 is known by its mark or its zero bytes. A file whose first bytes beyond ASCII are not
    UTF-8 is read as cp1252 or GB18030 from there on (what stood before is the same in all) with a
    warning; BadInput where it is none. A few bad bytes in a file that is UTF-8 are passed on as
    they are, for whoever reads the record they stand in.
    """

    def __init__(self, path: Path, warnings: list[str], block_bytes: int = BLOCK_BYTES) -> None:
        self.place = 0
        """How many bytes of the file were read."""
        self._path, self._warnings, self._block_bytes = path, warnings, block_bytes
        self._decoder: codecs.IncrementalDecoder | None = None
        self._is_decided, self._encoding = False, "utf-8"

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while data := file.read(self._block_bytes):
                is_first = self.place == 0
                begun_at, self.place = self.place, self.place + len(data)
                if is_first:
                    data = self._begin(data)
                yield self._utf8(data, begun_at)
            if self._decoder is not None:
                yield self._decoded(b"", self.place, is_last=True)

    def _begin(self, data: bytes) -> bytes:
        if data.startswith(codecs.BOM_UTF8):
            self._is_decided = True
            return data[len(codecs.BOM_UTF8) :]
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self._switch("utf-16")
        elif (found := _utf16_without_mark(data[:_SNIFFED])) is not None:
            self._switch(found)
        return data

    def _switch(self, encoding: str) -> None:
        self._is_decided, self._encoding = True, encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._warnings.append(
            Said(
                "{file} is not UTF-8; it was read as {encoding}. Check the first rows.",
                file=self._path.name,
                encoding=encoding,
            )
        )

    def _utf8(self, data: bytes, begun_at: int) -> bytes:
        if not self._is_decided and not data.isascii():
            self._decide(data, begun_at)
        return data if self._decoder is None else self._decoded(data, begun_at)

    def _decide(self, data: bytes, begun_at: int) -> None:
        try:
            codecs.getincrementaldecoder("utf-8")().decode(data)
        except UnicodeDecodeError as error:
            bad_byte = begun_at + error.start
            if _is_western(data):
                self._switch("cp1252")
                return
            try:
                codecs.getincrementaldecoder("gb18030")().decode(data)
            except UnicodeDecodeError:
                if begun_at or error.start > len(data) // 2:
                    self._is_decided = True  # Mostly readable: the rows with bad bytes are refused.
                    return
                raise BadInput(
                    "{file} is neither UTF-8 nor GB18030 text (the first bad byte is at "
                    "{bad_byte:,}). Save it as UTF-8 and import it again.",
                    file=self._path.name,
                    bad_byte=bad_byte,
                ) from error
            self._switch("gb18030")
        self._is_decided = True

    def _decoded(self, data: bytes, begun_at: int, *, is_last: bool = False) -> bytes:
        if self._decoder is None:
            return data
        try:
            return self._decoder.decode(data, is_last).encode()
        except UnicodeDecodeError as error:
            raise Undecodable(
                "the file is not {encoding} from byte {byte:,} on; the rows before it were read",
                encoding=self._encoding,
                byte=begun_at + error.start,
            ) from error


class BlockFile(io.RawIOBase):
    """The same bytes as a file that `io` can read lines from."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def readable(self) -> bool:
        """Return True: it is there to be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what io gives
        """Fill the buffer with what comes next; 0 at the end."""
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = block
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _is_western(data: bytes) -> bool:
    """Recognise cp1252: its letters stand alone in words of ASCII, those of GB18030 in pairs."""
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return False
    runs = _BEYOND_ASCII.findall(_FOUR_BYTES.sub(b"\x81\x81", data))
    return sum(len(run) == 1 for run in runs) > _LONE_SHARE * len(runs)


def _utf16_without_mark(head: bytes) -> str | None:
    """Recognise UTF-16 by the zero bytes that its ASCII characters have."""
    if len(head) < 16:
        return None
    half = len(head) // 2
    if head[1::2].count(0) > half * 0.4 and head[::2].count(0) < half * 0.05:
        return "utf-16-le"
    if head[::2].count(0) > half * 0.4 and head[1::2].count(0) < half * 0.05:
        return "utf-16-be"
    return None
