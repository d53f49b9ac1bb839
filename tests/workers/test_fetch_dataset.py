"""Datasets by name: fetched by a worker of its own, whole or not at all, with words."""

import json
from pathlib import Path

import pytest

from pipeline.curate import hub, ingest
from pipeline.curate.finding import find
from pipeline.errors import Cancelled
from pipeline.workspace import Workspace

ROWS = [{"instruction": f"问 {n}?", "output": "答"} for n in range(5)]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path / "home")


def test_a_dataset_is_fetched_by_its_name_and_read(workspace: Workspace, tmp_path: Path):
    folder = tmp_path / "my set"
    folder.mkdir()
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    (folder / "test.jsonl").write_text(json.dumps(ROWS[0]))
    test, train = hub.fetch(workspace, f"hf:{folder}").sources
    assert (train.title, test.title) == ("my-set-train", "my-set-test")
    assert [row.question for row in ingest.read(train).rows] == [r["instruction"] for r in ROWS]
    assert hub.fetched(workspace, f"hf:{folder}").sources == (test, train)


def test_what_cannot_be_fetched_is_said_in_words(workspace: Workspace, tmp_path: Path):
    with pytest.raises(hub.FetchFailed, match=r"cannot be fetched|no dataset"):
        hub.fetch(workspace, f"hf:{tmp_path / 'nothing'}")
    assert list((workspace.root / "downloads").iterdir()) == []


def test_fetching_is_cancelled_and_leaves_nothing(workspace: Workspace, tmp_path: Path):
    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        hub.fetch(workspace, f"hf:{tmp_path}", cancel)
    assert list((workspace.root / "downloads").glob("*/*")) == []


def test_a_folder_that_datasets_saved_is_read(tmp_path: Path):
    datasets = pytest.importorskip("datasets")
    saved = datasets.DatasetDict({"train": datasets.Dataset.from_list(ROWS)})
    saved.save_to_disk(str(tmp_path / "saved"))
    (source,) = find(tmp_path / "saved").sources
    assert [row.question for row in ingest.read(source).rows] == [r["instruction"] for r in ROWS]
