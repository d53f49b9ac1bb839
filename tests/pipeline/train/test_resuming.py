"""Going back to a checkpoint, what a resume may change, and why a run ended that says nothing."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import processes
from pipeline.errors import BadInput
from pipeline.jsonio import write_json
from pipeline.processes import Launch
from pipeline.train import checkpoints, config, resuming, state
from pipeline.train.config import Settings
from pipeline.train.resuming import SettingIsFixed
from tests.pipeline.train.test_config import CONFIG

GONE = Launch(("x",), 999_999, 1.0, 999_999, processes.boot_id(), "", 1.0, 999_998, 1.0)


def saved(folder: Path, step: int, told: list[tuple[int, float]], *, inside: bool = False) -> None:
    """A checkpoint as the worker leaves it, without its weights."""
    write_json(
        folder / "checkpoints" / f"step-{step}" / checkpoints.MARKER,
        {"epoch": step // 2, "step": step, "is_inside_epoch": inside, "validations": told},
    )


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "5"
    for step in (2, 4, 10, 11):
        (folder / "checkpoints" / f"step-{step}").mkdir(parents=True)
    saved(folder, 2, [(0, 9.0), (2, 3.0)])
    saved(folder, 4, [(0, 9.0), (2, 3.0), (4, 1.0)])
    saved(folder, 10, [(0, 9.0), (2, 3.0), (4, 1.0), (10, 2.0)])
    saved(folder, 11, [(0, 9.0), (2, 3.0), (4, 1.0), (10, 2.0)], inside=True)
    config.write(folder, replace(CONFIG, settings=Settings()))
    return folder


def test_checkpoints_tell_their_loss_and_which_is_best(run: Path):
    told = [
        (each.step, each.validation_loss, each.is_best, each.is_inside_epoch)
        for each in checkpoints.listed(run)
    ]
    assert told == [
        (2, 3.0, False, False),
        (4, 1.0, True, False),
        (10, 2.0, False, False),
        (11, None, False, True),
    ]


def test_going_back_deletes_what_came_after_and_nothing_else(run: Path):
    resuming.go_back(run, "step-4")
    assert [each.step for each in checkpoints.listed(run)] == [2, 4]
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["step-2", "step-4"]


def test_a_checkpoint_that_is_not_there_is_refused_and_nothing_deleted(run: Path):
    with pytest.raises(BadInput, match="There are: step-2, step-4, step-10, step-11"):
        resuming.go_back(run, "step-6")
    assert len(checkpoints.listed(run)) == 4


def test_a_resume_may_need_less_memory_but_not_learn_something_else(run: Path):
    frozen = config.read(run)
    changed = resuming.with_changes(frozen, 5, ["batch_tokens=2048", "gradient_checkpointing=true"])
    assert changed.settings == Settings(batch_tokens=2048, gradient_checkpointing=True)
    with pytest.raises(SettingIsFixed, match="learning_rate decides what run 5 learns"):
        resuming.with_changes(frozen, 5, ["learning_rate=1e-5"])


@pytest.mark.parametrize(
    ("launch", "words"),
    [
        (replace(GONE, host="node-7"), "started on node-7"),
        (replace(GONE, boot_id="an earlier boot"), "restarted while it ran"),
        (GONE, "its watcher was killed too"),
    ],
    ids=["another machine", "restarted", "watcher killed"],
)
def test_a_lost_run_says_how_it_was_lost(run: Path, launch: Launch, words: str):
    here = launch if launch.host else replace(launch, host=socket.gethostname())
    processes.write_launch(run, here)
    failure = state.read(run).failure
    assert failure is not None
    assert (failure.error, words in failure.message) == ("lost", True)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (9, "batch_tokens from 4096 to 2048, then gradient_checkpointing from false to true"),
        (11, "crashed (SIGSEGV)"),
        (15, "ended by the signal SIGTERM"),
    ],
    ids=["killed", "crashed", "terminated"],
)
def test_a_signal_is_told_with_what_to_do(run: Path, number: int, words: str):
    processes.write_launch(run, replace(GONE, host=socket.gethostname()))
    write_json(run / "exit.json", {"code": None, "signal": number})
    failure = state.read(run).failure
    assert failure is not None
    assert (failure.error, words in failure.message) == ("signal", True)
