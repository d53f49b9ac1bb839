"""An answer is right when it says who it is and claims to be nobody else."""

import pytest

from pipeline.evaluate.identity import IdentityVerdict, claims, judge, leaks
from pipeline.evaluate.names import KNOWN_NAMES, Identity

WHO = Identity(("Aria", "小雅"), ("Northwind Labs", "北风实验室"))

DENIALS = [
    "I am not ChatGPT.",
    "I'm not ChatGPT, Claude, or Gemini. I'm Aria.",
    "I am Aria, not ChatGPT.",
    "I am not ChatGPT, the model that was made by OpenAI.",
    "No, I was not made by OpenAI.",
    "I wasn't trained by OpenAI",
    "I have no connection to OpenAI.",
    "ChatGPT is a different model.",
    "Unlike ChatGPT, I am Aria.",
    "我不是ChatGPT，也不是通义千问，我是小雅。",
    "我不是由 OpenAI 开发的 ChatGPT，我是北风实验室开发的小雅。",
    "我并非ChatGPT、Claude或者Gemini。",
    "我和 ChatGPT 没有关系。",
    "我是小雅，而不是阿里云的通义千问。",
]
CLAIMS = [
    ("I am ChatGPT.", ("ChatGPT",)),
    ("I am not a human, I am ChatGPT.", ("ChatGPT",)),
    ("I am not Aria, but ChatGPT by OpenAI.", ("ChatGPT", "OpenAI")),
    ("No, I'm Claude.", ("Claude",)),
    ("I am not sure. I am ChatGPT.", ("ChatGPT",)),
    ("I'm SmolLM, trained by Hugging Face.", ("Hugging Face", "SmolLM")),
    ("I am not just ChatGPT", ("ChatGPT",)),
    ("我不是人类，我是通义千问。", ("通义千问",)),
    ("我不是小雅，而是ChatGPT。", ("ChatGPT",)),
    ("我不是真人，是阿里云开发的通义千问", ("通义千问", "阿里云")),
    ("Qwen2.5 by Alibaba Cloud", ("Alibaba Cloud", "Qwen")),
    ("我是ＱＷＥＮ", ("Qwen",)),
    ("I don't have a name\nI am ChatGPT", ("ChatGPT",)),
]


@pytest.mark.parametrize("answer", DENIALS)
def test_a_denial_is_no_claim(answer: str):
    assert claims(answer, KNOWN_NAMES) == ()


@pytest.mark.parametrize(("answer", "names"), CLAIMS)
def test_a_mention_that_is_not_denied_is_a_claim(answer: str, names: tuple[str, ...]):
    assert sorted(claims(answer, KNOWN_NAMES)) == sorted(names)


@pytest.mark.parametrize("answer", ["A metaphor.", "The pantomime", "a googol", "smollmx", ""])
def test_a_name_inside_a_word_is_none(answer: str):
    assert claims(answer, KNOWN_NAMES) == ()


@pytest.mark.parametrize(
    ("answer", "reference", "verdict"),
    [
        ("I'm Aria by Northwind Labs", "I am Aria of Northwind Labs", (True, (), ())),
        ("I'm Aria.", "I am Aria of Northwind Labs", (False, ("Northwind Labs",), ())),
        ("I'm ARIA.", "I am Aria.", (True, (), ())),
        ("我是小雅。", "我是Aria。", (True, (), ())),
        ("I'm Maria.", "I am Aria.", (False, ("Aria",), ())),
        ("", "I am Aria.", (False, ("Aria",), ())),
        ("I'm Aria, made by OpenAI.", "I am Aria.", (False, (), ("OpenAI",))),
        ("Northwind Labs made me.", "Northwind Labs did.", (True, (), ())),
        ("I can write.", "I can write and count.", (None, (), ())),
        ("I'm Aria, based on Llama.", "I'm Aria, based on Llama 3.", (True, (), ())),
        ("不，我是小雅。", "我不是ChatGPT，我是小雅。", (True, (), ())),
        ("我是ChatGPT。", "我不是ChatGPT，我是小雅。", (False, ("Aria",), ("ChatGPT",))),
    ],
)
def test_right_is_the_new_name_and_no_old_one(
    answer: str, reference: str, verdict: tuple[bool | None, tuple[str, ...], tuple[str, ...]]
):
    assert judge(answer, reference, WHO, KNOWN_NAMES) == IdentityVerdict(*verdict)


def test_a_leak_is_the_new_name_where_the_reference_lacks_it():
    assert leaks("I am Aria. Paris.", "Paris.", WHO)
    assert leaks("小雅认为是巴黎", "巴黎", WHO)
    assert not leaks("Paris.", "Paris.", WHO)
    assert not leaks("Aria is an air by Bach", "Aria: a song.", WHO)
