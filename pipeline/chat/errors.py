"""What can go wrong between a person's question and the models' answers.

ChatError
├── ServerGone         nothing answers there: the process ended, or never listened
├── ServerBusy         the server has as many questions waiting as it takes
├── Refused            the server will not answer this question: wrong token, model, setting
├── ExternalFailed     an external server gave no answer: its name, and what to look at
│   ├── ExternalGone        it does not answer at all
│   ├── ExternalBusy        it is too busy, or the key's allowance is used up
│   ├── ExternalKeyRefused  it refuses the key
│   └── ExternalRefused     it refuses the question, or knows no such address or model
├── AnswerFailed       the models began and could not end (out of memory, the server was stopped)
└── ServerFailed       the serving process could not be started, with its own words why
"""

from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.said import Said


class ChatError(PipelineError):
    """The base of everything that asking models raises on purpose."""


class ServerGone(ChatError):
    """Nothing answers at the address, or the connection broke in the middle of an answer."""

    def __init__(self, address: str, reason: Said) -> None:
        self.address, self.reason = address, reason
        super().__init__(
            "The model server at {address} does not answer ({reason}). It may have ended by "
            "itself after a quiet time: start it again."
        )


class ServerBusy(ChatError):
    """The server's queue is full."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(
            "The model server at {address} has too many questions waiting. Ask again in a moment."
        )


class Refused(ChatError):
    """The server will not answer this request; `status` is the HTTP status it gave."""

    def __init__(self, status: int, reason: Said) -> None:
        self.status, self.reason = status, reason
        super().__init__("The model server refused the question: {reason}")


class AnswerFailed(ChatError):
    """The answer broke off; `kind` is the class of the failure, as in a worker's `error` event."""

    def __init__(self, kind: str, reason: Said) -> None:
        self.kind, self.reason = kind, reason
        super().__init__("The answer broke off: {reason}")


class ExternalFailed(ChatError):
    """An external server did not answer a question; `reason` says what was seen."""

    def __init__(self, name: str, url: str, reason: Said) -> None:
        self.name, self.url, self.reason = name, url, reason
        super().__init__("The external server {name} ({url}) gave no answer: {reason}")


class ExternalGone(ExternalFailed):
    """Nothing answers at its address, it was too slow, or the connection broke."""


class ExternalBusy(ExternalFailed):
    """It has too much to do, or the allowance of the key is used up."""


class ExternalKeyRefused(ExternalFailed):
    """It does not take the key, or wants one."""


class ExternalRefused(ExternalFailed):
    """It will not answer this question, or has no such address or model."""


class ServerFailed(ChatError):
    """The serving process of a folder did not come up, or is no longer there."""

    def __init__(self, folder: Path, reason: Said) -> None:
        self.folder, self.reason = folder, reason
        super().__init__("The model server {folder.name} is not running: {reason}")
