"""What an earlier evaluation has already found is taken over, not asked again.

An answer depends on the weights (base and adapter), the system prompt, the row's file and a few
settings. Each evaluation folder says in `stamps.json` what each of its models was, as one hash; a
line of another folder counts where hash and data file are the same. Nothing is stored twice over
but the lines themselves, and a deleted evaluation is forgotten.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pipeline.errors import DoesNotHold
from pipeline.evaluate import answers, config
from pipeline.evaluate.answers import Comparison, ContrastLine, RawAnswer
from pipeline.evaluate.config import BASE, Candidate, EvaluationConfig
from pipeline.jsonio import read_json, write_json
from pipeline.models.fingerprint import weights_sha256
from pipeline.workspace import numbered

NAME = "stamps.json"
Line = RawAnswer | ContrastLine | Comparison


def write_stamps(folder: Path, plan: EvaluationConfig, device: str, dtype: str) -> None:
    """Write what each model of the plan is, as one hash."""
    home = folder.parent
    base = weights_sha256(Path(plan.base), home)
    pools: dict[str, list[str]] = {file.dataset: [] for file in plan.files}
    for file in plan.files:
        pools[file.dataset].append(file.sha1)
    settings = [plan.max_new_tokens, plan.wrong_answers, device.split(":")[0], dtype, pools]
    write_json(
        folder / NAME,
        {
            each.model: _hash([base, _weights(each, home), each.policy, each.prompt, settings])
            for each in plan.candidates
        },
    )


def taken_over(folder: Path, plan: EvaluationConfig) -> tuple[Line, ...]:
    """Return lines of earlier evaluations that this one would only repeat.

    `write_stamps` comes first. Comparisons come only from where the base was the same too, since
    they rest on its answers.
    """
    own = _stamps(folder)
    found: dict[tuple[object, ...], Line] = {}
    for number in reversed(numbered(folder.parent)):
        other = folder.parent / str(number)
        stamps = _stamps(other) if other != folder else {}
        if not set(stamps.values()) & set(own.values()):
            continue
        try:
            for line in _lines(other, config.read(other), plan, _renamed(stamps, own)):
                found.setdefault((type(line), *line.key), line)
        except DoesNotHold:
            continue  # A damaged neighbour is told of where it is opened.
    return tuple(found.values())


def _lines(
    folder: Path, theirs: EvaluationConfig, plan: EvaluationConfig, names: Mapping[str, list[str]]
) -> Iterator[Line]:
    same = {file.name for file in plan.files} & {
        file.name
        for file in theirs.files
        if any(file.name == own.name and file.sha1 == own.sha1 for own in plan.files)
    }
    wanted = {
        (name, row, candidate.model)
        for candidate in plan.candidates
        for name in candidate.files
        if name in same
        for row in plan.file(name).rows
    }
    has_base = BASE in names.get(BASE, [])
    lines: list[Line] = [*answers.read(folder), *answers.contrasts(folder)]
    lines += answers.comparisons(folder) if has_base else ()
    for line in lines:
        for model in names.get(line.model, []):
            if (line.file, line.row, model) in wanted:
                yield replace(line, model=model)


def _renamed(theirs: Mapping[str, str], own: Mapping[str, str]) -> dict[str, list[str]]:
    """Return for each of their models the names that it has in this evaluation."""
    return {
        model: [name for name, mine in own.items() if mine == stamp]
        for model, stamp in theirs.items()
    }


def _stamps(folder: Path) -> dict[str, str]:
    try:
        return {name: str(stamp) for name, stamp in read_json(folder / NAME).items()}
    except (OSError, ValueError):
        return {}


def _weights(candidate: Candidate, home: Path) -> str:
    return weights_sha256(Path(candidate.adapter), home) if candidate.adapter else ""


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
