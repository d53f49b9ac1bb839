"""Workbooks, CSV, parquet, Arrow and saved datasets: every row a pair or a refusal."""

import json
from pathlib import Path

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from pipeline.curate import ingest
from pipeline.curate.finding import find
from pipeline.errors import BadInput

ROWS = [
    {"instruction": "问题一", "output": "答案一"},
    {"instruction": "Two?", "output": ""},
    {"instruction": "Three?", "output": "3"},
]


def workbook(path: Path, rows: list[list[object]], **more: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for name, cells in {"first": rows, **more}.items():
        sheet = book.create_sheet(name)
        for row in cells:
            sheet.append(row)
    book.remove(book["Sheet"])
    book.save(path)
    return path


def test_a_workbook_is_read_with_whole_numbers_as_people_typed_them(tmp_path: Path):
    path = workbook(
        tmp_path / "a.xlsx",
        [["问题", "答案"], ["多少？", 5], [None, None], ["Half?", 0.5], ["x", None]],
    )
    read = ingest.read(path)
    assert [(row.question, row.answer) for row in read.rows] == [("多少？", "5"), ("Half?", "0.5")]
    assert [(each.row, each.reason) for each in read.refused] == [(4, "has no answer")]


def test_other_sheets_of_a_workbook_are_named(tmp_path: Path):
    rows: list[list[object]] = [["question", "answer"], ["a", "b"]]
    read = ingest.read(workbook(tmp_path / "a.xlsx", rows, second=rows, empty=[]))
    assert "only the sheet first was read, not second" in read.warnings[0]


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet", ".arrow"])
def test_a_file_that_is_none_is_refused_in_words(tmp_path: Path, suffix: str):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"nothing of the kind" * 10)
    with pytest.raises(BadInput, match="no readable"):
        ingest.read(path)


def test_a_saved_dataset_is_read_split_by_split(tmp_path: Path):
    """The folders that `save_to_disk` writes, written here by pyarrow alone."""
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    for split, pieces in (("train", 2), ("test", 1)):
        folder = tmp_path / split
        folder.mkdir()
        names = [f"data-{piece:05}-of-{pieces:05}.arrow" for piece in range(pieces)]
        (folder / "state.json").write_text(
            json.dumps({"_data_files": [{"filename": name} for name in names]})
        )
        table = pyarrow.Table.from_pylist(ROWS)
        for name in names:
            with pyarrow.ipc.new_stream(folder / name, table.schema) as writer:
                writer.write_table(table)
    train, test = find(tmp_path).sources
    assert (train.title, test.title) == (f"{tmp_path.name}-train", f"{tmp_path.name}-test")
    read = ingest.read(train)
    assert [row.source_row for row in read.rows] == [1, 3, 4, 6]
    assert [each.row for each in read.refused] == [2, 5]
    (tmp_path / "test" / "data-00000-of-00001.arrow").unlink()
    with pytest.raises(BadInput, match=r"data-00000-of-00001\.arrow is missing"):
        find(tmp_path)


def test_columns_of_bytes_are_left_out(tmp_path: Path):
    table = pyarrow.Table.from_pylist([{**row, "picture": {"bytes": b"x"}} for row in ROWS])
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    read = ingest.read(tmp_path / "a.parquet")
    assert set(read.samples) == {"instruction", "output"}


def test_a_broken_line_of_a_csv_costs_only_itself(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text('question,answer\na,b\n"x"y,z\nc,d,e\nf,g\n', encoding="utf-8")
    read = ingest.read(path)
    assert [row.question for row in read.rows] == ["a", "f"]
    assert [each.row for each in read.refused] == [2, 3]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_of_equal_column_names_the_first_is_read_and_the_others_can_be(tmp_path: Path, suffix: str):
    table: list[list[object]] = [
        ["question", "answer", "answer", "answer (2)", "answer"],
        ["a", "1st", "2nd", "3rd", "4th"],
    ]
    path = tmp_path / f"a{suffix}"
    if suffix == ".csv":
        path.write_text("\n".join(",".join(map(str, row)) for row in table), encoding="utf-8")
    else:
        workbook(path, table)
    read = ingest.read(path)
    assert read.rows[0].answer == "1st"
    assert read.samples == {
        "question": "a",
        "answer": "1st",
        "answer (3)": "2nd",
        "answer (2)": "3rd",
        "answer (4)": "4th",
    }


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter_is_known_by_the_first_line(tmp_path: Path, delimiter: str):
    path = tmp_path / "a.csv"
    path.write_text(f"question{delimiter}answer\na{delimiter}b, c\n", encoding="utf-8")
    (pair,) = ingest.read(path).rows
    assert (pair.question, pair.answer) == ("a", "b, c")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "gb18030", "utf-8-sig"])
@pytest.mark.parametrize("suffix", [".json", ".csv", ".jsonl"])
def test_text_in_another_encoding_is_read(tmp_path: Path, encoding: str, suffix: str):
    long = "plain text without anything else " * 100
    rows = [
        {"instruction": "question", "output": long},
        {"instruction": "你是谁？", "output": "谷"},
    ]
    if suffix == ".csv":
        text = "instruction,output\n" + "\n".join(f"{r['instruction']},{r['output']}" for r in rows)
    elif suffix == ".json":
        text = json.dumps(rows, ensure_ascii=False)
    else:
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(text.encode(encoding))
    assert [row.question for row in ingest.read(path).rows] == ["question", "你是谁？"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Wie heißt du?", "Jörg Müller"),
        ("Où es-tu ?", "À la plage, « près du café »."),
        ("Don’t you know?", "It’s – well – “here”."),
        ("Þú ert að læra?", "Það er góð hugmynd."),
    ],
    ids=["German", "French", "typographic", "Icelandic"],
)
def test_a_western_csv_of_excel_is_read_with_its_letters(
    tmp_path: Path, question: str, answer: str
):
    path = tmp_path / "a.csv"
    path.write_bytes(f'question,answer\n{question},"{answer}"\n'.encode("cp1252"))
    read = ingest.read(path)
    assert [(row.question, row.answer) for row in read.rows] == [(question, answer)]
    assert "cp1252" in read.warnings[0]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("怎么使用Python编程？", "用pip安装numpy库，再import它。"),
        ("Who wrote it?", "The author is 谷."),
        ("朱镕基是谁？", "前总理。"),
        ("妳們說什麼語言？", "我們說漢語，也說閩南語。"),
        ("Happy?", "Yes 😀"),
    ],
    ids=["ASCII words", "one character", "rare", "traditional", "emoji"],
)
def test_chinese_beside_ascii_is_still_read_as_gb18030(tmp_path: Path, question: str, answer: str):
    path = tmp_path / "a.csv"
    path.write_bytes(f'question,answer\n{question},"{answer}"\n'.encode("gb18030"))
    read = ingest.read(path)
    assert [(row.question, row.answer) for row in read.rows] == [(question, answer)]
    assert "gb18030" in read.warnings[0]


def test_fields_that_only_later_rows_have_are_taken(tmp_path: Path):
    rows: list[dict[str, object]] = [{"instruction": f"q{n}", "output": "a"} for n in range(30_000)]
    rows[29_000] |= {"system": "Be brief.", "history": [["x", "y"]]}
    rows[29_500] = {"question": "other", "response": "names"}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(rows))
    read = ingest.read(path)
    assert (read.rows[29_000].system, len(read.rows[29_000].history)) == ("Be brief.", 1)
    assert (read.rows[29_500].question, read.rows[29_500].answer) == ("other", "names")
    assert len(read.rows) == 30_000
