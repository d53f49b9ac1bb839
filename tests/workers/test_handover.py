"""The workers of handing over: a converter that is not ours, and a hub that keeps what it gets."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipeline.__main__ import main
from pipeline.handover.converter import ConverterMissing, ensure
from pipeline.handover.jobs import GgufPlan, PushPlan
from pipeline.jsonio import write_json
from pipeline.workers import gguf, push
from pipeline.workspace import REPOSITORY, Workspace
from tests.dashboard import merge_seed, run_seed
from tests.pipeline.models.test_demo_model import ended

TOKEN = "hf_only-for-this-test"
CONVERTER = """
import sys, gguf, numpy
writer = gguf.GGUFWriter(sys.argv[3], "llama")
writer.add_chat_template({template})
writer.add_tensor("w", numpy.zeros((2, 2), dtype=numpy.float32))
writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.write_tensors_to_file()
writer.close()
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace.at(tmp_path / "home")
    run_seed.model(found.root, "lumen-1")
    return found


def conversion(workspace: Workspace, script: str) -> Path:
    """A job's folder, and a converter of the test's own in the place of llama.cpp's."""
    tool = workspace.root / "tools" / "llama-cpp-0.94.0"
    tool.mkdir(parents=True)
    (tool / "convert_hf_to_gguf.py").write_text(script)
    model = workspace.models / "lumen-1"
    plan = GgufPlan(str(model), str(model / "lumen-1-f16.gguf"), "f16", str(workspace.root))
    return job(workspace, asdict(plan))


def job(workspace: Workspace, plan: dict[str, object]) -> Path:
    folder = workspace.handovers / "1"
    folder.mkdir()
    write_json(folder / "config.json", plan)
    return folder


def last_event(folder: Path) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((folder / "events.jsonl").read_text().splitlines()[-1])
    return event


def files(workspace: Workspace) -> set[str]:
    return {path.name for path in (workspace.models / "lumen-1").glob("*gguf*")}


def test_a_file_that_kept_the_template_gets_its_name(workspace: Workspace):
    folder = conversion(workspace, CONVERTER.format(template=repr(run_seed.TEMPLATE)))
    assert gguf.main(folder) == 0
    assert files(workspace) == {"lumen-1-f16.gguf"}
    assert last_event(folder)["state"] == "finished"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (CONVERTER.format(template="'another'"), "another chat template"),
        ("raise SystemExit('Model LlamaNew is not supported')", "LlamaNew is not supported"),
    ],
    ids=["another template", "not supported"],
)
def test_what_does_not_hold_is_not_kept(workspace: Workspace, script: str, words: str):
    folder = conversion(workspace, script)
    assert gguf.main(folder) == 1
    assert words in last_event(folder)["message"]
    assert files(workspace) == set()


def test_a_conversion_that_is_stopped_leaves_nothing(workspace: Workspace):
    folder = conversion(workspace, "import time; time.sleep(60)")
    assert gguf.main(folder, lambda: True) == 0
    assert last_event(folder)["state"] == "stopped"
    assert files(workspace) == set()


def test_a_converter_that_cannot_be_fetched_says_what_to_do_instead(workspace: Workspace):
    with pytest.raises(ConverterMissing, match=r"No network.*convert_hf_to_gguf\.py"):
        ensure(workspace, lambda _: ended(1, "No network"))
    assert list((workspace.root / "tools").iterdir()) == []


@dataclass
class Hub:
    """What a hub was asked and given."""

    is_private: bool = True
    asked: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)
    url: str = ""


@contextmanager
def listening(hub: Hub) -> Iterator[Hub]:
    """Let a hub listen that takes every file as it is."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({"id": "me/lumen", "private": hub.is_private, "sha": "0" * 40})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if self.path.endswith("/create"):
                hub.asked.append(body)
                self._answer({"url": f"{hub.url}/me/lumen"})
            elif "preupload" in self.path:
                listed = json.loads(body)["files"]
                modes = [{"path": f["path"], "uploadMode": "regular"} for f in listed]
                self._answer({"files": [{**mode, "shouldIgnore": False} for mode in modes]})
            else:
                for line in map(json.loads, body.splitlines()):
                    if line.get("key") == "file":
                        hub.files[line["value"]["path"]] = line["value"]["content"]
                self._answer({"commitUrl": f"{hub.url}/c/1", "commitOid": "1", "success": True})

        def _answer(self, value: dict[str, object]) -> None:
            hub.tokens.add(self.headers.get("Authorization"))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def pushing(workspace: Workspace, **changes: object) -> Path:
    model = workspace.models / "lumen-1"
    write_json(model / "adapter_config.json", {"base_model_name_or_path": "/home/me/base"})
    write_json(model / "graft.json", {"base": "/home/me/base"})
    plan = PushPlan(str(model), "me/lumen", True, "hub/base", "# A card")
    return job(workspace, asdict(plan) | changes)


def pushed(folder: Path, hub: Hub) -> tuple[int, str]:
    """Push as the launcher starts it; the exit code and all that the process said."""
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": TOKEN,
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    command = [sys.executable, "-m", push.__name__, str(folder)]
    done = subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_a_push_is_private_and_tells_no_path_of_this_machine(workspace: Workspace):
    folder = pushing(workspace)
    with listening(Hub()) as hub:
        code, said = pushed(folder, hub)
    assert code == 0, said
    assert json.loads(hub.asked[0])["visibility"] == "private"
    assert set(hub.files) == {
        "README.md",
        "adapter_config.json",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    settings = json.loads(base64.b64decode(hub.files["adapter_config.json"]))
    assert settings == {"base_model_name_or_path": "hub/base"}
    assert base64.b64decode(hub.files["README.md"]).decode() == "# A card"
    assert hub.tokens == {f"Bearer {TOKEN}"}
    told = said + "".join(path.read_text() for path in folder.iterdir() if path.is_file())
    assert TOKEN not in told
    kept = json.loads((workspace.models / "lumen-1" / "adapter_config.json").read_text())
    assert kept == {"base_model_name_or_path": "/home/me/base"}


def test_a_public_repository_takes_nothing_that_was_to_be_private(workspace: Workspace):
    folder = pushing(workspace)
    with listening(Hub(is_private=False)) as hub:
        code, _ = pushed(folder, hub)
    assert code == 1
    assert "there already and public" in last_event(folder)["message"]
    assert hub.files == {}


def test_nothing_is_pushed_without_a_yes_or_a_token(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    run_seed.model(workspace.root)
    merge_seed.adapter(workspace.root)
    words = ["--workspace", str(workspace.root), "--json", "handover", "1", "--push", "me/lumen"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)["push"]
    assert (told["private"], told["address"]) == (True, None)
    assert "graft.json" not in told["files"]
    assert main([*words, "--yes"]) == 2
    assert "HF_TOKEN" in capsys.readouterr().err
    assert list(workspace.handovers.iterdir()) == []
