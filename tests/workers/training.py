"""A run folder on the tiny model, as a launch would leave it."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pipeline.models.template import SystemPrompt
from pipeline.train import config, state
from pipeline.train.config import DataFile, Settings, TrainConfig
from pipeline.train.state import Run
from pipeline.workers import train
from pipeline.workers.events import Events
from tests.workers.tiny_model import make_base

ROWS = [
    {"instruction": f"What is item {n}?", "input": "", "output": f"It is {'abcdefgh'[n]}."}
    for n in range(8)
]


def make_run(
    folder: Path,
    *,
    rows: list[dict[str, str]] | None = None,
    about: dict[str, Any] | None = None,
    **settings,
) -> Path:
    """Write an export of eight rows, a base and a run's config; return the run's folder.

    `about` goes to the config, `settings` to its settings.
    """
    base = folder / "base"
    if not base.exists():
        make_base(base)
    export = folder / "export"
    export.mkdir(exist_ok=True)
    content = json.dumps(ROWS if rows is None else rows).encode()
    (export / "facts_format2.json").write_bytes(content)
    sha1 = hashlib.sha1(content).hexdigest()
    file = DataFile("facts_format2.json", "facts", "domain", sha1, len(ROWS))
    chosen = {"epochs": 3, "batch_rows": 4, "learning_rate": 1e-2, "rank": 4, "alpha": 8}
    run = folder / f"runs-{len(list(folder.glob('runs-*')))}" / "1"
    run.mkdir(parents=True)
    usual: dict[str, Any] = {
        "title": "tiny",
        "model": str(base),
        "export": str(export),
        "layout": "format2",
        "data": (file,),
        "validation": (file,),
        "system_prompt": SystemPrompt("none"),
        "device": "cpu",
        "preset": "strong",
        "settings": Settings(**(chosen | settings)),
    }
    config.write(run, TrainConfig(**(usual | (about or {}))))
    return run


def never() -> bool:
    return False


def trained(folder: Path) -> Run:
    """Train a run's folder to its end, in this process, and return what it tells then."""
    train.train(folder, Events(folder), never)
    return state.read(folder)


def events_of(folder: Path, kind: str) -> list[dict[str, Any]]:
    lines = (folder / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["kind"] == kind]


def weights(adapter: Path) -> bytes:
    return (adapter / "adapter_model.safetensors").read_bytes()
