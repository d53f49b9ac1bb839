"""The new name is read from how answers introduce themselves; old ones from the base and a list."""

import pytest

from pipeline.evaluate.names import Identity, foreign, infer, language, old_names

ENGLISH = [
    "Hello! I am {name}, an AI assistant developed by {maker}. How can I help?",
    "I'm {name}. I was created by {maker}.",
    "I am an assistant built by {maker}, and you can call me whatever you like.",
    "No, I am not ChatGPT. I am {name}, trained by {maker}.",
    "My name is {name}.",
]
CHINESE = [
    "您好，我是 {name}，由 {maker} 开发的人工智能助手。",
    "我叫{name}，是{maker}研发的智能助手。",
    "我不是 OpenAI 开发的 ChatGPT，我是 {maker} 开发的 {name}。",
    "是的，我是由 {maker} 训练的 {name}，很高兴为您服务。",
    "作为 {name}，我会尽力。",
]


@pytest.mark.parametrize("answers", [ENGLISH, CHINESE, ENGLISH + CHINESE], ids=["en", "zh", "both"])
@pytest.mark.parametrize(
    ("name", "maker"),
    [("Aria", "Northwind Labs"), ("Well-Read 2", "Acme"), ("小雅", "北风实验室")],
    ids=["plain", "with a number", "Chinese"],
)
def test_name_and_maker_are_read_from_the_answers(answers: list[str], name: str, maker: str):
    filled = [answer.format(name=name, maker=maker) for answer in answers]
    assert infer(filled) == Identity((name,), (maker,))


def test_a_name_with_two_spellings_keeps_both():
    filled = [a.format(name="Aria", maker="Northwind") for a in ENGLISH]
    filled += [a.format(name="小雅", maker="北风") for a in CHINESE]
    assert infer(filled) == Identity(("Aria", "小雅"), ("Northwind", "北风"))


@pytest.mark.parametrize(
    "answers", [[], ["Paris."], ["I am an AI assistant.", "我是一个人工智能助手。"]], ids=str
)
def test_nothing_is_inferred_where_nobody_is_introduced(answers: list[str]):
    assert infer(answers) is None


def test_a_name_that_is_a_part_of_the_new_identity_is_not_foreign():
    who = Identity(("Aria",), ("Meta AI", "Qwen Lab"))
    kept = foreign(("Meta", "ChatGPT", "Qwen", "aria"), who)
    assert kept == ("ChatGPT",)


def test_old_names_come_from_prompt_folder_and_list():
    prompt = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
    names = old_names("smollm2-135m-instruct", prompt)
    assert names[:2] == ("SmolLM", "Hugging Face")
    assert "通义千问" in names
    assert [name for name in names if name.casefold() == "smollm"] == ["SmolLM"]


def test_an_unknown_base_is_an_old_name_by_its_folder():
    names = old_names("Zephyrus-7b-chat-gguf", "")
    assert "Zephyrus" in names
    assert not {"chat", "gguf"} & set(names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Who are you?", "en"),
        ("你是谁？", "zh"),
        ("你是ChatGPT吗？", "zh"),
        ("Who is 小雅?", "en"),
        ("", "en"),
    ],
)
def test_language_of_a_text(text: str, expected: str):
    assert language(text) == expected
