"""What can go wrong in the store.

StoreError
├── WorkspaceHeld     another process has the database open
├── WorkspaceTooNew   the database was written by a newer Graft
├── WorkspaceDamaged  the database cannot be read
├── CopyFailed        a copy of the store could not be written: a full disk
├── NotABackup        a file is no copy of a store, or a damaged one
├── NotFound          no such dataset, pair, cluster, export, run …
├── NameTaken         a dataset or export of that name exists
├── StalePair         the pair was changed since it was read
├── ClusterDecided    the cluster was decided since it was read
├── CountChanged      a filter means more or fewer pairs than the person was told
└── NothingToUndo     the action was undone already, or later changes stand on it
"""

from datetime import datetime
from pathlib import Path

from store.relation_types import Verdict
from store.types import Pair


class StoreError(Exception):
    """The base of everything the store raises on purpose."""


class WorkspaceHeld(StoreError):
    """Another process has the workspace's database open; DuckDB admits one at a time."""

    def __init__(self, path: str, pid: int | None, since: datetime | None, command: str) -> None:
        who = f"process {pid}" if pid else "another process"
        what = f" ({command})" if command else ""
        when = f" since {since:%Y-%m-%d %H:%M:%S}" if since else ""
        super().__init__(
            f"The workspace {path} is in use by {who}{what}{when}. "
            "Close that dashboard or command, wait for it to finish, or use another --workspace."
        )
        self.path, self.pid, self.since, self.command = path, pid, since, command


class WorkspaceTooNew(StoreError):
    """The database holds migrations that this version of Graft does not know."""

    def __init__(self, path: str, unknown: tuple[str, ...]) -> None:
        super().__init__(
            f"{path} was written by a newer Graft (it holds {', '.join(unknown)}). "
            "Update Graft to open it; nothing was changed."
        )
        self.path, self.unknown = path, unknown


class WorkspaceDamaged(StoreError):
    """The file of the database is there and cannot be read as one."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"The database {path} cannot be opened: {reason}. Nothing was changed. If the file is "
            "damaged, `python -m pipeline recover FILE --replace` brings a backup in its place."
        )
        self.path, self.reason = path, reason


class CopyFailed(StoreError):
    """A copy of the store could not be written; nothing of it is left, the store is as it was."""

    def __init__(self, target: Path, reason: str) -> None:
        super().__init__(
            f"The database could not be written to {target.parent}: {reason}. Nothing is left "
            "there, and the workspace is as it was. Make room, or write to another disk."
        )
        self.target, self.folder, self.reason = target, str(target.parent), reason


class NotABackup(StoreError):
    """The file is not one that a backup wrote, is damaged, or is in use."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"{file} cannot be brought back: {reason}. Nothing was changed. Give a file that "
            "`python -m pipeline backup` or the Settings page wrote."
        )
        self.file, self.reason = file, reason


class NotFound(StoreError):
    """There is no row of that kind and name or id."""

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"There is no {kind} {key!r} in this workspace.")
        self.kind, self.key = kind, key


class NameTaken(StoreError):
    """A row of that kind and name exists already."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"The {kind} {name!r} exists already. Choose another name.")
        self.kind, self.name = kind, name


class StalePair(StoreError):
    """Someone changed the pair after it was read; `current` is what stands now."""

    def __init__(self, current: Pair, expected_version: int) -> None:
        super().__init__(
            f"Pair {current.id} was changed meanwhile (version {current.version}, "
            f"yours was {expected_version}). Look at what stands now, then save again."
        )
        self.current, self.expected_version = current, expected_version


class ClusterDecided(StoreError):
    """Someone gave the cluster a verdict after it was read; that one stands."""

    def __init__(self, cluster_id: int, verdict: Verdict) -> None:
        super().__init__(
            f"Cluster {cluster_id} was decided meanwhile ({verdict}). Nothing was changed."
        )
        self.cluster_id, self.verdict = cluster_id, verdict


class CountChanged(StoreError):
    """Between the question and the answer the pairs of a filter became more or fewer."""

    def __init__(self, expected: int, now: int) -> None:
        super().__init__(
            f"The filter means {now:,} pairs now, not {expected:,}: they were changed meanwhile. "
            "Nothing was done; look again."
        )
        self.expected, self.now = expected, now


class NothingToUndo(StoreError):
    """The action cannot be undone: it was undone before, or a later change stands on it."""

    def __init__(self, action_id: int, reason: str) -> None:
        super().__init__(f"Action {action_id} cannot be undone: {reason}.")
        self.action_id, self.reason = action_id, reason
