"""A run folder on the tiny model, as a launch would leave it."""

import hashlib
import json
from pathlib import Path

from pipeline.models.template import SystemPrompt
from pipeline.train import config
from pipeline.train.config import DataFile, Settings, TrainConfig
from tests.workers.tiny_model import make_base

ROWS = [
    {"instruction": f"What is item {n}?", "input": "", "output": f"It is {'abcdefgh'[n]}."}
    for n in range(8)
]


def make_run(folder: Path, *, rows: list[dict[str, str]] | None = None, **settings) -> Path:
    """Write an export of eight rows, a base and a run's config; return the run's folder."""
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
    config.write(
        run,
        TrainConfig(
            title="tiny",
            model=str(base),
            export=str(export),
            layout="format2",
            data=(file,),
            validation=(file,),
            system_prompt=SystemPrompt("none"),
            device="cpu",
            preset="strong",
            settings=Settings(**(chosen | settings)),
        ),
    )
    return run
