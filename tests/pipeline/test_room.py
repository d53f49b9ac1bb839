"""What takes room in a workspace."""

from pathlib import Path

from pipeline import room
from pipeline.workspace import Workspace


def write(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    return path


def test_every_file_counts_for_its_part(tmp_path: Path):
    workspace = Workspace.at(tmp_path / "home")
    write(workspace.database, 100)
    write(workspace.root / "graft.duckdb.wal", 20)
    write(workspace.root / "graft-before-20310506-070809.duckdb", 3)
    write(workspace.runs / "1" / "checkpoints" / "step-3" / "state.pt", 4000)
    write(workspace.models / "tiny" / "model.safetensors", 500)
    write(workspace.backups / "graft-20310506-070809.duckdb", 60)
    write(workspace.root / "dashboard.log", 7)
    write(workspace.merges / "1" / "config.json", 8)
    found = room.taken(workspace)
    assert found.parts == {
        "database": 123, "exports": 0, "runs": 4000, "evaluations": 0, "models": 500,
        "backups": 60, "rest": 15,
    }  # fmt: skip
    assert found.total_bytes == 4698
    assert 0 < found.free_bytes <= found.disk_bytes


def test_a_file_with_two_names_counts_once_and_a_link_to_elsewhere_not(tmp_path: Path):
    workspace = Workspace.at(tmp_path / "home")
    weights = write(workspace.runs / "1" / "adapter" / "weights", 4000)
    (workspace.runs / "1" / "again").hardlink_to(weights)
    (workspace.models / "same").hardlink_to(weights)
    outside = write(tmp_path / "outside" / "model.safetensors", 9000).parent
    (workspace.models / "linked").symlink_to(outside)
    found = room.taken(workspace)
    assert found.parts["runs"] == 4000
    assert found.parts["models"] < 1000
