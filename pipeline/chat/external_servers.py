"""The external servers of a workspace, and their keys: `external-servers.json`, for its owner only.

A key stands nowhere else: not in a config, a log, a comparison, or what a server prints of itself.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from pipeline.chat.external import External
from pipeline.decode import decode
from pipeline.errors import BadInput, DoesNotHold
from pipeline.jsonio import read_json, write_json
from pipeline.workspace import Workspace

FILE = "external-servers.json"
OWNER_ONLY = 0o600


def listed(workspace: Workspace) -> tuple[External, ...]:
    """Return the servers in the order in which they were added; DoesNotHold if unreadable."""
    path = workspace.root / FILE
    if not path.exists():
        return ()
    try:
        rows = read_json(path)["servers"]
        return tuple(decode(External, row) for row in rows) if isinstance(rows, list) else ()
    except (OSError, ValueError, KeyError, BadInput) as error:
        raise DoesNotHold(
            "{path} cannot be read ({error}). Put it right, or delete it and add the servers anew.",
            path=path,
            error=error,
        ) from error


def get(workspace: Workspace, name: str) -> External:
    """Return a server by its name; BadInput if there is none."""
    found = listed(workspace)
    for each in found:
        if each.name == name:
            return each
    known = tuple(each.name for each in found)
    raise BadInput(
        "There is no external server {name!r}. Servers here: {known}.", name=name, known=known
    )


def put(workspace: Workspace, server: External) -> None:
    """Add a server, in the place of one with the same name; BadInput if its key cannot be sent."""
    if not server.key_variable:
        server.endpoint()
    _change(workspace, lambda servers: _with(servers, server))


def remove(workspace: Workspace, name: str) -> None:
    """Forget a server and its key; BadInput if there is none."""
    get(workspace, name)
    _change(workspace, lambda servers: tuple(each for each in servers if each.name != name))


def _with(servers: tuple[External, ...], new: External) -> tuple[External, ...]:
    if any(each.name == new.name for each in servers):
        return tuple(new if each.name == new.name else each for each in servers)
    return (*servers, new)


def _change(
    workspace: Workspace, change: Callable[[tuple[External, ...]], tuple[External, ...]]
) -> None:
    with _alone(workspace):
        changed = change(listed(workspace))
        value = {"format": 1, "servers": [asdict(each) for each in changed]}
        write_json(workspace.root / FILE, value, mode=OWNER_ONLY)


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """Let one process at a time change the file."""
    with (workspace.root / f".{FILE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
