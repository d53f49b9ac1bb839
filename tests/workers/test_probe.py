"""The base answers each question as often as asked, alike alone or in a batch, and once only."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import rows
from pipeline.chat.protocol import BASE, Message, Settings
from pipeline.models.template import SystemPrompt
from pipeline.probe import config
from pipeline.probe.answers import ProbeAnswer
from pipeline.probe.config import ProbeConfig, Question
from pipeline.workers import probe
from pipeline.workers.events import Events
from pipeline.workers.generate import Request, generate
from pipeline.workers.model import load_base
from pipeline.workers.prompts import render
from tests.workers.tiny_model import make_base

QUESTIONS = (
    Question(1, "", "Who are you?"),
    Question(2, "", "你是谁？"),
    Question(7, "a", "Answer about the harbour.", "How deep is it?", facts=("9",)),
    Question(9, "b", "And?", history=(("One?", "Yes."),), system="Be brief."),
    Question(11, "c", "long " * 80),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def folder(tmp_path: Path, base: Path) -> Path:
    made = tmp_path / "1"
    made.mkdir()
    config.write(made, planned(base), QUESTIONS)
    return made


def planned(base: Path, **changes: object) -> ProbeConfig:
    plan = ProbeConfig(
        kind="known",
        base=str(base),
        base_sha256="",
        source="harbour",
        questions=len(QUESTIONS),
        questions_sha256=config.digest(QUESTIONS),
        samples=2,
        max_new_tokens=10,
        batch_tokens=300,
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


def said(folder: Path) -> dict[tuple[int, int], str]:
    return {(each.key, each.sample): each.text for each in rows.read(folder, ProbeAnswer)}


def stop_after(asks: int):
    """A should_stop that says yes from the given question on."""
    left = iter([False] * asks)
    return lambda: next(left, True)


def test_every_question_is_answered_greedily_and_sampled(folder: Path):
    assert probe.main(folder) == 0
    answers = rows.read(folder, ProbeAnswer)
    assert len(answers) == len(said(folder)) == 15
    refused = {each.key for each in answers if each.finish_reason == "refused"}
    assert refused == {11}
    result = json.loads((folder / "result.json").read_text())
    assert (result["state"], result["answers"]) == ("finished", 15)


def test_an_answer_is_that_of_chat_alone_under_the_same_prompt(folder: Path, base: Path):
    probe.main(folder)
    model, tokenizer = load_base(base, "cpu")
    prompt = render(tokenizer, str(tokenizer.chat_template), [Message("user", "你是谁？")])
    for sample, settings in (
        (0, Settings(max_tokens=10)),
        (1, Settings(temperature=0.8, top_p=0.95, max_tokens=10, seed=2)),
        (2, Settings(temperature=0.8, top_p=0.95, max_tokens=10, seed=3)),
    ):
        (alone,) = generate(model, tokenizer, [Request(BASE, prompt.ids)], settings)
        assert said(folder)[2, sample] == alone.text
    assert len({said(folder)[2, sample] for sample in range(3)}) > 1


@pytest.mark.parametrize("asks", [0, 1, 7, 40], ids=lambda n: f"stopped at question {n}")
def test_after_a_stop_only_what_is_open_is_asked(folder: Path, tmp_path: Path, asks: int):
    whole = tmp_path / "2"
    whole.mkdir()
    config.write(whole, config.read(folder), QUESTIONS)
    probe.main(whole)
    probe.probe(folder, Events(folder), stop_after(asks))
    before = rows.read(folder, ProbeAnswer)
    assert json.loads((folder / "result.json").read_text())["state"] == "stopped"
    with (folder / rows.NAME).open("a") as file:
        file.write('{"key": 1, "sam')  # A kill in the middle of a line.
    probe.probe(folder, Events(folder), lambda: False)
    after = rows.read(folder, ProbeAnswer)
    assert after[: len(before)] == before
    assert len(after) == len(said(folder)) == 15
    assert said(folder) == said(whole)


def test_changed_questions_are_refused_in_words(folder: Path):
    path = folder / config.QUESTIONS
    path.write_bytes(path.read_bytes().replace(b"harbour", b"airport"))
    assert probe.main(folder) == 1
    last = (folder / "events.jsonl").read_text().splitlines()[-1]
    assert "it was changed" in json.loads(last)["message"]


def test_the_system_prompt_of_the_plan_is_asked_under(folder: Path, base: Path):
    config.write(folder, planned(base, system_prompt=SystemPrompt("text", "Shout.")), QUESTIONS)
    plan = config.read(folder)
    asked = probe.Base(plan, lambda: False, print)
    told = asked._tokenizer.decode(asked.prepare(QUESTIONS[0]).prompt)
    assert told.startswith("<|im_start|>system\nShout.<|im_end|>\n<|im_start|>user\nWho are you?")
    own = asked._tokenizer.decode(asked.prepare(QUESTIONS[3]).prompt)
    assert "Be brief." in own
    assert "Shout." not in own
