"""A study: several runs that differ in a few settings, from one request. Pure but for the start."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import get_args

from pipeline.errors import BadInput
from pipeline.models.template import SystemPrompt
from pipeline.train import command, jobs, presets
from pipeline.train.config import Settings
from pipeline.train.request import LaunchRequest
from pipeline.train.state import Run
from pipeline.workspace import Workspace
from store.types import Layout

MOST_RUNS = 24
"""More runs than this are a mistake in the form rather than a study."""
FIRST = ("preset", "layout", "system_prompt")
"""What may vary beside the settings; a preset comes first, for it sets all of them."""


class StudyTooLarge(BadInput):
    """The combinations are more than a study may have."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(
            "That would be {count} runs; a study has {most} at most. Vary less at once.",
            most=MOST_RUNS,
        )


@dataclass(frozen=True, slots=True)
class Varied:
    """What varies, and the values that it takes."""

    name: str
    """A setting, `preset`, `layout` or `system_prompt`."""
    values: tuple[str, ...]
    """As they are written after `--set name=`."""


def varied(text: str) -> Varied:
    """Read `name=value,value`; BadInput where that is not what it says."""
    name, separator, listed = text.partition("=")
    known = (*FIRST, *(each.name for each in fields(Settings)))
    values = tuple(dict.fromkeys(value.strip() for value in listed.split(",") if value.strip()))
    if not separator or name not in known or not values:
        raise BadInput(
            "--vary {text!r} is not name=value,value with a known name. Names: {known}.",
            text=text,
            known=tuple(known),
        )
    return Varied(name, values)


def requests(base: LaunchRequest, study: str, chosen: Sequence[Varied]) -> list[LaunchRequest]:
    """Return a request for each combination, each named after what is its own.

    What the base changed of its preset stays changed under other presets. Where the rank varies
    and alpha does not, alpha keeps its ratio to it. Raises BadInput and SettingOutOfRange in
    words, StudyTooLarge.
    """
    ordered = sorted(chosen, key=lambda each: each.name not in FIRST)
    count = 1
    for each in ordered:
        count *= len(each.values)
    if count > MOST_RUNS:
        raise StudyTooLarge(count)
    made: dict[LaunchRequest, LaunchRequest] = {}
    for number, values in enumerate(product(*(each.values for each in ordered)), start=1):
        picked = dict(zip((each.name for each in ordered), values, strict=True))
        request = _with(base, picked)
        words = ", ".join(f"{name} {value}" for name, value in picked.items())
        # Two combinations may come to the same, as a rank that is the preset's own.
        made.setdefault(
            request,
            replace(
                request,
                study=study,
                title=f"{study}: {words}" if words else study,
                token=f"{base.token}-{number}" if base.token else "",
            ),
        )
    return list(made.values())


def launch(workspace: Workspace, wanted: Sequence[LaunchRequest], *, worker: str = "") -> list[Run]:
    """Start or queue the runs of a study in their order."""
    return [jobs.launch(workspace, request, worker=worker) for request in wanted]


def _with(base: LaunchRequest, picked: dict[str, str]) -> LaunchRequest:
    request = base
    if name := picked.get("preset"):
        settings = presets.changed(presets.preset(name).settings, list(command.assignments(base)))
        request = replace(request, preset=name, settings=settings)
    if layout := picked.get("layout"):
        request = replace(request, layout=_layout(layout))
    if policy := picked.get("system_prompt"):
        request = replace(request, system_prompt=_prompt(policy))
    rest = {name: value for name, value in picked.items() if name not in FIRST}
    if "rank" in rest and "alpha" not in rest and rest["rank"].isdecimal():
        before = request.settings
        rest["alpha"] = str(max(1, int(rest["rank"]) * before.alpha // before.rank))
    settings = presets.changed(request.settings, [f"{name}={v}" for name, v in rest.items()])
    return replace(request, settings=settings)


def _layout(name: str) -> Layout:
    for layout in get_args(Layout):
        if layout == name:
            found: Layout = layout
            return found
    raise BadInput(
        "There is no layout {name!r}. Layouts: {known}.", name=name, known=get_args(Layout)
    )


def _prompt(policy: str) -> SystemPrompt:
    if policy == "model":
        return SystemPrompt("model")
    return SystemPrompt("none") if policy == "none" else SystemPrompt("text", policy)
