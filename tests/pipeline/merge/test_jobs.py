"""A merge waits for its device like a run, is taken out of the queue, and makes a folder once."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pipeline.errors import BadInput, DoesNotHold
from pipeline.merge import jobs
from pipeline.merge.jobs import MergeRequest
from pipeline.queue import line
from pipeline.train import jobs as runs
from pipeline.workspace import Workspace
from tests.dashboard import merge_seed
from tests.pipeline.queue.conftest import Queue, end_all, queue, until, workspace

__all__ = ["queue", "workspace"]

launch = partial(jobs.launch, worker="tests.pipeline.merge.fake_worker")


@pytest.fixture
def request_(workspace: Workspace) -> MergeRequest:
    """What a person asks for, of a run that has ended."""
    merge_seed.adapter(workspace.root)
    return MergeRequest(run=1, out=workspace.models / "lumen")


def test_a_merge_starts_at_once_where_its_device_is_free(
    workspace: Workspace, request_: MergeRequest
):
    merge = jobs.wait(workspace, launch(workspace, request_).id)
    assert merge.work.state == "finished"
    assert Path(merge.config.out).is_dir()


def test_a_merge_waits_for_the_run_on_its_device_and_starts_by_itself(
    workspace: Workspace, request_: MergeRequest, queue: Queue
):
    run = queue()
    merge = launch(workspace, request_)
    assert merge.work.state == "queued"
    (waiting,) = line.read(workspace).waiting
    assert (waiting.job.kind, waiting.job.id, waiting.reason) == ("merge", 1, "working")
    assert [job.kind for job in waiting.behind] == ["run"]
    runs.stop(workspace, run.id)
    until(lambda: jobs.read(workspace, merge.id).work.state == "finished")


def test_a_run_waits_for_the_merge_on_its_device(
    workspace: Workspace, request_: MergeRequest, queue: Queue
):
    (workspace.merges / "fake").write_text("hang")
    launch(workspace, request_)
    assert queue().state == "queued"
    jobs.stop(workspace, 1)
    until(lambda: runs.read(workspace, 2).state == "running")


def test_a_merge_that_waits_is_taken_out_and_makes_nothing(
    workspace: Workspace, request_: MergeRequest, queue: Queue
):
    queue()
    merge = launch(workspace, request_)
    jobs.stop(workspace, merge.id)
    assert jobs.read(workspace, merge.id).work.state == "cancelled"
    with pytest.raises(DoesNotHold, match="it is cancelled"):
        jobs.stop(workspace, merge.id)
    end_all(workspace)
    assert not request_.out.exists()


def test_a_folder_that_a_waiting_merge_will_make_is_taken(
    workspace: Workspace, request_: MergeRequest, queue: Queue
):
    queue()
    launch(workspace, request_)
    with pytest.raises(BadInput, match="another merge"):
        launch(workspace, request_)
    assert launch(workspace, replace(request_, out=workspace.models / "other")).id == 2
