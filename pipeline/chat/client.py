"""Asking a server: Graft's own for comparisons, any OpenAI-compatible one for plain chat.

Proxies of the environment are never used: the server is on this machine or named on purpose.
Closing an iterator hangs up, and Graft's server then stops the answer at once.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import httpx

from pipeline.chat.errors import AnswerFailed, Refused, ServerBusy, ServerGone
from pipeline.chat.protocol import (
    Final,
    FinishReason,
    Piece,
    Question,
    Text,
    messages_json,
    parse_piece,
    parse_stamp,
    question_json,
)
from pipeline.errors import BadInput
from pipeline.said import Said

# Graft's server says that it is still there every few seconds; a foreign one may think in silence.
TIMEOUT = httpx.Timeout(10.0, read=60.0)
PATIENT = httpx.Timeout(10.0, read=600.0)
DONE = "[DONE]"
EVERYWHERE = ("temperature", "top_p", "max_tokens", "seed")
"""The settings that OpenAI's chat API has; strict servers refuse any other."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens (`http://host:port`, without /v1) and the token it wants."""

    url: str
    token: str = field(default="", repr=False)
    api: str = "/v1"
    """Where OpenAI's API begins; some hosts have it elsewhere, and then `url` holds all of it."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a live server of ours says about itself."""

    model: str
    models: tuple[str, ...]
    device: str
    dtype: str
    waiting: int
    """Questions in the queue, those being answered too."""
    memory_bytes: int = 0
    """What the model and its adapters occupy on their device."""


def compare(endpoint: Endpoint, question: Question) -> Iterator[Piece]:
    """Ask several models of one server together; yields pieces as they come, a Final for each.

    Raises ServerGone, ServerBusy, Refused, or AnswerFailed in the middle of an answer.
    """
    with _stream(endpoint, "/v1/compare", question_json(question), TIMEOUT) as lines:
        for value in lines:
            try:
                yield parse_piece(value)
            except BadInput as error:
                raise AnswerFailed("protocol", error.said) from error


def chat(endpoint: Endpoint, question: Question, *, is_ours: bool = True) -> Iterator[Piece]:
    """Ask one model by OpenAI's chat API; yields Text pieces and one Final.

    With `is_ours=False` only what every OpenAI-compatible server knows is sent: the system prompt
    is then the conversation's own first message, and the Final carries no stamp. Such servers may
    also end a stream without a reason, or without its last mark.
    """
    if len(question.models) != 1:
        raise BadInput("A chat asks one model; use compare for several.")
    model = question.models[0]
    body: dict[str, object] = {
        "model": model,
        "messages": messages_json(question.messages),
        "stream": True,
    }
    settings = asdict(question.settings)
    if is_ours:
        body |= {"system_prompt": asdict(question.system_prompt), **settings}
    else:
        body |= {name: settings[name] for name in EVERYWHERE}
    is_ended = False
    try:
        with _stream(endpoint, f"{endpoint.api}/chat/completions", body, PATIENT) as lines:
            for value in lines:
                for piece in _chunk(model, value):
                    is_ended = is_ended or isinstance(piece, Final)
                    yield piece
    except ServerGone:
        if not is_ended:
            raise
    if not is_ended:
        yield Final(model, "stop", None)


def health(endpoint: Endpoint, *, timeout_s: float = 5.0) -> Health:
    """Ask a server of ours what it holds; ServerGone if nothing answers."""
    value = _get(endpoint, "/health", timeout_s)
    names, waiting = value.get("models"), value.get("waiting")
    memory = value.get("memory_bytes")
    return Health(
        model=str(value.get("model", "")),
        models=tuple(str(name) for name in names) if isinstance(names, list) else (),
        device=str(value.get("device", "")),
        dtype=str(value.get("dtype", "")),
        waiting=waiting if isinstance(waiting, int) else 0,
        memory_bytes=memory if isinstance(memory, int) else 0,
    )


def models(endpoint: Endpoint, *, timeout_s: float = 10.0) -> tuple[str, ...]:
    """The names that an OpenAI-compatible server offers."""
    data = _get(endpoint, f"{endpoint.api}/models", timeout_s).get("data")
    rows = data if isinstance(data, list) else []
    return tuple(str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row)


