"""A server is its folder and its process: started, found again, replaced and stopped from there."""

import os
import signal
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pipeline import processes
from pipeline.chat import client, server
from pipeline.chat.config import ServerConfig
from pipeline.chat.errors import ServerFailed
from pipeline.chat.protocol import Text
from pipeline.chat.state import SelfTest, Server
from pipeline.errors import BadInput
from pipeline.workspace import Workspace
from tests.pipeline.chat.conftest import adapter
from tests.pipeline.chat.fakes import question, wait_until

FAKE = "tests.pipeline.chat.fake_worker"
start = partial(server.start, worker=FAKE)
ensure = partial(server.ensure, worker=FAKE)


def test_a_started_server_becomes_ready_and_answers(workspace: Workspace, config: ServerConfig):
    states: list[str] = []
    ready = server.wait_ready(start(workspace, config), lambda each: states.append(each.state))
    assert (ready.state, ready.config, ready.models) == ("ready", config, ("base", "7"))
    assert ready.self_test == SelfTest(0.0, {"7": 1.5}, can_mix=True, reason="")
    assert ready.warnings == ("It echoes.",)
    assert set(states) <= {"starting"}
    assert Text("7", "水是什么？") in list(client.compare(ready.endpoint, question()))


def test_the_file_with_the_token_is_for_its_owner_only(workspace: Workspace, config: ServerConfig):
    ready = server.wait_ready(start(workspace, config))
    assert stat.S_IMODE((ready.folder / "serve.json").stat().st_mode) == 0o600
    assert ready.token
    assert ready.token not in repr(ready)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("broken", r"There is no model in it\."),
        ("killed", r"signal 9 \(SIGKILL\)"),
        ("crash", "exit code 3 and said nothing of why; see .*server.log"),
    ],
)
def test_a_server_that_does_not_come_up_says_why(
    workspace: Workspace, config: ServerConfig, model: str, words: str
):
    starting = start(workspace, replace(config, model=Path(model)))
    with pytest.raises(ServerFailed, match=words):
        server.wait_ready(starting)
    assert server.read(starting.folder).state == "failed"
    assert server.find(workspace, replace(config, model=Path(model))) is None


def test_a_live_server_that_holds_what_is_wanted_is_found(
    workspace: Workspace, config: ServerConfig
):
    running = start(workspace, config)
    wanted = [config, replace(config, adapters={}), replace(config, device="auto")]
    assert [server.find(workspace, each).folder for each in wanted] == 3 * [running.folder]  # type: ignore[union-attr]
    missing = {**config.adapters, "8": adapter(workspace, "8")}
    assert server.find(workspace, replace(config, adapters=missing)) is None
    assert server.find(workspace, replace(config, model=Path("other"))) is None


def test_a_server_that_holds_an_adapter_as_it_was_is_not_found(
    workspace: Workspace, config: ServerConfig
):
    server.wait_ready(start(workspace, config))
    (config.adapters["7"] / "adapter_model.safetensors").write_bytes(b"trained on")
    assert server.find(workspace, config) is None


def test_ensuring_reuses_and_replaces_so_that_one_base_is_held_once(
    workspace: Workspace, config: ServerConfig
):
    first = server.wait_ready(ensure(workspace, config))
    assert ensure(workspace, config).folder == first.folder
    eighth = adapter(workspace, "8")
    second = server.wait_ready(ensure(workspace, replace(config, adapters={"8": eighth})))
    assert second.models == ("base", "7", "8")
    assert server.read(first.folder).state == "gone"


def test_two_who_ask_at_once_for_other_adapters_end_with_one_server(
    workspace: Workspace, config: ServerConfig
):
    eighth = replace(config, adapters={"8": adapter(workspace, "8")})
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ensure, workspace, each) for each in (config, eighth)]
        first, second = (server.wait_ready(each.result()) for each in asked)
    live = [each for each in server.list_servers(workspace) if each.is_live]
    assert len(live) == 1
    assert set(live[0].models) == {"base", "7", "8"}
    assert live[0].folder in (first.folder, second.folder)


def test_a_stopped_server_ends_on_purpose_and_takes_its_token_along(
    workspace: Workspace, config: ServerConfig
):
    ready = server.wait_ready(start(workspace, config))
    assert server.stop(ready.folder, timeout_s=10)
    gone = server.read(ready.folder)
    assert (gone.state, gone.message) == ("gone", "it ended, after a quiet time or when asked.")
    assert not (ready.folder / "serve.json").exists()
    wait_until(lambda: processes.read_exit(ready.folder) == processes.Exit(0, None))
    with pytest.raises(ServerFailed, match="it ended"):
        gone.endpoint  # noqa: B018 - the property raises


def test_a_server_left_alone_ends_by_itself(workspace: Workspace, config: ServerConfig):
    quiet = server.wait_ready(start(workspace, replace(config, idle_exit_s=0.3)))
    wait_until(lambda: server.read(quiet.folder).state == "gone")


def test_sigterm_ends_a_server_as_a_stop_does(workspace: Workspace, config: ServerConfig):
    ready = server.wait_ready(start(workspace, config))
    launch = processes.read_launch(ready.folder)
    assert launch is not None
    os.kill(launch.pid, signal.SIGTERM)
    wait_until(lambda: processes.read_exit(ready.folder) == processes.Exit(0, None))
    assert server.read(ready.folder).state == "gone"


def test_a_killed_server_is_gone_with_the_signal(workspace: Workspace, config: ServerConfig):
    ready = server.wait_ready(start(workspace, config))
    launch = processes.read_launch(ready.folder)
    assert launch is not None
    processes.send_signal(launch, signal.SIGKILL)
    wait_until(lambda: (ready.folder / "exit.json").exists())
    gone = server.read(ready.folder)
    assert gone.state == "gone"
    assert "SIGKILL" in gone.message


def test_a_device_that_is_not_here_is_refused_before_anything_starts(
    workspace: Workspace, config: ServerConfig
):
    with pytest.raises(BadInput, match="no device 'cuda:99'"):
        start(workspace, replace(config, device="cuda:99"))
    assert server.list_servers(workspace) == ()


def test_a_cluster_serves_nobody(workspace: Workspace, config: ServerConfig):
    with pytest.raises(BadInput, match="A cluster only trains"):
        ensure(workspace, replace(config, device="ray:127.0.0.1:8265"))
    assert server.list_servers(workspace) == ()


def test_a_server_that_still_loads_gives_no_endpoint(workspace: Workspace, config: ServerConfig):
    loading: Server = start(workspace, replace(config, model=Path("slow")))
    with pytest.raises(ServerFailed, match="still loading"):
        loading.endpoint  # noqa: B018 - the property raises
