"""Stands in for the serving worker: `python -m tests.pipeline.chat.fake_worker FOLDER`.

Listens, guards and stops as the real one, over a model that echoes; does otherwise where the
folder's base is named so: `broken` fails to load, `killed` kills itself while loading, `crash`
ends with exit code 3, `slow` never gets ready, `hangs` never ends an answer the first time.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pipeline.chat.config import read_config
from pipeline.chat.protocol import Text
from pipeline.workers.listening import listen
from pipeline.workers.owner import Owner, Ticket
from pipeline.workers.web import Service
from tests.pipeline.chat.fakes import echo, explain


def emit(folder: Path, kind: str, **fields: object) -> None:
    """Write an event."""
    with (folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"time": time.time(), "kind": kind, **fields}) + "\n")


def weights(folder: Path) -> dict[str, object]:
    """What the real worker says of an adapter's file."""
    facts = (folder / "adapter_model.safetensors").stat()
    return {"size_bytes": facts.st_size, "modified_ns": facts.st_mtime_ns}


def hang(tickets: Sequence[Ticket]) -> None:
    """Begin every answer and end none."""
    for ticket in tickets:
        for model in ticket.question.models:
            ticket.tell(Text(model, "It is"))
    while not all(ticket.is_cancelled() for ticket in tickets):
        time.sleep(0.05)


def main(folder: Path) -> int:
    """Serve, or fail as the base's name says."""
    emit(folder, "state", state="loading")
    config = read_config(folder)
    match config.model.name:
        case "broken":
            emit(folder, "error", error="model", message="There is no model in it.")
            return 1
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "crash":
            return 3
        case "slow":
            time.sleep(60)
    facts: dict[str, object] = {
        "model": str(config.model),
        "device": "cpu",
        "dtype": "float32",
        "adapters": {name: weights(path) for name, path in config.adapters.items()},
        "self_test": {
            "base_difference": 0.0,
            "adapter_differences": dict.fromkeys(config.adapters, 1.5),
            "can_mix": True,
            "reason": "",
        },
    }
    emit(folder, "warning", message="It echoes.")
    is_hanging = config.model.name == "hangs" and folder.name == "1"
    service = Service(
        Owner(hang if is_hanging else echo, explain), ("base", *config.adapters), facts
    )
    listen(
        folder,
        service,
        idle_exit_s=config.idle_exit_s,
        on_ready=lambda: emit(folder, "state", state="ready"),
    )
    emit(folder, "end", state="stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