def _get(endpoint: Endpoint, path: str, timeout_s: float) -> dict[str, object]:
    with _told_as_facts(endpoint), _session(endpoint, httpx.Timeout(timeout_s)) as session:
        response = session.get(path)
        _raise_for_status(endpoint, response)
        value = response.json()
    return value if isinstance(value, dict) else {}


@contextmanager
def _stream(
    endpoint: Endpoint, path: str, body: dict[str, object], timeout: httpx.Timeout
) -> Iterator[Iterator[dict[str, object]]]:
    with (
        _told_as_facts(endpoint),
        _session(endpoint, timeout) as session,
        session.stream("POST", path, json=body) as response,
    ):
        if response.status_code != httpx.codes.OK:
            response.read()
            _raise_for_status(endpoint, response)
        yield _values(endpoint, response.iter_lines())


def _session(endpoint: Endpoint, timeout: httpx.Timeout) -> httpx.Client:
    headers = {"Authorization": f"Bearer {endpoint.token}"} if endpoint.token else {}
    return httpx.Client(base_url=endpoint.url, headers=headers, timeout=timeout, trust_env=False)


@contextmanager
def _told_as_facts(endpoint: Endpoint) -> Iterator[None]:
    """Turn what httpx raises into errors with words for the person who asked."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise ServerGone(endpoint.url, Said("no answer in time")) from error
    except httpx.ConnectError as error:
        raise ServerGone(endpoint.url, Said("nothing listens there")) from error
    except httpx.TransportError as error:
        raise ServerGone(endpoint.url, Said("the connection broke")) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise BadInput(
            "{url!r} is not an address of a server: {error}.", url=endpoint.url, error=error
        ) from error
    except json.JSONDecodeError as error:
        raise ServerGone(endpoint.url, Said("it answers, but not as a model server")) from error


def _raise_for_status(endpoint: Endpoint, response: httpx.Response) -> None:
    if response.status_code == httpx.codes.OK:
        return
    if response.status_code in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
        raise ServerBusy(endpoint.url)
    raise Refused(response.status_code, _reason(response))


def _reason(response: httpx.Response) -> Said:
    """The words of a refusal: OpenAI's `{"error": {"message"}}`, else the body's start."""
    try:
        error = response.json().get("error")
    except (ValueError, AttributeError):
        error = response.text[:200]
    said = Said.from_json(error if isinstance(error, dict) else {"message": error or ""})
    return said or Said("HTTP status {status}.", status=response.status_code)


def _values(endpoint: Endpoint, lines: Iterator[str]) -> Iterator[dict[str, object]]:
    """Read server-sent events until [DONE]; an error among them is raised."""
    for line in lines:
        if not line.startswith("data:"):
            continue  # a comment keeps the connection alive, an empty line ends an event
        data = line.removeprefix("data:").strip()
        if data == DONE:
            return
        value = json.loads(data)
        if not isinstance(value, dict):
            raise AnswerFailed(
                "protocol", Said("the server sent something that is no JSON object.")
            )
        if error := value.get("error"):
            told = error if isinstance(error, dict) else {"message": error}
            kind, message = str(told.get("type", "unknown")), Said.from_json(told)
            raise Refused(400, message) if kind == "refused" else AnswerFailed(kind, message)
        yield value
    raise ServerGone(endpoint.url, Said("it hung up in the middle of an answer"))


def _chunk(model: str, value: dict[str, object]) -> Iterator[Piece]:
    """The pieces in one `chat.completion.chunk`."""
    choices = value.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return
    delta = choice.get("delta")
    text = delta.get("content") if isinstance(delta, dict) else None
    if isinstance(text, str) and text:
        yield Text(model, text)
    reason = choice.get("finish_reason")
    if isinstance(reason, str):
        stamp = value.get("stamp")
        known: FinishReason = "length" if reason == "length" else "stop"
        yield Final(model, known, parse_stamp(stamp) if isinstance(stamp, dict) else None)
