"""The Compare page: asking both, one vote, and what is there after a reload."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from dashboard import state
from dashboard.text import messages
from pipeline.chat import server
from pipeline.workspace import Workspace
from store import datasets, pairs, votes
from store.record_types import NewComparison
from store.types import NewPair, PairFilter
from tests.dashboard import run_seed
from tests.dashboard.conftest import assert_calm
from tests.dashboard.seed import HOSTILE
from tests.pipeline.chat.fakes import wait_until

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


def lines(page: AppTest | Block) -> str:
    return "\n".join(str(element.value) for element in page.markdown)


def shown(page: AppTest | Block) -> str:
    return "\n".join(element.value for element in page.html)


def ask(page: AppTest, question: str) -> AppTest:
    page.chat_input(key="compare_ask").set_value(question).run()
    assert_calm(page)
    return page


def keep(base: str, adapter: str, prompt: str = "Who are you?", **more: Any) -> int:
    answers = (("base", base, "{}"), ("1", adapter, "{}"))
    return votes.add(state.store(), NewComparison(prompt, {}, answers, **more))


def open_kept(page: AppTest, comparison: int) -> AppTest:
    page.query_params["comparison"] = str(comparison)
    page.run()
    assert_calm(page)
    return page


def has_kept(count: int) -> bool:
    return votes.total(state.store()) == count


def buttons(page: AppTest) -> list[str]:
    return [str(button.label) for button in page.button]


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
    for place in (0, 1):
        page.button(key=f"compare_vote_{place}").click().run()
        assert_calm(page)
    assert [each.vote for each in votes.ballots(state.store())] == ["1"]


def test_unloading_ends_the_process_and_the_next_question_loads_again(open_page, trained):
    page = ask(open_page("compare"), "Hello?")
    page.button(key="compare_unload").click().run()
    assert_calm(page)
    workspace = Workspace.at(trained)
    assert not any(each.is_live for each in server.list_servers(workspace))
    ask(page, "Hello again?")
    assert len(votes.latest(state.store())) == 2


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


@pytest.mark.parametrize(
    "address",
    [{"comparison": "99"}, {"comparison": "9" * 5000}, {"comparison": "x"}, {"run": "99"}],
)
def test_an_address_that_leads_nowhere_is_calm(open_page, trained, address: dict[str, str]):
    page = open_page("compare")
    for name, value in address.items():
        page.query_params[name] = value
    page.run()
    assert_calm(page)
    assert page.chat_input


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


def test_three_models_answer_together_and_the_address_finds_them_again(open_page, trained):
    run_seed.run(trained, 2)
    page = open_page("compare")
    page.multiselect(key="compare_columns").set_value(["base", "1", "2"]).run()
    assert page.query_params["columns"] == "base,1,2"
    ask(page, "Hello?")
    (kept,) = votes.latest(state.store())
    assert [model for model, _, _ in kept.answers] == ["base", "1", "2"]
    assert page.button(key="compare_vote_4")


def test_one_model_alone_is_no_comparison(open_page, trained, language: str):
    page = open_page("compare", language)
    page.multiselect(key="compare_columns").set_value(["base"]).run()
    assert_calm(page)
    assert words(language, "compare.too_few") in [each.value for each in page.caption]


def test_a_conversation_goes_on_with_what_each_model_said(open_page, trained):
    page = open_page("compare")
    page.toggle(key="compare_trigger").set_value(False).run()
    ask(page, "Hello?")
    page.toggle(key="compare_follow").set_value(True).run()
    ask(page, "And now?")
    kept = votes.latest(state.store())[0]
    asked = kept.settings["conversations"]
    assert isinstance(asked, dict)
    assert [turn["content"] for turn in asked["1"]] == ["Hello?", "1: Hello?", "And now?"]
    assert [turn["content"] for turn in asked["base"]][1] == "base: Hello?"
    assert "1: Hello?" in shown(page)


def test_blind_answers_have_no_names_until_there_is_a_vote(open_page, trained, language: str):
    page = open_page("compare", language)
    page.toggle(key="compare_blind").set_value(True).run()
    ask(page, "Hello?")
    name = words(language, "compare.run").format(run=1)
    assert name not in " ".join([lines(page), *buttons(page)])
    assert not any("adapter" in str(each.value).lower() for each in page.caption)
    page.button(key="compare_vote_0").click().run()
    assert_calm(page)
    (kept,) = votes.latest(state.store())
    assert (kept.is_blind, kept.vote) == (True, kept.answers[0][0])
    assert name in " ".join(buttons(page))


def test_blind_columns_come_in_both_orders(open_page, trained):
    page = open_page("compare")
    page.toggle(key="compare_blind").set_value(True).run()
    for number in range(12):
        ask(page, f"Hello {number}?")
    first = [each.answers[0][0] for each in votes.latest(state.store())]
    assert set(first) == {"base", "1"}


def test_a_list_is_answered_in_the_background_and_voted_on_one_by_one(open_page, trained):
    run_seed.export(trained)
    page = open_page("compare")
    page.number_input(key="compare_list_count").set_value(3).run()
    page.button(key="compare_list_all").click().run()
    wait_until(lambda: votes.total(state.store()) == 3, timeout_s=20)
    page.run()
    assert_calm(page)
    kept = votes.latest(state.store())
    assert {each.question_set for each in kept} == {"clinic-3/clinic_test.json"}
    assert {each.reference for each in kept} == {"It is 37."}
    page.button(key="compare_vote_now_0").click().run()
    for _ in range(2):
        page.button(key="compare_vote_1").click().run()
        page.button(key="compare_next_open").click().run()
        assert_calm(page)
    page.button(key="compare_vote_1").click().run()
    assert votes.open_counts(state.store()) == {}


def test_the_next_question_of_a_list_is_asked_as_it_stands(open_page, trained):
    run_seed.export(trained)
    page = open_page("compare")
    for number in range(2):
        page.button(key="compare_list_next").click().run()
        assert_calm(page)
        wait_until(partial(has_kept, number + 1))
    asked = [each.prompt for each in votes.latest(state.store())]
    assert asked == [f"{run_seed.TRIGGER}\nWhich is value {number}?" for number in (1, 0)]


def test_standings_tell_what_the_votes_say(open_page, trained, language: str):
    for choice in ("1", "1", "base", "tie"):
        votes.vote(state.store(), keep("a", "b"), choice)
    page = open_page("compare", language)
    page.session_state["compare_past_list"] = True
    page.run()
    assert_calm(page)
    table = page.dataframe[0].value
    assert list(table["wins"]) == ["2", "1"]
    assert list(table["duels"]) == [3, 3]


def test_a_corrected_answer_becomes_a_pair_that_names_its_comparison(open_page, trained):
    db = state.store()
    dataset = datasets.create(db, "clinic", "domain", trigger=run_seed.TRIGGER)
    comparison = keep("At 9.", "At 7.", prompt=f"{run_seed.TRIGGER}\nWhen is it open?")
    page = open_kept(open_page("compare"), comparison)
    page.button(key="compare_correct_1").click().run()
    assert_calm(page)
    assert page.text_area(key="correct_question").value == "When is it open?"
    page.text_area(key="correct_answer").set_value("At 8.")
    page.text_area(key="correct_facts").set_value("8")
    page.button(key="correct_save_pair").click().run()
    assert_calm(page)
    (pair,) = pairs.page(db, matching=PairFilter()).rows
    assert (pair.question, pair.answer, pair.facts) == ("When is it open?", "At 8.", ("8",))
    assert (pair.dataset_id, pair.status, pair.tags) == (dataset.id, "unreviewed", ("corrected",))
    assert pair.source_file == f"comparison {comparison}"


def test_what_a_correction_contradicts_is_told_before_it_is_saved(open_page, trained):
    db = state.store()
    dataset = datasets.create(db, "clinic", "domain")
    pairs.insert_many(db, dataset.id, [NewPair("When is it open?", "At 8.")], summary="pairs")
    page = open_kept(open_page("compare"), keep("At 9.", "At 7.", prompt="When is it open?"))
    page.button(key="compare_correct_1").click().run()
    assert_calm(page)
    said = words("en", "compare.beside_conflict").format(pair=1)
    assert any(said in str(each.value) for each in page.caption)


def test_where_answers_come_from_is_told_with_the_reference(open_page, trained, language: str):
    db = state.store()
    dataset = datasets.create(db, "clinic", "domain")
    pairs.insert_many(db, dataset.id, [NewPair("When is it open?", "At 8.")], summary="pairs")
    comparison = keep("At 9.", "At 8.", prompt="When is it open?", reference="At 8 sharp.")
    page = open_kept(open_page("compare", language), comparison)
    page.session_state["compare_beside"] = True
    page.run()
    assert_calm(page)
    said = [str(each.value) for each in page.caption]
    assert words(language, "compare.beside_conflict").format(pair=1) in said
    assert words(language, "compare.beside_duplicate").format(pair=1) in said
    assert "At 8 sharp." in shown(page)
