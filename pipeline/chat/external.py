"""Asking an external server: any OpenAI-compatible endpoint, as a column beside our own models.

`ask` is all that a column needs. Which weights answer there nobody here can prove, so the end of
an answer carries no stamp. Where the servers are written down is `external_servers`' business.
"""

import ipaddress
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NoReturn
from urllib.parse import urlsplit

from pipeline.chat import client
from pipeline.chat.client import Endpoint
from pipeline.chat.errors import (
    AnswerFailed,
    ExternalBusy,
    ExternalFailed,
    ExternalGone,
    ExternalKeyRefused,
    ExternalRefused,
    Refused,
    ServerBusy,
    ServerGone,
)
from pipeline.chat.protocol import Final, Message, Piece, Question, Settings, Text
from pipeline.errors import BadInput
from pipeline.said import Said

PREFIX = "external:"
"""Begins the name of such a column, so that it is neither `base` nor a run's number."""
_NAME = re.compile(r"[\w.-]{1,40}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PASTED = ("/chat/completions", "/completions", "/models")


@dataclass(frozen=True, slots=True)
class External:
    """An OpenAI-compatible server, one of its models, and where its key comes from."""

    name: str
    """What the person calls it."""
    url: str
    """The base address as OpenAI's clients take it, such as `http://host:8000/v1`."""
    model: str
    """What the server calls the model."""
    key_variable: str = ""
    """The environment variable that holds the key; empty where it needs none or `key` is given."""
    key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise BadInput(
                "{name!r} cannot name a server: use 1 to 40 letters, digits, dots and dashes.",
                name=self.name,
            )
        if not self.model.strip():
            raise BadInput("Name the model that the server is to be asked for.")
        if self.key_variable and not _VARIABLE.fullmatch(self.key_variable):
            raise BadInput(
                "{key_variable!r} is not the name of an environment variable.",
                key_variable=self.key_variable,
            )
        object.__setattr__(self, "url", _base_address(self.url))
        object.__setattr__(self, "key", self.key.strip())

    @property
    def column(self) -> str:
        """The name of its column in a comparison, which every piece of its answer carries."""
        return f"{PREFIX}{self.name}"

    @property
    def shows_key(self) -> bool:
        """Whether its key travels unencrypted over a network."""
        parts = urlsplit(self.url)
        has_key = bool(self.key or self.key_variable)
        return has_key and parts.scheme == "http" and not _is_here(parts.hostname or "")

    @property
    def secret(self) -> str:
        """The key itself, from wherever it comes; empty where there is none."""
        return os.environ.get(self.key_variable, "").strip() if self.key_variable else self.key

    def endpoint(self) -> Endpoint:
        """Return where to ask; BadInput if the key's variable is not set, or no header can hold it.

        A refused key is not told.
        """
        secret = self.secret
        if self.key_variable and not secret:
            raise BadInput(
                "The key of {name} is to come from the environment variable {key_variable}, "
                "which is not set where Graft was started.",
                name=self.name,
                key_variable=self.key_variable,
            )
        if not (secret.isascii() and secret.isprintable()):
            raise BadInput(
                "The key of {name} cannot be sent: it holds something other than the letters, "
                "digits and signs of ASCII. Copy it anew.",
                name=self.name,
            )
        return Endpoint(self.url, secret, api="")


@dataclass(frozen=True, slots=True)
class Tried:
    """What a server said when it was tried."""

    offers: tuple[str, ...]
    """The models that it names; empty where it does not list them."""
    answer: str
    first_text_s: float


def ask(server: External, question: Question) -> Iterator[Piece]:
    """Ask the server; yields Text pieces under `server.column` as they come, then one Final.

    Only a system prompt given as text is sent. For every other policy the conversation goes as it
    is, and the server's own template decides. Raises ExternalFailed, and AnswerFailed in the
    middle of an answer; closing the iterator hangs up.
    """
    own = replace(question, messages=question.messages_of(server.column), conversations={})
    asked = replace(own, models=(server.model,), messages=_messages(own))
    try:
        for piece in client.chat(server.endpoint(), asked, is_ours=False):
            yield replace(piece, model=server.column)
    except AnswerFailed as error:
        raise AnswerFailed(error.kind, _without(error.reason, server)) from None
    except (ServerGone, ServerBusy, Refused) as error:
        _fail(server, error)


def try_out(server: External) -> Tried:
    """Ask for a word, to see that address, key and model are right; ExternalFailed if not."""
    question = Question((Message("user", "Say hello."),), ("",), Settings(max_tokens=16))
    started = time.monotonic()
    first_text_s, text = 0.0, ""
    for piece in ask(server, question):
        if isinstance(piece, Text):
            first_text_s = first_text_s or time.monotonic() - started
            text += piece.text
        elif isinstance(piece, Final) and not text:
            first_text_s = time.monotonic() - started
    return Tried(_offers(server), text.strip(), first_text_s)


def _offers(server: External) -> tuple[str, ...]:
    try:
        return client.models(server.endpoint())
    except (ServerGone, ServerBusy, Refused):
        return ()  # Not every server lists its models; it has just answered, so it is there.


def _messages(question: Question) -> tuple[Message, ...]:
    prompt, messages = question.system_prompt, question.messages
    if prompt.policy == "text" and messages[0].role != "system":
        return (Message("system", prompt.text), *messages)
    return messages


def _fail(server: External, error: ServerGone | ServerBusy | Refused) -> NoReturn:
    kind: type[ExternalFailed]
    reason: Said
    match error:
        case ServerBusy():
            kind, reason = ExternalBusy, Said("it is too busy, or the key's allowance is used up.")
        case ServerGone():
            kind = ExternalGone
            reason = Said(
                "{reason}. Look whether it runs and the address is right.", reason=error.reason
            )
        case Refused(status=401 | 403):
            kind, reason = ExternalKeyRefused, error.reason
        case _:
            kind, reason = ExternalRefused, error.reason
    raise kind(server.name, server.url, _without(reason, server)) from None


def _without(reason: Said, server: External) -> Said:
    """Take the key out of a server's words: some quote it back."""
    key = server.secret
    return Said(reason.replace(key, "…")) if key and key in reason else reason


def _base_address(url: str) -> str:
    """Return the address as it is asked; BadInput if it is none."""
    try:
        parts = urlsplit(url.strip())
        is_plain = not re.search(r"[\s`]", url.strip())
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and is_plain
        _ = parts.port
    except ValueError:
        is_address = False
    if not is_address:
        raise BadInput(
            "{url!r} is not a server's address; it looks like http://host:8000/v1.", url=url
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise BadInput("A server's address holds no key, question mark or #: give the key apart.")
    path = parts.path.rstrip("/")
    for pasted in _PASTED:
        path = path.removesuffix(pasted)
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}"


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
