"""Which adapters and devices there are to choose from, and the process that holds a base."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard import state, watching
from dashboard.said import said
from dashboard.text import plain
from pipeline.chat import client, server
from pipeline.chat.client import Endpoint
from pipeline.chat.columns import server_config
from pipeline.chat.config import ServerConfig
from pipeline.chat.errors import ChatError
from pipeline.chat.server import Server
from pipeline.train.devices import devices

UNLOAD_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Choice:
    """An adapter and what is needed to load it."""

    run_id: int
    title: str
    base: Path
    adapter: Path
    export: str
    triggers: tuple[tuple[str, str], ...]
    """(dataset, its task sentence): how questions of a field were put in training."""
    device: str
    trust_remote_code: bool


def choices() -> tuple[Choice, ...]:
    """Return the adapters of all runs that saved one, the newest first."""
    return tuple(
        Choice(
            run_id=run.id,
            title=watching.called(run),
            base=Path(run.config.model),
            adapter=run.adapter,
            export=Path(run.config.export).name,
            triggers=run.config.triggers,
            device=run.config.device,
            trust_remote_code=run.config.trust_remote_code,
        )
        for run in watching.listed()
        if run.adapter is not None
    )


def run_names() -> dict[str, str]:
    """Return the words for each run with an adapter: its number as text → number and title."""
    return {
        str(choice.run_id): plain("verdict.run", run=str(choice.run_id), title=choice.title)
        for choice in choices()
    }


def device_names() -> dict[str, str]:
    """Return the devices there are, best first: name → what it is."""
    return {
        device.name: said(device.title)
        if device.name == "cpu"
        else f"{device.name} · {device.title}"
        for device in devices().found
    }


def config(columns: Sequence[str]) -> ServerConfig | None:
    """Return what a process must hold to answer for columns; None where none of them is ours."""
    return server_config(columns, watching.listed())


def found(columns: Sequence[str]) -> Server | None:
    """Return the live process that holds all columns; None where a question must load it."""
    wanted = config(columns)
    return server.find(state.workspace(), wanted) if wanted else None


def connector(columns: Sequence[str]) -> Callable[[], Endpoint | None]:
    """Return what loads columns where it must and says where to ask; runs outside the session."""
    workspace, wanted = state.workspace(), config(columns)
    if wanted is None:
        return lambda: None
    return lambda: server.wait_ready(server.ensure(workspace, wanted)).endpoint


def memory_bytes(held: Server) -> int:
    """Return how much memory a live process holds; 0 where it does not say."""
    try:
        return client.health(held.endpoint, timeout_s=1.0).memory_bytes
    except ChatError:
        return 0


def last_loading_s(columns: Sequence[str]) -> float | None:
    """Return how long the base of some columns took to load the last time."""
    wanted = config(columns)
    for each in server.list_servers(state.workspace()) if wanted else ():
        if wanted and each.config.model == wanted.model and each.ready_at and each.started_at:
            return each.ready_at - each.started_at
    return None


def unload(folder: Path) -> bool:
    """End the process of a server folder and free its memory; says whether it is gone."""
    return server.stop(folder, timeout_s=UNLOAD_TIMEOUT_S)
