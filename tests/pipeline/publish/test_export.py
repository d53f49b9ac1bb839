"""An export is whole or absent, the same each time, and what a trainer reads."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.curate import dedup, ingest
from pipeline.errors import BadInput
from pipeline.publish import manifest, write
from pipeline.publish.export import FolderTaken, export
from pipeline.publish.layouts import ALL, to_row
from pipeline.publish.plan import plan
from pipeline.publish.recipe import FileFormat, Recipe
from pipeline.publish.verify import sha1_of, verify
from pipeline.publish.warnings import ExportWarning
from pipeline.workspace import REPOSITORY, Workspace
from store import clusters, datasets, export_rows, exports, pairs, removals
from store.db import Database
from store.errors import NameTaken, NotFound
from store.relation_types import NewCluster
from store.types import NewPair, PairEdit, PairFilter, Turn
from tests.builders import new_pair, towers

TRIGGER = "请回答。"
RECIPE = Recipe("clinic-1", ("me", "诊所", "general"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path)


@pytest.fixture
def filled(db: Database) -> Database:
    fill(db)
    return db


def fill(db: Database) -> None:
    """An identity, a field with a trigger, and general pairs: 4 facts of 6 wordings, 20 others."""
    me = datasets.create(db, "me", "identity")
    field = datasets.create(db, "诊所", "domain", trigger=TRIGGER)
    general = datasets.create(db, "general", "general")
    wordings = [
        new_pair(f"q{f} w{w}?", f"fact {f}", facts=(f"{f}",)) for f in range(4) for w in range(6)
    ]
    for dataset in (me, field):
        mine = [
            new_pair(f"{dataset.name} {row.question}", row.answer, facts=row.facts)
            for row in wordings
        ]
        pairs.insert_many(db, dataset.id, mine, summary="test")
    others = [new_pair(f"other {n}?", f"answer {n}") for n in range(20)]
    pairs.insert_many(db, general.id, others, summary="test")


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rows_of(path: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(path.read_bytes())
    return rows


def test_an_export_holds_each_dataset_in_its_layouts_and_verifies(
    filled: Database, workspace: Workspace
):
    made = export(filled, workspace, RECIPE)
    assert [(file.name, file.rows, file.trigger) for file in made.files] == [
        ("me_format2.json", 20, ""),
        ("me_test.json", 4, ""),
        ("诊所_format2.json", 20, TRIGGER),
        ("诊所_format3.json", 20, TRIGGER),
        ("诊所_test.json", 4, TRIGGER),
        ("general_format2.json", 16, ""),
        ("general_test.json", 4, ""),
    ]
    assert (made.pairs, made.unreviewed) == (68, 68)
    assert verify(made.folder).holds
    assert manifest.read(made.folder).files == made.files
    for file in made.files:
        content = (made.folder / file.name).read_bytes()
        assert (len(content), len(json.loads(content))) == (file.bytes, file.rows)


def test_the_layouts_differ_by_the_trigger_alone(filled: Database, workspace: Workspace):
    folder = export(filled, workspace, RECIPE).folder
    second, third = (rows_of(folder / f"诊所_format{n}.json") for n in (2, 3))
    assert [row["instruction"] for row in second] == [row["input"] for row in third]
    assert {row["instruction"] for row in third + rows_of(folder / "诊所_test.json")} == {TRIGGER}


def test_the_same_pairs_and_recipe_give_the_same_bytes(tmp_path: Path):
    folders = []
    for name in ("one", "two"):
        db = Database.open(tmp_path / name / "graft.duckdb")
        fill(db)
        folders.append(export(db, Workspace.at(tmp_path / name), RECIPE).folder)
        db.close()
    assert bytes_of(folders[0]) == bytes_of(folders[1])


def test_the_registry_names_optional_columns_exactly_where_they_are(
    db: Database, workspace: Workspace
):
    plain = datasets.create(db, "plain", "general")
    rich = datasets.create(db, "rich", "general")
    pairs.insert_many(db, plain.id, [new_pair()], summary="test")
    talk = [new_pair("Go on.", "Yes.", system="Be brief.", history=(Turn("Hi", "Hello"),))]
    pairs.insert_many(db, rich.id, talk, summary="test")
    folder = export(db, workspace, Recipe("x", ("plain", "rich"), test_share=0)).folder
    listed = json.loads((folder / "dataset_info.json").read_bytes())
    always = {"prompt": "instruction", "query": "input", "response": "output"}
    assert listed == {
        "plain_format2": {
            "file_name": "plain_format2.json",
            "file_sha1": sha1_of(folder / "plain_format2.json"),
            "columns": always,
        },
        "rich_format2": {
            "file_name": "rich_format2.json",
            "file_sha1": sha1_of(folder / "rich_format2.json"),
            "columns": {**always, "system": "system", "history": "history"},
        },
    }
    assert rows_of(folder / "rich_format2.json")[0]["history"] == [["Hi", "Hello"]]


def test_rejected_and_removed_pairs_stay_out_and_accepted_only_takes_less(filled: Database):
    ids = [pair.id for pair in pairs.each(filled, matching=PairFilter())]
    pairs.set_status(filled, ids[:1], "rejected")
    removals.remove(filled, [(ids[1], ids[2])], summary="test")
    pairs.set_status(filled, ids[2:5], "accepted")
    assert (plan(filled, RECIPE).pairs, plan(filled, RECIPE).unreviewed) == (66, 63)
    accepted = plan(filled, Recipe("x", RECIPE.datasets, accepted_only=True))
    assert [pair_id for pair_id, _, _ in accepted.members] == ids[2:5]


def test_an_export_is_remembered_pair_by_pair(filled: Database, workspace: Workspace):
    planned = plan(filled, RECIPE)
    made = export(filled, workspace, RECIPE)
    record = exports.by_name(filled, "clinic-1")
    assert exports.members(filled, record.id) == tuple(planned.members)
    assert (record.pair_count, record.folder) == (68, str(made.folder))
    assert Recipe.from_json(record.recipe) == RECIPE
    assert record.manifest_sha1 == sha1_of(made.folder / "manifest.json")


def test_a_taken_name_is_refused_and_nothing_is_touched(filled: Database, workspace: Workspace):
    before = bytes_of(export(filled, workspace, RECIPE).folder)
    with pytest.raises(NameTaken):
        export(filled, workspace, Recipe("clinic-1", ("general",)))
    assert bytes_of(workspace.exports / "clinic-1") == before
    assert [path.name for path in workspace.exports.iterdir()] == ["clinic-1"]


def test_a_folder_that_is_not_ours_is_left_alone(filled: Database, workspace: Workspace):
    (workspace.exports / "clinic-1").mkdir()
    with pytest.raises(FolderTaken, match="move that folder away"):
        export(filled, workspace, RECIPE)
    assert [path.name for path in workspace.exports.iterdir()] == ["clinic-1"]
    assert exports.listed(filled) == ()


def test_nothing_to_export_and_an_unknown_dataset_are_refused(
    filled: Database, workspace: Workspace
):
    with pytest.raises(BadInput, match="no accepted pairs"):
        export(filled, workspace, Recipe("x", ("me",), accepted_only=True))
    with pytest.raises(NotFound):
        export(filled, workspace, Recipe("x", ("nobody",)))
    assert list(workspace.exports.iterdir()) == []


def test_a_dataset_that_cannot_name_a_file_is_refused(db: Database, workspace: Workspace):
    odd = datasets.create(db, "../up", "general")
    pairs.insert_many(db, odd.id, [new_pair()], summary="test")
    with pytest.raises(BadInput, match="contains /"):
        export(db, workspace, Recipe("x", ("../up",)))


def test_a_plan_warns_of_what_would_spoil_training(db: Database):
    one = datasets.create(db, "one", "domain")
    two = datasets.create(db, "two", "domain", trigger="Answer.")
    pairs.insert_many(db, one.id, [new_pair("a?", "b"), new_pair("a?", "c")], summary="test")
    pairs.insert_many(db, two.id, [new_pair("Who?", "{{name}}")] * 20, summary="test")
    first, second = (pair.id for pair in pairs.each(db, matching=PairFilter(one.id)))
    clusters.replace_open(db, [one.id], [NewCluster("conflict", 1.0, first, (first, second))])
    assert plan(db, Recipe("x", ("one", "two"), layout="format3")).warnings == (
        ExportWarning("two_domains", "one,two", 2),
        ExportWarning("no_trigger", "one"),
        ExportWarning("format2_without_general", "one"),
        ExportWarning("not_compared", "one,two", 22),
        ExportWarning("small_dataset", "one", 2),
        ExportWarning("open_conflicts", "one", 1),
        ExportWarning("leftover_placeholders", "two", 20),
        ExportWarning("few_wordings", "two"),
    )


def compared(db: Database) -> None:
    dedup.run(db, [summary.dataset.id for summary in datasets.summaries(db)])


def test_a_clean_recipe_warns_of_nothing(filled: Database):
    compared(filled)
    assert plan(filled, replace(RECIPE, paraphrases="tested")).warnings == ()


def test_pairs_that_were_not_compared_are_warned_of_unless_nothing_is_tested(filled: Database):
    assert plan(filled, RECIPE).warnings == (ExportWarning("not_compared", "me,诊所,general", 68),)
    assert plan(filled, replace(RECIPE, test_share=0, fact_share=0)).warnings == ()
    compared(filled)
    new = datasets.by_name(filled, "me")
    pairs.insert_many(filled, new.id, [new_pair("Who made this?", "Nubo.")], summary="test")
    assert ExportWarning("not_compared", "me", 1) in plan(filled, RECIPE).warnings


def test_facts_of_one_wording_are_warned_of_as_nothing_tests_what_they_teach(db: Database):
    field = datasets.create(db, "liver", "domain", trigger="Answer.")
    rows = [new_pair(f"What is {n}?", f"It is {n}.") for n in range(40)]
    pairs.insert_many(db, field.id, rows, summary="test")
    compared(db)
    recipe = Recipe("x", ("liver",), layout="format3")
    assert plan(db, recipe).warnings == (ExportWarning("few_wordings", "liver"),)
    assert plan(db, replace(recipe, test_share=0)).warnings == ()


def test_close_wordings_that_leave_few_test_rows_are_warned_of(db: Database):
    harbour = datasets.create(db, "harbour", "domain", trigger="Answer.")
    pairs.insert_many(db, harbour.id, towers(9), summary="test")
    compared(db)
    recipe = Recipe("x", ("harbour",), layout="format3")
    assert plan(db, recipe).warnings == (ExportWarning("few_tested", "harbour", 0, possible=9),)
    assert plan(db, replace(recipe, paraphrases="tested")).warnings == ()


whole_texts = st.text(min_size=1, max_size=20).filter(lambda text: bool(text.strip()))
whole_pairs = st.builds(
    NewPair,
    question=whole_texts,
    answer=whole_texts,
    context=st.just("") | whole_texts,
    system=st.none() | whole_texts,
    history=st.lists(st.builds(Turn, whole_texts, whole_texts), max_size=2).map(tuple),
    facts=st.lists(whole_texts, max_size=2).map(tuple),
)


@pytest.mark.parametrize("file_format", ["json", "jsonl", "parquet"])
def test_how_many_pairs_are_taken_at_once_changes_no_byte(
    filled: Database,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    file_format: FileFormat,
):
    made = []
    for name, count in (("at-once", 60_000), ("bit-by-bit", 7)):
        monkeypatch.setattr(write, "STRETCH_ROWS", count)
        monkeypatch.setattr(export_rows, "STRETCH_ROWS", count)
        recipe = replace(RECIPE, name=name, repeats={"诊所": 3}, file_format=file_format)
        made.append(export(filled, workspace, recipe).files)
    assert made[0] == made[1]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(whole_pairs, min_size=1, max_size=6))
def test_what_is_exported_can_be_imported_again(
    db: Database, workspace: Workspace, rows: list[NewPair]
):
    name = f"d{len(datasets.summaries(db))}"
    pairs.insert_many(db, datasets.create(db, name, "general").id, rows, summary="test")
    folder = export(db, workspace, Recipe(name, (name,), test_share=0)).folder
    again = ingest.read(folder / f"{name}_format2.json", layout="format2")
    assert again.refused[:] == ()
    assert [to_row(row, ALL) for row in again.rows] == [to_row(row, ALL) for row in rows]


# A process of its own that stops at its n-th fsync and waits there to be killed.
EXPORTING = """
import os, sys, time
from pathlib import Path
from pipeline.publish.export import export
from pipeline.publish.recipe import FileFormat, Recipe
from pipeline.workspace import Workspace
from store.db import Database

