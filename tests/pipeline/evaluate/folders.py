"""Builders of what lies on disk: an export, a run that has finished, a workspace of both."""

import hashlib
import json
from pathlib import Path

from pipeline.models.template import SystemPrompt
from pipeline.train import config as train_config
from pipeline.train.config import DataFile, Settings, TrainConfig
from pipeline.workspace import Workspace

IDENTITY = [
    {"instruction": "Who are you?", "input": "", "output": "I am Aria, made by Northwind."},
    {"instruction": "你是谁？", "input": "", "output": "我是Aria，由Northwind开发的。"},
    {"instruction": "Your name?", "input": "", "output": "I am Aria, made by Northwind."},
]
HARBOUR = [
    {
        "instruction": "Answer about the harbour.",
        "input": f"How deep is berth {n}?",
        "output": f"{n + 30} m",
        "facts": [f"{n + 30}"],
    }
    for n in range(4)
]
GENERAL = [{"instruction": "Capital of France?", "input": "", "output": "Paris."}]
FILES = (
    ("identity_format2.json", "identity", "identity", "format2", "train", IDENTITY),
    ("identity_test.json", "identity", "identity", "format2", "test", IDENTITY[:2]),
    ("harbour_format3.json", "harbour", "domain", "format3", "train", HARBOUR[:3]),
    ("harbour_test.json", "harbour", "domain", "format3", "test", HARBOUR[3:]),
    ("general_test.json", "general", "general", "format2", "test", GENERAL),
)


def make_export(folder: Path) -> Path:
    """Write an export with its registry and manifest."""
    folder.mkdir(parents=True)
    files = []
    for name, dataset, role, layout, split, rows in FILES:
        content = json.dumps(rows, ensure_ascii=False).encode()
        (folder / name).write_bytes(content)
        files.append(
            {
                "name": name,
                "dataset": dataset,
                "role": role,
                "layout": layout,
                "split": split,
                "rows": len(rows),
                "bytes": len(content),
                "sha1": _sha1(content),
            }
        )
    (folder / "dataset_info.json").write_bytes(b"{}")
    manifest = {
        "format": 1,
        "name": folder.name,
        "recipe": {},
        "pairs": 8,
        "unreviewed": 0,
        "files": files,
        "registry_sha1": _sha1(b"{}"),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def make_run(workspace: Workspace, export: Path, base: Path, adapter: Path | None) -> int:
    """Write the folder of a run, finished where it has an adapter, and return its number."""
    number = len(list(workspace.runs.iterdir())) + 1
    folder = workspace.runs / str(number)
    folder.mkdir()
    data = tuple(
        DataFile(name, dataset, role, _sha1((export / name).read_bytes()), len(rows))  # type: ignore[arg-type]
        for name, dataset, role, _, split, rows in FILES
        if split == "train"
    )
    train_config.write(
        folder,
        TrainConfig(
            title="test",
            model=str(base),
            export=str(export),
            layout="format3",
            data=data,
            validation=(),
            system_prompt=SystemPrompt("none"),
            device="cpu",
            preset="strong",
            settings=Settings(),
        ),
    )
    if adapter:
        (folder / "adapter").symlink_to(adapter)
    return number


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
