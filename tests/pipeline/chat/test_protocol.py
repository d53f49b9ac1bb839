"""What travels between client and worker is read strictly and comes back whole."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.chat.compare import conversation, user_message
from pipeline.chat.protocol import (
    Final,
    Message,
    Question,
    Settings,
    SystemPrompt,
    Text,
    parse_chat,
    parse_piece,
    parse_question,
    question_json,
)
from pipeline.errors import BadInput
from tests.pipeline.chat.fakes import question, stamp

settings = st.builds(
    Settings,
    temperature=st.floats(0, 5),
    top_p=st.floats(0.001, 1),
    max_tokens=st.integers(1, 32_768),
    seed=st.integers(0, 2**53),
)
system_prompts = st.sampled_from(
    [SystemPrompt(), SystemPrompt("none"), SystemPrompt("text", "你是小助手。")]
)


@given(st.text(), settings, system_prompts)
def test_a_question_comes_back_as_it_was_sent(
    text: str, chosen: Settings, system_prompt: SystemPrompt
):
    asked = Question(
        (Message("system", "s"), Message("user", text)), ("base", "7"), chosen, system_prompt
    )
    assert parse_question(json.loads(json.dumps(question_json(asked)))) == asked


@pytest.mark.parametrize("piece", [Text("7", "你"), Final("base", "length", stamp())], ids=repr)
def test_a_piece_comes_back_as_it_was_sent(piece: Text | Final):
    assert parse_piece(json.loads(json.dumps(asdict(piece)))) == piece


def test_a_stamp_of_a_newer_server_is_read_without_its_new_fields():
    value = asdict(Final("base", "stop", stamp()))
    value["stamp"]["mood"] = "good"
    assert parse_piece(value) == Final("base", "stop", stamp())


def test_an_openai_request_needs_only_model_and_messages():
    body = {"model": "7", "messages": [{"role": "user", "content": "hi"}]}
    assert parse_chat(body) == (Question((Message("user", "hi"),), ("7",)), False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"models": []}, "models"),
        ({"models": ["7", "7"]}, "different models"),
        ({"models": [7]}, "models"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user"}]}, "message 1: content"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "message 1: role"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "last message"),
        ({"messages": [{"role": "user", "content": "x" * 1_000_001}]}, "longer than"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"seed": -1}, "seed"),
        ({"system_prompt": {"policy": "loud"}}, "policy"),
        ({"system_prompt": {"policy": "text", "text": " "}}, "text"),
        ({"system_prompt": "be kind"}, "system_prompt"),
    ],
    ids=repr,
)
def test_what_is_wrong_with_a_request_is_said(change: dict[str, object], words: str):
    with pytest.raises(BadInput, match=words):
        parse_question({**question_json(question()), **change})


def test_a_system_message_stands_first_or_nowhere():
    turns = (Message("user", "a"), Message("system", "b"), Message("user", "c"))
    with pytest.raises(BadInput, match="Only the first"):
        parse_question(question_json(Question(turns, ("base",))))


def test_a_trigger_stands_on_a_line_of_its_own_before_the_question():
    assert user_message("水？", "Answer.") == Message("user", "Answer.\n水？")
    assert user_message("水？", "") == Message("user", "水？")
    earlier = (Message("user", "a"), Message("assistant", "b"))
    assert conversation("c", earlier=earlier) == (*earlier, Message("user", "c"))
