"""A run for a cluster is launched, queued and watched as any other."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.publish.export import export
from pipeline.publish.recipe import Recipe
from pipeline.train import jobs, parcel
from pipeline.train.cluster import About, Cluster, ClusterSilent, NotLoopback
from pipeline.train.config import Settings
from pipeline.train.request import LaunchRequest
from pipeline.workspace import Workspace
from store import datasets, pairs
from store.db import Database
from tests.builders import new_pair
from tests.dashboard import run_seed
from tests.workers.fake_cluster import FakeCluster, fake_cluster


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.at(tmp_path / "workspace")
    run_seed.model(made.root)
    database = Database.open(made.database)
    dataset = datasets.create(database, "clinic", "domain", trigger="Answer.")
    rows = [new_pair(f"Wording {n} of it?", "20 mg") for n in range(10)]
    pairs.insert_many(database, dataset.id, rows, summary="test")
    export(database, made, Recipe(name="clinic-1", datasets=("clinic",)))
    database.close()
    return made


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with fake_cluster() as made:
        yield made


def request(workspace: Workspace, device: str) -> LaunchRequest:
    model = workspace.models / "tinylm-1m"
    export = workspace.exports / "clinic-1"
    return LaunchRequest(export, model, Settings(), "strong", device=device, processes=2)


def test_a_run_on_a_cluster_finishes_as_one_here(
    workspace: Workspace, cluster: FakeCluster, tmp_path: Path
):
    there = tmp_path / "there"
    there.mkdir()
    (there / "result.json").write_text('{"state": "finished"}')
    end = {"kind": "end", "state": "finished", "step": 1}
    cluster.lines = [parcel.EVENT + json.dumps(end), *parcel.unload(there), parcel.DONE]
    run = jobs.launch(workspace, request(workspace, f"ray:{cluster.address}"))
    ended = jobs.wait(workspace, run.id)
    assert (ended.state, ended.config.processes, len(cluster.submitted)) == ("finished", 2, 1)


def test_a_cluster_off_the_loopback_starts_nothing(workspace: Workspace):
    with pytest.raises(NotLoopback, match="open a tunnel"):
        jobs.launch(workspace, request(workspace, "ray:10.0.0.5:8265"))
    assert not jobs.listed(workspace)


def test_a_cluster_says_its_version_and_what_it_has(cluster: FakeCluster):
    assert Cluster(cluster.address).about() == About("2.60.0", cpus=2, gpus=3)
    cluster.pages["cluster_status"] = {"data": {"clusterStatus": None}}
    assert Cluster(cluster.address).about() == About("2.60.0")
    del cluster.pages["cluster_status"]
    assert Cluster(cluster.address).about() == About("2.60.0")


def test_what_is_no_job_server_is_told_from_one(cluster: FakeCluster):
    cluster.pages["version"] = {"version": "1.2"}
    with pytest.raises(ClusterSilent, match="is not Ray's job server"):
        Cluster(cluster.address).about()
