"""How far a run is, from its events."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.train.progress import Event, Progress

PLAN: Event = {"time": 101.0, "kind": "plan", "steps": 20, "epochs": 2, "rows": 80}


def step(number: int, *, time: float, loss: float = 2.0) -> Event:
    return {
        "time": time,
        "kind": "step",
        "step": number,
        "epoch": number / 10,
        "loss": loss,
        "lr": 1e-4,
        "tokens_per_second": 90.5,
        "memory_bytes": 1_000,
    }


def loading(time: float) -> Event:
    return {"time": time, "kind": "state", "state": "loading"}


RUN: list[Event] = [
    loading(100.0),
    PLAN,
    {"time": 101.5, "kind": "state", "state": "training"},
    *(step(number, time=102.0 + 2 * number) for number in range(1, 11)),
    {"time": 123.0, "kind": "validation", "step": 10, "loss": 1.5, "by_role": {}},
    {"time": 124.0, "kind": "checkpoint", "step": 10, "folder": "checkpoints/step-10"},
    {"time": 124.5, "kind": "warning", "message": "2 answers were cut"},
]


def test_the_latest_figures_stand():
    progress = Progress()
    progress.take(RUN)
    assert (progress.phase, progress.step, progress.steps, progress.epoch) == (
        "training",
        10,
        20,
        1,
    )
    assert (progress.loss, progress.validation_loss, progress.checkpoint_step) == (2.0, 1.5, 10)
    assert (progress.seconds, progress.warnings) == (24.5, ["2 answers were cut"])


def test_the_time_left_goes_by_the_pace_of_the_latest_steps():
    progress = Progress()
    progress.take(RUN)
    assert progress.seconds_left == 20.0


def test_the_time_left_is_not_guessed_from_two_steps():
    progress = Progress()
    progress.take(RUN[:5])
    assert progress.seconds_left is None


def test_the_pause_before_a_resume_is_no_training_time():
    progress = Progress()
    error: Event = {"time": 125.0, "kind": "error", "error": "disk", "message": "full"}
    progress.take([*RUN, error, loading(9_000.0), step(11, time=9_001.0)])
    assert progress.seconds == 26.0
    assert progress.error_kind == ""


@given(st.integers(0, len(RUN)))
def test_it_is_the_same_in_one_piece_and_in_two(cut: int):
    whole, parts = Progress(), Progress()
    whole.take(RUN)
    parts.take(RUN[:cut])
    parts.take(RUN[cut:])
    assert whole == parts


def test_what_is_no_number_is_passed_over():
    progress = Progress()
    progress.take(
        [{"kind": "step", "step": 1, "loss": float("nan"), "lr": "high"}, {"kind": "new"}]
    )
    assert (progress.step, progress.loss, progress.learning_rate) == (1, None, None)
