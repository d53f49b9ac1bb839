"""The serving worker: `python -m pipeline.workers.serve SERVER_FOLDER`.

Reads the folder's `config.json`, loads the base and its adapters, proves that each answers as
itself, then listens on the loopback until told to stop or left alone for long enough.
"""

import json
import logging
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

from pipeline.chat.config import read_config
from pipeline.said import Said
from pipeline.workers.answering import answer, explain
from pipeline.workers.holding import Held, hold, memory_bytes
from pipeline.workers.listening import listen
from pipeline.workers.memory import is_out_of_memory
from pipeline.workers.owner import Failure, Owner
from pipeline.workers.web import Service

logger = logging.getLogger(__name__)


def main(folder: Path) -> int:
    """Serve what the folder's config says; return the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    emit = partial(_emit, folder / "events.jsonl")
    emit("state", state="loading")
    try:
        config = read_config(folder)
        held = hold(config)
    except Exception as error:
        # The boundary of the process: whoever started it reads the reason in the event.
        logger.exception("Loading failed")
        failure = _explain_loading(error)
        emit("error", error=failure.kind, **failure.message.as_json())
        return 1
    for warning in held.warnings:
        emit("warning", **warning.as_json())
    owner = Owner(partial(answer, held), explain)
    service = Service(owner, held.models, _facts(held), lambda: memory_bytes(held.model))
    listen(
        folder,
        service,
        idle_exit_s=config.idle_exit_s,
        on_ready=lambda: emit("state", state="ready"),
    )
    emit("end", state="stopped")
    return 0


def _explain_loading(error: Exception) -> Failure:
    """Say why the model could not be loaded; the way out is another one than for an answer."""
    if is_out_of_memory(error):
        return Failure(
            "out_of_memory",
            Said(
                "The memory is too small for this model with its adapters. Close what else uses "
                "the memory (a training run?) or choose a smaller model, then load it again."
            ),
        )
    return explain(error)


def _facts(held: Held) -> dict[str, object]:
    """What the server says of itself: never a token, never a text."""
    return {
        "model": str(held.config.model),
        "device": str(held.model.device),
        "dtype": str(held.model.dtype).removeprefix("torch."),
        "adapters": {
            name: {**asdict(weights), "folder": str(weights.folder)}
            for name, weights in held.weights.items()
        },
        "self_test": asdict(held.self_test),
    }


def _emit(path: Path, kind: str, **fields: object) -> None:
    line = json.dumps({"time": time.time(), "kind": kind, **fields}, ensure_ascii=False)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
