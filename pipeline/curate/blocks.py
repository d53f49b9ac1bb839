"""What a judging process and its owner say to each other: blocks of bytes, each after its size."""

import json
from dataclasses import asdict
from typing import IO

import pyarrow

from pipeline.curate.checks.found import Frame
from pipeline.curate.checks.lengths import Ruler
from pipeline.curate.judging import Setting


def write_block(stream: IO[bytes], block: "bytes | pyarrow.Buffer") -> None:
    """Write one block and send it off."""
    stream.write(len(block).to_bytes(8))
    stream.write(block)
    stream.flush()


def read_block(stream: IO[bytes]) -> bytes:
    """Return the next block; EOFError where the other side is gone."""
    head = stream.read(8)
    if len(head) < 8:
        raise EOFError
    block = stream.read(int.from_bytes(head))
    if len(block) < int.from_bytes(head):
        raise EOFError
    return block


def packed_table(table: pyarrow.Table) -> pyarrow.Buffer:
    """Return a table as Arrow's stream format."""
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def table(block: bytes) -> pyarrow.Table:
    """Return the table that `packed_table` wrote."""
    with pyarrow.ipc.open_stream(block) as reader:
        return reader.read_all()


def packed_setting(setting: Setting) -> bytes:
    """Return what judging needs to know as JSON."""
    value = {
        "frames": [[number, asdict(frame)] for number, frame in setting.frames.items()],
        "dismissed": [[number, sorted(found)] for number, found in setting.dismissed.items()],
        "ruler": asdict(setting.ruler),
        "cutoff_tokens": setting.cutoff_tokens,
    }
    return json.dumps(value).encode()


def setting(block: bytes) -> Setting:
    """Return the setting that `packed_setting` wrote."""
    value = json.loads(block)
    frames = {
        number: Frame(frame["role"], frame["language"], tuple(frame["names"]))
        for number, frame in value["frames"]
    }
    dismissed = {
        number: frozenset((code, fact) for code, fact in found)
        for number, found in value["dismissed"]
    }
    ruler = Ruler(
        tuple(value["ruler"]["weights"]), value["ruler"]["tokenizer_file"], value["ruler"]["model"]
    )
    return Setting(frames, dismissed, ruler, value["cutoff_tokens"])
