"""Exports as versions: how one stands on disk, what differs between two, bringing one back."""

import os
from pathlib import Path

import pytest

from pipeline.errors import BadInput, DoesNotHold
from pipeline.publish import standing as standings
from pipeline.publish.export import export
from pipeline.publish.layouts import ALL, to_row
from pipeline.publish.recipe import Recipe
from pipeline.publish.restore import restore
from pipeline.publish.standing import remember, standing
from pipeline.workspace import Workspace
from store import datasets, exports, history, pairs
from store.db import Database
from store.errors import NameTaken
from store.types import NewPair, Pair, PairEdit, PairFilter, RowLayout, Turn
from tests.builders import new_pair

TRIGGER = "请回答。"


def rows() -> list[NewPair]:
    """Forty pairs: ten facts of four wordings, with everything a pair can have."""
    return [
        new_pair(
            f"q{n}\nmore?",
            f"fact {n // 4}",
            context="ctx" if n % 3 == 0 else "",
            system="Be brief." if n % 2 else None,
            history=(Turn("a", "b"),) if n % 5 == 0 else (),
            facts=(f"{n // 4}",),
        )
        for n in range(40)
    ]


@pytest.fixture
def workspace(db: Database, tmp_path: Path) -> Workspace:
    home = datasets.create(db, "clinic", "domain", trigger=TRIGGER)
    pairs.insert_many(db, home.id, rows(), summary="test")
    return Workspace.at(tmp_path / "w")


def test_two_exports_differ_by_pairs_added_removed_changed_and_moved(
    db: Database, workspace: Workspace
):
    export(db, workspace, Recipe("one", ("clinic",), test_share=0, fact_share=0))
    pairs.set_status(db, [1], "rejected")
    pairs.edit(db, 2, PairEdit(answer="fact 99"), expected_version=1)
    clinic = datasets.by_name(db, "clinic")
    pairs.insert_many(db, clinic.id, [new_pair("new?", "new")], summary="test")
    export(db, workspace, Recipe("two", ("clinic",), fact_share=0.2))
    older, newer = (exports.by_name(db, name).id for name in ("one", "two"))
    counts = exports.difference(db, older, newer)
    assert (counts["added"], counts["removed"], counts["changed"]) == (1, 1, 1)
    assert counts["moved"] > 5
    assert exports.differing(db, older, newer, "added") == ((41, "new?"),)
    assert exports.differing(db, older, newer, "removed") == ((1, "q0\nmore?"),)
    assert exports.differing(db, older, newer, "changed") == ((2, "q1\nmore?"),)
    assert exports.difference(db, older, older) == {
        "added": 0, "removed": 0, "changed": 0, "moved": 0,
    }  # fmt: skip


@pytest.mark.parametrize("layout", ["both", "format3", "sharegpt", "messages"])
def test_an_export_comes_back_as_a_dataset_and_can_be_undone(
    db: Database, workspace: Workspace, layout: RowLayout
):
    recipe = Recipe("one", ("clinic",), layout=layout, repeats={"clinic": 3}, fact_share=0.2)
    folder = export(db, workspace, recipe).folder
    made, count = restore(db, folder, "clinic", "again")
    assert (made.role, made.trigger, count) == ("domain", TRIGGER, 40)
    found = list(pairs.each(db, matching=PairFilter(made.id)))

    def texts(pair: NewPair | Pair) -> str:
        row = to_row(pair, ALL)
        asked = f"{row.pop('instruction')}\n{row.pop('input')}".strip()
        return f"{asked} {sorted(row.items())}"

    assert sorted(map(texts, found)) == sorted(map(texts, rows()))
    assert found[0].source_file.startswith("one/clinic_")
    history.undo(db, history.latest(db, count=1)[0].id)
    assert pairs.page(db, matching=PairFilter(made.id)).total == 0


def test_what_is_damaged_unknown_or_taken_does_not_come_back(db: Database, workspace: Workspace):
    folder = export(db, workspace, Recipe("one", ("clinic",))).folder
    with pytest.raises(BadInput, match="holds nothing of 'x'"):
        restore(db, folder, "x", "y")
    with pytest.raises(NameTaken):
        restore(db, folder, "clinic", "clinic")
    (folder / "clinic_test.json").write_text("[]")
    with pytest.raises(DoesNotHold, match="clinic_test"):
        restore(db, folder, "clinic", "y")
    assert len(datasets.summaries(db)) == 1


def test_a_changed_export_is_noticed_without_being_asked(db: Database, workspace: Workspace):
    folder = export(db, workspace, Recipe("one", ("clinic",))).folder
    assert standing(folder) == "holds"
    file = folder / "clinic_format3.json"
    whole, found = file.read_bytes(), file.stat()
    file.write_bytes(whole.replace(b"fact", b"FACT"))
    assert standing(folder) == "differs"
    file.write_bytes(whole)
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert standing(folder) == "holds"
    (folder / "extra.jsonl").touch()
    assert standing(folder) == "differs"
    (folder / "extra.jsonl").unlink()
    file.unlink()
    assert standing(folder) == "differs"
    assert standing(workspace.exports / "nothing") == "gone"


def test_a_large_export_is_read_only_when_asked(
    db: Database, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    folder = export(db, workspace, Recipe("one", ("clinic",))).folder
    monkeypatch.setattr(standings, "LARGEST_BYTES", 100)
    assert standing(folder) == "unchecked"
    remember(folder)
    assert standing(folder) == "holds"
    (folder / "clinic_format3.json").write_text("[]" * 100)
    assert standing(folder) == "unchecked"
    remember(folder)
    assert standing(folder) == "differs"
