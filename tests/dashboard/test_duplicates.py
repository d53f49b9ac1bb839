"""The Duplicates page: one cluster at a time, decided and taken back."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.duplicates import compare_job
from dashboard.duplicates.clustering import Decided
from dashboard.text import messages
from pipeline.curate import dedup
from pipeline.publish.export import export
from pipeline.publish.recipe import Recipe
from pipeline.workspace import Workspace
from store import clusters, exports, history, judgements, links, pairs, verdicts
from store.types import NewPair, PairEdit
from tests.dashboard.conftest import assert_calm


def statuses(database, *ids: int) -> list[str]:
    """The status of some pairs."""
    return [pairs.get(database, pair_id).status for pair_id in ids]


def shown(page) -> str:
    """What the page shows of the pairs' texts."""
    return "\n".join(element.value for element in page.html)


def test_an_empty_workspace_is_sent_to_import(open_page, language: str):
    page = open_page("duplicates", language)
    assert messages(language)["review.empty"] in [m.value for m in page.markdown]


def test_a_contradiction_comes_first_with_its_difference_marked(open_page, filled, language: str):
    page = open_page("duplicates", language)
    assert page.segmented_control(key="relation").value == "conflict"
    assert ">20</mark>" in shown(page)
    assert ">40</mark>" in shown(page)


def test_the_marked_pair_stays_and_the_other_goes(open_page, filled):
    page = open_page("duplicates")
    page.button(key="duplicates_keep_62").click().run()
    page.button(key="duplicates_keep_one").click().run()
    assert statuses(filled, 61, 62) == ["removed", "unreviewed"]
    assert clusters.counts(filled)["conflict"] == 0
    page.button(key="duplicates_take_back").click().run()
    assert statuses(filled, 61, 62) == ["unreviewed", "unreviewed"]
    assert clusters.counts(filled)["conflict"] == 1


@pytest.mark.parametrize("verdict", ["both_fine", "not_alike"])
def test_a_verdict_that_keeps_all_can_be_taken_back(open_page, filled, verdict: str):
    page = open_page("duplicates")
    page.button(key=f"duplicates_{verdict}").click().run()
    assert statuses(filled, 61, 62) == ["unreviewed", "unreviewed"]
    assert clusters.counts(filled)["conflict"] == 0
    page.button(key="duplicates_take_back").click().run()
    assert clusters.counts(filled)["conflict"] == 1


def test_a_key_pressed_twice_decides_once_and_is_calm(open_page, filled):
    page = open_page("duplicates")
    first = clusters.page(filled, relation="conflict", size=1).rows[0]
    action = verdicts.decide(filled, first.id, "keep_one")
    # The first key has done its work, unseen yet.
    page.session_state["duplicates_undo"] = [Decided(action, first.id)]
    page.button(key="duplicates_keep_one").click().run()
    assert_calm(page)
    assert not page.error
    assert history.latest(filled)[0].id == action
    page.button(key="duplicates_take_back").click().run()
    assert statuses(filled, 61, 62) == ["unreviewed", "unreviewed"]
    assert clusters.counts(filled)["conflict"] == 1


def test_what_another_window_decided_stands_and_is_said(open_page, filled, language: str):
    page = open_page("duplicates", language)
    first = clusters.page(filled, relation="conflict", size=1).rows[0]
    verdicts.decide(filled, first.id, "keep_one")
    page.button(key="duplicates_both_fine").click().run()
    assert_calm(page)
    assert messages(language)["duplicates.was_keep_one"] in page.error[0].value
    assert clusters.get(filled, first.id).verdict == "keep_one"
    assert page.button(key="duplicates_take_back").disabled


def test_a_decision_that_was_taken_back_elsewhere_is_said_once(open_page, filled):
    page = open_page("duplicates")
    page.button(key="duplicates_keep_one").click().run()
    history.undo(filled, history.latest(filled)[0].id)
    page.button(key="duplicates_take_back").click().run()
    assert_calm(page)
    assert page.error[0].value.startswith("This cannot be undone")
    assert page.button(key="duplicates_take_back").disabled


def test_a_second_undo_before_the_page_is_drawn_does_nothing(open_page, filled):
    page = open_page("duplicates")
    page.button(key="duplicates_both_fine").click().run()
    page.session_state["duplicates_undo"] = []  # The first key has done its work, unseen yet.
    page.button(key="duplicates_take_back").click().run()
    assert_calm(page)
    assert clusters.counts(filled)["conflict"] == 0


