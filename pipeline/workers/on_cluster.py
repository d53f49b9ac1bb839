"""What runs on the Ray cluster: `python -m pipeline.workers.on_cluster`, in the parcel's folder.

It lets Ray Train start the run's processes, prints what they tell, and the finished files in the
end: all that the sender sees. Several machines need a folder that all of them see: GRAFT_SHARED.
Needs `ray[default,train]` beside Graft's own requirements, on the cluster alone.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import ray
from ray.train import RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer

from pipeline.errors import BadInput
from pipeline.jsonio import read_lines
from pipeline.said import Said
from pipeline.train import config as configs
from pipeline.train import parcel
from pipeline.workers import train
from pipeline.workers.events import Events

_POLL_S = 0.5


def main() -> int:
    """Train the run of the parcel and print it home; 0 where it ended well."""
    folder = _settled()
    request = folder / "stop.request"
    signal.signal(signal.SIGTERM, lambda *_: request.touch())
    ended: list[bool] = []
    work = threading.Thread(target=lambda: ended.append(_trained(folder)), daemon=True)
    work.start()
    offset = 0
    while True:
        is_over = not work.is_alive()
        events, offset = read_lines(folder / "events.jsonl", offset)
        for event in events:
            _say(parcel.EVENT + json.dumps(event, ensure_ascii=False))
        if is_over:
            break
        time.sleep(_POLL_S)
    for line in parcel.unload(folder):
        _say(line)
    is_well = ended == [True]
    if is_well:
        _say(parcel.DONE)
    return 0 if is_well else 1


def _settled() -> Path:
    """Put the parcel's run where its processes see it, and fit its config to this cluster."""
    home = Path(tempfile.mkdtemp(prefix="graft-", dir=os.environ.get("GRAFT_SHARED") or None))
    folder = home / "1"
    shutil.copytree(parcel.RUN, folder)
    frozen = configs.read(folder)
    ray.init(log_to_driver=True)
    gpus = int(ray.cluster_resources().get("GPU", 0))
    device = "cuda:" + ",".join(map(str, range(frozen.processes))) if gpus else "cpu"
    if gpus and gpus < frozen.processes:
        raise BadInput(
            "The run wants {processes} GPUs, and this cluster has {gpus}. Launch it with fewer "
            "processes.",
            processes=frozen.processes,
            gpus=gpus,
        )
    initial = str(folder / "initial") if frozen.initial_adapter else ""
    export = folder / "export" / Path(frozen.export).name
    configs.write(
        folder, replace(frozen, export=str(export), device=device, initial_adapter=initial)
    )
    return folder


def _trained(folder: Path) -> bool:
    """Let Ray Train run the processes to their end; whether all of them ended well."""
    frozen = configs.read(folder)
    trainer = TorchTrainer(
        _one,
        train_loop_config={"folder": str(folder)},
        scaling_config=ScalingConfig(
            num_workers=frozen.processes, use_gpu=frozen.device.startswith("cuda")
        ),
        run_config=RunConfig(storage_path=str(folder.parent), name="ray"),
    )
    try:
        trainer.fit()
    except Exception as error:
        # The boundary of the job: where no process told why, the last words of Ray are told.
        told, _ = read_lines(folder / "events.jsonl")
        if not any(event.get("kind") == "error" for event in told):
            last = str(error).strip().splitlines()[-1:] or [type(error).__name__]
            Events(folder).tell(
                "error", error="process", **Said("Ray Train failed: {last}", last=last[0]).as_json()
            )
        return False
    return True


def _one(given: dict[str, str]) -> None:
    """One of the processes, on whatever machine Ray has put it."""
    if train.main(Path(given["folder"])) != 0:
        raise RuntimeError("This process of the run failed; its error event says why.")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
