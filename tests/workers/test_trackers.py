"""Trackers are told a run's numbers, and can neither end it nor be forgotten."""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.errors import BadInput
from pipeline.train import config, tracking
from pipeline.workers.events import Events
from pipeline.workers.trackers import Tracked
from tests.workers.training import events_of, make_run


class Trackio:
    """Stands for the package of that name: keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def init(self, **about: object) -> None:
        self.told.append((about["project"], about["name"]))

    def log(self, values: dict[str, float], step: int) -> None:
        self.told.append((step, values))

    def finish(self) -> None:
        self.told.append("finished")


def tracked(folder: Path, monkeypatch: pytest.MonkeyPatch, package: object) -> Tracked:
    monkeypatch.setitem(sys.modules, "trackio", package)
    run = make_run(folder)
    return Tracked(Events(run), run, replace(config.read(run), report_to=("trackio",)))


def test_steps_and_validations_are_told_with_their_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    package = Trackio()
    events = tracked(tmp_path, monkeypatch, package)
    events.tell("state", state="training")
    events.tell("step", step=3, loss=0.5, lr=1e-4, grad_norm=None)
    events.tell("validation", step=3, loss=0.7, by_role={"domain": 0.6})
    events.tell("end", state="finished", step=3)
    assert package.told == [
        ("graft", "tiny"),
        (3, {"step/loss": 0.5, "step/lr": 1e-4}),
        (3, {"validation/loss": 0.7, "validation/loss_domain": 0.6}),
        "finished",
    ]
    (run,) = tmp_path.glob("runs-*/1")
    assert [event["loss"] for event in events_of(run, "step")] == [0.5]


def test_a_tracker_that_fails_is_told_of_once_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("no route to its server")

    package = SimpleNamespace(init=lambda **_: None, log=refuse, finish=refuse)
    events = tracked(tmp_path, monkeypatch, package)
    for step in (1, 2):
        events.tell("step", step=step, loss=1.0)
    events.tell("end", state="finished", step=2)
    (run,) = tmp_path.glob("runs-*/1")
    (warning,) = events_of(run, "warning")
    assert "trackio: no route to its server" in str(warning["message"])
    assert len(events_of(run, "step")) == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [("comet", "There is no tracker 'comet'"), ("wandb", "pip install wandb")],
    ids=str,
)
def test_a_tracker_that_cannot_be_told_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, name: str, said: str
):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(BadInput, match=said):
        tracking.refuse([name])
