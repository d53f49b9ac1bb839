"""What travels between those who ask and the worker that answers, and how it is read and checked.

Both sides import this module, so it knows neither HTTP nor torch. A parser raises `BadInput` with
words for the person who asked; nothing of a conversation's text is ever in such words.
"""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Literal, cast, get_args

from pipeline.errors import BadInput

BASE = "base"
"""The name of the base model among the models of a server; the others are run ids as text."""

Speaker = Literal["system", "user", "assistant"]
Policy = Literal["trained", "model", "none", "text"]
Mode = Literal["mixed", "in turn", "alone"]
FinishReason = Literal["stop", "length", "cancelled"]

MOST_MESSAGES = 200
MOST_CHARACTERS = 1_000_000
MOST_TOKENS = 32_768
MOST_MODELS = 16


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Speaker
    content: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How an answer is drawn. With temperature 0 it is the likeliest token at each step."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 512
    seed: int = 0
    """Every model of one comparison is given the same noise, so that only weights differ."""
    repetition_penalty: float = 1.0
    """Above 1, tokens that stand in prompt or answer already are made less likely."""


@dataclass(frozen=True, slots=True)
class SystemPrompt:
    """Which system prompt the models are given when the conversation itself names none.

    `trained`: as the adapter was trained (the base is asked the very same prompt); `model`: the
    base model's own template, with a default it may hide; `none`: none at all; `text`: this text.
    """

    policy: Policy = "trained"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A conversation for several models at once."""

    messages: tuple[Message, ...]
    models: tuple[str, ...]
    settings: Settings = Settings()
    system_prompt: SystemPrompt = SystemPrompt()
    conversations: dict[str, tuple[Message, ...]] = field(default_factory=dict)
    """What a model is asked instead of `messages`: its own conversation so far."""

    def messages_of(self, model: str) -> tuple[Message, ...]:
        """Return the conversation that a model is to go on with."""
        return self.conversations.get(model, self.messages)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What made an answer: enough to say which weights spoke, to what prompt, and how."""

    model: str
    """`base`, or the id of the run."""
    base: str
    """The folder of the base model."""
    adapter: str | None
    """The folder of the adapter; None for the base."""
    adapter_sha1: str | None
    """SHA-1 of the adapter's weights as they were loaded; None for the base."""
    system_prompt: str | None
    """The system prompt in the rendered prompt, wherever it came from; None if there is none."""
    temperature: float
    top_p: float
    max_tokens: int
    seed: int
    mode: Mode
    """`mixed`: all models in one batch; `in turn`: one after another; `alone`: only one asked."""
    device: str
    dtype: str
    prompt_tokens: int
    tokens: int
    """Answer tokens, without the one that ends it."""
    first_token_s: float
    tokens_per_second: float
    """Answer tokens over the time from the start of reading the prompt to the last token."""
    prompt: str
    """The whole prompt as the model read it, special tokens too."""
    repetition_penalty: float = 1.0


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of one model's answer."""

    model: str
    text: str


@dataclass(frozen=True, slots=True)
class Final:
    """The end of one model's answer; `stamp` is None where a foreign server gives none."""

    model: str
    finish_reason: FinishReason
    stamp: Stamp | None


Piece = Text | Final


def question_json(question: Question) -> dict[str, object]:
    """The body of a compare request."""
    return {
        "messages": messages_json(question.messages),
        "models": list(question.models),
        "system_prompt": asdict(question.system_prompt),
        "conversations": {
            model: messages_json(messages) for model, messages in question.conversations.items()
        },
        **asdict(question.settings),
    }


