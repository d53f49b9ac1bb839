"""External servers: asked as a column, written down with their keys, failing in words."""

import json
import stat
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest

from pipeline.__main__ import main
from pipeline.chat import external, external_servers
from pipeline.chat.errors import (
    AnswerFailed,
    ExternalBusy,
    ExternalFailed,
    ExternalGone,
    ExternalKeyRefused,
    ExternalRefused,
)
from pipeline.chat.external import External
from pipeline.chat.protocol import Final, Message, Question, Settings, SystemPrompt, Text
from pipeline.errors import BadInput, DoesNotHold
from pipeline.workspace import Workspace
from tests.pipeline.chat.foreign import Foreign, foreign

WHOLE = (
    'data: {"choices":[{"delta":{"content":"你"}}]}\n\n'
    'data: {"choices":[{"delta":{"content":"好"},"finish_reason":"stop"}]}\n\n'
)
KEY = "sk-only-for-this-test"
QUOTED = f'{{"error": {{"message": "Bad key {KEY}"}}}}'
CUT_OFF = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
TRAINED = SystemPrompt("trained")


def server(url: str = "http://127.0.0.1:1/v1", **changes: str) -> External:
    return External(**{"name": "big", "url": url, "model": "m", **changes})


def question(prompt: SystemPrompt = TRAINED) -> Question:
    return Question((Message("user", "水"),), ("base", "7"), Settings(seed=5), prompt)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path)


@pytest.mark.parametrize("end", ["data: [DONE]\n\n", ""], ids=["with the mark", "without"])
def test_an_answer_streams_under_the_columns_name(end: str):
    with foreign(Foreign(200, WHOLE + end)) as there:
        said = list(external.ask(server(there.url), question()))
    assert said == [
        Text("external:big", "你"),
        Text("external:big", "好"),
        Final("external:big", "stop", None),
    ]


def test_only_what_every_such_server_knows_is_sent():
    with foreign(Foreign(200, WHOLE)) as there:
        list(external.ask(server(there.url, key=KEY), question()))
    assert there.asked == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "水"}],
            "stream": True,
            "temperature": 0.0,
            "top_p": 1.0,
            "max_tokens": 512,
            "seed": 5,
        }
    ]
    assert there.keys == [f"Bearer {KEY}"]


def test_a_system_prompt_of_ones_own_goes_first_and_no_other():
    prompts = [SystemPrompt("text", "You are Lumen."), TRAINED]
    with foreign(Foreign(200, WHOLE)) as there:
        for prompt in prompts:
            list(external.ask(server(there.url), question(prompt)))
    assert [len(body["messages"]) for body in there.asked] == [2, 1]
    assert there.asked[0]["messages"][0] == {"role": "system", "content": "You are Lumen."}


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://host:8000", "http://host:8000/v1"),
        ("http://host:8000/v1/", "http://host:8000/v1"),
        ("https://host/api/paas/v4", "https://host/api/paas/v4"),
        (" https://host/v1/chat/completions ", "https://host/v1"),
    ],
)
def test_an_address_is_taken_as_people_paste_it(url: str, address: str):
    assert server(url).url == address


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "host:8000"},
        {"url": "ftp://host"},
        {"url": "http://key@host/v1"},
        {"url": "http://host/v1?key=1"},
        {"url": "http://host:port"},
        {"name": "a/b"},
        {"name": ""},
        {"model": " "},
        {"key_variable": "MY KEY"},
    ],
    ids=str,
)
def test_what_cannot_be_a_server_is_refused(wrong: dict[str, str]):
    with pytest.raises(BadInput):
        server(**wrong)


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Foreign(401, QUOTED), ExternalKeyRefused, "Bad key …"),
        (Foreign(404, '{"error": {"message": "no model m"}}'), ExternalRefused, "no model m"),
        (Foreign(429, ""), ExternalBusy, "too busy"),
        (Foreign(200, CUT_OFF), ExternalGone, "hung up"),
    ],
    ids=["key", "model", "busy", "gone"],
)
def test_what_goes_wrong_says_what_to_look_at_and_never_the_key(
    reply: Foreign, error: type[ExternalFailed], words: str
):
    with foreign(reply) as there, pytest.raises(error, match=words) as caught:
        list(external.ask(server(there.url, key=KEY), question()))
    assert KEY not in str(caught.value)


def test_a_failure_in_the_middle_is_told_in_the_servers_words():
    body = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"error": "no memory"}\n\n'
    with foreign(Foreign(200, body)) as there, pytest.raises(AnswerFailed, match="no memory"):
        list(external.ask(server(there.url), question()))


def test_a_failure_in_the_middle_never_tells_the_key():
    body = f'{CUT_OFF}data: {{"error": "bad key Bearer {KEY}"}}\n\n'
    with (
        foreign(Foreign(200, body)) as there,
        pytest.raises(AnswerFailed, match="bad key Bearer …") as caught,
    ):
        list(external.ask(server(there.url, key=KEY), question()))
    assert KEY not in "".join(format_exception(caught.value))


