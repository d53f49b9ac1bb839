"""The life of a process that works in a folder: stopped on request, failing in words, ending.

Knows nothing of what is done there.
"""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from pipeline.said import Said
from pipeline.workers.events import Events

logger = logging.getLogger(__name__)

RESERVE_BYTES = 65_536
ShouldStop = Callable[[], bool]
Work = Callable[[Path, Events, ShouldStop], None]
Explain = Callable[[Exception], tuple[str, Said]]
"""The class of a failure, and words that a person can act on."""


def run(folder: Path, work: Work, explain: Explain, is_terminated: ShouldStop) -> int:
    """Do the work of a folder to its end and return the exit code: 1 where it failed.

    It is told to stop once `stop.request` lies in the folder or `is_terminated` says so.
    """
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    events = Events(folder)
    request, reserve = folder / "stop.request", folder / ".reserve"
    try:
        # Given back before the reason is told: on a full disk the words would not fit either.
        reserve.write_bytes(bytes(RESERVE_BYTES))
        work(folder, events, lambda: is_terminated() or request.exists())
    except Exception as error:
        # The boundary of the process: whoever started it reads the reason from the event.
        reserve.unlink(missing_ok=True)
        logger.exception("The work in %s failed", folder.name)
        kind, message = explain(error)
        events.tell("error", error=kind, **message.as_json())
        return 1
    reserve.unlink(missing_ok=True)
    return 0


def unexpected(error: Exception, after: Said | None = None) -> tuple[str, Said]:
    """Return the class and words of a failure that nobody foresaw; `after` says what is kept."""
    if isinstance(error, OSError) and after:
        return "disk", Said(
            "A file could not be read or written: {error}. {after}", error=error, after=after
        )
    if isinstance(error, OSError):
        return "disk", Said("A file could not be read or written: {error}.", error=error)
    return "unknown", Said(
        "{kind}: {error}. The log has the details.", kind=type(error).__name__, error=error
    )


def start(main: Callable[[Path, ShouldStop], int]) -> None:
    """Run `main` on the folder that the command line names, until SIGTERM asks it to end."""
    terminated = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: terminated.set())
    sys.exit(main(Path(sys.argv[1]), terminated.is_set))
