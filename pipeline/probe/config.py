"""The frozen plan of one probe: which questions a base is asked, how, and what for.

`config.json` and `questions.jsonl` of a probe's folder: written by the launcher once.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pipeline.decode import decode
from pipeline.errors import BadInput, DoesNotHold
from pipeline.jsonio import read_json, read_lines, write_atomic, write_json
from pipeline.models.template import SystemPrompt
from pipeline.said import Said

FORMAT = 1
WITHOUT = SystemPrompt("none")
QUESTIONS = "questions.jsonl"
Kind = Literal["replay", "known"]
"""Answers to general prompts that become pairs; or whether the base knows what pairs teach."""


@dataclass(frozen=True, slots=True)
class Question:
    """One row as it is put to the base."""

    key: int
    """A prompt's place in its list, or a pair's id."""
    digest: str
    """Of what decides the verdict of a pair, so that a later change is noticed; "" for a prompt."""
    instruction: str
    input: str = ""
    system: str = ""
    history: tuple[tuple[str, ...], ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def record(self) -> dict[str, object]:
        """The row as an alpaca record without its answer."""
        history = [list(turn) for turn in self.history]
        return {
            "instruction": self.instruction,
            "input": self.input,
            "system": self.system,
            "history": history,
            "output": "",
        }


@dataclass(frozen=True, slots=True)
class ProbeConfig:
    """Everything that decides the answers of a probe."""

    kind: Kind
    base: str
    """The folder of the base model."""
    base_sha256: str
    """Of its weights; see `pipeline.models.fingerprint`."""
    source: str
    """The name of the prompt list, or of the datasets."""
    questions: int
    questions_sha256: str
    samples: int = 0
    """How many sampled answers beside the greedy one."""
    temperature: float = 0.8
    top_p: float = 0.95
    seed: int = 1
    """The n-th sampled answer is drawn with seed + n."""
    max_new_tokens: int = 256
    batch_tokens: int = 8192
    """Prompt and answer tokens that are generated together: bounds the memory."""
    system_prompt: SystemPrompt = WITHOUT
    device: str = "cpu"
    dtype: str = "auto"
    trust_remote_code: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.samples <= 64 or not 0 < self.temperature <= 5 or not 0 < self.top_p <= 1:
            raise BadInput("Ask for 0 to 64 samples, at a temperature up to 5 and a top_p up to 1.")
        if self.max_new_tokens < 1:
            raise BadInput(
                "max_new_tokens is {max_new_tokens}; it has to be at least 1.",
                max_new_tokens=self.max_new_tokens,
            )

    @property
    def answer_count(self) -> int:
        """How many answers the whole probe is made of."""
        return self.questions * (1 + self.samples)


def write(folder: Path, config: ProbeConfig, questions: Sequence[Question]) -> None:
    """Write the questions, then the config that names their hash."""
    write_atomic(folder / QUESTIONS, pack(questions))
    write_json(folder / "config.json", {"format": FORMAT, **asdict(config)})


def pack(questions: Sequence[Question]) -> bytes:
    """Return questions as JSON lines."""
    return "".join(json.dumps(asdict(q), ensure_ascii=False) + "\n" for q in questions).encode()


def digest(questions: Sequence[Question]) -> str:
    """Return the SHA-256 of questions as they are written."""
    return hashlib.sha256(pack(questions)).hexdigest()


def read(folder: Path) -> ProbeConfig:
    """Read `config.json`; DoesNotHold if it is missing, damaged, or of another format."""
    path = folder / "config.json"
    try:
        value = read_json(path)
        if value.pop("format", None) != FORMAT:
            raise ValueError(Said("it is not of format {format}", format=FORMAT))
        return decode(ProbeConfig, value)
    except (OSError, ValueError) as error:
        raise DoesNotHold(
            "{path} is not the plan of a probe ({error}). Ask again.", path=path, error=error
        ) from error


def read_questions(folder: Path, config: ProbeConfig) -> tuple[Question, ...]:
    """Read the questions; DoesNotHold if they are not those that were planned."""
    path = folder / QUESTIONS
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != config.questions_sha256:
            raise ValueError(Said("it was changed"))
        return tuple(decode(Question, line) for line in read_lines(path)[0])
    except (OSError, ValueError) as error:
        raise DoesNotHold(
            "{path} cannot be asked ({error}). Ask again.", path=path, error=error
        ) from error
