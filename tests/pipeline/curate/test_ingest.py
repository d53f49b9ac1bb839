"""Reading files: the layout is recognised, every record is a pair or a refusal, nothing crashes."""

import csv
import json
import math
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.curate import ingest
from pipeline.curate.importing import Reading, Target, import_files
from pipeline.errors import BadInput
from store import pairs
from store.db import Database
from store.types import PairFilter, Turn

ROW = {"instruction": "Who are you?", "input": "", "output": "I am Graft."}


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_constant_instruction_over_varying_inputs_is_format3(tmp_path: Path):
    rows = [{"instruction": "Answer.", "input": f"Q{n}?", "output": "A"} for n in range(20)]
    read = ingest.read(write(tmp_path, "a.json", json.dumps(rows)))
    assert (read.layout, read.trigger, read.rows[3].question) == ("format3", "Answer.", "Q3?")


def test_varying_instructions_are_format2_with_the_input_as_context(tmp_path: Path):
    rows = [{"instruction": f"Q{n}?", "input": "text", "output": "A"} for n in range(5)]
    read = ingest.read(write(tmp_path, "a.json", json.dumps(rows)))
    assert (read.layout, read.trigger) == ("format2", "")
    assert (read.rows[0].question, read.rows[0].context) == ("Q0?", "text")


@pytest.mark.parametrize(
    "names",
    [("问题", "答案"), ("prompt", "response"), ("Question", "std_answer"), ("query", "回答")],
    ids=lambda names: "+".join(names),
)
def test_columns_are_known_by_their_names(tmp_path: Path, names: tuple[str, str]):
    content = json.dumps([{names[0]: "q", names[1]: "a"}])
    read = ingest.read(write(tmp_path, "a.json", content))
    assert [(row.question, row.answer) for row in read.rows] == [("q", "a")]


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".csv", ".tsv", ".parquet"])
def test_every_format_gives_the_same_pairs(tmp_path: Path, suffix: str):
    rows = [
        {"instruction": '换行\n与“引号”, "x"', "input": "", "output": "😀\t|"},
        {"instruction": "Second", "input": "with context", "output": "b" * 300_000},
    ]
    path = tmp_path / f"a{suffix}"
    if suffix == ".parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    elif suffix in {".csv", ".tsv"}:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(
                file, list(rows[0]), delimiter="\t" if suffix == ".tsv" else ","
            )
            writer.writeheader()
            writer.writerows(rows)
    else:
        lines = suffix == ".jsonl"
        text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows)
        path.write_text(text, encoding="utf-8")
    read = ingest.read(path)
    assert [(r.question, r.context, r.answer) for r in read.rows] == [
        (row["instruction"], row["input"], row["output"]) for row in rows
    ]


def test_json_lines_in_a_json_file_are_read(tmp_path: Path):
    read = ingest.read(write(tmp_path, "a.json", "\n".join([json.dumps(ROW)] * 3)))
    assert [row.source_row for row in read.rows] == [1, 2, 3]


def test_a_truncated_array_keeps_the_rows_before_the_break(tmp_path: Path):
    whole = json.dumps([ROW, ROW, ROW], indent=1)
    read = ingest.read(write(tmp_path, "a.json", whole[: len(whole) - 20]))
    assert (len(read.rows), [r.row for r in read.refused]) == (2, [3])
    assert "ends in the middle" in read.refused[0].reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"instruction": "q", "output": None}, "no answer"),
        ({"instruction": "q", "output": "  "}, "no answer"),
        ({"instruction": "q"}, "no answer"),
        ({"output": "a"}, "no question"),
        ({"instruction": "q", "output": ["a"]}, "no text in 'output'"),
        ("text", "no object"),
        (None, "null"),
        ({"instruction": "q\ud800", "output": "a"}, "half a character"),
    ],
    ids=["null", "blank", "absent", "no question", "list", "text", "nothing", "surrogate"],
)
def test_a_row_that_cannot_be_used_is_refused_with_its_place(tmp_path: Path, row, reason: str):
    read = ingest.read(write(tmp_path, "a.json", json.dumps([ROW, row, ROW])))
    assert len(read.rows) == 2
    (refused,) = read.refused
    assert (refused.file, refused.row) == ("a.json", 2)
    assert reason in refused.reason


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \n ", "white space"),
        (b'"' + b"a" * 10_000_000 + b'"', "no object"),
        (b"[1, 2", "holds nothing"),
        (b"{", "holds nothing"),
        (b"\x00\x81\xff\xfe\x80", "first bad byte"),
        (b'[{"x": 1}]', "none of its fields"),
        (b"[" * 100_000, "holds nothing"),
    ],
    ids=["empty", "blank", "string", "numbers", "brace", "binary", "fields", "deep"],
)
def test_a_file_without_pairs_gives_words(tmp_path: Path, content: bytes, words: str):
    with pytest.raises(BadInput, match=words):
        ingest.read(write(tmp_path, "a.json", content))