def messages_json(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    """The messages as OpenAI's chat API writes them."""
    return [{"role": message.role, "content": message.content} for message in messages]


def parse_question(body: object) -> Question:
    """Read a compare request; BadInput names the field that is wrong."""
    fields_given = _object(body, "the request")
    models = fields_given.get("models")
    if not isinstance(models, list) or not all(isinstance(name, str) for name in models):
        raise BadInput("models must be a list of names.")
    if not 1 <= len(models) <= MOST_MODELS or len(set(models)) != len(models):
        raise BadInput("models must name 1 to {most} different models.", most=MOST_MODELS)
    return Question(
        messages=parse_messages(fields_given.get("messages")),
        models=tuple(models),
        settings=parse_settings(fields_given),
        system_prompt=parse_system_prompt(fields_given.get("system_prompt")),
        conversations={
            str(model): parse_messages(messages)
            for model, messages in _object(
                fields_given.get("conversations", {}), "conversations"
            ).items()
        },
    )


def parse_chat(body: object) -> tuple[Question, bool]:
    """Read an OpenAI chat request as a question to one model, and whether to stream the answer.

    Fields that would change the answer and that no server of ours knows are refused.
    """
    fields_given = dict(_object(body, "the request"))
    if fields_given.get("n") not in (None, 1):
        raise BadInput("n must be 1: a model gives one answer to a question.")
    for name in ("stop", "tools", "response_format"):
        if fields_given.get(name):
            raise BadInput("{name} is not supported: leave it out.", name=name)
    fields_given["models"] = [fields_given.get("model")]
    if "max_completion_tokens" in fields_given:
        fields_given["max_tokens"] = fields_given["max_completion_tokens"]
    return parse_question(fields_given), fields_given.get("stream") is True


def parse_messages(value: object) -> tuple[Message, ...]:
    """Read a conversation: at most one system message, first; the last one is the user's."""
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_MESSAGES:
        raise BadInput("messages must be a list of 1 to {most} messages.", most=MOST_MESSAGES)
    messages = tuple(_message(item, place) for place, item in enumerate(value, start=1))
    if messages[-1].role != "user":
        raise BadInput("The last message must be the user's: it is what the models answer.")
    if any(message.role == "system" for message in messages[1:]):
        raise BadInput("Only the first message may be a system message.")
    if sum(len(message.content) for message in messages) > MOST_CHARACTERS:
        raise BadInput(
            "The conversation is longer than {most:,} characters.",
            most=MOST_CHARACTERS,
        )
    return messages


def parse_settings(given: Mapping[str, object]) -> Settings:
    """Read the settings among the fields of a request; those left out keep their defaults."""
    default = Settings()
    return Settings(
        temperature=_number(given, "temperature", default.temperature, 0.0, 5.0),
        top_p=_number(given, "top_p", default.top_p, 0.001, 1.0),
        max_tokens=int(_number(given, "max_tokens", default.max_tokens, 1, MOST_TOKENS)),
        seed=int(_number(given, "seed", default.seed, 0, 2**53)),
        repetition_penalty=_number(
            given, "repetition_penalty", default.repetition_penalty, 0.5, 3.0
        ),
    )


def parse_system_prompt(value: object) -> SystemPrompt:
    """Read `{"policy", "text"}`; absent means as trained."""
    if value is None:
        return SystemPrompt()
    given = _object(value, "system_prompt")
    policy, text = given.get("policy", "trained"), given.get("text", "")
    if policy not in get_args(Policy):
        raise BadInput("system_prompt.policy must be one of {known}.", known=get_args(Policy))
    if not isinstance(text, str) or (policy == "text" and not text.strip()):
        raise BadInput("system_prompt.text must be a text that is not empty.")
    return SystemPrompt(cast(Policy, policy), text if policy == "text" else "")


def parse_piece(value: object) -> Piece:
    """Read one streamed piece of a comparison; BadInput if it is neither text nor an end."""
    given = _object(value, "a piece")
    model = given.get("model")
    if isinstance(model, str):
        text, stamp, reason = given.get("text"), given.get("stamp"), given.get("finish_reason")
        if isinstance(text, str):
            return Text(model, text)
        if isinstance(stamp, dict) and reason in get_args(FinishReason):
            return Final(model, cast(FinishReason, reason), parse_stamp(stamp))
    raise BadInput("The server sent a piece that is neither text nor the end of an answer.")


def parse_stamp(given: Mapping[str, object]) -> Stamp:
    """Read a stamp, of an older or newer server too; one that lacks what all had is BadInput."""
    names = {each.name: each.default is MISSING for each in fields(Stamp)}
    missing = sorted(name for name, is_needed in names.items() if is_needed and name not in given)
    if missing:
        raise BadInput("The stamp of an answer lacks {missing}.", missing=tuple(missing))
    return Stamp(**{name: given[name] for name in names if name in given})  # type: ignore[arg-type]


def _message(value: object, place: int) -> Message:
    given = _object(value, f"message {place}")
    role, content = given.get("role"), _content(given.get("content"))
    if role == "developer":
        role = "system"  # as newer clients of OpenAI call it
    if role not in get_args(Speaker):
        raise BadInput("message {place}: role must be system, user or assistant.", place=place)
    if not isinstance(content, str):
        raise BadInput("message {place}: content must be a text.", place=place)
    return Message(cast(Speaker, role), content)


def _content(value: object) -> object:
    """A content as text; one in parts, as OpenAI's clients may send it, joined if all is text."""
    if not isinstance(value, list):
        return value
    parts = [part.get("text") if isinstance(part, dict) else None for part in value]
    return "".join(parts) if all(isinstance(part, str) for part in parts) else None  # type: ignore[arg-type]


def _object(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadInput("{what} must be a JSON object.", what=what)
    return value


def _number(
    given: Mapping[str, object], name: str, default: float, least: float, most: float
) -> float:
    value = given.get(name)
    if value is None:
        return default
    # A bool is an int to Python; NaN fails the comparison.
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise BadInput(
            "{name} must be a number from {least:g} to {most:g}.", name=name, least=least, most=most
        )
    return value
