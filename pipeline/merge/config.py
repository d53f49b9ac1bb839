"""The frozen plan of one merge: `config.json` of its folder, written by the launcher once."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pipeline.decode import decode
from pipeline.errors import BadInput, DoesNotHold
from pipeline.jsonio import read_json, write_json
from pipeline.models.template import SystemPrompt
from pipeline.said import Said

FORMAT = 1
Dtype = Literal["auto", "float32", "bfloat16", "float16"]
_SHARD_SIZE = re.compile(r"[1-9]\d*(MB|GB)")


@dataclass(frozen=True, slots=True)
class MergeConfig:
    """Everything that decides a merged model."""

    base: str
    """The folder of the base model."""
    adapter: str
    """The folder of the adapter, with its tokenizer and chat template."""
    system_prompt: SystemPrompt | None
    """What that template is changed to; None: it stays as it stands."""
    out: str
    """The folder to make."""
    run: int
    checkpoint: str
    """Which checkpoint of the run, such as `step-40`; empty for the adapter."""
    home: str
    """The workspace: hashes of large files are remembered there."""
    dtype: Dtype = "auto"
    """The number format of the merged weights; auto: as the base is stored."""
    shard_size: str = "5GB"
    """The largest file."""
    device: str = "cpu"
    only_checks: bool = False
    """Holds what lies in `out` against base and adapter, and writes nothing there."""
    trust_remote_code: bool = False

    def __post_init__(self) -> None:
        if not _SHARD_SIZE.fullmatch(self.shard_size):
            raise BadInput(
                "The shard size is {shard_size!r}; write it as 500MB or 5GB.",
                shard_size=self.shard_size,
            )


def write(folder: Path, config: MergeConfig) -> None:
    """Write `config.json` into a merge's folder."""
    write_json(folder / "config.json", {"format": FORMAT, **asdict(config)})


def read(folder: Path) -> MergeConfig:
    """Read `config.json`; DoesNotHold if it is missing, damaged, or of another format."""
    path = folder / "config.json"
    try:
        value = read_json(path)
        if value.pop("format", None) != FORMAT:
            raise ValueError(Said("it is not of format {format}", format=FORMAT))
        return decode(MergeConfig, value)
    except (OSError, ValueError) as error:
        raise DoesNotHold(
            "{path} is not the plan of a merge ({error}). Merge again.", path=path, error=error
        ) from error
