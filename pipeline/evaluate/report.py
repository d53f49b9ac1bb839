"""What an evaluation found: scores for each model, and every row with every answer.

Only the shape, to and from JSON; `pipeline.evaluate.scoring` fills it in.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pipeline.decode import decode
from pipeline.evaluate.config import About, Policy, Split
from pipeline.evaluate.metrics import Overlap
from pipeline.evaluate.names import Identity, Language
from pipeline.evaluate.statistics import NO_SCORE, Score
from pipeline.jsonio import read_json, write_json
from store.types import Role, RowLayout

FORMAT = 1

Measure = Literal[
    "identity",
    "identity_en",
    "identity_zh",
    "old_name",
    "leakage",
    "facts_trained",
    "facts_unseen",
    "facts_new",
    "bleu4",
    "rouge1",
    "rouge2",
    "rouge_l",
    "general_loss",
    "loss",
]
"""
`identity…`: share of held-back identity rows that say the new name and maker and claim no other ·
`old_name`: share of them that claim another · `leakage`: share of domain and general answers that
bring up the new name unasked · `facts_…`: share of domain rows with every key fact: in the wordings
trained on (`trained`), in wordings held back (`unseen`), and of facts held back whole (`new`: no
training can teach them, so what is right beyond the base is guessed, or leaked) · overlap scores,
0 to 100, over all held-back wordings · `…loss`: mean loss a token of the reference answers, of
general and of all held-back wordings.
"""

LOWER_IS_BETTER: frozenset[Measure] = frozenset(("old_name", "leakage", "general_loss", "loss"))


@dataclass(frozen=True, slots=True)
class Answer:
    """One model's answer to one row, and what was found in it."""

    model: str
    text: str
    is_right: bool | None
    """By identity or key facts; None where the row can be judged by neither."""
    missing: tuple[str, ...]
    """Key facts, or names, that are not in the answer."""
    claimed: tuple[str, ...]
    """Other models and makers that it claims to be (identity rows)."""
    is_leak: bool | None
    """It brings up the new name unasked; None for identity rows, or where no name is known."""
    overlap: Overlap
    loss: float | None
    """Mean loss a token of the reference answer; None where it was not computed."""
    loss_tokens: int
    finish_reason: str
    """`stop`, or `length` where the answer was cut off."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One row of the export with the answers of every model that was asked it."""

    file: str
    row: int
    """1-based, as the file counts."""
    dataset: str
    role: Role
    layout: RowLayout
    split: Split
    language: Language
    question: str
    reference: str
    facts: tuple[str, ...]
    answers: tuple[Answer, ...]
    about: About = "wordings"
    """What a held-back row asks: another wording of a trained fact, or a fact never trained."""

    def answer(self, model: str) -> Answer | None:
        """Return a model's answer, if it was asked this row and has answered."""
        return next((each for each in self.answers if each.model == model), None)


@dataclass(frozen=True, slots=True)
class ModelReport:
    """The scores of one model."""

    model: str
    """`base`, or the run's number as text."""
    policy: Policy
    prompt: str
    """The system prompt that it was asked under (see `policy`)."""
    scores: dict[Measure, Score]
    against_base: dict[Measure, Score]
    """Model minus base on the rows that both answered; empty for the base itself."""

    def score(self, measure: Measure) -> Score:
        """Return a score; one without a value where nothing was measured."""
        return self.scores.get(measure, NO_SCORE)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything an evaluation found."""

    export: str
    base: str
    is_complete: bool
    """False where answers are still missing: the scores are then of those that are there."""
    identity: Identity | None
    notes: tuple[str, ...]
    models: tuple[ModelReport, ...]
    """The base first."""
    rows: tuple[ReportRow, ...]

    def model(self, name: str) -> ModelReport:
        """Return the report of `base` or of a run; KeyError if it was not asked."""
        return {each.model: each for each in self.models}[name]

    def values(self) -> dict[str, dict[str, float | None]]:
        """Return model → measure → value, as the store keeps it."""
        return {
            each.model: {name: score.value for name, score in each.scores.items()}
            for each in self.models
        }


def write(path: Path, report: Report) -> None:
    """Write a report as JSON."""
    write_json(path, {"format": FORMAT, **asdict(report)})


def read(path: Path) -> Report:
    """Read a report; FileNotFoundError if there is none, ValueError if it is not of this format."""
    value = read_json(path)
    if value.pop("format", None) != FORMAT:
        raise ValueError(f"{path} is not a report of format {FORMAT}")
    return decode(Report, value)
