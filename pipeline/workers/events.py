"""Writing `events.jsonl`: one JSON object a line, append only."""

import json
import time
from pathlib import Path


class Events:
    """Appends what happens to `events.jsonl`, a line each."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "events.jsonl"
        self._mend()

    def tell(self, kind: str, **fields: object) -> None:
        """Write one event."""
        line = json.dumps({"time": time.time(), "kind": kind, **fields}, ensure_ascii=False)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

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