def test_nobody_listening_says_so():
    with pytest.raises(ExternalFailed, match="nothing listens there"):
        list(external.ask(server("http://127.0.0.1:1/v1"), question()))


def test_a_key_comes_from_the_environment_when_it_is_asked(monkeypatch: pytest.MonkeyPatch):
    there = server(key_variable="GRAFT_TEST_KEY")
    with pytest.raises(BadInput, match="GRAFT_TEST_KEY, which is not set"):
        there.endpoint()
    monkeypatch.setenv("GRAFT_TEST_KEY", KEY)
    assert there.endpoint().token == KEY
    monkeypatch.setenv("GRAFT_TEST_KEY", f"{KEY}\n")
    assert there.endpoint().token == KEY


def test_a_pasted_key_is_taken_without_the_space_around_it():
    assert server(key=f" {KEY}\n").endpoint().token == KEY


@pytest.mark.parametrize("key", ["sk-ключ-1", "sk-“quoted”-1", "sk-one\nsk-two"], ids=ascii)
def test_a_key_that_cannot_be_sent_is_refused_without_being_told(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, key: str
):
    monkeypatch.setenv("GRAFT_TEST_KEY", key)
    with pytest.raises(BadInput, match="The key of big cannot be sent") as of_variable:
        external.try_out(server(key_variable="GRAFT_TEST_KEY"))
    with pytest.raises(BadInput, match="The key of big cannot be sent") as of_typed:
        external_servers.put(workspace, server(key=key))
    assert key not in f"{of_variable.value} {of_typed.value}"
    assert external_servers.listed(workspace) == ()


def test_trying_a_server_tells_what_it_offers_and_said():
    with foreign(Foreign(200, WHOLE, models=("m", "n"))) as there:
        tried = external.try_out(server(there.url))
    assert (tried.offers, tried.answer) == (("m", "n"), "你好")
    assert tried.first_text_s > 0


@pytest.mark.parametrize(
    ("url", "shows"),
    [
        ("http://10.0.0.5:8000/v1", True),
        ("https://host/v1", False),
        ("http://127.0.0.1:8000/v1", False),
        ("http://localhost/v1", False),
    ],
)
def test_a_key_on_an_open_line_is_known(url: str, shows: bool):
    assert server(url, key=KEY).shows_key is shows
    assert not server(url).shows_key


def test_servers_are_written_for_their_owner_only_and_read_back(workspace: Workspace):
    first, second = server(key=KEY), server(name="other", key_variable="K")
    external_servers.put(workspace, first)
    external_servers.put(workspace, second)
    assert external_servers.listed(workspace) == (first, second)
    path = workspace.root / external_servers.FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_server_of_the_same_name_takes_the_place_of_the_old_one(workspace: Workspace):
    external_servers.put(workspace, server())
    external_servers.put(workspace, server(name="other"))
    external_servers.put(workspace, server(model="new"))
    assert [each.model for each in external_servers.listed(workspace)] == ["new", "m"]


def test_a_removed_server_takes_its_key_along(workspace: Workspace):
    external_servers.put(workspace, server(key=KEY))
    external_servers.remove(workspace, "big")
    assert external_servers.listed(workspace) == ()
    assert KEY not in (workspace.root / external_servers.FILE).read_text()
    with pytest.raises(BadInput, match="no external server 'big'"):
        external_servers.remove(workspace, "big")


def test_a_key_is_not_in_what_a_server_prints():
    assert KEY not in repr(server(key=KEY))


def test_a_damaged_list_says_which_file(workspace: Workspace):
    (workspace.root / external_servers.FILE).write_text(json.dumps({"servers": [{"name": 3}]}))
    with pytest.raises(DoesNotHold, match=external_servers.FILE):
        external_servers.listed(workspace)


def verb(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, dict[str, Any]]:
    """Run the verb; its exit code and the JSON that it prints."""
    code = main(["--workspace", str(workspace.root), "--json", "external", *words])
    return code, json.loads(capsys.readouterr().out or "{}")


def test_the_verb_adds_tries_lists_and_removes(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
):
    with foreign(Foreign(200, WHOLE, models=("m",))) as there:
        _, added = verb(workspace, capsys, "big", "--url", there.url, "--model", "m", "--try")
    row = {"name": "big", "url": there.url, "model": "m", "key_variable": "", "has_key": False}
    assert added.pop("first_text_s") > 0
    assert added == {**row, "answer": "你好", "offers": ["m"]}
    assert verb(workspace, capsys) == (0, {"servers": [row]})
    assert verb(workspace, capsys, "big", "--try") == (1, {})
    assert verb(workspace, capsys, "big", "--remove") == (0, {"removed": "big"})
    assert verb(workspace, capsys, "big") == (2, {})
