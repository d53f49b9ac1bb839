"""What two texts differ in is said by the words that the reason speaks of."""

import pytest

from dashboard.parts.difference import differing
from store.relation_types import Reason


@pytest.mark.parametrize(
    ("one", "other", "reason", "said"),
    [
        ("Take 5 mg a day.", "Take 50 mg a day.", "number", ("5 mg", "50 mg")),
        ("每次服用5毫克", "每次服用50毫克", "number", ("5毫克", "50毫克")),
        (
            "A grown man takes 1 pill.",
            "A small man takes 2 pills.",
            "number",
            ("1 pill", "2 pills"),
        ),
        ("发烧能喝酒吗", "发烧不能喝酒吗", "negation", ("", "不")),
        ("Which boats may dock?", "Which boats may not dock?", "negation", ("", "not")),
        ("the capital of France", "the main city of Spain", "name", ("France", "Spain")),
        ("It opens at 8.", "It opens at 9.", "answer", ("8", "9")),
        ("Same words.", "Same words!", "edited", ("", "")),
    ],
    ids=["unit", "chinese", "the number", "negation", "not", "name", "answer", "signs"],
)
def test_the_words_that_differ(one: str, other: str, reason: Reason, said: tuple[str, str]):
    assert differing(one, other, reason) == said
