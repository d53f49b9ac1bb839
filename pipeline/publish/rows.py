"""Reading an export's files back, whatever their layout and format: as alpaca rows.

Trainer and evaluation read through this, so that any export can be trained on here.
"""

import io
import json
from pathlib import PurePath

import pyarrow.parquet


def read_rows(name: str, content: bytes) -> list[dict[str, object]]:
    """Return the rows of an export's file as alpaca rows, whatever its layout and format.

    ValueError or KeyError if it is no such file.
    """
    ending = PurePath(name).suffix
    rows: list[dict[str, object]]
    if ending == ".parquet":
        rows = pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
    elif ending == ".jsonl":
        rows = [json.loads(line) for line in content.split(b"\n") if line.strip()]
    else:
        rows = json.loads(content)
    return [as_alpaca(row) for row in rows]


def as_alpaca(row: dict[str, object]) -> dict[str, object]:
    """Return a row of any layout as an alpaca row; one that is alpaca already as it is."""
    is_messages = "messages" in row
    turns = row.get("messages" if is_messages else "conversations")
    if not isinstance(turns, list):
        return row
    speaker, says = ("role", "content") if is_messages else ("from", "value")
    texts = [str(turn[says]) for turn in turns if turn[speaker] != "system"]
    told = [str(turn[says]) for turn in turns if turn[speaker] == "system"]
    pairs = list(zip(texts[::2], texts[1::2], strict=True))
    asked, answered = pairs[-1]
    return {
        "instruction": asked,
        "input": "",
        "output": answered,
        "system": told[0] if told else row.get("system", ""),
        "history": [list(pair) for pair in pairs[:-1]],
        "facts": row.get("facts", []),
    }
