"""The HTTP side of the serving worker: requests in, server-sent events out.

Knows nothing of torch: questions go to the owner's queue, pieces come back from its thread.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.chat.protocol import Final, Piece, Question, Text, parse_chat, parse_question
from pipeline.errors import BadInput
from pipeline.said import Said
from pipeline.workers.completion import Completion
from pipeline.workers.guard import Guard, refuse
from pipeline.workers.owner import Done, Failure, Owner, QueueFull, Ticket, Told

HEARTBEAT_S = 3.0
"""How often a waiting client hears that the server is still there."""
MOST_BODY_BYTES = 8_000_000
MOST_UNREAD = 65_536
"""So many pieces of an answer are kept for a client that does not read them: some ten megabytes."""
STATUS_OF = {"refused": 400, "out_of_memory": 507}
GIVEN_UP = Said("It was given up, because nobody read it.")
DONE = b"data: [DONE]\n\n"


@dataclass(slots=True)
class Service:
    """What the endpoints need: the models' names and facts, and the owner that answers."""

    owner: Owner
    models: tuple[str, ...]
    facts: dict[str, object]
    """What /health adds: base model, device, dtype, self-test."""
    memory_bytes: Callable[[], int] = lambda: 0
    """What the model and its adapters occupy now."""
    clock: Callable[[], float] = time.monotonic
    most_unread: int = MOST_UNREAD
    last_used: float = field(init=False)

    def __post_init__(self) -> None:
        self.last_used = self.clock()

    def quiet_s(self) -> float:
        """How long ago the last question came in or its answer ended; 0 while one is open."""
        return 0.0 if self.owner.waiting else self.clock() - self.last_used


def build_app(service: Service, token: str) -> ASGIApp:
    """The guarded application."""
    endpoints = _Endpoints(service)
    routes = [
        Route("/health", endpoints.health, methods=["GET"]),
        Route("/v1/models", endpoints.models, methods=["GET"]),
        Route("/v1/compare", endpoints.compare, methods=["POST"]),
        Route("/v1/chat/completions", endpoints.chat, methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes, exception_handlers={BadInput: _bad_input}), token)


class _Endpoints:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def health(self, request: Request) -> Response:
        return JSONResponse(
            {
                "status": "ready",
                "models": list(self._service.models),
                "waiting": self._service.owner.waiting,
                "memory_bytes": self._service.memory_bytes(),
                **self._service.facts,
            }
        )

    async def models(self, request: Request) -> Response:
        data = [
            {"id": name, "object": "model", "owned_by": "graft"} for name in self._service.models
        ]
        return JSONResponse({"object": "list", "data": data})

    async def compare(self, request: Request) -> Response:
        answer = self._ask(parse_question(await _body(request)))
        return answer if isinstance(answer, Response) else _Streamed(answer, _compare_event)

    async def chat(self, request: Request) -> Response:
        question, is_streaming = parse_chat(await _body(request))
        answer = self._ask(question)
        if isinstance(answer, Response):
            return answer
        form = Completion(question.models[0])
        return (
            _Streamed(answer, form.event) if is_streaming else await _whole(answer, form, request)
        )

    def _ask(self, question: Question) -> "_Answer | Response":
        unknown = [name for name in question.models if name not in self._service.models]
        if unknown:
            return refuse(
                404,
                Said(
                    "This server holds no model {model!r}. It holds: {held}.",
                    model=unknown[0],
                    held=tuple(self._service.models),
                ),
            )
        answer = _Answer(self._service, question)
        try:
            self._service.owner.submit(answer.ticket)
        except QueueFull:
            return refuse(
                429, Said("Too many questions are waiting. Ask again in a moment."), "busy"
            )
        return answer


class _Answer:
    """The pieces of one question on their way from the owner's thread to the event loop."""

    def __init__(self, service: Service, question: Question) -> None:
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Told] = asyncio.Queue()
        self.ticket = Ticket(question, self._tell)
        service.last_used = service.clock()

    def _tell(self, told: Told) -> None:
        try:
            self._loop.call_soon_threadsafe(self._put, told)
        except RuntimeError:  # the event loop has ended, and with it whoever waited
            self.ticket.cancel()

    def _put(self, told: Told) -> None:
        """Keep what was told until it is sent; give the answer up where nobody reads it."""
        if self._queue.qsize() < self._service.most_unread:
            self._queue.put_nowait(told)
        elif not self.ticket.is_cancelled():
            self.ticket.cancel()
            self._queue.put_nowait(Failure("unread", GIVEN_UP))

    async def next(self, timeout_s: float) -> Told | None:
        """The next thing told; None if nothing came in time."""
        try:
            return await asyncio.wait_for(self._queue.get(), timeout_s)
        except TimeoutError:
            return None

    def close(self) -> None:
        """Nobody waits any more: stop the answer if it still grows."""
        self.ticket.cancel()
        self._service.last_used = self._service.clock()


class _Streamed(StreamingResponse):
    """An answer as server-sent events; closes it however the connection ends."""

    def __init__(self, answer: _Answer, event: Callable[[Piece], dict[str, object]]) -> None:
        super().__init__(_events(answer, event), media_type="text/event-stream")
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._answer.close()


async def _events(
    answer: _Answer, event: Callable[[Piece], dict[str, object]]
) -> AsyncIterator[bytes]:
    while True:
        told = await answer.next(HEARTBEAT_S)
        if told is None:
            yield b": waiting\n\n"
        elif isinstance(told, Done):
            yield DONE
            return
        elif isinstance(told, Failure):
            yield _data({"error": {"type": told.kind, **told.message.as_json()}})
            return
        else:
            yield _data(event(told))


def _data(value: dict[str, object]) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def _compare_event(piece: Piece) -> dict[str, object]:
    return asdict(piece)


async def _whole(answer: _Answer, form: Completion, request: Request) -> Response:
    """Wait for all of an answer, and no longer than the client does."""
    texts: list[str] = []
    try:
        while True:
            told = await answer.next(0.5)
            if isinstance(told, Text):
                texts.append(told.text)
            elif isinstance(told, Final):
                return JSONResponse(form.whole("".join(texts), told))
            elif isinstance(told, Failure):
                return refuse(STATUS_OF.get(told.kind, 500), told.message, told.kind)
            elif isinstance(told, Done) or await request.is_disconnected():
                return refuse(
                    500, Said("The server stopped before the answer was whole."), "stopped"
                )
    finally:
        answer.close()


async def _body(request: Request) -> object:
    """The request's JSON; BadInput if it is too large or none."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_BODY_BYTES:
            raise BadInput(
                "The request is larger than {most:,} bytes.",
                most=MOST_BODY_BYTES,
            )
    try:
        value: object = json.loads(data)
    except ValueError as error:
        raise BadInput("The request is not valid JSON.") from error
    return value


async def _bad_input(request: Request, error: Exception) -> Response:
    return refuse(400, error.said if isinstance(error, BadInput) else Said(str(error)))
