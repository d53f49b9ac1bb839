"""Stands in for the serving worker: `python -m tests.pipeline.chat.fake_worker FOLDER`.

Listens, guards and stops as the real one, over a model that echoes; does otherwise where the
folder's base is named so: `broken` fails to load, `starved` finds no memory for it, `killed` kills
itself while loading, `crash` ends with exit code 3, `slow` never gets ready; in its first answer
`hangs` never ends and `full` runs out of memory.
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
from pipeline.said import Said
from pipeline.workers.listening import listen
from pipeline.workers.owner import Answer, Failure, Owner, Ticket
from pipeline.workers.web import Service
from tests.pipeline.chat.fakes import echo

TOO_SMALL = Said(
    "The memory is too small for this model with its adapters. Close what else uses the memory "
    "(a training run?) or choose a smaller model, then load it again."
)
"""As the real worker says it."""


def emit(folder: Path, kind: str, **fields: object) -> None:
    """Write an event."""
    with (folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"time": time.time(), "kind": kind, **fields}) + "\n")


def weights(folder: Path) -> dict[str, object]:
    """What the real worker says of an adapter's file."""
    facts = (folder / "adapter_model.safetensors").stat()
    return {"size_bytes": facts.st_size, "modified_ns": facts.st_mtime_ns}


def begin(tickets: Sequence[Ticket]) -> None:
    """Say the first words of every answer."""
    for ticket in tickets:
        for model in ticket.question.models:
            ticket.tell(Text(model, f"{model}: It is"))


class Full:
    """Runs out of memory in the first answer, and echoes afterwards."""

    def __init__(self) -> None:
        self.is_full = True

    def __call__(self, tickets: Sequence[Ticket]) -> None:
        """Answer, or not."""
        if not self.is_full:
            echo(tickets)
            return
        self.is_full = False
        begin(tickets)
        raise MemoryError


def explain_failure(error: Exception) -> Failure:
    """What the real worker says of it."""
    kind = "out_of_memory" if isinstance(error, MemoryError) else "unknown"
    return Failure(kind, Said("The device's memory is full."))


def hang(tickets: Sequence[Ticket]) -> None:
    """Begin every answer and end none."""
    begin(tickets)
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
        case "starved":
            emit(folder, "error", error="out_of_memory", **TOO_SMALL.as_json())
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
    answer: Answer = echo
    if config.model.name == "full":
        answer = Full()
    elif config.model.name == "hangs" and folder.name == "1":
        answer = hang
    service = Service(Owner(answer, explain_failure), ("base", *config.adapters), facts)
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
