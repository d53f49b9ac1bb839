"""Questions to ask one after another: the rows of an export's test files, with their answers."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.publish.rows import read_rows

MOST_QUESTIONS = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """One question of a list, as it was written down for the model."""

    prompt: str
    """Instruction and input joined, as a run is trained and evaluated."""
    reference: str


def of_file(export: Path, name: str) -> tuple[Listed, ...]:
    """Return the questions of a file of an export, in their order, at most MOST_QUESTIONS.

    Rows with earlier turns are left out: they are no single question.
    """
    try:
        rows = read_rows(name, (export / name).read_bytes())
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(
            "The questions in {export}/{name} cannot be read: {error}.",
            export=export.name,
            name=name,
            error=error,
        ) from error
    single = [row for row in rows if not row.get("history")]
    return tuple(
        Listed(
            "\n".join(str(row[key]) for key in ("instruction", "input") if row.get(key)),
            str(row["output"]),
        )
        for row in single[:MOST_QUESTIONS]
    )
