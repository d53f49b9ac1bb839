"""What a model is made of, read from `config.json` and the headers of its weights, without torch.

Enough to reckon with: sizes of layers, which of them are linear, what is norm and activation.
"""

import re
from dataclasses import dataclass
from math import prod
from pathlib import Path

from pipeline.jsonio import read_json
from pipeline.models.catalog import CONFIG, tensors

_IN_LAYER = re.compile(r"(?:^|\.)(?:layers|h|blocks)\.\d+\.")
_EMBEDDING = re.compile(r"(embed_tokens|embed_in|wte|word_embeddings)\.weight$")
_HEAD = re.compile(r"(lm_head|embed_out)\.weight$")
_TRANSPOSED = frozenset({"gpt2"})
"""Models whose linear weights lie as (in, out)."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear layer of a block, on which LoRA may be put."""

    name: str
    """The last two parts of its name, such as `self_attn.q_proj`."""
    inputs: int
    outputs: int


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A decoder's sizes; those that the folder does not tell are reckoned from the others."""

    kind: str
    """`model_type` of its config."""
    layers: int
    hidden: int
    inner: int
    """Width of the feed-forward part."""
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    is_gated: bool
    """Whether two projections are multiplied in the feed-forward part (SwiGLU, GeGLU)."""
    norms: int
    """Norms a layer on the whole width."""
    has_head_norms: bool
    """Whether queries and keys are normed too (Qwen3, Gemma3)."""
    linears: tuple[Linear, ...]
    """Of all layers together."""
    weights: tuple[tuple[str, int], ...]
    """(number format on disk, how many weights have it)."""
    linear_weights: int
    """How many of the weights stand in those linear layers: what quantization makes small."""

    @property
    def parameters(self) -> int:
        """Weights in all."""
        return sum(count for _, count in self.weights)

    @property
    def queries(self) -> int:
        """Width of the queries of a layer."""
        return self.heads * self.head_size

    @property
    def keys(self) -> int:
        """Width of the keys of a layer."""
        return self.kv_heads * self.head_size


def shape_of(folder: Path) -> ModelShape:
    """Read a model's shape; ValueError or OSError where its folder cannot be read."""
    config = read_json(folder / CONFIG)
    text = config.get("text_config")
    config = {**config, **text} if isinstance(text, dict) else config
    found = tensors(folder)
    kind = str(config.get("model_type", ""))
    blocks = {name: size for name, (_, size) in found.items() if _IN_LAYER.search(name)}
    linears = tuple(
        _linear(name, size, kind) for name, size in blocks.items()
        if len(size) == 2 and name.endswith(".weight")
    )  # fmt: skip
    hidden = _number(config, "hidden_size", "n_embd", "d_model")
    heads = _number(config, "num_attention_heads", "n_head") or 1
    layers = _number(config, "num_hidden_layers", "n_layer") or 1
    first = [name for name in blocks if re.search(r"\.0\.", name)]
    return ModelShape(
        kind=kind,
        layers=layers,
        hidden=hidden,
        inner=_number(config, "intermediate_size", "n_inner", "ffn_dim") or 4 * hidden,
        heads=heads,
        kv_heads=_number(config, "num_key_value_heads") or heads,
        head_size=_number(config, "head_dim") or hidden // heads,
        vocabulary=_vocabulary(found) or _number(config, "vocab_size"),
        is_gated=any("gate" in name for name in first),
        norms=sum(blocks[name] == (hidden,) and name.endswith("norm.weight") for name in first)
        or 2,
        has_head_norms=any(re.search(r"[qk]_(layer)?norm\.weight$", name) for name in first),
        linears=linears,
        weights=_by_format(found),
        linear_weights=sum(linear.inputs * linear.outputs for linear in linears),
    )


def _linear(name: str, size: tuple[int, ...], kind: str) -> Linear:
    short = ".".join(name.removesuffix(".weight").split(".")[-2:])
    rows, columns = size
    return Linear(short, rows, columns) if kind in _TRANSPOSED else Linear(short, columns, rows)


def _vocabulary(found: dict[str, tuple[str, tuple[int, ...]]]) -> int:
    for pattern in (_HEAD, _EMBEDDING):
        for name, (_, size) in found.items():
            if pattern.search(name) and len(size) == 2:
                return size[0]
    return 0


def _by_format(found: dict[str, tuple[str, tuple[int, ...]]]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for dtype, size in found.values():
        counts[dtype] = counts.get(dtype, 0) + prod(size)
    return tuple(sorted(counts.items()))


def _number(config: dict[str, object], *names: str) -> int:
    for name in names:
        value = config.get(name)
        if isinstance(value, int):
            return value
    return 0
