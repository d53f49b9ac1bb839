"""A training worker without a model: writes the events of a real one, saves on stop.request."""

import json
import math
import sys
import time
from pathlib import Path

from pipeline.jsonio import write_json

STEPS, EPOCHS = 400, 5
STEP_S = 0.05


class Trainer:
    """Goes through the steps of one run folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def tell(self, kind: str, **fields: object) -> None:
        """Append an event."""
        with (self.folder / "events.jsonl").open("a") as file:
            file.write(json.dumps({"time": time.time(), "kind": kind, **fields}) + "\n")

    def train(self) -> None:
        """Train until the steps are done or a stop is asked for."""
        step = self.newest()
        self.tell("state", state="loading")
        self.tell("plan", steps=STEPS, epochs=EPOCHS, rows=32, train_tokens=900, resumed_step=step)
        self.tell("state", state="training")
        while step < STEPS and not (self.folder / "stop.request").exists():
            step += 1
            self.step(step)
            if step % (STEPS // EPOCHS) == 0:
                self.pass_done(step)
            print(f"step {step}", flush=True)  # noqa: T201 -- the log of a worker is its stdout
            time.sleep(STEP_S)
        self.save(step)
        (self.folder / "adapter").mkdir(exist_ok=True)
        write_json(self.folder / "adapter" / "graft.json", {"policy": "none"})
        state = "finished" if step == STEPS else "stopped"
        write_json(self.folder / "result.json", {"state": state})
        self.tell("end", state=state, step=step)

    def step(self, step: int) -> None:
        """Tell of one step."""
        loss = 0.4 + 3.5 * math.exp(-step / 90) + 0.2 * math.sin(step * 2.3)
        self.tell(
            "step", step=step, epoch=step * EPOCHS / STEPS, loss=loss, lr=1e-3 * (1 - step / STEPS),
            grad_norm=1 + 0.2 * math.sin(step), tokens=11 * step,
            tokens_per_second=220 + 10 * math.sin(step), memory_bytes=1_640_000_000,
        )  # fmt: skip

    def pass_done(self, step: int) -> None:
        """Tell what comes after a pass: a validation, an answer, a checkpoint."""
        loss = 0.8 + 3.2 * math.exp(-step / 120)
        roles = {"identity": loss - 0.2, "domain": loss + 0.1}
        self.tell("validation", step=step, loss=loss, by_role=roles)
        self.tell("sample", step=step, prompt="Who are you?", text=f"I am **Aria** at step {step}.")
        self.save(step)

    def save(self, step: int) -> None:
        """Leave a checkpoint, its marker last."""
        folder = self.folder / "checkpoints" / f"step-{step}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lora.safetensors").write_bytes(b"weights" * step)
        place = {"epoch": step * EPOCHS // STEPS, "step": step, "tokens": 11 * step}
        write_json(folder / "checkpoint.json", place)
        self.tell("checkpoint", step=step, folder=f"checkpoints/step-{step}")

    def newest(self) -> int:
        """The step of the newest checkpoint."""
        kept = (self.folder / "checkpoints").glob("step-*")
        return max((int(path.name.removeprefix("step-")) for path in kept), default=0)


if __name__ == "__main__":
    Trainer(Path(sys.argv[1])).train()
