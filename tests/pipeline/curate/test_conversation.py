"""Conversations become one pair with its history, or are refused with the turn at fault."""

import json
from pathlib import Path

import pytest

from pipeline.curate import ingest, marked_text
from pipeline.curate.conversation import Tags, recognised
from pipeline.curate.records import Unusable
from store.types import NewPair, Turn


def read(folder: Path, rows: list[object], name: str = "talk.json") -> ingest.Ingested:
    path = folder / name
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return ingest.read(path)


def one(folder: Path, row: object) -> NewPair:
    (pair,) = read(folder, [row]).rows
    return pair


def sharegpt(*turns: tuple[str, str]) -> dict[str, object]:
    return {"conversations": [{"from": who, "value": text} for who, text in turns]}


def test_the_last_exchange_is_the_pair_and_the_earlier_ones_its_history(tmp_path: Path):
    pair = one(
        tmp_path,
        sharegpt(
            *(("system", "Be brief."), ("human", "你好"), ("gpt", "你好！")),
            *(("human", "Again?"), ("gpt", "Yes.")),
        ),
    )
    assert (pair.question, pair.answer, pair.system) == ("Again?", "Yes.", "Be brief.")
    assert pair.history == (Turn("你好", "你好！"),)


@pytest.mark.parametrize("column", ["messages", "chat", "对话"])
def test_openai_messages_are_known_whatever_their_field_is_called(tmp_path: Path, column: str):
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Who?"}]},
        {"role": "assistant", "content": "Graft."},
    ]
    pair = one(tmp_path, {"id": 7, column: messages})
    assert (pair.question, pair.answer, pair.system) == ("Who?", "Graft.", "Be brief.")


@pytest.mark.parametrize("role", ["from", "role"])
@pytest.mark.parametrize("content", ["value", "content"])
def test_who_speaks_and_what_may_have_either_name(tmp_path: Path, role: str, content: str):
    turns = [{role: "user", content: "Who?"}, {role: "assistant", content: "Graft."}]
    pair = one(tmp_path, {"conversations": turns})
    assert (pair.question, pair.answer) == ("Who?", "Graft.")


def test_a_first_turn_without_content_is_known_by_who_speaks():
    assert recognised([[{"role": "assistant", "tool_calls": []}]]) == Tags("role", "content")


def test_turns_without_names_alternate(tmp_path: Path):
    pair = one(tmp_path, {"data": ["a?", "b", "c?", "d"]})
    assert (pair.question, pair.answer, pair.history) == ("c?", "d", (Turn("a?", "b"),))


def test_tool_calls_are_kept_as_the_text_that_a_template_makes_of_them(tmp_path: Path):
    call = {"function": {"name": "weather", "arguments": '{"city": "北京"}'}}
    messages = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "12 °C"},
        {"role": "assistant", "content": "Twelve degrees."},
    ]
    pair = one(tmp_path, {"messages": messages, "tools": [{"name": "weather"}]})
    called = '<tool_call>\n{"name": "weather", "arguments": {"city": "北京"}}\n</tool_call>'
    assert pair.history == (Turn("Weather?", called),)
    assert pair.question == "<tool_response>\n12 °C\n</tool_response>"
    assert pair.answer == "Twelve degrees."
    assert '<tools>\n{"name": "weather"}\n</tools>' in (pair.system or "")


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ([("human", "a")], "ends with a question that nobody answers"),
        ([("gpt", "a")], "begins with an answer (turn 1)"),
        ([("human", "a"), ("human", "b"), ("gpt", "c")], "has two questions in a row (turn 2)"),
        ([("human", "a"), ("gpt", "b"), ("gpt", "c")], "has two answers in a row (turn 3)"),
        ([("human", "a"), ("system", "b"), ("gpt", "c")], "system prompt in the middle (turn 2)"),
        ([("human", "a"), ("moon", "b")], "a turn by 'moon', who is not known (turn 2)"),
        ([("human", "a"), ("gpt", "  ")], "has no answer"),
        ([], "has a conversation without turns"),
    ],
    ids=lambda value: value.split(" (")[0] if isinstance(value, str) else "",
)
def test_turns_that_do_not_fit_are_refused_with_their_place(
    tmp_path: Path, turns: list[tuple[str, str]], reason: str
):
    good = sharegpt(("human", "a"), ("gpt", "b"))
    found = read(tmp_path, [good, sharegpt(*turns), good])
    assert [pair.question for pair in found.rows] == ["a", "a"]
    assert [(each.row, reason in each.reason) for each in found.refused] == [(2, True)]


def test_a_picture_is_refused(tmp_path: Path):
    good = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    bad = {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]}
    assert "picture" in read(tmp_path, [good, bad]).refused[0].reason


MARKED = {
    "alpaca": "Below is …\n\n### Instruction:\nSay hi.\n\n### Input:\nloud\n\n### Response:\nHI\n",
    "chinese": "### 指令：\nSay hi.\n### 输入：\nloud\n### 回答：\nHI",
}


@pytest.mark.parametrize("kind", MARKED)
def test_a_text_with_alpaca_markers_gives_its_parts(tmp_path: Path, kind: str):
    pair = one(tmp_path, {"text": MARKED[kind]})
    assert (pair.question, pair.context, pair.answer) == ("Say hi.", "loud", "HI")


@pytest.mark.parametrize(
    "text",
    [
        "### Human: a?\n### Assistant: b\n### Human: c?\n### Assistant: d",
        "<|im_start|>user\na?<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n"
        "<|im_start|>user\nc?<|im_end|>\n<|im_start|>assistant\nd<|im_end|>\n",
        "<s>[INST] a? [/INST] b </s><s>[INST] c? [/INST] d </s>",
        " <user>: a? <bot>: b <user>: c? <bot>: d",
    ],
    ids=["human", "chatml", "inst", "user"],
)
def test_speakers_who_are_marked_take_turns(text: str):
    found, _ = marked_text.read(text)
    assert found.exchanges == [["a?", "b"], ["c?", "d"]]


def test_a_text_without_markers_is_refused(tmp_path: Path):
    with pytest.raises(Unusable):
        marked_text.read("Just a text with ### and <user> in it.")
    rows: list[object] = [{"text": MARKED["alpaca"]}, {"text": "plain"}]
    assert read(tmp_path, rows).refused[0].reason == "has no markers for a question and an answer"
