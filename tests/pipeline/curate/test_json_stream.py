"""JSON in pieces: any cut gives the same records as the file read whole."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.curate.encoding import Utf8Blocks
from pipeline.curate.json_stream import read_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["}, {", "]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
RECORDS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES) | VALUES, max_size=12)


def taken(path: Path, block_bytes: int) -> tuple[list[tuple[int, object]], list[tuple[int, str]]]:
    """The records with their rows, and the refusals."""
    warnings: list[str] = []
    records: list[tuple[int, object]] = []
    refused: list[tuple[int, str]] = []
    for batch in read_json(Utf8Blocks(path, warnings, block_bytes), warnings, path.name):
        records += zip(batch.rows, batch.records, strict=True)
        refused += batch.refused
    return records, refused


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=RECORDS,
    block_bytes=st.integers(1, 60),
    indent=st.sampled_from([None, 0, 2]),
    is_ascii=st.booleans(),
)
def test_an_array_cut_anywhere_is_read_whole(
    tmp_path: Path, records: list[object], block_bytes: int, indent: int | None, is_ascii: bool
):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(records, indent=indent, ensure_ascii=is_ascii), encoding="utf-8")
    found, refused = taken(path, block_bytes)
    expected = [(row, each) for row, each in enumerate(records, 1) if isinstance(each, dict)]
    assert found == expected
    rows = [row for row, _ in refused]
    assert rows == [row for row, each in enumerate(records, 1) if not isinstance(each, dict)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=RECORDS, block_bytes=st.integers(1, 60), end=st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_lines_cut_anywhere_are_read_whole(
    tmp_path: Path, records: list[object], block_bytes: int, end: str
):
    path = tmp_path / "a.jsonl"
    lines = [json.dumps(record, ensure_ascii=False) for record in [{"a": 1}, *records]]
    path.write_bytes(end.join(lines).encode())
    found, _ = taken(path, block_bytes)
    rows = enumerate([{"a": 1}, *records], 1)
    assert found == [(row, each) for row, each in rows if isinstance(each, dict)]


@pytest.mark.parametrize("block_bytes", [7, 64, 4096])
def test_a_break_loses_nothing_before_it(tmp_path: Path, block_bytes: int):
    whole = json.dumps([{"a": number, "b": "x" * 50} for number in range(40)])
    path = tmp_path / "a.json"
    path.write_text(whole[: whole.index('{"a": 30') + 9] + "!" + whole[-30:])
    found, refused = taken(path, block_bytes)
    assert [row for row, _ in found] == list(range(1, 31))
    assert [row for row, _ in refused] == [31]
    assert "the rows before it were read" in refused[0][1]


@pytest.mark.parametrize("block_bytes", [64, 100_000])
def test_bad_bytes_and_half_characters_reach_only_their_own_row(tmp_path: Path, block_bytes: int):
    good = json.dumps({"a": "é" * 20}, ensure_ascii=False).encode()
    path = tmp_path / "a.json"
    rows = [good, b'{"a": "\xff"}', good, b'{"a": "\\ud800"}', b'{"a": NaN}', good]
    path.write_bytes(b"[" + b",\n".join([good] * 20 + rows) + b"]")
    found, refused = taken(path, block_bytes)
    assert (len(found), refused) == (26, [])
    assert found[21][1] == {"a": "\udcff"}
    assert found[23][1] == {"a": "\ud800"}


def test_a_field_of_a_quarter_million_characters_is_one_record(tmp_path: Path):
    path = tmp_path / "a.json"
    rows = [{"a": "}, {" * 70_000}, {"a": "b"}]
    path.write_text(json.dumps(rows))
    found, _ = taken(path, 5_000)
    assert [record for _, record in found] == rows
