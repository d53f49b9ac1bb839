"""A folder of a run that is written anew is the old one or the new one, whenever it is killed."""

import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from pipeline.jsonio import write_json
from pipeline.train import checkpoints as kept
from pipeline.train import parcel
from pipeline.workers.checkpoints import Home

OLD, NEW = b"weights of 20", b"weights of 10"


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with a checkpoint of step 10, and an adapter of later."""
    folder = tmp_path / "8"
    for place, weights in (("checkpoints/step-10", NEW), ("adapter", OLD)):
        made = folder / place
        made.mkdir(parents=True)
        write_json(made / "adapter_config.json", {"peft_type": "LORA"})
        (made / kept.ADAPTER_WEIGHTS).write_bytes(weights)
        write_json(made / kept.ADAPTER_MARKER, {"format": 1})
    write_json(folder / "checkpoints" / "step-10" / kept.MARKER, {"epoch": 1, "step": 10})
    return folder


def kill_after(monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    """Let so many changes of names through, and die at the next."""
    number = count()

    def mortal(change: Callable[..., None]) -> Callable[..., None]:
        def changed(*given, **named) -> None:
            if next(number) >= calls:
                raise Killed
            change(*given, **named)

        return changed

    for name in ("rename", "unlink", "rmdir"):
        monkeypatch.setattr(os, name, mortal(getattr(os, name)))


def adopt(run: Path) -> None:
    Home(run, None, None).adopt(10)  # type: ignore[arg-type]  # Neither is asked.


def receive(run: Path) -> None:
    """Take in the adapter that a cluster has trained."""
    cluster = run.with_name("cluster")
    shutil.copytree(run / "checkpoints" / "step-10", cluster / "adapter", dirs_exist_ok=True)
    taking = parcel.Unpacking(run)
    for line in parcel.unload(cluster):
        taking.take(line)
    taking.finish()


@pytest.mark.parametrize("replace", [adopt, receive])
@pytest.mark.parametrize("calls", range(6))
def test_an_adapter_is_whole_wherever_its_replacement_is_killed(
    run: Path, monkeypatch: pytest.MonkeyPatch, calls: int, replace: Callable[[Path], None]
):
    with monkeypatch.context() as patched:
        kill_after(patched, calls)
        with pytest.raises(Killed):
            replace(run)
    there = kept.adapter_of(run)
    assert there is None or (there / kept.ADAPTER_WEIGHTS).exists()
    kept.clear_halves(run)
    assert sorted(path.name for path in run.iterdir()) == ["adapter", "checkpoints"]
    assert kept.adapter_of(run) == run / "adapter"
    assert (run / "adapter" / kept.ADAPTER_WEIGHTS).read_bytes() == (OLD if calls < 2 else NEW)
    replace(run)
    assert (run / "adapter" / kept.ADAPTER_WEIGHTS).read_bytes() == NEW


def test_a_checkpoint_put_aside_is_brought_back(run: Path):
    newest = run / "checkpoints" / "step-10"
    newest.rename(newest.with_name(".step-10.77.old"))
    (run / "checkpoints" / ".step-20.77.tmp").mkdir()
    kept.clear_halves(run)
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["step-10"]
    assert [each.step for each in kept.listed(run)] == [10]