def test_exact_copies_go_at_once_and_come_back_with_one_undo(open_page, filled):
    page = open_page("duplicates")
    page.segmented_control(key="relation").set_value("duplicate").run()
    page.button(key="duplicates_remove").click().run()
    assert_calm(page)
    assert statuses(filled, 61, 64) == ["unreviewed", "removed"]
    page.button(key="duplicates_take_back").click().run()
    assert statuses(filled, 61, 64) == ["unreviewed", "unreviewed"]


def compare(page: AppTest) -> None:
    """Press the button, wait for the comparison, and look at what it found."""
    page.button(key="duplicates_compare").click().run()
    job = compare_job.desk().job
    assert job is not None
    assert job.beside.wait(timeout_s=60)
    page.run()
    page.button(key="duplicates_job_clear").click().run()
    assert_calm(page)


def test_comparing_finds_what_is_there_and_says_why(open_page, filled, language: str):
    page = open_page("duplicates", language)
    compare(page)
    assert clusters.counts(filled)["duplicate"] == 1
    said = {"en": "Answers differ: 20 / 40", "zh": "答案不同：20 / 40"}[language]
    assert any(said in caption.value for caption in page.caption)


def test_another_threshold_needs_no_second_comparison(open_page, filled):
    page = open_page("duplicates")
    compare(page)
    before = links.scans(filled)
    found = clusters.counts(filled)
    page.slider(key="duplicates_threshold").set_value(0.99).run()
    assert clusters.counts(filled) == found
    page.button(key="duplicates_use_threshold").click().run()
    assert_calm(page)
    assert clusters.counts(filled)["lookalike"] < found["lookalike"]
    assert links.scans(filled) == before
    assert dedup.chosen(filled).threshold == 0.99


def test_the_keeper_rule_marks_another_pair(open_page, filled):
    page = open_page("duplicates")
    compare(page)
    pairs.edit(
        filled,
        62,
        PairEdit(answer="Veralin is given at 40 mg once a day, with food."),
        expected_version=1,
    )
    compare(page)
    page.selectbox(key="duplicates_keep").set_value("longest").run()
    assert page.button(key="duplicates_keep_62").disabled
    assert not page.button(key="duplicates_keep_61").disabled


def test_all_like_this_are_decided_with_their_count_first_and_undone(open_page, filled):
    page = open_page("duplicates")
    page.segmented_control(key="relation").set_value("paraphrase").run()
    page.button(key="duplicates_like_both_fine").click().run()
    assert_calm(page)
    assert clusters.counts(filled)["paraphrase"] == 0
    page.button(key="duplicates_take_back").click().run()
    assert clusters.counts(filled)["paraphrase"] == 1


def test_a_dataset_is_chosen_and_others_are_not_counted(open_page, filled):
    page = open_page("duplicates")
    page.multiselect(key="datasets").set_value(["identity"]).run()
    assert_calm(page)
    assert "duplicates_keep_one" not in {button.key for button in page.button}
    page.multiselect(key="datasets").set_value(["clinic"]).run()
    assert page.button(key="duplicates_keep_one")


def ended(page: AppTest) -> None:
    """Wait for the comparison under way and draw what it found."""
    job = compare_job.desk().job
    assert job is not None
    assert job.beside.wait(timeout_s=60)
    page.run()
    assert_calm(page)


def test_other_wordings_are_found_by_meaning(open_page, filled):
    page = open_page("duplicates")
    compare(page)
    page.button(key="duplicates_meaning").click().run()
    ended(page)
    assert links.scans(filled, method="meaning")


def test_a_pair_that_gives_a_test_row_away_is_found_and_rejected(open_page, filled, home):
    export(filled, Workspace.at(home), Recipe("one", ("identity",), test_share=0.2))
    held = exports.members(filled, exports.by_name(filled, "one").id)
    test = next(pair_id for pair_id, _, split in held if split == "test")
    copy = NewPair(pairs.get(filled, test).question.upper(), "I am Graft.")
    pairs.insert_many(filled, 1, [copy], summary="later.json")
    page = open_page("duplicates")
    page.button(key="duplicates_leaks_find").click().run()
    ended(page)
    newest = 68
    assert newest in page.dataframe[0].value.iloc[:, 0].tolist()
    page.button(key="duplicates_leaks_reject").click().run()
    assert statuses(filled, newest) == ["rejected"]
    page.button(key="duplicates_take_back").click().run()
    assert statuses(filled, newest) == ["unreviewed"]


def test_a_judged_pair_says_what_the_threshold_is_worth(open_page, filled, language: str):
    page = open_page("duplicates", language)
    compare(page)
    judge = next(b for b in page.button if (b.key or "").startswith("duplicates_judge_same_"))
    judge.click().run()
    assert_calm(page)
    assert [is_same for _, is_same in judgements.scored(filled)] == [True]
    assert judge.key not in {button.key for button in page.button}
