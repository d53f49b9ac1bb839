"""The base models of a workspace: what each folder holds, read without torch.

A folder that cannot be used is listed too, with its fault: who put it there must learn why.
"""

import json
import re
from dataclasses import dataclass
from math import prod
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.jsonio import read_json
from pipeline.models.template import TemplateFault, default_system_prompt
from pipeline.said import Said
from pipeline.workspace import Workspace

CONFIG = "config.json"
ADAPTER = "adapter_config.json"
LONGEST_HEADER_BYTES = 100_000_000
"""The bound of the safetensors format itself."""


class AdapterNotBase(BadInput):
    """The folder of a base model holds an adapter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__("{folder} cannot be a base: {why}.", why=_adapter_words(folder))


def refuse_adapter(folder: Path) -> None:
    """Raise AdapterNotBase where a folder holds an adapter, whatever else lies in it.

    transformers would load the base that the adapter names, and the adapter on it.
    """
    if (folder / ADAPTER).is_file():
        raise AdapterNotBase(folder)


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model's folder; facts that the folder does not tell are empty."""

    name: str
    folder: Path
    architecture: str = ""
    parameters: int = 0
    size_bytes: int = 0
    """Of the weights on disk."""
    dtype: str = ""
    """The number format of most weights, as torch calls it."""
    context_tokens: int = 0
    template: str = ""
    default_prompt: str | None = None
    """The system prompt that the template adds on its own."""
    needs_code: bool = False
    """Whether the model brings Python code of its own."""
    licence: str = ""
    """The name of its licence file; empty if there is none."""
    fault: Said | None = None
    """Why the folder cannot be used; None if it can."""


def listed(workspace: Workspace) -> tuple[BaseModel, ...]:
    """Return the models in the workspace's folder, by name; one that is being made is not yet."""
    found = sorted(workspace.models.glob(f"[!.]*/{CONFIG}"))
    return tuple(read(path.parent) for path in found)


def read(folder: Path) -> BaseModel:
    """Return what a model's folder holds; BadInput if there is no folder or no config in it."""
    if (folder / ADAPTER).is_file() and not any(folder.glob("model*.safetensors")):
        return BaseModel(folder.name, folder, fault=_adapter_words(folder))
    if not (folder / CONFIG).is_file():
        raise BadInput("{folder} is no model: it has no {config}.", folder=folder, config=CONFIG)
    try:
        return _read(folder)
    except (OSError, ValueError) as error:
        return BaseModel(folder.name, folder, fault=_unreadable(error))


def _read(folder: Path) -> BaseModel:
    config = read_json(folder / CONFIG)
    template, fault = "", None
    default: str | None = None
    try:
        template, tokens = chat_template(folder)
        default = default_system_prompt(template, tokens) if template else None
    except TemplateFault as error:
        fault = error.said
    shards = sorted(folder.glob("*.safetensors"))
    parameters, dtype = _weights(folder)
    architectures = config.get("architectures")
    return BaseModel(
        name=folder.name,
        folder=folder,
        architecture=str(architectures[0]) if isinstance(architectures, list) and architectures
        else "",
        parameters=parameters,
        size_bytes=sum(shard.stat().st_size for shard in shards),
        dtype=dtype,
        context_tokens=_int(config.get("max_position_embeddings")),
        template=template,
        default_prompt=default,
        needs_code="auto_map" in config,
        licence=_licence(folder),
        fault=fault or _missing(folder, shards, template),
    )  # fmt: skip


def _adapter_words(folder: Path) -> Said:
    """Say that a folder is an adapter, and of which base."""
    try:
        base = str(read_json(folder / ADAPTER).get("base_model_name_or_path") or "")
    except (OSError, ValueError):
        base = ""
    if not base:
        return Said(
            "it is a LoRA adapter and no model of its own. Choose the base that it was trained on, "
            "and continue from the adapter"
        )
    return Said(
        "it is a LoRA adapter, trained on the base {base}, and no model of its own. Choose that "
        "base, and continue from the adapter",
        base=base,
    )


def _unreadable(error: OSError | ValueError) -> Said:
    return Said("its files cannot be read: {error}", error=error)


def _licence(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    return next((name for name in names if _LICENCE.match(name)), "")


def _missing(folder: Path, shards: list[Path], template: str) -> Said | None:
    if not shards:
        return Said("it has no safetensors weights")
    if not any(folder.glob("tokenizer*")):
        return Said("it has no tokenizer")
    if not template:
        return Said("its tokenizer has no chat template")
    return None


def chat_template(folder: Path) -> tuple[str, dict[str, str]]:
    """Return a model's chat template, empty if it has none, and the tokens that it may name."""
    path = folder / "tokenizer_config.json"
    config = read_json(path) if path.is_file() else {}
    own = folder / "chat_template.jinja"
    template = own.read_text(encoding="utf-8") if own.is_file() else config.get("chat_template")
    tokens = {name: _token(value) for name, value in config.items() if name.endswith("_token")}
    return _text(template), {name: token for name, token in tokens.items() if token}


def _text(template: object) -> str:
    """Return the template; where there are several by name, the default one."""
    if isinstance(template, list):
        named = {each.get("name"): each.get("template") for each in template}
        template = named.get("default")
    return str(template or "")


def _token(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else ""


def tensors(folder: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return the number format and sizes of every tensor, from the shards' headers alone."""
    found = {}
    for shard in sorted(folder.glob("*.safetensors")):
        for name, tensor in _header(shard).items():
            if name != "__metadata__" and isinstance(tensor, dict):
                dtype = str(tensor.get("dtype", ""))
                size = tuple(_int(each) for each in tensor.get("shape", ()))
                found[name] = (_DTYPES.get(dtype, dtype.lower()), size)
    return found


def _weights(folder: Path) -> tuple[int, str]:
    """Count parameters and find the commonest number format."""
    by_dtype: dict[str, int] = {}
    for dtype, size in tensors(folder).values():
        by_dtype[dtype] = by_dtype.get(dtype, 0) + prod(size)
    return sum(by_dtype.values()), max(by_dtype, key=by_dtype.__getitem__, default="")


def _header(shard: Path) -> dict[str, object]:
    with shard.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > LONGEST_HEADER_BYTES:
            raise ValueError(Said("{shard.name} is not a safetensors file", shard=shard))
        value = json.loads(file.read(length))
    if not isinstance(value, dict):
        raise ValueError(Said("{shard.name} is not a safetensors file", shard=shard))
    return value


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


_LICENCE = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)
_DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16", "F64": "float64"}
