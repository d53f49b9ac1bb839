"""What follows a finished run that asked for it: one evaluation, however often it is followed."""

from pathlib import Path

from pipeline.evaluate import after, jobs
from pipeline.jsonio import read_json, write_json
from pipeline.queue import following
from pipeline.train.devices import devices
from pipeline.workspace import Workspace

FAKE = "tests.pipeline.evaluate.fake_worker"


def followed(folder: Path) -> dict[str, object]:
    (folder / following.REQUEST).touch()
    after.follow(folder, worker=FAKE)
    assert not (folder / following.REQUEST).exists()
    return read_json(folder / after.RESULT)


def test_a_run_is_evaluated_once_even_if_its_follower_was_killed_before_it_said_so(
    workspace: Workspace,
):
    folder = workspace.run(1)
    assert followed(folder) == followed(folder) == {"evaluation": 1, "reason": ""}
    (evaluation,) = jobs.listed(workspace)
    assert evaluation.run_ids == (1,)
    assert jobs.wait(workspace, 1).state == "finished"


def test_a_run_on_a_cluster_is_evaluated_on_this_machine(workspace: Workspace):
    folder = workspace.run(1)
    frozen = read_json(folder / "config.json")
    write_json(folder / "config.json", {**frozen, "device": "ray:127.0.0.1:8265"})
    assert followed(folder) == {"evaluation": 1, "reason": ""}
    assert jobs.wait(workspace, 1).config.device == devices().get("auto").name


def test_a_run_that_cannot_be_evaluated_says_why(workspace: Workspace):
    manifest = workspace.exports / "clinic" / "manifest.json"
    manifest.unlink()
    told = followed(workspace.run(1))
    assert told["evaluation"] is None
    assert "The export clinic is not there any more" in str(told["reason"])
    assert jobs.listed(workspace) == ()
