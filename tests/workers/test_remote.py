"""A run on a cluster: sent whole, taken in as it comes, stopped, found again, brought back."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.jsonio import read_json, write_json
from pipeline.launches import DISCARD
from pipeline.train import config, parcel, state
from pipeline.train.cluster import Cluster, NotLoopback
from pipeline.workers import remote
from tests.workers.fake_cluster import FakeCluster, fake_cluster
from tests.workers.training import events_of, make_run

END = {"time": 1.0, "kind": "end", "state": "finished", "step": 6}
STEPS = [{"time": float(n), "kind": "step", "step": n, "loss": 1 / n} for n in range(1, 7)]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_POLL_S", 0.01)


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with fake_cluster() as made:
        yield made


def sent(folder: Path, cluster: FakeCluster) -> Path:
    """A run that is to train on the cluster."""
    run = make_run(folder)
    config.write(run, replace(config.read(run), device=f"ray:{cluster.address}"))
    return run


def trained(folder: Path) -> Path:
    """What a run leaves on the cluster."""
    for name in ("adapter", "checkpoints/step-6"):
        (folder / name).mkdir(parents=True)
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(bytes(range(256)) * 500)
    (folder / "adapter" / "graft.json").write_text("{}")
    write_json(folder / "checkpoints" / "step-6" / "checkpoint.json", {"step": 6, "epoch": 3})
    write_json(folder / "result.json", {"state": "finished"})
    return folder


def events(told: list[dict[str, object]]) -> list[str]:
    return [parcel.EVENT + json.dumps(event) for event in told]


def test_a_run_comes_back_from_the_cluster_as_if_trained_here(tmp_path: Path, cluster: FakeCluster):
    run, there = sent(tmp_path, cluster), trained(tmp_path / "there")
    cluster.lines = ["Ray says hello", *events([*STEPS, END]), *parcel.unload(there), parcel.DONE]
    assert remote.main(run) == 0
    assert [event["loss"] for event in events_of(run, "step")] == [1 / n for n in range(1, 7)]
    assert json.loads((run / "events.jsonl").read_text().splitlines()[-1])["kind"] == "end"
    for path in filter(Path.is_file, there.rglob("*")):
        assert (run / path.relative_to(there)).read_bytes() == path.read_bytes()
    assert state.read(run).progress.ended == "finished"
    assert not list(run.glob(".arriving*"))


def test_what_is_sent_holds_code_config_and_data_and_a_checkpoint_to_go_on_from(
    tmp_path: Path, cluster: FakeCluster
):
    run, there = sent(tmp_path, cluster), trained(tmp_path / "there")
    (there / "checkpoints").rename(run / "checkpoints")
    cluster.lines = [*events([END]), parcel.DONE]
    assert remote.main(run) == 0
    (package,) = cluster.packages.values()
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        names = archive.namelist()
        data = archive.read("run/export/export/facts_format2.json")
    assert data == (tmp_path / "export" / "facts_format2.json").read_bytes()
    assert {"run/config.json", "run/checkpoints/step-6/checkpoint.json"} <= set(names)
    assert {"pipeline/workers/on_cluster.py", "store/types.py"} <= set(names)
    (job,) = cluster.submitted
    assert job["entrypoint"] == "python -m pipeline.workers.on_cluster"


def test_a_stop_is_passed_on_once_the_job_has_begun_and_what_was_saved_comes_back(
    tmp_path: Path, cluster: FakeCluster
):
    run, there = sent(tmp_path, cluster), trained(tmp_path / "there")
    ended = events([STEPS[0], END | {"state": "stopped"}])
    saved = [*ended, *parcel.unload(there), parcel.DONE]
    answer, told_when_stopped = cluster.answer, []
    looks = 0

    def saving(method: str, path: str, body: bytes) -> tuple[int, object]:
        nonlocal looks
        if path.endswith("/logs"):
            looks += 1
            # Before that it loads what it needs, and a signal would be its end.
            cluster.lines = cluster.lines or events(STEPS[: looks // 3])
        if path.endswith("/stop"):
            told_when_stopped.append(len(events_of(run, "step")))
            cluster.lines = saved
        return answer(method, path, body)

    cluster.answer = saving  # type: ignore[method-assign]
    (run / "stop.request").touch()
    assert remote.main(run) == 0
    assert cluster.stopped == [read_json(run / "cluster.json")["job"]]
    assert told_when_stopped == [1]
    assert (run / "adapter" / "graft.json").is_file()
    assert events_of(run, "end")[0]["state"] == "stopped"


def test_a_job_that_is_still_at_work_is_found_again_and_nothing_is_told_twice(
    tmp_path: Path, cluster: FakeCluster
):
    run, there = sent(tmp_path, cluster), trained(tmp_path / "there")
    cluster.lines = events(STEPS[:4])

    def cut_off() -> bool:
        if len(events_of(run, "step")) == 4:
            raise KeyboardInterrupt  # The process here is gone; the job goes on.
        return False

    with pytest.raises(KeyboardInterrupt):
        remote.main(run, cut_off)
    cluster.lines = [*events([*STEPS, END]), *parcel.unload(there), parcel.DONE]
    assert remote.main(run) == 0
    assert len(cluster.submitted) == 1
    assert [event["step"] for event in events_of(run, "step")] == [1, 2, 3, 4, 5, 6]


def test_a_run_that_is_resumed_while_its_stopped_job_is_still_ending_is_sent_again(
    tmp_path: Path, cluster: FakeCluster
):
    run, there = sent(tmp_path, cluster), trained(tmp_path / "there")
    back = [*parcel.unload(there), parcel.DONE]
    cluster.lines = [*events([STEPS[0], END | {"state": "stopped"}]), *back]
    assert remote.main(run) == 0
    assert cluster.status == "RUNNING"
    cluster.lines = [*events([*STEPS, END]), *back]
    assert remote.main(run) == 0
    assert len(cluster.submitted) == 2
    assert events_of(run, "end")[-1]["state"] == "finished"


def test_a_file_that_was_damaged_on_its_way_is_refused_and_nothing_is_put_in_place(
    tmp_path: Path, cluster: FakeCluster
):
    run, there = sent(tmp_path, cluster), trained(tmp_path / "there")
    lines = [line for line in parcel.unload(there)]
    piece = next(at for at, line in enumerate(lines) if line.startswith(parcel.DATA))
    lines[piece] = lines[piece][:-8]
    cluster.lines = [*events([END]), *lines, parcel.DONE]
    assert remote.main(run) == 1
    (error,) = events_of(run, "error")
    assert "was damaged on its way back" in str(error["message"])
    assert not (run / "adapter").exists()
    assert not (run / "result.json").exists()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], ("cluster", "The job on the cluster is FAILED (No module named 'ray')")),
        (events([{"kind": "error", "error": "data", "message": "Not the file."}]), ("data", "Not")),
    ],
    ids=["by Ray", "by the worker"],
)
def test_a_job_that_fails_is_told_of_once_in_words(
    tmp_path: Path, cluster: FakeCluster, lines: list[str], said: tuple[str, str]
):
    run = sent(tmp_path, cluster)
    cluster.status, cluster.message, cluster.lines = "FAILED", "x\nNo module named 'ray'", lines
    assert remote.main(run) == 1
    (error,) = events_of(run, "error")
    assert (error["error"], str(error["message"])[: len(said[1])]) == said


def test_a_cluster_that_does_not_answer_is_told_in_words(tmp_path: Path, cluster: FakeCluster):
    run = sent(tmp_path, cluster)
    config.write(run, replace(config.read(run), device="ray:127.0.0.1:9"))
    assert remote.main(run) == 1
    (error,) = events_of(run, "error")
    assert "The Ray cluster at 127.0.0.1:9 does not answer" in str(error["message"])


@pytest.mark.parametrize("address", ["10.0.0.5:8265", "head.example:8265", "127.0.0.1"], ids=str)
def test_only_a_job_port_on_the_loopback_is_asked(address: str):
    with pytest.raises(NotLoopback, match="open a tunnel"):
        Cluster(address)


def test_a_file_that_would_lie_outside_the_run_is_refused(tmp_path: Path):
    taking = parcel.Unpacking(tmp_path)
    with pytest.raises(Exception, match="lies outside the run"):
        taking.take(parcel.FILE + json.dumps({"name": "../../evil", "sha1": ""}))


def test_a_run_that_is_to_end_unsaved_is_ended_there_and_nothing_is_waited_for(
    tmp_path: Path, cluster: FakeCluster
):
    run = sent(tmp_path, cluster)
    cluster.lines = events(STEPS[:2])
    (run / DISCARD).touch()
    assert remote.main(run) == 0
    (job,) = cluster.submitted
    assert cluster.stopped == [job["submission_id"]]
    assert not (run / "cluster.json").exists()
    assert not (run / "adapter").exists()


def test_a_job_that_could_not_be_ended_is_named_and_found_again(
    tmp_path: Path, cluster: FakeCluster
):
    run = sent(tmp_path, cluster)
    answer = cluster.answer

    def refusing(method: str, path: str, body: bytes) -> tuple[int, object]:
        return (500, {}) if path.endswith("/stop") else answer(method, path, body)

    cluster.answer = refusing  # type: ignore[method-assign]
    (run / DISCARD).touch()
    assert remote.main(run) == 0
    job = read_json(run / "cluster.json")["job"]
    (warning,) = events_of(run, "warning")
    assert f"The job {job} may still be at work" in str(warning["message"])
