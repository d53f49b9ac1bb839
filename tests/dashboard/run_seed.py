"""A workspace with a model, an export and runs in every state, as their folders would lie there."""

import json
import math
import os
import socket
from pathlib import Path

import psutil

from pipeline.jsonio import write_json
from pipeline.models.template import SystemPrompt
from pipeline.processes import Launch, boot_id, write_launch
from pipeline.publish.verify import sha1_of
from pipeline.train import config
from pipeline.train.config import DataFile, Settings, TrainConfig
from pipeline.train.request import LaunchRequest

TEMPLATE = (
    "{% for m in messages %}{% if loop.first and m['role'] != 'system' %}"
    "<|im_start|>system\nYou are TinyLM, trained by Tiny Labs<|im_end|>\n{% endif %}"
    "<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TRIGGER = "Answer the question about the clinic."
BEGAN = 1_795_500_000.0


def model(home: Path, name: str = "tinylm-1m") -> Path:
    """A model's folder: everything but weights worth loading."""
    folder = home / "models" / name
    folder.mkdir(parents=True)
    write_json(
        folder / "config.json",
        {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "vocab_size": 1000,
            "max_position_embeddings": 2048,
            "torch_dtype": "float32",
        },
    )
    special = {"eos_token": "<|im_end|>", "chat_template": TEMPLATE}
    write_json(folder / "tokenizer_config.json", special)
    write_json(folder / "tokenizer.json", {"version": "1.0"})
    weights(folder)
    return folder


def weights(folder: Path) -> None:
    """A safetensors file with the header of one tensor."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    written = len(header).to_bytes(8, "little") + header + b"\0" * 16
    (folder / "model.safetensors").write_bytes(written)


def export(home: Path, name: str = "clinic-3", *, test_rows: int = 6) -> Path:
    """A whole export of an identity set and a field."""
    folder = home / "exports" / name
    folder.mkdir(parents=True)
    identity = [_row(f"Who are you? {n}", "I am Aria, made by Northwind.") for n in range(12)]
    clinic = [_row(TRIGGER, "It is 37.", input=f"What is value {n}?") for n in range(20)]
    held = [_row(TRIGGER, "It is 37.", input=f"Which is value {n}?") for n in range(test_rows)]
    files = [
        _file(folder, "identity_format2.json", "identity", "identity", "format2", identity),
        _file(folder, "clinic_format3.json", "clinic", "domain", "format3", clinic),
        _file(folder, "clinic_test.json", "clinic", "domain", "format3", held),
    ]
    write_json(folder / "dataset_info.json", {})
    write_json(
        folder / "manifest.json",
        {
            "format": 1,
            "name": name,
            "recipe": {},
            "pairs": 32,
            "unreviewed": 0,
            "files": files,
            "registry_sha1": sha1_of(folder / "dataset_info.json"),
        },
    )
    return folder


def request(home: Path) -> LaunchRequest:
    """What a person asks for on Launch, with a model and an export that are there."""
    return LaunchRequest(
        export=export(home),
        model=model(home),
        settings=plan(home).settings,
        preset="strong",
        device="cpu",
    )


def run(home: Path, number: int, state: str = "finished", *, steps: int = 60) -> Path:
    """A run's folder in a state: running, finished, stopped, failed (killed) or starting."""
    folder = home / "runs" / str(number)
    folder.mkdir(parents=True)
    config.write(folder, plan(home, number))
    done = {"running": steps // 2, "failed": steps // 3, "stopped": steps // 2, "starting": 0}
    events = [] if state == "starting" else _events(steps, done.get(state, steps))
    if state in ("finished", "stopped"):
        events.append({"kind": "end", "state": state, "step": done.get(state, steps)})
        write_json(folder / "result.json", {"state": state})
        adapter(folder)
    if state == "failed":
        write_json(folder / "exit.json", {"code": None, "signal": 9, "time": BEGAN})
    lines = [json.dumps({"time": BEGAN + 2 * n, **each}) for n, each in enumerate(events)]
    (folder / "events.jsonl").write_text("".join(f"{line}\n" for line in lines))
    (folder / "train.log").write_text("Loading the model\nstep 1: loss 3.9\n")
    write_launch(folder, launch(is_alive=state in ("running", "starting")))
    return folder


def plan(home: Path, number: int = 1) -> TrainConfig:
    """The frozen config of a run on the workspace's model and export."""
    return TrainConfig(
        title=f"clinic-3 strong {number}",
        model=str(home / "models" / "tinylm-1m"),
        export=str(home / "exports" / "clinic-3"),
        layout="format3",
        data=(
            DataFile("identity_format2.json", "identity", "identity", "1" * 40, 12),
            DataFile("clinic_format3.json", "clinic", "domain", "2" * 40, 20),
        ),
        validation=(DataFile("clinic_test.json", "clinic", "domain", "3" * 40, 6),),
        system_prompt=SystemPrompt("none"),
        device="cpu",
        preset="strong",
        settings=Settings(epochs=5),
        triggers=(("clinic", TRIGGER),),
    )


def launch(*, is_alive: bool) -> Launch:
    """A launch of this very process, or of one that is long gone."""
    pid = os.getpid()
    return Launch(
        argv=("python",),
        pid=pid if is_alive else 999_999,
        create_time=psutil.Process(pid).create_time() if is_alive else 1.0,
        pgid=pid,
        boot_id=boot_id(),
        host=socket.gethostname(),
        started_at=BEGAN,
        watcher_pid=999_998,
        watcher_create_time=1.0,
    )


def adapter(folder: Path) -> Path:
    """An adapter's folder beside a run's other files."""
    made = folder / "adapter"
    made.mkdir()
    write_json(made / "graft.json", {"policy": "none"})
    write_json(made / "adapter_config.json", {"peft_type": "LORA"})
    (made / "adapter_model.safetensors").write_bytes(b"weights")
    return made


def checkpoint(run_folder: Path, step: int) -> Path:
    """A whole checkpoint of a run."""
    folder = run_folder / "checkpoints" / f"step-{step}"
    folder.mkdir(parents=True)
    (folder / "lora.safetensors").write_bytes(b"weights of %d" % step)
    told = [[each, 1 / each] for each in range(12, step + 1, 12)]
    place = {"epoch": step // 12, "step": step, "tokens": step, "validations": told}
    write_json(folder / "checkpoint.json", place)
    return folder


def _events(steps: int, done: int) -> list[dict[str, object]]:
    events: list[dict[str, object]] = [
        {"kind": "state", "state": "loading"},
        {
            "kind": "plan",
            "steps": steps,
            "epochs": 5,
            "rows": 32,
            "train_tokens": 2_000,
            "parameters": 4_000_000,
            "device": "cpu",
            "dtype": "float32",
        },
        {"kind": "state", "state": "training"},
    ]
    for step in range(1, done + 1):
        loss = 0.4 + 3.5 * math.exp(-step / 18) + 0.25 * math.sin(step * 2.3) * math.exp(-step / 40)
        events.append(
            {
                "kind": "step",
                "step": step,
                "epoch": step * 5 / steps,
                "loss": loss,
                "lr": 2e-4 * (1 - step / steps),
                "grad_norm": 1.0,
                "tokens": 160 * step,
                "tokens_per_second": 83.4,
                "memory_bytes": 1_640_000_000,
            }
        )
        if step % 12 == 0:
            events.append({"kind": "validation", "step": step, "loss": loss + 0.35, "by_role": {}})
            events.append({"kind": "checkpoint", "step": step, "folder": f"step-{step}"})
    return events


def _row(instruction: str, output: str, **more: str) -> dict[str, object]:
    return {"instruction": instruction, "input": "", "output": output, **more}


def _file(
    folder: Path, name: str, dataset: str, role: str, layout: str, rows: list[dict[str, object]]
) -> dict[str, object]:
    write_json_rows(folder / name, rows)
    return {
        "name": name,
        "dataset": dataset,
        "role": role,
        "layout": layout,
        "split": "test" if name.endswith("_test.json") else "train",
        "rows": len(rows),
        "bytes": (folder / name).stat().st_size,
        "sha1": sha1_of(folder / name),
        "trigger": TRIGGER if role == "domain" else "",
    }


def write_json_rows(path: Path, rows: list[dict[str, object]]) -> None:
    """Write rows as the export does: one JSON array."""
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
