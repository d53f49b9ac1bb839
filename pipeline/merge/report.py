"""The equivalence report: does a merged model answer as its base with the adapter does?

Pure: it judges figures that the worker measured. Where a merged model lies, `merge.json` beside its
weights holds the report and where the model comes from.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.decode import decode
from pipeline.errors import DoesNotHold
from pipeline.jsonio import read_json, write_json
from pipeline.said import Said

FORMAT = 1
FILE = "merge.json"
TOLERANCE = {"float32": 0.01, "float16": 0.1, "bfloat16": 0.75}
"""The largest difference of a logit that rounding explains; see decision 191."""


@dataclass(frozen=True, slots=True)
class Row:
    """One prompt; differences are the largest of any logit at any token of the greedy answer."""

    prompt: str
    answer: str
    """What base and adapter say, greedily; some tokens of it."""
    difference: float
    """The merged model against base and adapter."""
    from_base: float
    """Base and adapter against the base alone: what the adapter does."""
    is_same: bool
    """Whether the merged model would choose each of these tokens too."""
    lead: float = 0.0
    """Where it would not: by how much base and adapter preferred their own token, at most."""


@dataclass(frozen=True, slots=True)
class Equivalence:
    """What was measured, and what of it cannot be."""

    rows: tuple[Row, ...]
    dtype: str
    """The coarsest number format on the way: of the files, or of the computing."""
    computed_in: str
    """The number format in which both models were asked."""
    device: str
    changed_weights: tuple[str, ...] = ()
    """Weights, or whole files of them, that lie in the folder otherwise than they were merged."""
    reads_alike: bool = True
    """Whether the tokenizer and template in the folder read the prompts as before."""

    @property
    def largest_logit_difference(self) -> float:
        """The largest over all prompts."""
        return max((row.difference for row in self.rows), default=0.0)

    @property
    def same_greedy_answers(self) -> int:
        """How many of the prompts are answered alike."""
        return sum(row.is_same for row in self.rows)

    @property
    def largest_from_base(self) -> float:
        """What the adapter does to the base at most."""
        return max((row.from_base for row in self.rows), default=0.0)

    @property
    def tolerance(self) -> float:
        """The difference that rounding explains."""
        return TOLERANCE[self.dtype]

    @property
    def faults(self) -> tuple[Said, ...]:
        """Why this model is refused, in words; empty if it holds."""
        return tuple(_faults(self))


@dataclass(frozen=True, slots=True)
class Merged:
    """Where a merged model comes from, and the proof: `merge.json`."""

    base: str
    base_sha256: str
    run: int
    checkpoint: str
    adapter_sha1: str
    """Of the file of the adapter's weights."""
    system_prompt: str | None
    """What its template puts before a conversation that brings no system prompt; None: nothing."""
    dtype: str
    trained: dict[str, object]
    """The adapter's own `graft.json`: data with SHA-1, layout, system prompt in training."""
    files: dict[str, str]
    """The SHA-256 of each file of weights as it was written, so that it can be checked again."""
    equivalence: Equivalence


def _faults(found: Equivalence) -> list[Said]:
    said = []
    if found.changed_weights:
        said.append(
            Said(
                "{count} weights or files in the folder are not those that were merged "
                "({shown}): the disk, the writing or somebody changed them.",
                count=len(found.changed_weights),
                shown=tuple(found.changed_weights[:3]),
            )
        )
    if not found.reads_alike:
        said.append(
            Said("The tokenizer or chat template in the folder reads the prompts otherwise.")
        )
    largest = found.largest_logit_difference
    if not largest <= found.tolerance:  # Also where it is no number.
        said.append(
            Said(
                "Its logits differ from those of base and adapter by up to {largest:.3g}; "
                "rounding to {dtype} explains {tolerance:g}.",
                largest=largest,
                dtype=found.dtype,
                tolerance=found.tolerance,
            )
        )
    decided = sum(row.lead > found.tolerance for row in found.rows)
    if decided:
        said.append(
            Said(
                "It answers {decided} of {of} prompts otherwise, and not because two words were "
                "as good as each other.",
                decided=decided,
                of=len(found.rows),
            )
        )
    if found.largest_from_base == 0:
        said.append(Said("The adapter changes nothing: the merged model would be the base."))
    elif largest > found.largest_from_base / 2:
        said.append(
            Said(
                "The adapter changes logits by up to {largest_from_base:.3g} only, and the "
                "merged model is {largest:.3g} off: too little of it is left. Choose float32.",
                largest_from_base=found.largest_from_base,
                largest=largest,
            )
        )
    return said


def write(folder: Path, merged: Merged) -> None:
    """Write `merge.json` into the folder of a merged model."""
    write_json(folder / FILE, {"format": FORMAT, **asdict(merged), "summary": summary(merged)})


def summary(merged: Merged) -> dict[str, object]:
    """Return the figures of the report, as `merge.json` and --json tell them."""
    found = merged.equivalence
    return {
        "largest_logit_difference": found.largest_logit_difference,
        "same_greedy_answers": found.same_greedy_answers,
        "prompts": len(found.rows),
        "tolerance": found.tolerance,
        "largest_difference_from_base": found.largest_from_base,
        "faults": list(found.faults),
    }


def read(folder: Path) -> Merged | None:
    """Return where a model comes from; None if it was not merged here.

    DoesNotHold if the file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        value = read_json(path)
        value.pop("summary", None)
        if value.pop("format", None) != FORMAT:
            raise ValueError(Said("it is not of format {format}", format=FORMAT))
        return decode(Merged, value)
    except (OSError, ValueError) as error:
        raise DoesNotHold(
            "{path} does not tell where the model comes from ({error}).", path=path, error=error
        ) from error
