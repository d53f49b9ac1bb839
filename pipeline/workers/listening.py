"""Listening on the loopback until it is over. Knows nothing of torch, nor what it serves."""

import asyncio
import logging
import os
import secrets
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from pipeline.jsonio import write_json
from pipeline.workers.web import Service, build_app

logger = logging.getLogger(__name__)

WATCH_S = 0.25


def listen(
    folder: Path, service: Service, *, idle_exit_s: float, on_ready: Callable[[], None]
) -> None:
    """Say in `serve.json` where, and answer until told to stop or left alone for so long.

    `stop.request` in the folder, SIGTERM and SIGINT all end it; open answers are cut off.
    """
    token = secrets.token_urlsafe(32)
    config = uvicorn.Config(
        build_app(service, token),
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
    )
    # uvicorn ends on these signals and then raises them again for whoever handled them before.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: logger.info("Ended by signal %d", number))
    stop_request = folder / "stop.request"

    def is_over() -> bool:
        return stop_request.exists() or service.quiet_s() > idle_exit_s

    with socket.create_server(("127.0.0.1", 0)) as sock:
        address = {"port": sock.getsockname()[1], "token": token, "pid": os.getpid()}
        write_json(folder / "serve.json", {**address, **service.facts}, mode=0o600)
        on_ready()
        asyncio.run(_answer_until(uvicorn.Server(config), sock, service, is_over))
    (folder / "serve.json").unlink(missing_ok=True)


async def _answer_until(
    server: uvicorn.Server, sock: socket.socket, service: Service, is_over: Callable[[], bool]
) -> None:
    async def watch() -> None:
        while not (server.should_exit or is_over()):
            await asyncio.sleep(WATCH_S)
        # Open answers end first, so that their connections can close.
        await asyncio.to_thread(service.owner.close)
        server.should_exit = True

    watcher = asyncio.create_task(watch())
    await server.serve(sockets=[sock])
    await watcher
