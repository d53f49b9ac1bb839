"""A serving process that really has no memory left: while it loads, and in an answer."""

import sys
from pathlib import Path

import psutil
import pytest

from pipeline import processes
from pipeline.chat import client, server
from pipeline.chat.config import ServerConfig
from pipeline.chat.errors import AnswerFailed, ServerFailed
from pipeline.chat.protocol import BASE
from pipeline.chat.state import Server
from pipeline.workspace import Workspace
from tests.workers.test_serve import ask, texts

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="no process can be limited by another"),
]

GB = 10**9
LONG = "x" * 500
A_LITTLE_BYTES = 8_000_000


def process(serving: Server) -> psutil.Process:
    launch = processes.read_launch(serving.folder)
    assert launch is not None
    return psutil.Process(launch.pid)


def limit(serving: Server, size_bytes: int) -> None:
    """Let a server's process have no more than so many bytes of addresses; -1: any number."""
    process(serving).rlimit(psutil.RLIMIT_AS, (size_bytes, -1))


@pytest.mark.parametrize("limit_gb", [3, 5], ids=["to open the file", "to hold the weights"])
def test_a_model_that_is_larger_than_the_memory_says_so(
    served: Workspace, tmp_path: Path, limit_gb: int
):
    from tests.workers.tiny_model import make_hollow  # noqa: PLC0415 - imports torch

    base = make_hollow(tmp_path / "base", hidden_size=1024, intermediate_size=300_000)
    starting = server.start(served, ServerConfig(base, device="cpu"))
    limit(starting, limit_gb * GB)
    with pytest.raises(ServerFailed, match="too small for this model"):
        server.wait_ready(starting)


def test_an_answer_that_runs_out_of_memory_says_so_and_the_next_is_answered(
    served: Workspace, tmp_path: Path
):
    from tests.workers.tiny_model import make_adapter, make_base  # noqa: PLC0415 - imports torch

    # What it remembers of a token takes so much room that each further one needs another place.
    remembers = {"head_dim": 1024, "num_attention_heads": 8, "num_key_value_heads": 8}
    base = make_base(tmp_path / "base", max_position_embeddings=2048, **remembers)
    config = ServerConfig(base, {"7": make_adapter(base, tmp_path / "7")}, device="cpu")
    serving = server.wait_ready(server.start(served, config))

    endpoint = serving.endpoint
    before = texts(client.chat(endpoint, ask("hi", "7", tokens=4)))
    answers = client.compare(endpoint, ask(LONG, BASE, "7", tokens=300))
    next(answers)
    limit(serving, process(serving).memory_info().vms + A_LITTLE_BYTES)
    with pytest.raises(AnswerFailed, match="memory is full") as told:
        list(answers)
    assert told.value.kind == "out_of_memory"
    assert texts(client.chat(endpoint, ask("hi", "7", tokens=4))) == before
