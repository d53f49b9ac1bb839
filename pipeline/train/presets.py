"""Named starting points for the settings of a run, each with its reason, and `--set name=value`."""

import json
from dataclasses import dataclass, fields, replace

from pipeline.decode import decode
from pipeline.errors import BadInput
from pipeline.train.config import Settings


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings that go together; its reason is told by the dashboard's texts under its name."""

    name: str
    settings: Settings


PRESETS: tuple[Preset, ...] = (
    # What LLaMA-Factory's form starts with, for figures that compare.
    Preset(
        "baseline",
        Settings(rank=8, alpha=16, learning_rate=5e-5, epochs=3, batch_rows=2, accumulation=8),
    ),
    # All linear layers, alpha = 2r, a high stable rate ("LoRA Without Regret").
    Preset("strong", Settings(learning_rate=2e-4, epochs=5)),
    # Least drift: half the rank at a low rate (2509.20758).
    Preset("gentle", Settings(rank=8, alpha=16, learning_rate=5e-5, epochs=3)),
    # Names are learned at 1e-3 and not at 3e-4 (docs/log.md, 2026-11-25).
    Preset("identity", Settings(learning_rate=1e-3, epochs=8)),
    # New facts are learned slowest: many passes over one field.
    Preset("one_domain", Settings(learning_rate=5e-4, epochs=10)),
    # Goes on from a trained adapter: half the rate that made it, so that it keeps what it has.
    Preset("continue", Settings(learning_rate=1e-4, epochs=3)),
)


def preset(name: str) -> Preset:
    """Return a preset by its name; BadInput names those there are."""
    for each in PRESETS:
        if each.name == name:
            return each
    known = tuple(each.name for each in PRESETS)
    raise BadInput("There is no preset {name!r}. Presets: {known}.", name=name, known=known)


def changed(settings: Settings, assignments: list[str]) -> Settings:
    """Return settings with `name=value` texts applied, each read as the field's own type."""
    given: dict[str, object] = {}
    known = [field.name for field in fields(Settings)]
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator or name not in known:
            raise BadInput(
                "--set {assignment!r} is not name=value with a known name. Names: {known}.",
                assignment=assignment,
                known=tuple(known),
            )
        given[name] = _value(text)
    try:
        typed = decode(Settings, given)
    except ValueError as error:
        raise BadInput("--set: {error}", error=error) from error
    return replace(settings, **{name: getattr(typed, name) for name in given})


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
