"""Starting, finding and stopping serving processes: on their folders alone, without a database."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

from pipeline import disk, processes
from pipeline.chat import client
from pipeline.chat.config import ServerConfig, write_config
from pipeline.chat.errors import ChatError, ServerFailed
from pipeline.chat.state import LOG_NAME, Server, read
from pipeline.errors import BadInput, DoesNotHold
from pipeline.jsonio import read_json
from pipeline.launches import Worker
from pipeline.train.devices import devices, environment
from pipeline.workspace import Workspace, numbered

__all__ = ["Server", "ensure", "find", "list_servers", "read", "start", "stop", "wait_ready"]

logger = logging.getLogger(__name__)

WORKER = "pipeline.workers.serve"
GRACE_S = 10.0
_POLL_S = 0.1
_SETTLE_S = 2.0
_TO_ASK_S = 1.0


def start(workspace: Workspace, config: ServerConfig, *, worker: str = WORKER) -> Server:
    """Start a server and return at once, while it loads; BadInput if the device is not here."""
    device = devices().here(config.device)
    with disk.new_folder(workspace.servers) as folder:
        folder.chmod(0o700)
        write_config(folder, replace(config, device=device.name))
    started = Worker(worker, log_name=LOG_NAME, grace_s=GRACE_S, device=device.name)
    processes.start(folder, started, environment(device))
    return read(folder)


def find(workspace: Workspace, config: ServerConfig) -> Server | None:
    """Return a live server that holds this model and (at least) these adapters as they are now."""
    return next((each for each in list_servers(workspace) if _serves(each, config)), None)


def ensure(workspace: Workspace, config: ServerConfig, *, worker: str = WORKER) -> Server:
    """Find a server, or start one in the place of those on the same device that nobody uses.

    So one base is held once: a new server takes over the adapters of the one that it replaces. One
    that still loads for somebody is waited for, until that one had the time to ask.
    """
    while True:
        with _alone(workspace):
            found = find(workspace, config)
            if found:
                return found
            wanted = replace(config, device=devices().here(config.device).name)
            beside = [
                each
                for each in list_servers(workspace)
                if each.is_live and each.config.device == wanted.device
            ]
            if not any(map(_is_awaited, beside)):
                for server in beside:
                    wanted = _in_place_of(server, wanted)
                return start(workspace, wanted, worker=worker)
        time.sleep(_POLL_S)


def wait_ready(
    server: Server, on_progress: Callable[[Server], None] = lambda server: None
) -> Server:
    """Return the server once it answers, calling back while it loads; ServerFailed says why not."""
    while server.state == "starting":
        on_progress(server)
        time.sleep(_POLL_S)
        server = read(server.folder)
    if server.state != "ready":
        raise ServerFailed(server.folder, _settled(server).message)
    return server


def stop(folder: Path, *, timeout_s: float = 0.0) -> bool:
    """Ask a server to end, and wait so long for it; says whether it is gone."""
    processes.request_stop(folder)
    end = time.monotonic() + timeout_s
    while is_alive := processes.is_alive(processes.read_launch(folder)):
        if time.monotonic() >= end:
            break
        time.sleep(_POLL_S)
    return not is_alive


def list_servers(workspace: Workspace) -> tuple[Server, ...]:
    """Return every server, newest first; a folder without a readable config is left out."""
    found = []
    for number in reversed(numbered(workspace.servers)):
        try:
            found.append(read(workspace.servers / str(number)))
        except (BadInput, DoesNotHold) as reason:
            logger.debug("Left out: %s", reason)
    return tuple(found)


def _settled(server: Server) -> Server:
    """Read an ended server once its watcher has had the time to record how it ended."""
    end = time.monotonic() + _SETTLE_S
    while processes.read_exit(server.folder) is None and time.monotonic() < end:
        time.sleep(_POLL_S)
    return read(server.folder)


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """Let one thread of one process at a time choose what is started and ended."""
    workspace.servers.mkdir(parents=True, exist_ok=True)
    with (workspace.servers / ".lock").open("w") as lock:
        while not processes.try_lock(lock):
            time.sleep(_POLL_S)
        yield


def _is_awaited(server: Server) -> bool:
    """Whether somebody waits for it to load, or has had no time to ask since it did."""
    if server.state == "starting":
        return True
    try:
        ready_for_s = time.time() - (server.folder / "serve.json").stat().st_mtime
    except FileNotFoundError:
        return False
    return 0 <= ready_for_s < _TO_ASK_S


def _serves(server: Server, wanted: ServerConfig) -> bool:
    held = server.config
    return (
        server.is_live
        and held.model == wanted.model
        and wanted.adapters.items() <= held.adapters.items()
        and wanted.device in ("auto", held.device)
        and all(_is_fresh(server, name) for name in wanted.adapters)
    )


def _is_fresh(server: Server, name: str) -> bool:
    """Whether an adapter's file is still the one that was loaded; a run may have been resumed."""
    try:
        loaded = read_json(server.folder / "serve.json")["adapters"]
        weights = cast("dict[str, dict[str, object]]", loaded)[name]
        now = (server.config.adapters[name] / "adapter_model.safetensors").stat()
    except (OSError, ValueError, KeyError):
        return server.state == "starting"
    return (weights["size_bytes"], weights["modified_ns"]) == (now.st_size, now.st_mtime_ns)


def _in_place_of(server: Server, wanted: ServerConfig) -> ServerConfig:
    """Stop a server that nobody uses; return what the new one is to hold in its place."""
    try:
        if client.health(server.endpoint).waiting:
            return wanted
    except ChatError as reason:
        logger.info("Server %s says nothing: %s", server.folder.name, reason)
    stop(server.folder, timeout_s=2 * GRACE_S)
    if server.config.model != wanted.model:
        return wanted
    kept = {
        name: folder
        for name, folder in server.config.adapters.items()
        if (folder / "adapter_model.safetensors").is_file()
    }
    return replace(wanted, adapters={**kept, **wanted.adapters})
