"""Importing: all or nothing, recognised again, cancelled, bounded, beside other people's edits."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.curate.columns import ColumnMissing, Columns, mapped
from pipeline.curate.importing import (
    ImportedBefore,
    Progress,
    Reading,
    Target,
    import_files,
)
from pipeline.errors import BadInput, Cancelled
from pipeline.workspace import REPOSITORY
from store import datasets, export_rows, history, pairs, search
from store.db import Database
from store.types import PairEdit, PairFilter

ALL = PairFilter()
GENERAL = Target("talk", "general")


def questions(db: Database) -> list[str]:
    return [pair.question for pair in pairs.each(db, matching=ALL)]


def big_file(folder: Path, rows: int, name: str = "big.json") -> Path:
    """An array of several pieces, with an odd row here and there."""
    path = folder / name
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for number in range(rows):
            row = {"instruction": f"问题 {number} " + "x" * 150, "output": "答案 " * 40}
            if number % 1000 == 7:
                row["output"] = ""
            file.write((",\n" if number else "") + json.dumps(row, ensure_ascii=False))
        file.write("]")
    return path


def test_a_big_file_is_imported_in_pieces_in_its_order(db: Database, tmp_path: Path):
    seen: list[Progress] = []
    done = import_files(db, [big_file(tmp_path, 30_000)], GENERAL, watch=seen.append)
    assert (done.imported, len(done.refused)) == (29_970, 30)
    assert done.refused[1].row == 1_008
    assert done.refused.by_reason() == {"has no answer": 30}
    rows = [(pair.id, pair.source_row) for pair in pairs.each(db, matching=ALL)]
    assert rows == sorted(rows)
    assert rows[-1] == (29_970, 30_000)
    shares = [each.share for each in seen if each.phase == "reading"]
    assert shares == sorted(shares)
    assert len(set(shares)) > 3
    assert seen[-1].phase == "storing"
    assert seen[-1].share == 1.0


def test_a_large_import_stores_the_keys_of_its_texts(db: Database, tmp_path: Path):
    for rows in (9_000, 30_000):
        import_files(db, [big_file(tmp_path, rows, f"{rows}.json")], GENERAL)
    with db.read() as cursor:
        _, unread = export_rows.stretches(cursor, 1, ("unreviewed",))
    assert unread == 9_000 - 9


def test_cancelling_leaves_nothing_behind(db: Database, tmp_path: Path):
    def cancel(now: Progress) -> None:
        if now.rows > 10_000:
            raise Cancelled

    with pytest.raises(Cancelled):
        import_files(db, [big_file(tmp_path, 30_000)], GENERAL, watch=cancel)
    assert (questions(db), datasets.summaries(db), history.latest(db)) == ([], (), ())
    done = import_files(db, [big_file(tmp_path, 100)], GENERAL)
    assert done.imported == 99


def test_others_edit_and_search_while_an_import_runs(db: Database, tmp_path: Path):
    small = tmp_path / "small.json"
    small.write_text(json.dumps([{"instruction": "Who?", "output": "Graft."}]))
    import_files(db, [small], Target("me", "identity"))

    def edit(now: Progress) -> None:
        if now.phase == "reading":
            pair = pairs.get(db, 1)
            text = f"Graft, {now.rows} times."
            pairs.edit(db, 1, PairEdit(answer=text), expected_version=pair.version)
            assert len(search.find(db, "Who?")) == 1

    done = import_files(db, [big_file(tmp_path, 30_000)], GENERAL, watch=edit)
    assert pairs.get(db, 1).answer == "Graft, 29970 times."
    assert pairs.page(db, matching=ALL).total == 29_971
    assert len(search.find(db, "问题 12345 ")) == 1
    assert done.action_id is not None
    history.undo(db, done.action_id)
    assert questions(db) == ["Who?"]


def test_the_same_file_is_recognised_until_its_import_is_undone(db: Database, tmp_path: Path):
    path = big_file(tmp_path, 20)
    done = import_files(db, [path], GENERAL)
    again = tmp_path / "renamed.json"
    again.write_bytes(path.read_bytes())
    with pytest.raises(ImportedBefore, match=r"'talk' \(19 pairs\)"):
        import_files(db, [again], Target("other", "general"))
    assert import_files(db, [again], GENERAL, Reading(is_again=True)).imported == 19
    for action in (done.action_id, (done.action_id or 0) + 1):
        history.undo(db, action or 0)
    assert import_files(db, [again], GENERAL).imported == 19


def test_a_trigger_that_a_dataset_does_not_take_up_is_said(db: Database, tmp_path: Path):
    paths = []
    for number, trigger in enumerate(("Say it.", "Say it.", "Tell it.")):
        rows = [{"instruction": trigger, "input": f"{number} {n}?", "output": "A"} for n in (1, 2)]
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(json.dumps(rows))
    target = Target("clinic", "domain", "clinic")
    told = [import_files(db, [path], target).warnings for path in paths]
    assert told == [
        (),
        (),
        (
            "The dataset 'clinic' keeps its trigger sentence (Say it.); the other one (Tell it.) "
            "is left out. Import into another dataset to keep it.",
        ),
    ]


def test_the_same_file_read_another_way_is_another_import(db: Database, tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"instruction": "q", "output": "a", "note": "n"}]))
    import_files(db, [path], GENERAL)
    other = Reading(columns=mapped({"question": "note", "answer": "output"}))
    import_files(db, [path], GENERAL, other)
    assert questions(db) == ["q", "n"]
    with pytest.raises(ImportedBefore):
        import_files(db, [path], GENERAL, other)


def test_a_mapping_names_what_is_wrong_with_it(db: Database, tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"x": "q", "y": "a"}]))
    with pytest.raises(ColumnMissing, match=r"has no field z\. Its fields: x, y"):
        import_files(db, [path], GENERAL, Reading(columns=Columns(instruction="x", output="z")))
    with pytest.raises(BadInput, match="no colour in a pair"):
        mapped({"colour": "x"})
    with pytest.raises(BadInput, match="needs a question and an answer"):
        mapped({"question": "x"})


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.curate.importing import Target, import_files
from store.db import Database

def watch(now):
    if now.phase == sys.argv[3] and now.rows >= int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)

db = Database.open(Path(sys.argv[1]))
import_files(db, [Path(sys.argv[2])], Target("talk", "general"), watch=watch)
"""


@pytest.mark.parametrize(("phase", "rows"), [("reading", 20_000), ("storing", 0)])
def test_a_killed_import_leaves_nothing_behind(tmp_path: Path, phase: str, rows: int):
    path = tmp_path / "graft.duckdb"
    with_one = Database.open(path)
    datasets.create(with_one, "kept", "general")
    with_one.close()
    arguments = [str(path), str(big_file(tmp_path, 30_000)), phase, str(rows)]
    command = [sys.executable, "-c", KILLED, *arguments]
    killed = subprocess.run(command, cwd=REPOSITORY, env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    db = Database.open(path)
    assert questions(db) == []
    assert [summary.dataset.name for summary in datasets.summaries(db)] == ["kept"]
    db.close()
