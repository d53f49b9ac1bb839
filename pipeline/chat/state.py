"""The state of a serving process: a function of its folder and of whether the process lives."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast

from pipeline import processes
from pipeline.chat.client import Endpoint
from pipeline.chat.config import ServerConfig, read_config
from pipeline.chat.errors import ServerFailed
from pipeline.chat.protocol import BASE
from pipeline.jsonio import read_json
from pipeline.launches import read_events
from pipeline.said import Said

LOG_NAME = "server.log"

State = Literal["starting", "ready", "failed", "gone"]


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What the server proved when it loaded; the differences are between logits."""

    base_difference: float
    """The base column against the base alone: the server does not start if this is not noise."""
    adapter_differences: dict[str, float]
    """Each adapter against the base; 0 means that it changes nothing."""
    can_mix: bool
    """Whether base and adapters answer in one batch, or one after another."""
    reason: str
    """Why not in one batch, in words."""


@dataclass(frozen=True, slots=True)
class Server:
    """A serving process as its folder tells it now."""

    folder: Path
    config: ServerConfig
    state: State
    message: Said
    """Why it failed or is gone, in words; empty otherwise."""
    warnings: tuple[Said, ...]
    """What the server itself says to know before trusting a comparison."""
    started_at: float | None
    """Seconds since the epoch."""
    ready_at: float | None
    port: int | None = None
    token: str = field(default="", repr=False)
    dtype: str = ""
    self_test: SelfTest | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """The names that it answers to: `base` and its adapters."""
        return (BASE, *self.config.adapters)

    @property
    def is_live(self) -> bool:
        """Whether it answers now or will soon."""
        return self.state in ("starting", "ready")

    @property
    def endpoint(self) -> Endpoint:
        """Where to ask it; ServerFailed if it is not ready."""
        if self.port is None:
            raise ServerFailed(self.folder, self.message or Said("it is still loading the model."))
        return Endpoint(f"http://127.0.0.1:{self.port}", self.token)


def read(folder: Path) -> Server:
    """Read a server's folder; BadInput if it has no readable config, DoesNotHold if no events."""
    # The process is looked at before the files: what it wrote last is then always seen.
    launch = processes.read_launch(folder)
    is_alive = processes.is_alive(launch)
    events, _ = read_events(folder / "events.jsonl")
    ready_at = next((e.get("time") for e in events if e.get("state") == "ready"), None)
    server = Server(
        folder=folder,
        config=read_config(folder),
        state="starting",
        message=Said(""),
        warnings=tuple(Said.from_json(e) for e in events if e.get("kind") == "warning"),
        started_at=launch.started_at if launch else None,
        ready_at=float(ready_at) if isinstance(ready_at, int | float) else None,
    )
    if failure := next((e for e in events if e.get("kind") == "error"), None):
        return replace(server, state="failed", message=Said.from_json(failure))
    if not is_alive:
        return _ended(server, has_said_so=any(e.get("kind") == "end" for e in events))
    if (folder / "stop.request").exists():
        return replace(server, state="gone", message=Said("it was asked to stop."))
    return _listening(server) if server.ready_at else server


def _listening(server: Server) -> Server:
    """Add where it listens and what it proved; it stays `starting` if that is not there yet."""
    try:
        value = read_json(server.folder / "serve.json")
        test = cast("dict[str, object]", value["self_test"])
        differences = cast("dict[str, float]", test["adapter_differences"])
        return replace(
            server,
            state="ready",
            port=int(str(value["port"])),
            token=str(value["token"]),
            dtype=str(value["dtype"]),
            self_test=SelfTest(
                base_difference=float(str(test["base_difference"])),
                adapter_differences={name: float(d) for name, d in differences.items()},
                can_mix=test["can_mix"] is True,
                reason=str(test["reason"]),
            ),
        )
    except (OSError, ValueError, KeyError):
        return server


def _ended(server: Server, *, has_said_so: bool) -> Server:
    """A server without a process: gone if it once answered or ended on purpose, else failed."""
    if has_said_so:
        return replace(
            server, state="gone", message=Said("it ended, after a quiet time or when asked.")
        )
    state: State = "gone" if server.ready_at or server.started_at is None else "failed"
    ended = processes.read_exit(server.folder)
    log = server.folder / LOG_NAME
    if server.started_at is None:
        message = Said("it was never started.")
    elif ended and ended.signal_name == "SIGKILL":
        message = Said(
            "it was killed by signal 9 (SIGKILL). If nobody did this by hand, the system "
            "ran out of memory: choose a smaller model or close what else uses the memory."
        )
    elif ended and ended.signal_name:
        message = Said("it was ended by the signal {signal}.", signal=ended.signal_name)
    elif ended:
        message = Said(
            "it ended with exit code {code} and said nothing of why; see {log}.",
            code=ended.code,
            log=log,
        )
    else:
        message = Said("its process is gone and nothing recorded how it ended; see {log}.", log=log)
    return replace(server, state=state, message=message)
