"""What a serving process is to hold: `config.json` of its folder, read by both sides."""

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.jsonio import read_json, write_json

FORMAT = 1


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One base model, its adapters, and where and how long to hold them."""

    model: Path
    """The folder of the base model."""
    adapters: dict[str, Path] = field(default_factory=dict)
    """Name (the run's id) → folder of the adapter."""
    device: str = "auto"
    """`cpu`, `mps` or `cuda:N`; the launcher writes what `auto` came to."""
    dtype: str = "auto"
    trust_remote_code: bool = False
    """Whether code in the model's folder may run; only where the person ticked it."""
    idle_exit_s: float = 1800.0
    """The process ends by itself after so long without a question."""


def write_config(folder: Path, config: ServerConfig) -> None:
    """Write `config.json` into a server's folder."""
    value = {
        "format": FORMAT,
        "model": str(config.model),
        "adapters": {name: str(path) for name, path in config.adapters.items()},
        "device": config.device,
        "dtype": config.dtype,
        "trust_remote_code": config.trust_remote_code,
        "idle_exit_s": config.idle_exit_s,
    }
    write_json(folder / "config.json", value)


def read_config(folder: Path) -> ServerConfig:
    """Read `config.json`; BadInput says what is wrong with it."""
    path = folder / "config.json"
    try:
        value = read_json(path)
        adapters = value["adapters"]
        if value["format"] != FORMAT or not isinstance(adapters, dict):
            raise ValueError(
                f"format {value['format']!r} is not {FORMAT}, or adapters is no object"
            )
        return ServerConfig(
            model=Path(str(value["model"])),
            adapters={str(name): Path(str(path)) for name, path in adapters.items()},
            device=str(value["device"]),
            dtype=str(value["dtype"]),
            trust_remote_code=value["trust_remote_code"] is True,
            idle_exit_s=float(str(value["idle_exit_s"])),
        )
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(
            "{path} does not say what to serve: {error!r}.", path=path, error=error
        ) from error
