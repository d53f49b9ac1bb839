"""One process, one writer, a cursor per call, and nothing committed is ever lost."""

import json
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest

from store import datasets, pairs, settings
from store.db import HOLDER_NAME, Database
from store.errors import WorkspaceHeld, WorkspaceTooNew
from store.types import PairFilter
from tests.builders import new_pair

ROOT = Path(__file__).resolve().parents[2]

HOLD = """
import sys, pathlib
sys.path.insert(0, sys.argv[2])
from store.db import Database
db = Database.open(pathlib.Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""

KEEP_WRITING = """
import sys, pathlib, itertools
sys.path.insert(0, sys.argv[2])
from store import datasets, pairs
from store.db import Database
from store.types import NewPair
db = Database.open(pathlib.Path(sys.argv[1]))
dataset = datasets.create(db, "facts", "domain")
for batch in itertools.count():
    rows = [NewPair(f"question {batch} {n}", "answer") for n in range(500)]
    pairs.insert_many(db, dataset.id, rows, summary="batch")
    print(batch, flush=True)
"""


def other_process(script: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(path), str(ROOT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_workspace_held_by_another_process_says_which(tmp_path: Path):
    path = tmp_path / "graft.duckdb"
    holder = other_process(HOLD, path)
    try:
        assert first_line(holder) == "open"
        with pytest.raises(WorkspaceHeld) as held:
            Database.open(path)
        assert held.value.pid == holder.pid
        assert held.value.since is not None
        assert f"process {holder.pid}" in str(held.value)
        assert "--workspace" in str(held.value)
    finally:
        end(holder)


def test_a_dead_holder_does_not_keep_the_workspace(tmp_path: Path):
    path = tmp_path / "graft.duckdb"
    holder = other_process(HOLD, path)
    assert first_line(holder) == "open"
    end(holder)
    assert (tmp_path / HOLDER_NAME).exists()
    Database.open(path).close()
    assert not (tmp_path / HOLDER_NAME).exists()


def test_kill_9_while_writing_loses_no_committed_row(tmp_path: Path):
    path = tmp_path / "graft.duckdb"
    writer = other_process(KEEP_WRITING, path)
    committed = [int(first_line(writer)) for _ in range(4)]
    writer.send_signal(signal.SIGKILL)
    rest, _ = writer.communicate()
    committed += [int(line) for line in rest.split()]
    db = Database.open(path)
    total = pairs.page(db, matching=PairFilter()).total
    db.close()
    # The batch under way may have been committed without having been printed.
    assert total in {len(committed) * 500, (len(committed) + 1) * 500}


def test_threads_that_read_and_write_at_once_see_whole_rows(db: Database):
    dataset = datasets.create(db, "facts", "domain")
    rows = [new_pair(f"q{n}", f"a{n}") for n in range(200)]
    pairs.insert_many(db, dataset.id, rows, summary="first")
    wrong: list[str] = []

    def read(_: int) -> None:
        for number in range(1, 11):
            for pair in pairs.page(db, matching=PairFilter(), number=number, size=20).rows:
                if pair.question[1:] != pair.answer[1:]:
                    wrong.append(pair.question)

    def write(worker: int) -> None:
        for n in range(10):
            pairs.set_status(db, [worker * 10 + n + 1], "accepted")

    threads = [threading.Thread(target=job, args=(n,)) for n in range(4) for job in (read, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    accepted = pairs.page(db, matching=PairFilter(statuses=("accepted",))).total
    assert (wrong, accepted) == ([], 40)


def test_an_error_inside_a_write_rolls_everything_back(db: Database):
    def write_half() -> None:
        with db.write() as cursor:
            cursor.execute("INSERT INTO settings VALUES ('language', 'zh')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert settings.get(db, "language") is None


def test_a_database_of_a_newer_graft_is_refused_untouched(tmp_path: Path):
    path = tmp_path / "graft.duckdb"
    Database.open(path).close()
    with duckdb.connect(str(path)) as raw:
        raw.execute("INSERT INTO migrations VALUES ('m999_future', now())")
    with pytest.raises(WorkspaceTooNew) as error:
        Database.open(path)
    assert error.value.unknown == ("m999_future",)


def test_opening_again_keeps_what_was_there(tmp_path: Path):
    path = tmp_path / "graft.duckdb"
    first = Database.open(path)
    settings.put(first, "language", "zh")
    holder = json.loads((tmp_path / HOLDER_NAME).read_text())
    first.close()
    again = Database.open(path)
    assert settings.get(again, "language") == "zh"
    assert set(holder) == {"pid", "since", "command"}
    again.close()


@pytest.mark.parametrize("failing", ["write", "append"])
def test_why_a_commit_failed_is_told(db: Database, failing: str):
    ways = {"write": db.write(), "append": db.append()}
    late = ways.pop(failing)
    (early,) = ways.values()
    with db.write() as cursor:
        cursor.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")

    def write_the_same() -> None:
        with late as one:
            one.execute("INSERT INTO numbers VALUES (7)")
            with early as other:
                other.execute("INSERT INTO numbers VALUES (7)")

    with pytest.raises(duckdb.TransactionException, match='duplicate key "7"'):
        write_the_same()
    assert db.changes == 2


def memory_limit(db: Database) -> str:
    with db.read() as cursor:
        return str(cursor.execute("SELECT current_setting('memory_limit')").fetchall()[0][0])


@pytest.mark.parametrize("is_import_first", [True, False], ids=["import", "export"])
def test_passes_that_overlap_leave_the_memory_as_it_was(db: Database, is_import_first: bool):
    usual = memory_limit(db)
    first, second = ExitStack(), ExitStack()
    (first if is_import_first else second).enter_context(db.append())
    (second if is_import_first else first).enter_context(db.frugal(200))
    assert memory_limit(db) == "190.7 MiB"
    first.close()
    assert memory_limit(db) == ("190.7 MiB" if is_import_first else "488.2 MiB")
    second.close()
    assert memory_limit(db) == usual


def test_a_pass_does_without_where_more_memory_is_in_use(
    db: Database, monkeypatch: pytest.MonkeyPatch
):
    usual = memory_limit(db)
    monkeypatch.setattr("store.db._APPENDING_MB", 0)
    with db.append() as cursor, db.frugal(0):
        assert memory_limit(db) == usual
        cursor.execute("INSERT INTO settings VALUES ('import', 'goes on')")
    assert (memory_limit(db), settings.get(db, "import")) == (usual, "goes on")


def log_of(db: Database) -> int:
    """How many bytes are committed, but not in the database's file yet."""
    log = db.path.with_name(f"{db.path.name}.wal")
    return log.stat().st_size if log.exists() else 0


def write_much(db: Database, name: str) -> None:
    dataset = datasets.create(db, name, "general")
    pairs.insert_many(db, dataset.id, [new_pair("q", "long " * 10_000)] * 400, summary="x")


def threads_beside() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "_move_log" in thread.name]


def test_a_large_change_is_moved_into_the_file_when_nobody_writes(
    db: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("store.db._QUIET_S", 0.2)
    write_much(db, "one")
    assert log_of(db) > 16 << 20
    for thread in threads_beside():
        thread.join(30)
    assert log_of(db) < 1 << 20
    write_much(db, "two")
    assert len(threads_beside()) == 1


def test_the_log_is_moved_after_an_import_that_goes_on_meanwhile(
    db: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("store.db._QUIET_S", 0.05)
    with db.append() as cursor:
        cursor.execute("INSERT INTO settings VALUES ('import', 'goes on')")
        write_much(db, "one")
        (thread,) = threads_beside()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(30)
    assert log_of(db) < 1 << 20
    assert settings.get(db, "import") == "goes on"
