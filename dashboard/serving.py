"""Which adapters and devices there are to choose from, and the process that holds a base."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dashboard import state, watching
from dashboard.text import plain
from pipeline.chat import server
from pipeline.chat.client import Endpoint
from pipeline.chat.config import ServerConfig
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
            title=run.config.title,
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
        device.name: device.title if device.name == "cpu" else f"{device.name} · {device.title}"
        for device in devices().found
    }


def config(choice: Choice) -> ServerConfig:
    """Return what a process must hold to answer as a choice and its base."""
    return ServerConfig(
        model=choice.base,
        adapters={str(choice.run_id): choice.adapter},
        device="auto",
        trust_remote_code=choice.trust_remote_code,
    )


def found(choice: Choice) -> Server | None:
    """Return the live process that holds a choice; None where the first question must load it."""
    return server.find(state.workspace(), config(choice))


def connector(choice: Choice) -> Callable[[], Endpoint]:
    """Return what loads a choice where it must and says where to ask; runs outside the session."""
    workspace, wanted = state.workspace(), config(choice)
    return lambda: server.wait_ready(server.ensure(workspace, wanted)).endpoint


def last_loading_s(choice: Choice) -> float | None:
    """Return how long the model of a choice took to load the last time."""
    for each in server.list_servers(state.workspace()):
        if each.config.model == choice.base and each.ready_at and each.started_at:
            return each.ready_at - each.started_at
    return None


def unload(folder: Path) -> bool:
    """End the process of a server folder and free its memory; says whether it is gone."""
    return server.stop(folder, timeout_s=UNLOAD_TIMEOUT_S)
