"""Trains the same LoRA by Graft and by its peers, in one run, and says what each cost.

`python benchmarks/train.py` exports the samples of data/samples, then lets each contender learn
them from the same base, with the same LoRA, effective batch and schedule, in a process of its own
on one core, or with `--device cuda:0` on a GPU. It prints real tokens a second (neither padding nor
loading the model counts), the most memory (the largest resident set; of a GPU what torch took from
it), and the loss of the finished adapter on all rows trained and on rows held back, by one
evaluator in float32. On a machine that others use too, the tokens a second of the processor tell
more. The contenders are in `trainers`; TRL and LLaMA-Factory are installed into folders of their
own (`--folder` keeps them), never into the environment.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from pipeline import demo  # noqa: E402  # The path comes first.
from pipeline.publish.export import export  # noqa: E402
from pipeline.publish.recipe import Recipe  # noqa: E402
from pipeline.train import config, presets  # noqa: E402
from pipeline.train.config import Settings  # noqa: E402
from pipeline.train.request import LaunchRequest, freeze  # noqa: E402
from pipeline.workspace import Workspace  # noqa: E402

PEERS: dict[str, tuple[str, ...]] = {
    "trl": ("trl==1.16.0",),
    # What it pins besides is older than what we have: installed alone, it runs all the same.
    "llamafactory": (
        "llamafactory==0.9.5",
        "trl==0.24.0",
        "omegaconf==2.3.0",
        "antlr4-python3-runtime==4.9.3",
    ),
}
ON_GPU: dict[str, str] = {
    "graft": "the worker as it comes: bfloat16",
    "graft_checkpointing": "the same, checkpointing",
    "trainer": "transformers Trainer, bfloat16",
    "trainer_grouped": "the same, rows of like length together",
    "trl": "TRL SFTTrainer as it comes: bfloat16, checkpointing",
    "trl_plain": "the same, no checkpointing",
    "trl_padding_free_bf16": "the same, padding-free",
    "llamafactory": "LLaMA-Factory as it comes: bfloat16, checkpointing",
    "llamafactory_plain": "the same, no checkpointing",
}
ON_CPU: dict[str, str] = {
    "graft": "the worker as it comes: float32 on a CPU",
    "trainer": "transformers Trainer, float32",
    "trainer_grouped": "the same, rows of like length together",
    "trl": "TRL SFTTrainer as it comes: bfloat16, checkpointing",
    "trl_fp32": "TRL, float32, no checkpointing",
    "trl_padding_free": "the same, padding-free",
    "trl_packing": "the same, packed",
    "llamafactory": "LLaMA-Factory as it comes: float32, checkpointing",
    "llamafactory_plain": "the same, no checkpointing",
    "graft_bf16": "the worker, dtype=bfloat16",
    "trl_padding_free_bf16": "TRL padding-free, bfloat16, no checkpointing",
}


def main() -> None:
    """Export the samples, let every contender learn them, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--model", type=Path, default=ROOT / "data/model-cache/smollm2-135m-instruct"
    )
    parser.add_argument("--datasets", default=",".join(demo.TRAINED))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--device", default="cpu", help="cpu, or a GPU: cuda:0")
    parser.add_argument(
        "--only", default="", help="contenders, with commas; else all of the device"
    )
    parser.add_argument("--folder", type=Path, help="where the data and the peers are kept")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = chosen.folder or Path(temporary)
        settings = presets.changed(
            Settings(epochs=1, cutoff_tokens=512, save_every_epochs=1000), chosen.set
        )
        names = chosen.datasets.split(",")
        task = prepare(home, chosen.model.resolve(), names, settings, chosen.device)
        known = ON_CPU if chosen.device == "cpu" else ON_GPU
        told = {}
        for name in chosen.only.split(",") if chosen.only else known:
            told[name] = run(home, task, name, chosen.device)
            print(f"{line(name, told)}   ({known[name]})", flush=True)


