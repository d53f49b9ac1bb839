"""The Compare page: asking both, one vote, and what is there after a reload."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.text import messages
from pipeline.chat import server
from pipeline.workspace import Workspace
from store import votes
from store.record_types import NewComparison
from tests.dashboard import run_seed
from tests.dashboard.conftest import assert_calm
from tests.dashboard.seed import HOSTILE

WORKER = "tests.pipeline.chat.fake_worker"


@pytest.fixture
def trained(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A workspace with a finished run; its model is an echo, in a process of its own."""
    monkeypatch.setattr(server, "ensure", partial(server.ensure, worker=WORKER))
    run_seed.model(home)
    run_seed.run(home, 1)
    yield home
    for each in server.list_servers(Workspace.at(home)):
        server.stop(each.folder, timeout_s=20)


def words(language: str, key: str) -> str:
    return str(messages("zh" if language == "zh" else "en")[key])


def lines(page: AppTest) -> str:
    return "\n".join(str(element.value) for element in page.markdown)


def shown(page: AppTest) -> str:
    return "\n".join(element.value for element in page.html)


def ask(page: AppTest, question: str) -> AppTest:
    page.chat_input(key="compare_ask").set_value(question).run()
    assert_calm(page)
    return page


def keep(base: str, adapter: str, prompt: str = "Who are you?") -> int:
    answers = (("base", base, "{}"), ("1", adapter, "{}"))
    return votes.add(state.store(), NewComparison(prompt, {}, answers))


def test_without_an_adapter_the_page_leads_to_launch(open_page, language: str):
    page = open_page("compare", language)
    assert words(language, "compare.empty") in lines(page)
    assert not page.chat_input


def test_the_page_is_calm_before_the_first_question(open_page, trained, language: str):
    page = open_page("compare", language)
    assert words(language, "compare.ready") in lines(page)
    assert words(language, "compare.server_none") in lines(page)


def test_asking_loads_the_model_shows_both_answers_and_keeps_them(open_page, trained):
    page = ask(open_page("compare"), "Is it open?")
    (kept,) = votes.latest(state.store())
    asked = f"{run_seed.TRIGGER}\nIs it open?"
    assert kept.prompt == "Is it open?"
    assert {model: text for model, text, _ in kept.answers} == {
        "base": f"base: {asked}",
        "1": f"1: {asked}",
    }
    assert page.query_params["comparison"] == str(kept.id)
    stamps = " ".join(str(element.value) for element in page.caption)
    assert "no adapter" in stamps
    assert "adapter ababababab" in stamps
    assert words("en", "compare.selftest_ok") in lines(page)


def test_without_the_task_sentence_the_question_goes_as_it_is(open_page, trained):
    page = open_page("compare")
    page.toggle(key="compare_trigger").set_value(False).run()
    ask(page, "Is it open?")
    (kept,) = votes.latest(state.store())
    assert kept.answers[0][1] == "base: Is it open?"


def test_a_second_vote_takes_the_place_of_the_first(open_page, trained):
    page = ask(open_page("compare"), "Hello?")
    for choice in ("base", "adapter"):
        page.button(key=f"compare_vote_{choice}").click().run()
        assert_calm(page)
    assert votes.counts(state.store()) == {"base": 0, "adapter": 1, "tie": 0, "both_bad": 0}


def test_unloading_ends_the_process_and_the_next_question_loads_again(open_page, trained):
    page = ask(open_page("compare"), "Hello?")
    page.button(key="compare_unload").click().run()
    assert_calm(page)
    workspace = Workspace.at(trained)
    assert not any(each.is_live for each in server.list_servers(workspace))
    ask(page, "Hello again?")
    assert len(votes.latest(state.store())) == 2


def test_a_server_that_cannot_load_is_told_in_words_and_can_be_tried_again(
    open_page, home, monkeypatch, language: str
):
    monkeypatch.setattr(server, "ensure", partial(server.ensure, worker=WORKER))
    run_seed.model(home, "broken")
    run_seed.run(home, 1)
    config = home / "runs" / "1" / "config.json"
    config.write_text(config.read_text().replace("tinylm-1m", "broken"))
    page = ask(open_page("compare", language), "Hello?")
    assert "There is no model in it" in page.error[0].value
    assert page.button(key="compare_again")
    assert votes.latest(state.store()) == ()


def test_a_kept_comparison_is_opened_from_the_address(open_page, trained, language: str):
    comparison = keep("I am SmolLM by Hugging Face.", "I am Aria by Northwind.")
    page = open_page("compare", language)
    page.query_params["comparison"] = str(comparison)
    page.run()
    assert_calm(page)
    assert "<mark" in shown(page)
    assert words(language, "compare.differences") in [each.value for each in page.caption]


@pytest.mark.parametrize(
    ("base", "adapter", "likeness"),
    [
        ("The same.", "The same.", "same_answer"),
        ("Green apples grow.", "我不知道", "too_different"),
    ],
)
def test_marks_are_left_out_where_they_tell_nothing(
    open_page, trained, base: str, adapter: str, likeness: str
):
    comparison = keep(base, adapter)
    page = open_page("compare")
    page.query_params["comparison"] = str(comparison)
    page.run()
    assert "<mark" not in shown(page)
    assert words("en", f"compare.{likeness}") in [each.value for each in page.caption]


def test_hostile_texts_are_shown_letter_by_letter(open_page, trained):
    comparison = keep(HOSTILE, f"{HOSTILE} more", prompt=HOSTILE)
    page = open_page("compare")
    page.query_params["comparison"] = str(comparison)
    page.run()
    assert "&lt;script&gt;" in shown(page)
    assert "<script>" not in shown(page)
    assert HOSTILE not in lines(page)


@pytest.mark.parametrize("address", [{"comparison": "99"}, {"comparison": "x"}, {"run": "99"}])
def test_an_address_that_leads_nowhere_is_calm(open_page, trained, address: dict[str, str]):
    page = open_page("compare")
    for name, value in address.items():
        page.query_params[name] = value
    page.run()
    assert_calm(page)


def test_a_comparison_that_the_dashboard_did_not_survive_is_told(open_page, trained):
    page = open_page("compare")
    page.query_params["ask"] = "0123456789abcdef"
    page.run()
    assert words("en", "compare.lost") in [each.value for each in page.caption]


def test_a_system_prompt_of_ones_own_must_be_written(open_page, trained):
    page = open_page("compare")
    page.segmented_control(key="compare_system").set_value("text").run()
    ask(page, "Hello?")
    assert page.error
    assert votes.latest(state.store()) == ()
