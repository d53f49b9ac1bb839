"""The real server: starts from any folder, fast, on this machine only, and never with torch."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from dashboard.pages import ENTRIES
from tests.dashboard.server import Server, serve

AGENT = "--server.enableAgentApi=true"
PAGES = [entry.name for entry in ENTRIES if entry.script.is_file()]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("elsewhere"), AGENT) as running:
        running.wait()
        yield running


def visit(server: Server, page: str) -> dict[str, object]:
    """Run a page for real and return its snapshot."""
    answer = httpx.post(
        f"{server.url}/_stcore/agent/interact",
        json={"page": "" if page == PAGES[0] else page},
        timeout=30,
    )
    answer.raise_for_status()
    snapshot: dict[str, object] = answer.json()
    return snapshot


@pytest.mark.parametrize("page", PAGES)
def test_each_page_runs_on_an_empty_workspace(server: Server, page: str):
    snapshot = visit(server, page)
    assert snapshot["status"] == "ready"
    assert "shell_failure" not in str(snapshot)


def test_no_page_brings_torch_into_the_process(server: Server):
    for page in PAGES:
        visit(server, page)
    libraries = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "duckdb" in libraries
    assert "torch" not in libraries


def test_the_first_page_is_there_within_three_seconds(tmp_path: Path):
    waits = []
    for attempt in range(3):  # Another job on the machine may slow down one of them.
        folder = tmp_path / str(attempt)
        folder.mkdir()
        start = time.monotonic()
        with serve(folder, AGENT) as fresh:
            fresh.wait()
            visit(fresh, "")
            waits.append(time.monotonic() - start)
        if waits[-1] <= 3:
            break
    assert min(waits) <= 3


def test_it_listens_on_this_machine_only(server: Server):
    process = psutil.Process(server.process.pid)
    listening = [c.laddr.ip for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]


def test_another_name_for_this_machine_is_refused(server: Server):
    # The rule is that of the socket that carries a session, asked where a test can reach it.
    address = f"{server.url}/_stcore/agent/interact"
    answer = httpx.post(address, json={}, headers={"host": "evil.example"})
    assert answer.json()["error"]["code"] == "host_not_allowed"


def test_a_second_dashboard_says_who_has_the_workspace(server: Server, tmp_path: Path):
    with serve(tmp_path, AGENT, home=server.log.parent / "home") as second:
        second.wait()
        snapshot = str(visit(second, ""))
    assert str(server.process.pid) in snapshot
    assert "Traceback" not in snapshot
