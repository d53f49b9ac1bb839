"""A model server that is not ours: it keeps what it was asked and gives one fixed reply."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass
class Foreign:
    """What it replies, and what it was asked."""

    status: int
    body: str
    models: tuple[str, ...] = ()
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    url: str = ""


@contextmanager
def foreign(it: Foreign) -> Iterator[Foreign]:
    """Let it listen on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            rows = [{"id": name} for name in it.models]
            self._send(200 if rows else 404, json.dumps({"data": rows}), "application/json")

        def do_POST(self) -> None:
            it.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            it.keys.append(self.headers.get("Authorization"))
            self._send(it.status, it.body, "text/event-stream")

        def _send(self, status: int, body: str, media_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    it.url = f"http://127.0.0.1:{listening.server_port}/v1"
    try:
        yield it
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
