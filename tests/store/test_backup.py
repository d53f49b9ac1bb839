"""A copy of the store is whole, is of one instant, and costs the store nothing where it fails."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from store import backup, datasets, history, pairs
from store.db import Database
from store.errors import CopyFailed, NotABackup, WorkspaceHeld, WorkspaceTooNew
from store.types import PairFilter
from tests.builders import new_pair
from tests.dashboard import seed
from tests.small_disk import small_disk

EVERY_ROW = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()"
SHAPE = (
    "SELECT table_name, column_name, data_type, column_default, is_nullable "
    "FROM information_schema.columns ORDER BY ALL"
)


def everything(db: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, and what the tables are like."""
    with db.read() as cursor:
        names = [name for (name,) in cursor.execute(EVERY_ROW).fetchall()]
        rows = {name: cursor.execute(f"FROM {name}").fetchall() for name in names}
        return {**rows, "shape": cursor.execute(SHAPE).fetchall()}


def holder_of(path: Path) -> str:
    """What another process is told when it opens the database."""
    code = (
        "import sys, pathlib\nfrom store.db import Database\nfrom store.errors import StoreError\n"
        "try:\n    Database.open(pathlib.Path(sys.argv[1]))\nexcept StoreError as fact:\n"
        "    print(type(fact).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_copy_holds_every_row_of_every_table(db: Database, tmp_path: Path):
    seed.fill(db)
    target = tmp_path / "it's a copy.duckdb"
    assert backup.copy_to(db, target) == 67
    assert sorted(path.name for path in tmp_path.glob("it's*")) == [target.name]
    copied = Database.open(target)
    assert everything(copied) == everything(db)
    copied.close()


def test_a_copied_store_is_worked_with_as_the_first(db: Database, tmp_path: Path):
    seed.fill(db)
    backup.copy_to(db, tmp_path / "copy.duckdb")
    copied = Database.open(tmp_path / "copy.duckdb")
    last = history.last_undoable(copied)
    assert last is not None
    history.undo(copied, last.id)
    (identity, *_) = datasets.listed(copied)
    pairs.insert_many(copied, identity.id, [new_pair("New?")], summary="new")
    assert pairs.count(copied, matching=PairFilter()) == 61
    assert pairs.count(db, matching=PairFilter()) == 67
    copied.close()


def test_a_copy_is_of_one_instant_while_others_write(db: Database, tmp_path: Path):
    dataset = datasets.create(db, "facts", "general")
    is_enough = threading.Event()

    def write() -> None:
        while not is_enough.is_set():
            pairs.insert_many(db, dataset.id, [new_pair(), new_pair()], summary="two")

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(5):
        backup.copy_to(db, tmp_path / f"{number}.duckdb")
    is_enough.set()
    writer.join()
    for number in range(5):
        copied = Database.open(tmp_path / f"{number}.duckdb")
        with copied.read() as cursor:
            (found,) = cursor.execute(
                "SELECT (SELECT count(*) FROM pairs), (SELECT sum(pair_count) FROM actions), "
                "(SELECT next - 1 FROM counters WHERE kind = 'pair')"
            ).fetchall()
        copied.close()
        assert len({int(value or 0) for value in found}) == 1


def test_nobody_else_may_open_the_store_after_it_was_copied(db: Database, tmp_path: Path):
    assert holder_of(db.path) == WorkspaceHeld.__name__
    backup.copy_to(db, tmp_path / "copy.duckdb")
    assert holder_of(db.path) == WorkspaceHeld.__name__
    assert backup.size_bytes(db) > 0
    assert holder_of(db.path) == WorkspaceHeld.__name__


def test_a_full_disk_leaves_no_half_file_and_a_store_that_works(db: Database, tmp_path: Path):
    with db.write() as cursor:
        cursor.execute(
            "CREATE TABLE fat AS SELECT repeat(md5(i::VARCHAR), 9) FROM range(9000) t(i)"
        )
    folder = tmp_path / "small"
    with small_disk(folder):
        with pytest.raises(CopyFailed, match="the disk is full"):
            backup.copy_to(db, folder / "copy.duckdb")
        assert list(folder.iterdir()) == []
    seed.fill(db)
    assert backup.copy_to(db, tmp_path / "copy.duckdb") == 67


def test_a_folder_that_is_not_there_is_said(db: Database, tmp_path: Path):
    with pytest.raises(CopyFailed, match="nowhere"):
        backup.copy_to(db, tmp_path / "nowhere" / "copy.duckdb")


def test_a_backup_is_copied_without_a_store(db: Database, tmp_path: Path):
    seed.fill(db)
    backup.copy_to(db, tmp_path / "one.duckdb")
    assert backup.copy_file(tmp_path / "one.duckdb", tmp_path / "two.duckdb") == 67
    copied = Database.open(tmp_path / "two.duckdb")
    assert everything(copied) == everything(db)
    copied.close()


@pytest.mark.parametrize("content", [b"", b"no database" * 4000], ids=["empty", "text"])
def test_what_is_no_backup_is_refused(content: bytes, tmp_path: Path):
    file = tmp_path / "thing.duckdb"
    file.write_bytes(content)
    with pytest.raises(NotABackup, match=r"thing\.duckdb"):
        backup.copy_file(file, tmp_path / "two.duckdb")
    assert not (tmp_path / "two.duckdb").exists()
    assert file.read_bytes() == content


def test_a_damaged_backup_is_refused(db: Database, tmp_path: Path):
    seed.fill(db)
    file = tmp_path / "one.duckdb"
    backup.copy_to(db, file)
    data = bytearray(file.read_bytes())
    half = len(data) // 2
    data[half : half + 400_000] = bytes(400_000)
    file.write_bytes(data)
    with pytest.raises(NotABackup):
        backup.copy_file(file, tmp_path / "two.duckdb")
    assert not (tmp_path / "two.duckdb").exists()


def test_a_backup_of_a_newer_graft_is_refused(db: Database, tmp_path: Path):
    with db.write() as cursor:
        cursor.execute("INSERT INTO migrations VALUES ('m999_later', now())")
    backup.copy_to(db, tmp_path / "one.duckdb")
    with pytest.raises(WorkspaceTooNew, match="m999_later"):
        backup.copy_file(tmp_path / "one.duckdb", tmp_path / "two.duckdb")
