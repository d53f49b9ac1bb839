"""A job server on the loopback that says what Ray's would: no ray, and no job."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FakeCluster:
    """What was asked of the server, and what it answers."""

    def __init__(self) -> None:
        self.address = ""
        self.packages: dict[str, bytes] = {}
        self.submitted: list[dict[str, object]] = []
        self.stopped: list[str] = []
        self.lines: list[str] = []
        self.status = "RUNNING"
        self.message = ""
        usage = {"CPU": [0.0, 2.0], "GPU": [1.0, 3.0], "memory": [0.0, 8.0e9]}
        self.pages: dict[str, object] = {
            "version": {"version": "4", "ray_version": "2.60.0"},
            "cluster_status": {"data": {"clusterStatus": {"loadMetricsReport": {"usage": usage}}}},
        }
        """What it says of itself."""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        parts = path.strip("/").split("/")
        if parts[1] in ("version", "cluster_status"):
            return (200, self.pages[parts[1]]) if parts[1] in self.pages else (404, {})
        if parts[1] == "packages":
            if method == "PUT":
                self.packages[parts[-1]] = body
            return (200 if parts[-1] in self.packages else 404), {}
        if method == "POST" and parts[-1] == "jobs":
            self.submitted.append(json.loads(body))
            return 200, {"submission_id": self.submitted[-1]["submission_id"]}
        job = parts[2]
        if all(known["submission_id"] != job for known in self.submitted):
            return 404, {}
        if parts[-1] == "stop":
            self.stopped.append(job)
            self.status = "STOPPED"
            return 200, {"stopped": True}
        if parts[-1] == "logs":
            return 200, {"logs": "".join(f"{line}\n" for line in self.lines)}
        return 200, {"status": self.status, "message": self.message}


@contextmanager
def fake_cluster() -> Iterator[FakeCluster]:
    """Serve until the block ends."""
    cluster = FakeCluster()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, told = cluster.answer(self.command, self.path, body)
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cluster.address = f"127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield cluster
    finally:
        server.shutdown()
        server.server_close()
