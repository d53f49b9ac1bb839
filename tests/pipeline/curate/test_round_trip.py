"""Pairs written in each format come back the same, whatever characters they hold."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from pipeline.curate import ingest
from pipeline.publish.export import export
from pipeline.publish.recipe import Recipe
from pipeline.workspace import Workspace
from store import datasets, pairs
from store.db import Database
from store.types import NewPair, Turn

HOSTILE = st.sampled_from(
    [
        *("\u2028", "\x85", "\u200f", "\u202e", "\x00", "\x1f", "\ufeff", "\r\n", "\r", "\t"),
        *("😀", "\U0001f469\u200d\U0001f467", "é", "中文", "ﬁ", "# Not a heading", '"', ","),
        *("}, {", "{{name}}", "\\u0041", "\\"),
    ]
)
TEXT = st.lists(HOSTILE | st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=5)
WRITTEN = TEXT.map("".join).filter(lambda text: bool(text.strip()))
PAIRS = st.lists(st.tuples(WRITTEN, WRITTEN), min_size=1, max_size=4)
TALKS = st.lists(st.lists(st.tuples(WRITTEN, WRITTEN), min_size=1, max_size=3), min_size=1)
Rows = list[tuple[str, str]]


def array(path: Path, rows: Rows) -> None:
    objects = [{"instruction": q, "input": "", "output": a} for q, a in rows]
    path.write_text(json.dumps(objects, ensure_ascii=False), encoding="utf-8")


def lines(path: Path, rows: Rows) -> None:
    objects = [json.dumps({"question": q, "answer": a}, ensure_ascii=False) for q, a in rows]
    path.write_bytes("\n".join(objects).encode())


def separated(path: Path, rows: Rows) -> None:
    delimiter = "\t" if path.suffix == ".tsv" else ","
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([("instruction", "output"), *rows])


def parquet(path: Path, rows: Rows) -> None:
    table = pyarrow.table({"instruction": [q for q, _ in rows], "output": [a for _, a in rows]})
    pyarrow.parquet.write_table(table, path)


def sheet(path: Path, rows: Rows) -> None:
    book = openpyxl.Workbook()
    for number, row in enumerate([("instruction", "output"), *rows], start=1):
        for column, text in enumerate(row, start=1):
            cell = book.active.cell(number, column)
            cell.value, cell.data_type = text, "s"
    book.save(path)


def fit_for_a_sheet(text: str) -> str:
    """Without what XML cannot carry: control characters and lone carriage returns."""
    return ILLEGAL_CHARACTERS_RE.sub("", text).replace("\r", "") or "empty"


WRITERS: dict[str, Callable[[Path, Rows], None]] = {
    ".json": array,
    ".jsonl": lines,
    ".csv": separated,
    ".tsv": separated,
    ".parquet": parquet,
}
several = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)


@pytest.mark.parametrize("suffix", WRITERS)
@several
@given(rows=PAIRS)
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str, rows: Rows):
    path = tmp_path / f"a{suffix}"
    WRITERS[suffix](path, rows)
    read = ingest.read(path, layout="format2")
    assert [(row.question, row.answer) for row in read.rows] == rows


@several
@given(rows=PAIRS)
def test_a_workbook_is_read_back_within_its_limits(tmp_path: Path, rows: Rows):
    fit = [(fit_for_a_sheet(q), fit_for_a_sheet(a)) for q, a in rows]
    assume(all(text.strip() for row in fit for text in row))
    sheet(tmp_path / "a.xlsx", fit)
    read = ingest.read(tmp_path / "a.xlsx", layout="format2")
    assert [(row.question, row.answer) for row in read.rows] == fit


@pytest.mark.parametrize("kind", ["sharegpt", "messages"])
@several
@given(talks=TALKS)
def test_conversations_are_read_back(tmp_path: Path, kind: str, talks: list[Rows]):
    who, says, user, model = {
        "sharegpt": ("from", "value", "human", "gpt"),
        "messages": ("role", "content", "user", "assistant"),
    }[kind]
    column = "conversations" if kind == "sharegpt" else "messages"
    objects = [
        {
            column: [
                {who: name, says: text} for q, a in talk for name, text in ((user, q), (model, a))
            ]
        }
        for talk in talks
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(objects), encoding="utf-8")
    found = [
        [*((turn.question, turn.answer) for turn in pair.history), (pair.question, pair.answer)]
        for pair in ingest.read(path).rows
    ]
    assert found == talks


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=6)
@given(talks=TALKS, layout=st.sampled_from(["format2", "sharegpt", "messages"]))
def test_an_export_is_imported_as_the_same_pairs(
    tmp_path_factory: pytest.TempPathFactory, talks: list[Rows], layout: str
):
    folder = tmp_path_factory.mktemp("round")
    rows = [
        NewPair(
            question=talk[-1][0],
            answer=talk[-1][1],
            system="Be brief." if number % 2 else None,
            history=tuple(Turn(*turn) for turn in talk[:-1]),
        )
        for number, talk in enumerate(talks)
    ]
    db = Database.open(folder / "graft.duckdb")
    pairs.insert_many(db, datasets.create(db, "d", "general").id, rows, summary="test")
    recipe = Recipe("out", ("d",), layout=layout, test_share=0)  # type: ignore[arg-type]
    exported = export(db, Workspace.at(folder), recipe).folder
    db.close()
    (path,) = [path for path in exported.glob("d_*.json*")]
    found = ingest.read(path)
    assert sorted(map(told, found.rows)) == sorted(map(told, rows))


def told(pair: NewPair) -> tuple[str, str, str, str]:
    """What a pair says, in an order that can be sorted."""
    return (pair.question, pair.answer, pair.system or "", repr(pair.history))
