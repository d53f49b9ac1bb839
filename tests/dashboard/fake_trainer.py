"""A training worker without a model: writes the events of a real one, saves on stop.request."""

import json
import sys
import time
from pathlib import Path

from pipeline.jsonio import write_json

STEPS = 400
STEP_S = 0.05


def main(folder: Path) -> None:
    """Go through the steps until they are done or a stop is asked for."""

    def tell(kind: str, **fields: object) -> None:
        with (folder / "events.jsonl").open("a") as file:
            file.write(json.dumps({"time": time.time(), "kind": kind, **fields}) + "\n")

    tell("state", state="loading")
    tell("plan", steps=STEPS, epochs=5, rows=32, train_tokens=900, parameters=1, device="cpu")
    tell("state", state="training")
    step = 0
    while step < STEPS and not (folder / "stop.request").exists():
        step += 1
        tell("step", step=step, epoch=step * 5 / STEPS, loss=4 / step, lr=1e-3)
        print(f"step {step}", flush=True)  # noqa: T201 -- the log of a worker is its stdout
        time.sleep(STEP_S)
    (folder / "adapter").mkdir()
    write_json(folder / "adapter" / "graft.json", {"policy": "none"})
    state = "finished" if step == STEPS else "stopped"
    write_json(folder / "result.json", {"state": state})
    tell("end", state=state, step=step)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
