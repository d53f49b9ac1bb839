"""The Duplicates page: one cluster at a time, decided and taken back."""

import pytest

from dashboard.text import messages
from store import clusters, pairs
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


def test_exact_copies_go_at_once_and_come_back_with_one_undo(open_page, filled):
    page = open_page("duplicates")
    page.segmented_control(key="relation").set_value("duplicate").run()
    page.button(key="duplicates_remove").click().run()
    assert_calm(page)
    assert statuses(filled, 61, 64) == ["unreviewed", "removed"]
    page.button(key="duplicates_take_back").click().run()
    assert statuses(filled, 61, 64) == ["unreviewed", "unreviewed"]


def test_comparing_again_finds_what_is_there(open_page, filled):
    page = open_page("duplicates")
    page.button(key="duplicates_compare").click().run()
    assert_calm(page)
    assert clusters.counts(filled)["duplicate"] == 1
