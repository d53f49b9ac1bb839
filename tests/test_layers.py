"""The layers hold: who may import what."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {"torch", "transformers", "peft", "accelerate", "datasets"}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def breaches(path: Path) -> list[str]:
    """What a file imports that its layer may not."""
    relative = path.relative_to(ROOT)
    layer = relative.parts[0]
    is_worker = relative.parts[:2] == ("pipeline", "workers")
    wrong = []
    for name in sorted(imports(path)):
        top = name.split(".")[0]
        if top == "streamlit" and layer != "dashboard":
            wrong.append(name)
        if top == "duckdb" and layer != "store":
            wrong.append(name)
        if top in HEAVY and not is_worker:
            wrong.append(name)
        if name.startswith("pipeline.workers") and not is_worker:
            wrong.append(name)
        if is_worker and top == "store":
            wrong.append(name)
        if layer == "store" and top in {"pipeline", "dashboard"}:
            wrong.append(name)
        if layer == "pipeline" and top == "dashboard":
            wrong.append(name)
    return wrong


SOURCES = [p for layer in ("store", "pipeline", "dashboard") for p in (ROOT / layer).rglob("*.py")]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_what_its_layer_may(path: Path):
    assert breaches(path) == []


def test_a_breach_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    page = tmp_path / "dashboard" / "page.py"
    page.parent.mkdir()
    page.write_text("def f():\n    import torch\n    from pipeline.workers import train\n")
    assert breaches(page) == ["pipeline.workers", "pipeline.workers.train", "torch"]
