"""Disks that refuse: full, read-only, or a process that dies. Nothing half looks whole."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.publish.export import ExportStopped, export
from pipeline.publish.place import place
from pipeline.publish.recipe import Recipe
from pipeline.publish.verify import verify
from pipeline.workspace import REPOSITORY, Workspace
from store import datasets, exports, pairs
from store.db import Database
from tests.builders import new_pair
from tests.small_disk import small_disk

RECIPE = Recipe("c-1", ("general",))
THEIRS = '{"theirs": {"file_name": "t.json"}}\n'


def fill(db: Database) -> None:
    """About 2 MB of pairs."""
    home = datasets.create(db, "general", "general")
    rows = [new_pair(f"question {n}?", f"{n} " + "an answer " * 100) for n in range(2000)]
    pairs.insert_many(db, home.id, rows, summary="test")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    with small_disk(tmp_path / "small") as folder:
        yield folder


@pytest.fixture
def exported(db: Database, tmp_path: Path) -> Path:
    """A whole export of 2 MB."""
    fill(db)
    return export(db, Workspace.at(tmp_path / "w"), RECIPE).folder


def test_a_full_disk_leaves_no_export_and_says_what_to_do(db: Database, disk: Path):
    fill(db)
    workspace = Workspace.at(disk)
    with pytest.raises(ExportStopped, match=r"the disk is full.*Make room there"):
        export(db, workspace, RECIPE)
    assert list(workspace.exports.iterdir()) == []
    assert exports.listed(db) == ()


def test_a_file_limit_stops_like_a_full_disk(db: Database, tmp_path: Path):
    fill(db)
    db.close()
    code = f"""
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {str(REPOSITORY)!r})
from pipeline.publish.export import ExportStopped, export
from pipeline.publish.recipe import Recipe
from pipeline.workspace import Workspace
from store.db import Database
db = Database.open(Path({str(db.path)!r}))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
try:
    export(db, Workspace.at(Path({str(tmp_path)!r})), Recipe("c-1", ("general",)))
except ExportStopped as fact:
    print(fact)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "beyond the limit" in done.stdout
    assert list((tmp_path / "exports").iterdir()) == []


def test_a_folder_that_may_not_be_written_is_said(db: Database, disk: Path):
    fill(db)
    workspace = Workspace.at(disk)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(ExportStopped, match="the disk is read-only"):
        export(db, workspace, RECIPE)


def test_a_full_data_folder_keeps_its_registry(exported: Path, disk: Path):
    (disk / "dataset_info.json").write_text(THEIRS)
    with pytest.raises(ExportStopped, match="the disk is full"):
        place(exported, disk)
    assert (disk / "dataset_info.json").read_text() == THEIRS
    assert {path.suffix for path in disk.iterdir()} <= {".json", ".lock", ""}
    held = [json.loads(path.read_bytes()) for path in disk.glob("c-1_*.json")]
    assert all(held)


def test_a_read_only_data_folder_is_said(exported: Path, disk: Path):
    (disk / "dataset_info.json").write_text(THEIRS)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(ExportStopped, match="the disk is read-only"):
        place(exported, disk)
    assert (disk / "dataset_info.json").read_text() == THEIRS


# A process of its own that is killed at its n-th fsync: the files, the folder, the backup, the
# registry, the folder again.
PLACING = """
import os, signal, sys
from pathlib import Path
from pipeline.publish.place import place
left = int(sys.argv[3])
def fsync(handle):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = fsync
place(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_a_killed_handover_leaves_the_registry_whole(exported: Path, tmp_path: Path, count: int):
    data = tmp_path / "data"
    data.mkdir()
    (data / "dataset_info.json").write_text(THEIRS)
    command = [sys.executable, "-c", PLACING, str(exported), str(data), str(count)]
    done = subprocess.run(command, cwd=REPOSITORY, check=False)
    assert done.returncode == -9
    text = (data / "dataset_info.json").read_text(encoding="utf-8")
    assert text == THEIRS or set(json.loads(text)) > {"theirs"}
    place(exported, data)
    listed = json.loads((data / "dataset_info.json").read_bytes())
    assert next(iter(listed)) == "theirs"
    for name in list(listed)[1:]:
        assert (data / listed[name]["file_name"]).is_file()
    assert verify(exported).holds


def test_the_same_recipe_gives_the_same_bytes_elsewhere_and_at_another_time(tmp_path: Path):
    code = """
import sys
from pathlib import Path
from pipeline.publish.export import export
from pipeline.publish.recipe import Recipe
from pipeline.workspace import Workspace
from store.db import Database
from tests.pipeline.publish.test_export import fill
workspace = Workspace.at(Path(sys.argv[1]))
db = Database.open(workspace.database)
fill(db)
for form in ("json", "jsonl", "parquet"):
    recipe = Recipe(form, ("me", "诊所", "general"), file_format=form, layouts={"me": "messages"})
    export(db, workspace, recipe)
db.close()
"""
    places = (("UTC", "C.UTF-8"), ("Asia/Shanghai", "tr_TR.UTF-8"))
    found = []
    for zone, locale in places:
        home = tmp_path / zone.replace("/", "-")
        world = os.environ | {"TZ": zone, "LC_ALL": locale, "LANG": locale, "PYTHONHASHSEED": "7"}
        command = [sys.executable, "-c", code, str(home)]
        subprocess.run(command, cwd=REPOSITORY, env=world, check=True)
        files = sorted((home / "exports").rglob("*.*"))
        found.append({str(p.relative_to(home)): p.read_bytes() for p in files if p.is_file()})
    assert len(found[0]) > 20
    assert found[0] == found[1]
