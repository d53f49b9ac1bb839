"""Kill -9 of supervisor, dashboard, worker and watcher, at any instant.

One trial stands for the many that `python -m tests.pipeline.queue.trial 30` runs, in every order.
"""

from pathlib import Path

from tests.pipeline.queue import trial


def test_no_run_is_lost_doubled_or_shown_wrongly(tmp_path: Path):
    done = trial.run(tmp_path / "home", seed=4)
    assert done.order == ("watcher", "worker", "supervisor", "dashboard")
    assert done.faults == []