def prepare(home: Path, model: Path, names: list[str], settings: Settings, device: str) -> Path:
    """Export the samples and freeze what all contenders train; return the folder of the task."""
    workspace = Workspace.at(home / "workspace")
    name = "-".join(["bench", *names])
    with demo.opened(workspace) as db:
        demo.curate(db, lambda _: None)
        if not (workspace.exports / name).exists():
            export(db, workspace, Recipe(name, tuple(names), paraphrases="tested"))
    request = LaunchRequest(
        export=workspace.exports / name,
        model=model,
        settings=settings,
        preset="bench",
    )
    task = Path(tempfile.mkdtemp(prefix="task-", dir=home))
    config.write(task, freeze(request, device))
    subprocess.run(
        [sys.executable, "-m", "benchmarks.trainers", str(task), "tokens"],
        env=_environment([], "cpu"),
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    rows = sum(file.rows for file in config.read(task).data)
    print(f"{model.name}, {rows} rows of {', '.join(names)}, {request.settings}")
    return task


def run(home: Path, task: Path, name: str, device: str) -> dict[str, float] | str:
    """Let one contender learn, then judge its adapter; the last words of its log if it failed."""
    folder = task / name
    folder.mkdir()
    peer = next((peer for peer in PEERS if name.startswith(peer)), "")
    path = [str(installed(home / "peers", peer))] if peer else []
    for part in (name, "judge"):
        command = [sys.executable, "-m", "benchmarks.trainers", str(folder), part, str(task)]
        with (folder / "log.txt").open("ab") as log:
            done = subprocess.run(
                command,
                env=_environment(path, device),
                cwd=ROOT,
                stdout=log,
                stderr=log,
                check=False,
                # Safe: one thread here, and it takes no lock.
                preexec_fn=_on_one_core if device == "cpu" else None,
            )
        if done.returncode:
            return f"failed: {(folder / 'log.txt').read_text(errors='replace')[-300:]}"
    told: dict[str, float] = json.loads((folder / "told.json").read_text())
    return told


def installed(peers: Path, name: str) -> Path:
    """Install a peer into a folder of its own where it is not yet, and return the folder."""
    home = peers / name
    if not home.exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*command, "--target", str(home), *PEERS[name]], check=True)
        if name == "llamafactory":
            # It imports torchaudio, which the torch that we pin has none of.
            (home / "torchaudio.py").touch()
    return home


def _environment(path: list[str], device: str) -> dict[str, str]:
    known = os.environ.get("PYTHONPATH")
    told = {
        "PYTHONPATH": os.pathsep.join([*path, known] if known else path),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "DISABLE_VERSION_CHECK": "1",
    }
    if device == "cpu":
        told |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return os.environ | told


def _on_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def line(name: str, told: dict[str, dict[str, float] | str]) -> str:
    """Return one line of the table; the ratio is Graft's pace to this contender's."""
    mine = told[name]
    if isinstance(mine, str):
        return f"{name:22} {mine}"
    graft = told.get("graft")
    ratio = ""
    if isinstance(graft, dict) and name != "graft":
        ratio = (
            f"   graft: {_pace(graft) / _pace(mine):.2f}× the pace "
            f"({_pace(graft, 'cpu_s') / _pace(mine, 'cpu_s'):.2f}× by processor), "
            f"{graft['peak_bytes'] / mine['peak_bytes']:.2f}× the memory, "
            f"loss {100 * (graft['loss'] / mine['loss'] - 1):+.1f} %"
        )
    return (
        f"{name:22} {_pace(mine):6.1f} tokens/s, {_pace(mine, 'cpu_s'):6.1f} a processor second  "
        f"{mine['peak_bytes'] / 1e9:5.2f} GB  loss {mine['loss']:.4f}  "
        f"held back {mine['held_back']:.4f}  {mine['steps']:.0f} steps{ratio}"
    )


def _pace(told: dict[str, float], clock: str = "seconds") -> float:
    return told["tokens"] / told[clock]


if __name__ == "__main__":
    main()
