"""Asking all columns of a comparison at once: our own server's in one batch, others beside it."""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace

from pipeline.chat import client, external
from pipeline.chat.client import Endpoint
from pipeline.chat.external import External
from pipeline.chat.protocol import Piece, Question

Ask = Callable[[], Iterator[Piece]]
_POLL_S = 0.2


def ask_all(
    endpoint: Endpoint | None, question: Question, servers: Mapping[str, External]
) -> Iterator[Piece]:
    """Yield the pieces of every column as they come; `servers` answer for the columns they name.

    A column that fails does not stop the others: what it raised is raised after their end. Closing
    the iterator hangs up everywhere.
    """
    ours = tuple(name for name in question.models if name not in servers)
    asks: list[Ask] = []
    if ours and endpoint is not None:
        own = replace(
            question,
            models=ours,
            conversations={n: m for n, m in question.conversations.items() if n in ours},
        )
        asks.append(lambda: client.compare(endpoint, own))
    asks += [_of(servers[name], question) for name in question.models if name in servers]
    if len(asks) == 1:
        yield from asks[0]()
    else:
        yield from _merged(asks)


def _of(server: External, question: Question) -> Ask:
    return lambda: external.ask(server, question)


def _merged(asks: list[Ask]) -> Iterator[Piece]:
    """Yield what several streams give, each read by a thread of its own."""
    heard: queue.Queue[Piece | Exception | None] = queue.Queue()
    gone = threading.Event()

    def read(ask: Ask) -> None:
        try:
            with closing(ask()) as pieces:  # type: ignore[type-var]  # Generators, all of them.
                for piece in pieces:
                    if gone.is_set():
                        return
                    heard.put(piece)
        except Exception as error:  # Told to the one who reads, whatever it is.
            heard.put(error)
        finally:
            heard.put(None)

    for ask in asks:
        threading.Thread(target=read, args=(ask,), name="asking-column", daemon=True).start()
    failures: list[Exception] = []
    left = len(asks)
    try:
        while left:
            told = heard.get()
            if told is None:
                left -= 1
            elif isinstance(told, Exception):
                failures.append(told)
            else:
                yield told
    finally:
        gone.set()
    if failures:
        raise failures[0]
