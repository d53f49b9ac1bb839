"""Kill -9 of supervisor, dashboard, worker and watcher, at any instant.

Two trials stand for the many that `python -m tests.pipeline.queue.trial 30` runs, in every order.
"""

from pathlib import Path

import pytest

from tests.pipeline.queue import trial


@pytest.mark.parametrize("seed", [1, 4])
def test_no_run_is_lost_doubled_or_shown_wrongly(tmp_path: Path, seed: int):
    assert trial.run(tmp_path / "home", seed).faults == []
