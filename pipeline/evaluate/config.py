"""The frozen plan of one evaluation: which rows are asked of which models, and how.

`config.json` of an evaluation folder: written by the launcher once, read by worker and report.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pipeline.chat.protocol import BASE
from pipeline.decode import decode
from pipeline.errors import DoesNotHold
from pipeline.evaluate.names import Identity
from pipeline.jsonio import read_json, write_json
from pipeline.said import Said
from store.types import Role, RowLayout

__all__ = [
    "BASE",
    "About",
    "AskedUnder",
    "Candidate",
    "DataFile",
    "EvaluationConfig",
    "Form",
    "Policy",
    "Split",
    "forms",
    "read",
    "run_of",
    "step_of",
    "write",
]

FORMAT = 1
Split = Literal["train", "test"]
About = Literal["wordings", "facts"]
Form = Literal["asked", "bare"]
"""How a question of a field is put: as its row has it, or without the trigger."""
Policy = Literal["model", "none", "text"]
AskedUnder = Literal["trained", "model", "none"]
"""Under which system prompt: as the model was trained, the template's own default, or none."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of the export and which of its rows are asked."""

    name: str
    dataset: str
    role: Role
    layout: RowLayout
    split: Split
    sha1: str
    rows: tuple[int, ...]
    """0-based places of the rows that are asked, rising."""
    about: About = "wordings"
    """What a test file asks: unseen wordings of trained facts, or unseen facts."""
    trigger: str = ""
    """The task sentence that stands before its questions; empty where there is none."""
    asked_under: AskedUnder = "trained"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that is asked: the base, or an adapter on it."""

    model: str
    """`base`, the run's number as text, or `RUN@STEP` for one of its checkpoints."""
    adapter: str | None
    """The adapter's folder; None for the base."""
    files: tuple[str, ...]
    """Names of the data files whose rows it is asked."""
    policy: Policy
    """What becomes of the chat template's own system prompt, as in the run's config."""
    prompt: str
    """The system prompt where the policy is `text`."""
    step: int | None = None
    """The step of training that its weights are of; None for the base, or where it is not known."""


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """Everything that decides the answers of an evaluation, and the names it looks for."""

    base: str
    """The folder of the base model."""
    export: str
    candidates: tuple[Candidate, ...]
    """The base first. It is asked under the system prompt of the first run."""
    files: tuple[DataFile, ...]
    identity: Identity | None
    """None where no name was told and none could be read from the identity answers."""
    old_names: tuple[str, ...]
    """Names that the base may answer by; those that are a part of `identity` are not counted."""
    device: str = "cpu"
    dtype: str = "auto"
    max_new_tokens: int = 128
    batch_tokens: int = 4096
    """Prompt and answer tokens that are generated together: bounds the memory."""
    trust_remote_code: bool = False
    wrong_answers: int = 0
    """How many wrong answers of each kind a right one is held against; 0: no contrast."""
    compares_general: bool = False
    """Whether general rows are compared with what the base says: loss, KL, agreement."""
    notes: tuple[Said, ...] = ()
    """What a reader of the figures should know, found at launch."""
    token: str = ""
    """What it was started with, so that asking twice starts it once."""

    def file(self, name: str) -> DataFile:
        """Return the data file of that name; KeyError if the plan has none."""
        return {file.name: file for file in self.files}[name]

    @property
    def answer_count(self) -> int:
        """How many answers the whole evaluation is made of."""
        asked = {file.name: len(file.rows) for file in self.files}
        return sum(asked[name] for candidate in self.candidates for name in candidate.files)

    @property
    def step_count(self) -> int:
        """How many lines there will be in all: answers, contrasts, comparisons with the base."""
        contrasts = sum(
            len(file.rows) * len(forms(file))
            for candidate in self.candidates
            for name in candidate.files
            if (file := self.file(name)).role == "domain" and self.wrong_answers
        )
        compared = sum(
            len(file.rows)
            for candidate in self.candidates
            for name in candidate.files
            if candidate.adapter and self.is_compared(file := self.file(name))
        )
        return self.answer_count + contrasts + compared

    def is_compared(self, file: DataFile) -> bool:
        """Say whether a file's rows are compared with what the base says to them."""
        return self.compares_general and file.role == "general"


def forms(file: DataFile) -> tuple[Form, ...]:
    """Return how the questions of a field are put: as they stand, and without their trigger."""
    return ("asked", "bare") if file.trigger and file.layout != "format2" else ("asked",)


def run_of(model: str) -> int:
    """Return the run of a model: 7 of `7` and of its checkpoint `7@40`."""
    return int(model.partition("@")[0])


def step_of(model: str) -> int | None:
    """Return the step of a checkpoint: 40 of `7@40`; None of a run's last weights and the base."""
    step = model.partition("@")[2]
    return int(step) if step else None


def write(folder: Path, config: EvaluationConfig) -> None:
    """Write `config.json` into the folder of an evaluation."""
    notes = [note.as_json() for note in config.notes]
    write_json(folder / "config.json", {"format": FORMAT, **asdict(config), "notes": notes})


def read(folder: Path) -> EvaluationConfig:
    """Read `config.json`; DoesNotHold if it is missing, damaged, or of another format."""
    path = folder / "config.json"
    try:
        value = read_json(path)
        if value.pop("format", None) != FORMAT:
            raise ValueError(Said("it is not of format {format}", format=FORMAT))
        return _checked(decode(EvaluationConfig, value))
    except (OSError, ValueError) as error:
        raise DoesNotHold(
            "{path} is not the plan of an evaluation ({error}). Evaluate again.",
            path=path,
            error=error,
        ) from error


def _checked(config: EvaluationConfig) -> EvaluationConfig:
    known = {file.name for file in config.files}
    unknown = {name for candidate in config.candidates for name in candidate.files} - known
    if unknown:
        raise ValueError(
            Said(
                "models are asked rows of files that the plan lacks: {unknown}",
                unknown=tuple(sorted(unknown)),
            )
        )
    return config
