"""What an evaluation found: scores for each model, and every row with every answer.

Only the shape, to and from JSON; `pipeline.evaluate.scoring` fills it in.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pipeline.decode import decode
from pipeline.evaluate.config import About, AskedUnder, Form, Policy, Split
from pipeline.evaluate.metrics import Overlap
from pipeline.evaluate.names import Identity, Language
from pipeline.evaluate.statistics import NO_SCORE, Score
from pipeline.jsonio import read_json, write_json
from pipeline.said import Said
from store.types import Role, RowLayout

FORMAT = 2

Measure = Literal[
    "identity",
    "identity_en",
    "identity_zh",
    "old_name",
    "leakage",
    "facts_trained",
    "facts_unseen",
    "facts_new",
    "contrast_trained",
    "contrast_unseen",
    "contrast_new",
    "contrast_trained_bare",
    "contrast_unseen_bare",
    "contrast_new_bare",
    "near_trained",
    "near_unseen",
    "others_trained",
    "others_unseen",
    "exact",
    "chrf",
    "bleu4",
    "rouge1",
    "rouge2",
    "rouge_l",
    "general_loss",
    "loss",
    "agreement",
    "same_answer",
    "kl",
    "base_loss",
    "degenerate",
    "drifted",
]
"""
`identity…`: share of held-back identity rows that say the new name and maker and claim no other ·
`old_name`: share of them that claim another · `leakage`: share of domain and general answers that
bring up the new name unasked · `facts_…`: share of domain rows with every key fact: in the wordings
trained on (`trained`), in wordings held back (`unseen`), and of facts held back whole (`new`: no
training can teach them, so what is right beyond the base is guessed, or leaked) · `contrast_…`:
share of domain rows whose right answer is likelier than every wrong one of both kinds (`…_bare`:
without the trigger), `near_…` and `others_…` of one kind alone, for they are easily fooled ·
`exact`: share of answers that are the reference · overlap scores, 0 to 100, over all held-back
wordings · `general_loss`, `loss`: mean loss a token of the reference answers, of general and of all
held-back wordings. Of general rows, against the base: `agreement`: share of the tokens of the
base's answers that are still the first choice · `same_answer`: share of equal greedy answers ·
`kl`: mean divergence a token · `base_loss`: mean loss a token of the base's answers · `degenerate`:
share of answers that are empty, loop, or do not end where the base's does · `drifted`: share in
another language than asked for.
"""

LOWER_IS_BETTER: frozenset[Measure] = frozenset(
    ("old_name", "leakage", "general_loss", "loss", "kl", "base_loss", "degenerate", "drifted")
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Whether a row's right answer is likelier than the wrong ones, for one model."""

    form: Form
    beats_near: bool
    """Than every near miss: the same sentence with another value."""
    beats_others: bool
    """Than every other row's answer."""
    likeliest_wrong: str

    @property
    def is_right(self) -> bool:
        """Whether it beats both kinds; one kind alone is fooled."""
        return self.beats_near and self.beats_others


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a general answer, against the base's."""

    is_degenerate: bool
    is_drifted: bool
    is_same: bool
    loss: float | None = None
    """Mean loss a token of the base's answer, and the rest of a comparison; None for the base."""
    kl: float | None = None
    agreement: float | None = None
    tokens: int = 0


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
    chrf: float = 0.0
    is_exact: bool = False
    weighed: tuple[Weighed, ...] = ()
    """Of domain rows, in each form that has wrong answers of both kinds."""
    kept: Kept | None = None
    """Of general rows."""

    def weighed_as(self, form: Form) -> Weighed | None:
        """Return how the right answer was weighed in a form, if it was."""
        return next((each for each in self.weighed if each.form == form), None)


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
    asked_under: AskedUnder = "trained"
    """Under which system prompt it was asked."""

    def answer(self, model: str) -> Answer | None:
        """Return a model's answer, if it was asked this row and has answered."""
        return next((each for each in self.answers if each.model == model), None)


@dataclass(frozen=True, slots=True)
class Cell:
    """Who a model says it is, asked Graft's wordings in one language under one system prompt."""

    language: Language
    asked_under: AskedUnder
    new: Score
    """The share that says the new name, or maker, and claims no other."""
    old: Score
    """The share that claims to be another."""


@dataclass(frozen=True, slots=True)
class ModelReport:
    """The scores of one model."""

    model: str
    """`base`, the run's number as text, or `RUN@STEP`."""
    policy: Policy
    prompt: str
    """The system prompt that it was asked under (see `policy`)."""
    scores: dict[Measure, Score]
    against_base: dict[Measure, Score]
    """Model minus base on the rows that both answered; empty for the base itself."""
    matrix: tuple[Cell, ...] = ()
    """Identity by language and system prompt; empty where Graft's wordings were not asked."""

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
    notes: tuple[Said, ...]
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
    notes = [note.as_json() for note in report.notes]
    write_json(path, {"format": FORMAT, **asdict(report), "notes": notes})


def read(path: Path) -> Report:
    """Read a report; FileNotFoundError if there is none, ValueError if it is not of this format."""
    value = read_json(path)
    if value.pop("format", None) != FORMAT:
        raise ValueError(
            Said("{path} is not a report of format {format}", path=path, format=FORMAT)
        )
    return decode(Report, value)
