"""Handing an export to a LLaMA-Factory data folder that has things of its own."""

import fcntl
import json
from pathlib import Path

import pytest

from pipeline.errors import BadInput, DoesNotHold
from pipeline.publish.export import export
from pipeline.publish.place import LOCK, AlreadyThere, RegistryUnreadable, place
from pipeline.publish.recipe import Recipe
from pipeline.publish.verify import sha1_of
from pipeline.workspace import Workspace
from store import datasets, pairs
from store.db import Database
from tests.builders import new_pair

THEIRS = '{\r\n    "identity": {"file_name": "identity.json"},\r\n\r\n    "b": {"x": 1.50}\r\n}\r\n'


@pytest.fixture
def exported(db: Database, tmp_path: Path) -> Path:
    """An export of one dataset."""
    home = datasets.create(db, "诊所", "general")
    rows = [new_pair(f"q{n}?", "a") for n in range(10)]
    pairs.insert_many(db, home.id, rows, summary="test")
    return export(db, Workspace.at(tmp_path / "w"), Recipe("c-1", ("诊所",))).folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a registry that somebody formatted by hand."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "dataset_info.json").write_bytes(THEIRS.encode())
    return folder


def test_entries_are_added_and_every_byte_that_was_there_stays(exported: Path, data: Path):
    done = place(exported, data)
    text = (data / "dataset_info.json").read_bytes().decode()
    assert text.startswith(THEIRS.removesuffix("\r\n}\r\n") + ',\r\n    "c-1_诊所_format2": {')
    listed = json.loads(text)
    assert list(listed) == ["identity", "b", "c-1_诊所_format2", "c-1_诊所_test"]
    for name in done.entries:
        file = data / listed[name]["file_name"]
        assert sha1_of(file) == listed[name]["file_sha1"]
        assert listed[name]["file_sha1"][:8] in file.name
    assert done.backup is not None
    assert done.backup.read_bytes() == THEIRS.encode()


def test_doing_it_again_changes_nothing(exported: Path, data: Path):
    place(exported, data)
    before = {path.name: path.read_bytes() for path in data.iterdir()}
    assert place(exported, data).backup is None
    assert {path.name: path.read_bytes() for path in data.iterdir()} == before


def test_a_folder_without_a_registry_gets_one(exported: Path, tmp_path: Path):
    (tmp_path / "new").mkdir()
    done = place(exported, tmp_path / "new")
    listed = json.loads((tmp_path / "new" / "dataset_info.json").read_bytes())
    assert tuple(listed) == done.entries
    assert done.backup is None


@pytest.mark.parametrize("content", ["{}", "{ }\n", '{"a": {}}', '\ufeff{"a": 1}'])
def test_every_shape_of_registry_stays_valid(exported: Path, data: Path, content: str):
    (data / "dataset_info.json").write_text(content, encoding="utf-8")
    done = place(exported, data)
    listed = json.loads((data / "dataset_info.json").read_text(encoding="utf-8-sig"))
    assert tuple(listed)[-2:] == done.entries


def test_a_file_or_dataset_of_another_is_never_overwritten(exported: Path, data: Path):
    name = json.loads((exported / "dataset_info.json").read_bytes())["诊所_test"]["file_sha1"][:8]
    (data / f"c-1_诊所_test.{name}.json").write_text("theirs")
    with pytest.raises(AlreadyThere, match="another file"):
        place(exported, data)
    (data / f"c-1_诊所_test.{name}.json").unlink()
    mine = '{"c-1_诊所_test": {"file_name": "theirs.json"}}'
    (data / "dataset_info.json").write_text(mine, encoding="utf-8")
    with pytest.raises(AlreadyThere, match="another dataset"):
        place(exported, data)
    assert {path.name for path in data.iterdir()} == {"dataset_info.json", LOCK}
    assert (data / "dataset_info.json").read_text(encoding="utf-8") == mine


@pytest.mark.parametrize("content", ["[]", "{", '{"a": 1'])
def test_a_registry_that_cannot_be_read_is_left_as_it_is(exported: Path, data: Path, content: str):
    (data / "dataset_info.json").write_text(content)
    with pytest.raises(RegistryUnreadable):
        place(exported, data)
    assert (data / "dataset_info.json").read_text() == content
    assert {path.name for path in data.iterdir()} == {"dataset_info.json", LOCK}


def test_a_damaged_export_and_a_missing_folder_are_refused(exported: Path, data: Path):
    with pytest.raises(BadInput, match="no folder"):
        place(exported, data / "none")
    (exported / "诊所_test.json").write_text("[]")
    with pytest.raises(DoesNotHold, match="诊所_test"):
        place(exported, data)
    assert [path.name for path in data.iterdir()] == ["dataset_info.json"]


def test_two_at_a_time_wait_for_each_other(exported: Path, data: Path):
    with (data / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BadInput, match="Another process"):
            place(exported, data, wait_s=0.1)
    assert place(exported, data).entries
