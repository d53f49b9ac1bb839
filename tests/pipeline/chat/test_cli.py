"""`chat` on the command line, and which runs can be asked together."""

import json
from collections.abc import Callable

import pytest

from pipeline.__main__ import main
from pipeline.chat import server
from pipeline.cli import chat
from pipeline.workspace import Workspace

MakeRun = Callable[..., int]


@pytest.fixture(autouse=True)
def fake_worker(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chat, "WORKER", "tests.pipeline.chat.fake_worker")


def run(workspace: Workspace, *arguments: str) -> int:
    return main(["--workspace", str(workspace.root), *arguments])


def test_json_holds_each_models_answer_and_what_made_it(
    workspace: Workspace, make_run: MakeRun, capsys
):
    make_run(7)
    make_run(8)
    code = run(workspace, "--json", "chat", "--runs", "7,8", "--device", "cpu", "水是什么？")
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [(each["model"], each["text"]) for each in told["answers"]] == [
        ("base", "base: 水是什么？"),
        ("7", "7: 水是什么？"),
        ("8", "8: 水是什么？"),
    ]
    assert told["answers"][1]["stamp"]["adapter_sha1"] == "ab" * 20


def test_words_show_one_answer_under_another_with_its_stamp(
    workspace: Workspace, make_run: MakeRun, capsys
):
    make_run(7)
    trigger = "Answer about the clinic."
    code = run(workspace, "chat", "--runs", "7", "--trigger", trigger, "Where?")
    said = capsys.readouterr()
    assert code == 0
    assert said.out.splitlines() == [
        "── base",
        "base: Answer about the clinic.",
        "Where?",
        "   [tiny, no adapter · no system prompt · temperature 0, seed 0 · 2 tokens, 20/s]",
        "",
        "── run 7",
        "7: Answer about the clinic.",
        "Where?",
        "   [tiny, adapter ababababab · no system prompt · temperature 0, seed 0 · 2 tokens, 20/s]",
    ]


def test_the_server_ends_with_the_command_unless_it_is_kept(
    workspace: Workspace, make_run: MakeRun, capsys
):
    make_run(7)
    assert run(workspace, "chat", "--runs", "7", "hi") == 0
    assert [each.state for each in server.list_servers(workspace)] == ["gone"]
    assert run(workspace, "chat", "--runs", "7", "--keep", "hi") == 0
    assert run(workspace, "chat", "--runs", "7", "hi again") == 0
    assert [each.state for each in server.list_servers(workspace)] == ["ready", "gone"]


def test_a_trigger_that_is_left_out_is_told_of(workspace: Workspace, make_run: MakeRun, capsys):
    make_run(7)
    run(workspace, "chat", "--runs", "7", "hi")
    assert "clinic were trained after 'Answer about the clinic.'" in capsys.readouterr().err
    run(workspace, "chat", "--runs", "7", "--no-trigger", "hi")
    assert "trained after" not in capsys.readouterr().err


def test_a_base_can_be_asked_alone(workspace: Workspace, make_run: MakeRun, capsys):
    make_run(7)
    assert run(workspace, "--json", "chat", "--model", "tiny", "hi") == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["model"] for each in told["answers"]] == ["base"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["hi"], "Name --runs A,B to ask, or --model"),
        (["--runs", "x", "hi"], "--runs is 'x'"),
        (["--runs", "7@", "hi"], "--runs is '7@'"),
        (["--runs", "7@40", "hi"], "no checkpoint of step 40"),
        (["--runs", "7,8", "hi"], "run 7 on tiny, run 8 on other"),
        (["--runs", "99", "hi"], "There is no run 99"),
        (["--runs", "7", "--model", "other", "hi"], "the runs were trained on"),
        (["--runs", "7", "--device", "cuda:99", "hi"], "no device 'cuda:99'"),
        (["--runs", "7", "--temperature", "-1", "hi"], "temperature must be"),
        (["--runs", "9", "hi"], "has no adapter"),
    ],
    ids=lambda value: str(value),
)
def test_what_cannot_be_asked_is_wrong_usage(
    workspace: Workspace, make_run: MakeRun, capsys, arguments: list[str], words: str
):
    make_run(7)
    make_run(8, "other")
    make_run(9, has_adapter=False)
    assert run(workspace, "chat", *arguments) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert not any(each.is_live for each in server.list_servers(workspace))


def test_a_model_that_does_not_load_is_no_wrong_usage(
    workspace: Workspace, make_run: MakeRun, capsys
):
    make_run(7, "broken")
    assert run(workspace, "chat", "--runs", "7", "hi") == 1
    assert "There is no model in it." in capsys.readouterr().err
