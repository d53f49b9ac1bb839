"""Which reader a file needs: JSON, JSON lines, CSV, TSV, spreadsheets, parquet and Arrow.

Knows nothing of questions and answers: a record is what the file holds at one place.
"""

from pathlib import Path

from pipeline.curate.encoding import Utf8Blocks
from pipeline.curate.json_stream import read_json
from pipeline.curate.records import Reading
from pipeline.curate.tables import read_arrow, read_parquet, read_separated, read_sheet
from pipeline.errors import BadInput

_JSON = (".json", ".jsonl", ".ndjson")
_SEPARATED = {".csv": ",", ".tsv": "\t"}
_SHEETS = (".xlsx", ".xls", ".ods")
SUFFIXES = (*_JSON, *_SEPARATED, *_SHEETS, ".parquet", ".arrow")


def open_records(paths: tuple[Path, ...], name: str) -> Reading:
    """Begin to read a file, or the pieces of one; BadInput where nothing of it can be read.

    OSError and BadInput may come later too, while the batches are taken.
    """
    warnings: list[str] = []
    try:
        size_bytes = sum(path.stat().st_size for path in paths)
    except OSError as error:
        raise unreadable(paths[0], error) from error
    if size_bytes == 0:
        raise BadInput(
            "{name} is empty: it has 0 bytes. Choose a file with pairs in it.", name=name
        )
    suffix = paths[0].suffix.lower()
    if suffix not in SUFFIXES:
        known = tuple(SUFFIXES)
        raise BadInput(
            "{name}: files ending in {suffix!r} cannot be read. Use {known}.",
            name=name,
            suffix=suffix,
            known=known,
        )
    if suffix in _JSON or suffix in _SEPARATED:
        return _text(paths[0], name, size_bytes, warnings)
    read = [0.0]

    def note(share: float) -> None:
        read[0] = share

    if suffix == ".arrow":
        batches = read_arrow(paths, note)
    elif suffix == ".parquet":
        batches = read_parquet(paths[0], note)
    else:
        batches = read_sheet(paths[0], warnings, note)
    return Reading(name, size_bytes, batches, lambda: int(read[0] * size_bytes), warnings)


def unreadable(path: Path, error: OSError) -> BadInput:
    """Say that a file cannot be read, and why."""
    return BadInput("{path} cannot be read: {error}.", path=path, error=error.strerror or error)


def _text(path: Path, name: str, size_bytes: int, warnings: list[str]) -> Reading:
    blocks = Utf8Blocks(path, warnings)
    suffix = path.suffix.lower()
    batches = (
        read_json(blocks, warnings, name)
        if suffix in _JSON
        else read_separated(blocks, _SEPARATED[suffix])
    )
    return Reading(name, size_bytes, batches, lambda: blocks.place, warnings)
