"""Going on from an adapter as a new run: what the adapter fixes, read without torch."""

from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.jsonio import read_json
from pipeline.said import Said
from pipeline.train.config import Settings


class ShapeDiffers(BadInput):
    """A setting says another shape than the adapter that is to be continued has."""

    def __init__(self, setting: str, asked: object, has: object, adapter: Path) -> None:
        self.setting, self.asked, self.has, self.adapter = setting, asked, has, adapter
        super().__init__(
            "{setting} is {asked}, but the adapter in {adapter} was trained with {has}, and its "
            "shape cannot change. Set {setting} to {has}, or start from the base."
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """What an adapter is made of, which a run that continues it has to keep."""

    rank: int
    alpha: int
    targets: str
    rslora: bool
    dora: bool


def shape(adapter: Path) -> Shape:
    """Return the shape of an adapter's folder; BadInput if it holds no LoRA adapter."""
    try:
        value = read_json(adapter / "adapter_config.json")
        if value.get("peft_type") != "LORA":
            raise ValueError(Said("it is of the kind {kind}", kind=value.get("peft_type")))
        return Shape(
            rank=int(str(value["r"])),
            alpha=int(float(str(value["lora_alpha"]))),
            targets=_targets(adapter, value.get("target_modules")),
            rslora=bool(value.get("use_rslora")),
            dora=bool(value.get("use_dora")),
        )
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(
            "{adapter} is no LoRA adapter that can be continued: {error}.",
            adapter=adapter,
            error=error,
        ) from error


def shaped_like(settings: Settings, adapter: Path) -> Settings:
    """Return settings with the adapter's shape, everything else as it was."""
    has = shape(adapter)
    return replace(settings, **{name: getattr(has, name) for name in Shape.__dataclass_fields__})


def datasets(adapter: Path) -> tuple[str, ...]:
    """Return the names of all datasets that an adapter, and those it continued, learned from."""
    about = adapter / "graft.json"
    if not about.is_file():
        return ()
    value = read_json(about)
    data, before = value.get("data"), value.get("continues")
    names = [str(file["dataset"]) for file in (data if isinstance(data, list) else [])]
    earlier = before.get("datasets") if isinstance(before, dict) else None
    names += [str(name) for name in (earlier if isinstance(earlier, list) else [])]
    return tuple(dict.fromkeys(names))


def check(settings: Settings, adapter: Path) -> None:
    """Refuse settings of another shape than the adapter's, naming the first that differs."""
    has = shape(adapter)
    for name in Shape.__dataclass_fields__:
        if getattr(settings, name) != getattr(has, name):
            raise ShapeDiffers(name, getattr(settings, name), getattr(has, name), adapter)


def _targets(adapter: Path, modules: object) -> str:
    """What a run said that it trains; of an adapter from elsewhere, the names of its layers."""
    about = adapter / "graft.json"
    if about.is_file():
        return str(read_json(about).get("targets", "all"))
    return ",".join(sorted(modules)) if isinstance(modules, list) else str(modules)