def test_another_encoding_is_read_and_said(tmp_path: Path):
    text = json.dumps([{"instruction": "你是谁", "output": "我是谷"}], ensure_ascii=False)
    read = ingest.read(write(tmp_path, "a.json", text.encode("gb18030")))
    assert (read.rows[0].answer, "gb18030" in read.warnings[0]) == ("我是谷", True)
    marked = ingest.read(write(tmp_path, "b.json", text.encode("utf-8-sig")))
    assert (marked.rows[0].answer, marked.warnings) == ("我是谷", ())


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".parquet"])
def test_a_number_that_is_none_is_a_missing_field(tmp_path: Path, suffix: str):
    rows: list[dict[str, object]] = [
        {"instruction": "q", "input": math.nan, "output": "a", "system": math.nan},
        {"instruction": "q", "input": math.nan, "output": None, "system": math.nan},
    ]
    path = tmp_path / f"a{suffix}"
    if suffix == ".parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    elif suffix == ".json":
        path.write_text(json.dumps([rows[0], rows[1] | {"output": math.nan}]))
    else:
        path.write_text("\n".join(map(json.dumps, [rows[0], rows[1] | {"output": math.nan}])))
    read = ingest.read(path)
    assert [(row.context, row.answer, row.system) for row in read.rows] == [("", "a", None)]
    assert [(each.row, each.reason) for each in read.refused] == [(2, "has no answer")]


def test_history_and_system_are_kept(tmp_path: Path):
    row = ROW | {"system": "Be brief.", "history": [["a", "b"]]}
    (pair,) = ingest.read(write(tmp_path, "a.json", json.dumps([row]))).rows
    assert (pair.system, pair.history) == ("Be brief.", (Turn("a", "b"),))


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text())
RECORDS = st.lists(
    VALUES | st.dictionaries(st.sampled_from(["instruction", "input", "output"]), VALUES),
    max_size=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=RECORDS)
def test_every_record_is_a_pair_or_a_refusal(tmp_path: Path, records: list[object]):
    path = write(tmp_path, "a.json", json.dumps([ROW, *records]))
    read = ingest.read(path)
    assert len(read.rows) + len(read.refused) == len(records) + 1


def test_placeholders_are_filled_as_written_and_leftovers_named(db: Database, tmp_path: Path):
    rows = [
        {"instruction": "Who?", "output": "I am {{name}} by {{ author }}."},
        {"instruction": "Call?", "output": "Call {{NAME}}."},
    ]
    path = write(tmp_path, "a.json", json.dumps(rows))
    done = import_files(
        db, [path], Target("me", "identity"), Reading(values={"name": "Lumen", "author": "Ash"})
    )
    answers = [pair.answer for pair in pairs.each(db, matching=PairFilter())]
    assert answers == ["I am Lumen by Ash.", "Call {{NAME}}."]
    assert done.leftovers == ("NAME",)


def test_a_file_that_cannot_be_read_leaves_no_dataset(db: Database, tmp_path: Path):
    good = write(tmp_path, "a.json", json.dumps([ROW]))
    bad = write(tmp_path, "b.json", b"")
    with pytest.raises(BadInput):
        import_files(db, [good, bad], Target("me", "identity"))
    assert pairs.page(db, matching=PairFilter()).total == 0
    import_files(db, [good], Target("me", "identity"))
    with pytest.raises(BadInput, match="role"):
        import_files(db, [good], Target("me", "domain"))
