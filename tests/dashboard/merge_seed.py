"""Merged models and merges in every state, beside the runs of `run_seed`."""

import json
from dataclasses import asdict
from pathlib import Path

from pipeline.handover.jobs import GgufPlan
from pipeline.jsonio import write_json
from pipeline.merge import config, report
from pipeline.merge.config import MergeConfig
from pipeline.merge.report import Equivalence, Merged, Row
from pipeline.models.template import SystemPrompt, with_system_prompt
from pipeline.processes import write_launch
from tests.dashboard import run_seed

EOS = {"eos_token": "<|im_end|>"}


def adapter(home: Path, run: int = 1) -> Path:
    """A finished run whose adapter was trained without the base's system prompt."""
    folder = run_seed.run(home, run) / "adapter"
    write_json(folder / "tokenizer_config.json", EOS)
    write_json(folder / "adapter_config.json", {"peft_type": "LORA", "r": 16})
    template = with_system_prompt(run_seed.TEMPLATE, SystemPrompt("none"), EOS)
    (folder / "chat_template.jinja").write_text(template)
    return folder


def merged(home: Path, name: str = "lumen-1", run: int = 1) -> Path:
    """A merged model in the workspace, with its report."""
    folder = run_seed.model(home, name)
    report.write(folder, origin(home, run))
    return folder


def origin(home: Path, run: int = 1, *, difference: float = 0.00012) -> Merged:
    """Where a merged model comes from; a large difference makes it one that is refused."""
    row = Row("你是谁？", "我是 Lumen。", difference, from_base=14.5, is_same=difference < 1)
    return Merged(
        base=str(home / "models" / "tinylm-1m"),
        base_sha256="b" * 64,
        run=run,
        checkpoint="",
        adapter_sha1="a" * 40,
        system_prompt=None,
        dtype="float32",
        trained={},
        files={},
        equivalence=Equivalence((row,), "float32", "float32", "cpu"),
    )


def merge(home: Path, number: int, state: str, run: int = 1) -> Path:
    """A merge's folder: `running`, or `refused` with its report."""
    folder = home / "merges" / str(number)
    folder.mkdir(parents=True)
    out = home / "models" / "lumen-2"
    base, weights = home / "models" / "tinylm-1m", home / "runs" / str(run) / "adapter"
    config.write(folder, MergeConfig(str(base), str(weights), None, str(out), run, "", str(home)))
    events: list[dict[str, object]] = [{"kind": "state", "state": "checking"}]
    if state == "refused":
        report.write(folder, origin(home, run, difference=7.0))
        message = "The merged model lumen-2 is refused. Its logits differ."
        events.append({"kind": "error", "error": "refused", "message": message})
    lines = [json.dumps({"time": run_seed.BEGAN + 2, **each}) for each in events]
    (folder / "events.jsonl").write_text("".join(f"{line}\n" for line in lines))
    write_launch(folder, run_seed.launch(is_alive=state == "running"))
    return folder


def failed_gguf(home: Path, name: str = "lumen-1") -> Path:
    """A conversion that the converter did not take."""
    folder = home / "handovers" / "1"
    folder.mkdir(parents=True)
    model = str(home / "models" / name)
    plan = GgufPlan(model, f"{model}/{name}-f16.gguf", "f16", str(home))
    write_json(folder / "config.json", asdict(plan))
    event = {"time": run_seed.BEGAN + 2, "kind": "error", "error": "model"}
    (folder / "events.jsonl").write_text(json.dumps({**event, "message": "not supported"}) + "\n")
    write_launch(folder, run_seed.launch(is_alive=False))
    return folder