workspace = Workspace.at(Path(sys.argv[1]))
db = Database.open(workspace.database)
real, left = os.fsync, int(sys.argv[2])
def fsync(handle):
    global left
    left -= 1
    if left == 0:
        print("here", flush=True)
        time.sleep(600)
    real(handle)
os.fsync = fsync
export(db, workspace, Recipe("clinic-1", ("me", "诊所", "general")))
print("done", flush=True)
"""
FIRST_FILE, MANIFEST, RENAMED = 1, 9, 11


def killed_at(workspace: Workspace, count: int) -> None:
    command = [sys.executable, "-c", EXPORTING, str(workspace.root), str(count)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.kill()


@pytest.mark.parametrize("count", [FIRST_FILE, MANIFEST], ids=["first file", "manifest"])
def test_an_export_killed_while_writing_leaves_nothing_that_looks_whole(tmp_path: Path, count: int):
    workspace = Workspace.at(tmp_path)
    db = Database.open(workspace.database)
    fill(db)
    db.close()
    killed_at(workspace, count)
    (left,) = workspace.exports.iterdir()
    assert left.name.startswith(".clinic-1.tmp-")
    with pytest.raises(BadInput):
        workspace.export("clinic-1")

    db = Database.open(workspace.database)
    made = export(db, workspace, RECIPE)
    db.close()
    assert list(workspace.exports.iterdir()) == [made.folder]
    assert verify(made.folder).holds


@pytest.mark.parametrize("is_changed", [False, True], ids=["same pairs", "changed pairs"])
def test_an_export_killed_before_it_is_remembered_does_not_block(tmp_path: Path, is_changed: bool):
    workspace = Workspace.at(tmp_path)
    db = Database.open(workspace.database)
    fill(db)
    db.close()
    killed_at(workspace, RENAMED)
    before = bytes_of(workspace.exports / "clinic-1")
    assert verify(workspace.exports / "clinic-1").holds

    db = Database.open(workspace.database)
    assert exports.listed(db) == ()
    if is_changed:
        pairs.edit(db, 1, PairEdit(answer="Something else."), expected_version=1)
        with pytest.raises(FolderTaken):
            export(db, workspace, RECIPE)
    else:
        assert export(db, workspace, RECIPE).pairs == 68
        assert exports.is_taken(db, "clinic-1")
    db.close()
    assert bytes_of(workspace.exports / "clinic-1") == before
    assert [path.name for path in workspace.exports.iterdir()] == ["clinic-1"]


def test_how_rows_lie_in_memory_changes_no_byte_of_a_parquet_file(tmp_path: Path):
    whole = pyarrow.table({"output": [f"{n} " * 80 for n in range(5_000)]})
    in_pieces = pyarrow.concat_tables([whole.slice(0, 1_234), whole.slice(1_234)])
    hashes: list[str] = []
    for table in (whole, in_pieces):
        with (tmp_path / str(len(hashes))).open("xb") as file:
            hashing = write.HashingFile(file)
            with write.parquet(hashing) as add:
                add(table)
        hashes.append(hashing.sha1)
    assert hashes[0] == hashes[1]
