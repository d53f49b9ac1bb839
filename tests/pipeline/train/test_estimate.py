"""The memory that a run is reckoned to need: which rows decide it, and what makes it less."""

from dataclasses import replace

import pytest

from pipeline.models.shape import Linear, ModelShape
from pipeline.publish.lengths import FileLengths
from pipeline.train.config import Settings
from pipeline.train.estimate import Part, estimate, machine, parts

BLOCK = (
    Linear("self_attn.q_proj", 64, 64),
    Linear("self_attn.k_proj", 64, 32),
    Linear("mlp.up_proj", 64, 200),
    Linear("mlp.down_proj", 200, 64),
)
SHAPE = ModelShape(
    kind="llama",
    layers=2,
    hidden=64,
    inner=200,
    heads=4,
    kv_heads=2,
    head_size=16,
    vocabulary=1000,
    is_gated=True,
    norms=2,
    has_head_norms=False,
    linears=BLOCK * 2,
    weights=(("float32", 200_000),),
    linear_weights=64_000,
)
SETTINGS = Settings(rank=4, batch_rows=4, cutoff_tokens=1000, batch_tokens=1000)
CPU = machine("cpu", SETTINGS)
WHOLE = estimate(SHAPE, SETTINGS, CPU, [Part(4, 100, 200)])


def test_the_parts_of_an_estimate_are_what_the_settings_say():
    assert WHOLE.weights == 4 * 200_000
    assert WHOLE.adapter == 4 * 4 * 2 * (128 + 96 + 264 + 264)
    assert (WHOLE.gradients, WHOLE.optimizer) == (WHOLE.adapter, 2 * WHOLE.adapter)
    assert WHOLE.logits == 200 * 1000 * 12
    assert WHOLE.total == sum(
        getattr(WHOLE, name)
        for name in ("weights", "adapter", "gradients", "optimizer", "activations", "logits",
                     "process")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"gradient_checkpointing": True}, "activations"),
        ({"targets": "attention"}, "adapter"),
        ({"targets": "q_proj"}, "optimizer"),
        ({"quantization": "4bit"}, "weights"),
        ({"rank": 2}, "gradients"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_said_to_save_memory_does(changes, name):
    less = estimate(SHAPE, replace(SETTINGS, **changes), CPU, [WHOLE.part])
    assert getattr(less, name) < getattr(WHOLE, name)


def test_on_a_gpu_weights_are_held_in_half_precision():
    on = machine("cuda:0", SETTINGS)
    assert estimate(SHAPE, SETTINGS, on, [WHOLE.part]).weights == 2 * 200_000


def test_the_heaviest_rows_decide_not_the_longest_alone():
    found = estimate(SHAPE, SETTINGS, CPU, [Part(1, 300, 10), Part(4, 200, 10), Part(2, 90, 60)])
    assert found.part == Part(4, 200, 10)


def test_rows_go_through_the_model_together_as_the_settings_allow():
    file = FileLengths(5, (10, 10, 10, 10, 10), (100, 400, 100, 400, 100), 5)
    found = parts([file], [1], SETTINGS)
    assert max(part.tokens for part in found) <= 1000
    assert sum(part.rows for part in found) >= 3
    assert Part(2, 400, 780) in found or Part(1, 400, 390) in found


def test_without_rows_there_is_nothing_to_estimate():
    assert parts([FileLengths(0, (), (), 0)], [1], SETTINGS) == []
    with pytest.raises(ValueError, match="max"):
        estimate(SHAPE, SETTINGS, CPU, [])
