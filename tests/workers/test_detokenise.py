"""Token ids become text without half characters."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.workers.detokenise import UNFINISHED, TextStream


def bytes_to_text(ids: Sequence[int]) -> str:
    """A decoder where each token is one byte, as byte-level tokenizers have in the worst case."""
    return bytes(ids).decode("utf-8", errors="replace")


def pieces(ids: Sequence[int]) -> list[str]:
    stream = TextStream(bytes_to_text)
    return [*(stream.push(token) for token in ids), stream.finish()]


def test_a_chinese_character_of_three_tokens_comes_whole_at_its_last():
    assert pieces("好a".encode()) == ["", "", "好", "a", ""]


def test_a_character_that_is_cut_off_is_left_out():
    assert pieces("你好".encode()[:-1]) == ["", "", "你", "", "", ""]


@given(st.text(alphabet=st.characters(exclude_characters=UNFINISHED, codec="utf-8")))
def test_pieces_join_to_the_whole_text_and_none_holds_half_a_character(text: str):
    told = pieces(text.encode())
    assert "".join(told) == text
    assert not any(UNFINISHED in piece for piece in told)


@pytest.mark.parametrize(
    "words",
    [["▁Hello", "▁world"], ["▁", "水", "▁is", "▁wet", "."]],
    ids=["english", "mixed"],
)
def test_a_decoder_that_drops_the_first_space_loses_none_between_pieces(words: list[str]):
    def decode(ids: Sequence[int]) -> str:
        return "".join(words[i] for i in ids).replace("▁", " ").removeprefix(" ")

    stream = TextStream(decode)
    told = "".join([stream.push(place) for place in range(len(words))]) + stream.finish()
    assert told == decode(range(len(words)))
