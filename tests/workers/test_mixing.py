"""Rows of a mixed batch are PEFT's own, and the base's rows are the base's to the last bit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.chat.protocol import BASE, Settings
from pipeline.workers.generate import Request, generate, only, padded
from pipeline.workers.mixing import CannotMix, hindrances, mixed
from pipeline.workers.model import attach_adapters, load_base
from pipeline.workers.narrow import quicken
from tests.workers.tiny_model import make_adapter

pytestmark = [
    pytest.mark.slow,
    # PEFT says what it does with an embedding that is meant to be trained.
    pytest.mark.filterwarnings("ignore:Setting `save_embedding_layers`:UserWarning"),
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

TEXTS = ("hi", "水是什么？为什么？", "Name three colours, and say at length why.", "呀")


@pytest.fixture(scope="module")
def variety(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Adapters that differ in what a layer gets: rank, scaling, which layers."""
    base, home = tiny / "base", tmp_path_factory.mktemp("adapters")
    return {
        "7": tiny / "7",
        "rs": make_adapter(base, home / "rs", seed=5, r=8, lora_alpha=4, use_rslora=True),
        "some": make_adapter(base, home / "some", seed=6, r=2, target_modules=["q_proj"]),
    }


def prompts(tokenizer, texts: Sequence[str] = TEXTS):
    read = [tokenizer(text).input_ids for text in texts]
    return dict(
        zip(("input_ids", "attention_mask"), padded(read, 0, torch.device("cpu")), strict=True)
    )


def logits(model, given, **options) -> torch.Tensor:
    with torch.no_grad():
        return model(**given, **options).logits


def test_each_row_is_as_in_a_mixed_batch_of_peft(tiny: Path, variety: dict[str, Path]):
    base, tokenizer = load_base(tiny / "base", "cpu")
    model = attach_adapters(base, variety)
    names = ["rs", BASE, "7", "some"]
    given = prompts(tokenizer)
    theirs = logits(model, given, adapter_names=["rs", "__base__", "7", "some"])
    with mixed(model, names):
        ours = logits(model, given)
    assert (ours - theirs).abs().max() < 1e-4
    for row, name in enumerate(names):
        with only(model, name):
            assert (logits(model, given)[row] - ours[row]).abs().max() < 1e-4
    with only(model, BASE):
        distance = (logits(model, given) - ours).abs().amax(dim=(1, 2))
    assert [bool(each > 0.01) for each in distance] == [True, False, True, True]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_rows_of_the_base_are_the_base_to_the_last_bit(
    tiny: Path, variety: dict[str, Path], dtype: str
):
    base, tokenizer = load_base(tiny / "base", "cpu", dtype)
    given = prompts(tokenizer)
    alone = logits(base, given)
    model = attach_adapters(base, variety)
    with mixed(model, [BASE, "7", BASE, "rs"]):
        beside = logits(model, given)
    assert torch.equal(beside[::2], alone[::2])
    assert not torch.equal(beside[1::2], alone[1::2])


def test_afterwards_the_model_is_as_before(tiny: Path, variety: dict[str, Path]):
    base, tokenizer = load_base(tiny / "base", "cpu")
    model, given = attach_adapters(base, variety), prompts(tokenizer)
    with only(model, "rs"):
        before = logits(model, given)
    with pytest.raises(ZeroDivisionError), mixed(model, [BASE, "7", "7", "some"]):
        raise ZeroDivisionError
    with only(model, "rs"):
        assert torch.equal(logits(model, given), before)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"use_dora": True}, r"is a variant of LoRA \(Dora"),
        ({"modules_to_save": ["lm_head"]}, "has whole layers of its own"),
        ({"target_modules": ["embed_tokens"]}, "changes the table of tokens"),
    ],
    ids=["DoRA", "modules to save", "embedding"],
)
def test_what_is_no_plain_product_is_named_and_refused(
    tiny: Path, tmp_path: Path, changes: dict[str, Any], reason: str
):
    odd = make_adapter(tiny / "base", tmp_path / "odd", **changes)
    base, _ = load_base(tiny / "base", "cpu")
    model = attach_adapters(base, {"7": tiny / "7", "odd": odd})
    assert "odd" in hindrances(model, [BASE, "7", "odd"])
    with pytest.raises(CannotMix, match=f"^Adapter .*{reason}"), mixed(model, [BASE, "odd"]):
        pass


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("has_bias", [True, False])
def test_the_quick_product_of_few_rows_is_the_product(rows: int, has_bias: bool):
    layer = torch.nn.Linear(40, 24, bias=has_bias)
    x = torch.randn(rows, 1, 40)
    expected = layer(x).detach()
    quicken(layer)
    with torch.no_grad():
        given = layer(x)
    assert given.shape == expected.shape
    assert (given - expected).abs().max() < 1e-5
    layer(x).sum().backward()
    assert layer.weight.grad is not None


def test_fifty_prompts_are_answered_as_by_each_model_loaded_alone(
    tiny: Path, variety: dict[str, Path]
):
    asked = [f"{text} {'水' * (n % 7)}{n}{'?' * (n % 23)}" for n in range(13) for text in TEXTS][
        :50
    ]
    settings = Settings(max_tokens=12)
    alone: dict[str, list[tuple[int, ...]]] = {}
    for name, adapters in {BASE: {}, **{n: {n: path} for n, path in variety.items()}}.items():
        base, tokenizer = load_base(tiny / "base", "cpu")
        model = attach_adapters(base, adapters)
        ids = [tuple(tokenizer(text).input_ids) for text in asked]
        given = [generate(model, tokenizer, [Request(name, each)], settings)[0] for each in ids]
        alone[name] = [each.token_ids for each in given]
    base, tokenizer = load_base(tiny / "base", "cpu")
    model = attach_adapters(base, variety)
    for start in range(0, len(ids), 5):
        requests = [Request(name, each) for each in ids[start : start + 5] for name in alone]
        given = generate(model, tokenizer, requests, settings)
        expected = [alone[name][start + n] for n in range(5) for name in alone]
        assert [each.token_ids for each in given] == expected
        assert {each.mode for each in given} == {"mixed"}
    assert len({answer for answers in alone.values() for answer in answers}) > 100
