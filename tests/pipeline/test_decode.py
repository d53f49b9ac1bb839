"""What asdict made comes back, and what does not fit is refused with its place."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

import pytest

from pipeline.decode import decode


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    kind: Literal["a", "b"]
    parts: tuple[Part, ...]
    counts: dict[str, int]
    is_done: bool = False


def test_a_dataclass_comes_back_from_its_json():
    whole = Whole("a", (Part("x", 0.5), Part("y")), {"n": 3}, True)
    assert decode(Whole, json.loads(json.dumps(asdict(whole)))) == whole


def test_a_missing_field_takes_its_default():
    assert decode(Whole, {"kind": "b", "parts": [], "counts": {}}) == Whole("b", (), {})


def test_a_whole_number_may_stand_for_a_float():
    assert decode(Part, {"name": "x", "share": 1}) == Part("x", 1.0)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"kind": "c"}, r"Whole\.kind"),
        ({"parts": [{"name": 3}]}, r"Whole\.parts\[0\]\.name"),
        ({"parts": [{"name": "x", "share": "much"}]}, r"parts\[0\]\.share"),
        ({"parts": [{}]}, "has no name"),
        ({"counts": {"n": True}}, r"Whole\.counts\.n"),
        ({"is_done": 1}, "is_done"),
        ({"surprise": 1}, "surprise"),
        ({"parts": {"name": "x"}}, r"Whole\.parts"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(change: dict[str, object], place: str):
    with pytest.raises(ValueError, match=place):
        decode(Whole, {"kind": "a", "parts": [], "counts": {}, **change})


def test_a_list_is_no_object():
    with pytest.raises(ValueError, match="should be an object"):
        decode(Part, ["x"])
