"""Writing `events.jsonl`: one JSON object a line, append only."""

import errno
import json
import os
import time
from pathlib import Path


class Events:
    """Appends what happens to `events.jsonl`, a line each."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "events.jsonl"
        self._mend()

    def tell(self, kind: str, **fields: object) -> None:
        """Write one event, whole or not at all; OSError where the disk has no room for it."""
        line = json.dumps({"time": time.time(), "kind": kind, **fields}, ensure_ascii=False)
        try:
            with self._path.open("ab", buffering=0) as file:
                whole = f"{line}\n".encode()
                if file.write(whole) < len(whole):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        except OSError:
            self._mend()
            raise

    def _mend(self) -> None:
        """Cut off a last line that a killed process left half written; no reader has taken it."""
        if self._path.exists():
            data = self._path.read_bytes()
            whole = data.rfind(b"\n") + 1
            if whole < len(data):
                with self._path.open("r+b") as file:
                    file.truncate(whole)


class Silent(Events):
    """Tells nothing: of several processes that work together, one speaks."""

    def __init__(self) -> None:
        pass

    def tell(self, kind: str, **fields: object) -> None:
        """Keep it to oneself."""
