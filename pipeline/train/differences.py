"""In what the plans of several runs differ, by names that the pages have words for. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from pipeline.train.config import DataFile, Settings, TrainConfig

Value = str | float | int | bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same in all of them."""

    name: str
    """A field of `Settings`, or one of `model`, `export`, `data`, `layout`, `system`, `preset`,
    `device`, `parent`."""
    values: tuple[Value, ...]
    """One a run, in their order; empty text where a run has none."""

    @property
    def is_setting(self) -> bool:
        """Whether it is a field of `Settings`."""
        return self.name in _SETTINGS


def differences(configs: Sequence[TrainConfig]) -> tuple[Difference, ...]:
    """Return what differs, settings last; titles and names of studies are no differences."""
    found = [(name, tuple(_facts(config)[name] for config in configs)) for name in _FACTS]
    found += [(name, tuple(_plain(config, name) for config in configs)) for name in _SETTINGS]
    told = [Difference(name, values) for name, values in found if len(set(values)) > 1]
    # Files differ whenever the export does; their rows say more than its name only if it is one.
    if any(each.name == "export" for each in told):
        told = [each for each in told if each.name != "data"]
    return tuple(told)


def _facts(config: TrainConfig) -> dict[str, Value]:
    prompt = config.system_prompt
    return {
        "model": Path(config.model).name,
        "export": Path(config.export).name,
        "data": " · ".join(_file(file) for file in config.data),
        "layout": config.layout,
        "system": prompt.text if prompt.policy == "text" else prompt.policy,
        "preset": config.preset,
        "device": config.device,
        "parent": "" if config.parent_run is None else config.parent_run,
    }


def _file(file: DataFile) -> str:
    return f"{file.dataset} {file.rows}×{file.repeat} {file.sha1[:6]}"


def _plain(config: TrainConfig, name: str) -> Value:
    value = getattr(config.settings, name)
    return " · ".join(map(str, value)) if isinstance(value, tuple) else value


_FACTS = ("model", "export", "data", "layout", "system", "preset", "device", "parent")
_SETTINGS = tuple(field.name for field in fields(Settings))
