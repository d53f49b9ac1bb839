"""A key's number is the same whether Python or the compiled pass reads the text."""

import pyarrow
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.curate.key_numbers import number_of
from pipeline.curate.keys import keys_of
from pipeline.curate.near import keys as compiled_keys
from pipeline.curate.normalise import key

spiky = st.text(
    alphabet=st.sampled_from(
        "abZ 0159.,:/-−—%#²…，。：；（中文ＡＢ１é①㎏ﬁ😀❤\ufe0f\u0301ß가\u1100١𝟙𠀀"
    ),
    max_size=12,
)


@given(st.lists(st.text(max_size=20) | spiky, min_size=1, max_size=8))
@example(["", "…", "-1.5", "a-1.5", "1.5", "15", "1..5", "2²", "C#", "C", "5:30/6", "−3"])
def test_both_ways_give_the_same_numbers(texts: list[str]):
    column = pyarrow.chunked_array([texts[:2], texts[2:]], pyarrow.string())
    numbers = [int(number) for number in compiled_keys.keys_of(column)]
    assert numbers == [number_of(key(text)) for text in texts]
    for are_many in (False, True):
        assert keys_of(column, are_many=are_many).tolist() == numbers


def test_every_character_by_itself_is_read_alike():
    # Without the plain ideographs and syllables, of which there are thousands alike.
    codes = (
        *range(0x3420),
        *range(0x9FE0, 0xAC20),
        *range(0xE000, 0x10400),
        *range(0x1F000, 0x1F700),
    )
    texts = [f"{chr(code)}1" for code in codes]
    numbers = compiled_keys.keys_of(pyarrow.chunked_array([texts]))
    wrong = [
        text
        for text, number in zip(texts, numbers, strict=True)
        if number_of(key(text)) != int(number)
    ]
    assert wrong == []


@given(st.lists(spiky, max_size=30))
def test_texts_share_a_number_exactly_when_they_share_a_key(texts: list[str]):
    numbers = keys_of(pyarrow.chunked_array([texts], pyarrow.string()))
    assert len(set(numbers.tolist())) == len({key(text) for text in texts})


def test_numbers_that_are_stored_stay_what_they_are():
    # Who has to change these adds a migration that empties `question_key` and `answer_key`.
    texts = ["", "What is 1.5 mg?", "１．５毫克是多少？", "e\u0301 ½ −3"]
    assert [number_of(key(text)) for text in texts] == [
        10217469799826808588,
        10875564462351672885,
        4421805144709223127,
        14438505778768970856,
    ]
