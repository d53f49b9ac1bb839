"""A real HTTP server over a fake model: the web side, the guard and the owner are the real ones."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn

from pipeline.chat.client import Endpoint
from pipeline.chat.protocol import Final, Message, Question, Settings, Stamp, Text
from pipeline.said import Said
from pipeline.workers.owner import Answer, Failure, Owner, Ticket
from pipeline.workers.web import MOST_UNREAD, Service, build_app

TOKEN = "right-token"


def stamp(model: str = "base") -> Stamp:
    return Stamp(
        model=model,
        base="/models/tiny",
        adapter=None if model == "base" else f"/runs/{model}/adapter",
        adapter_sha1=None if model == "base" else "ab" * 20,
        system_prompt=None,
        temperature=0.0,
        top_p=1.0,
        max_tokens=8,
        seed=0,
        mode="mixed",
        device="cpu",
        dtype="float32",
        prompt_tokens=3,
        tokens=2,
        first_token_s=0.1,
        tokens_per_second=20.0,
        prompt="<user>…",
    )


def question(text: str = "水是什么？", models: tuple[str, ...] = ("base", "7")) -> Question:
    return Question((Message("user", text),), models, Settings(max_tokens=8))


def echo(tickets: Sequence[Ticket]) -> None:
    """Every model says its own name and the question, in two pieces."""
    for ticket in tickets:
        for model in ticket.question.models:
            ticket.tell(Text(model, f"{model}: "))
        for model in ticket.question.models:
            ticket.tell(Text(model, ticket.question.messages[-1].content))
            ticket.tell(Final(model, "stop", stamp(model)))


def explain(error: Exception) -> Failure:
    return Failure("unknown", Said(str(error)))


@contextmanager
def serving(
    answer: Answer = echo, *, most_waiting: int = 4, most_unread: int = MOST_UNREAD
) -> Iterator[Endpoint]:
    """Serve `answer` on a free port of the loopback."""
    owner = Owner(answer, explain, most_waiting=most_waiting)
    facts: dict[str, object] = {"model": "/models/tiny"}
    app = build_app(Service(owner, ("base", "7"), facts, most_unread=most_unread), TOKEN)
    sock = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([sock],))
    thread.start()
    try:
        yield Endpoint(f"http://127.0.0.1:{sock.getsockname()[1]}", TOKEN)
    finally:
        owner.close()
        server.should_exit = True
        thread.join(10)
        sock.close()


def wait_until(is_so: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Return once something is so; fail the test if it does not become so."""
    end = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < end, "it did not become so in time"
        time.sleep(0.01)
