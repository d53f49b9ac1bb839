"""The Review page: choosing, deciding, editing, taking back."""

import re

import pytest

from dashboard.text import messages
from store import history, pairs
from store.types import PairEdit, PairSort
from tests.dashboard.conftest import assert_calm
from tests.dashboard.seed import HOSTILE


def shown(page) -> str:
    """What the page shows of the chosen pair's texts, without the page's own script for keys."""
    own = "<script>\nwindow.graftOpeners"
    return "\n".join(e.value for e in page.html if not e.value.startswith(own))


def test_an_empty_workspace_is_sent_to_import(open_page, language: str):
    page = open_page("review", language)
    words = [element.value for element in page.markdown]
    assert messages(language)["review.empty"] in words
    assert not page.text_input


def test_the_page_is_calm_in_each_language(open_page, filled, language: str):
    page = open_page("review", language)
    assert "Who are you? (1)" in shown(page)


def test_accepting_stores_it_and_goes_to_the_next_pair(open_page, filled):
    page = open_page("review")
    page.button(key="review_accept").click().run()
    assert pairs.get(filled, 1).status == "accepted"
    assert "Who are you? (2)" in shown(page)


def test_rejecting_can_be_taken_back_and_the_pair_is_shown_again(open_page, filled):
    page = open_page("review")
    page.button(key="review_reject").click().run()
    assert pairs.get(filled, 1).status == "rejected"
    page.button(key="review_undo_button").click().run()
    assert pairs.get(filled, 1).status == "unreviewed"
    assert "Who are you? (1)" in shown(page)
    assert page.button(key="review_undo_button").disabled


def test_what_was_taken_back_elsewhere_is_said_and_undo_goes_on_before_it(open_page, filled):
    page = open_page("review")
    page.button(key="review_accept").click().run()
    page.button(key="review_reject").click().run()
    history.undo(filled, history.latest(filled)[0].id)
    page.button(key="review_undo_button").click().run()
    assert_calm(page)
    assert page.error[0].value.startswith("This cannot be undone")
    page.button(key="review_undo_button").click().run()
    assert not page.error
    assert [pairs.get(filled, n).status for n in (1, 2)] == ["unreviewed", "unreviewed"]
    assert page.button(key="review_undo_button").disabled


def test_a_second_undo_before_the_page_is_drawn_does_nothing(open_page, filled):
    page = open_page("review")
    page.button(key="review_accept").click().run()
    page.session_state["review_undo"] = []  # The first key has done its work, unseen yet.
    page.button(key="review_undo_button").click().run()
    assert_calm(page)
    assert pairs.get(filled, 1).status == "accepted"


def test_next_crosses_the_end_of_a_page(open_page, filled):
    page = open_page("review")
    page.button(key="review_row_15").click().run()
    page.button(key="review_next").click().run()
    assert "Who are you? (16)" in shown(page)
    assert page.session_state["review_page"] == 2


def test_the_filters_narrow_the_list(open_page, filled):
    page = open_page("review")
    page.selectbox(key="filter_dataset").select("clinic").run()
    assert "What is the dose of Veralin?" in shown(page)
    page.text_input(key="filter_text").set_value("维拉林").run()
    assert "维拉林的剂量是多少？" in shown(page)


def test_a_search_without_a_hit_says_so_and_offers_all(open_page, filled):
    page = open_page("review")
    page.text_input(key="filter_text").set_value("no such words").run()
    page.button(key="review_show_all").click().run()
    assert_calm(page)
    assert "Who are you? (1)" in shown(page)


def test_an_edit_is_stored_and_shown(open_page, filled):
    page = open_page("review")
    page.button(key="review_edit").click().run()
    page.text_area(key="review_field_answer").set_value("I am Graft, by Acme.")
    page.text_area(key="review_field_facts").set_value("Graft\n\n Acme ")
    page.button(key="review_save").click().run()
    stored = pairs.get(filled, 1)
    assert (stored.answer, stored.facts) == ("I am Graft, by Acme.", ("Graft", "Acme"))
    assert "I am Graft, by Acme." in shown(page)
    page.button(key="review_undo_button").click().run()
    assert pairs.get(filled, 1).answer == "I am Graft."


def test_a_stale_edit_shows_both_and_overwrites_only_when_asked(open_page, filled):
    page = open_page("review")
    page.button(key="review_edit").click().run()
    pairs.edit(filled, 1, PairEdit(answer="Changed elsewhere."), expected_version=1)
    page.text_area(key="review_field_answer").set_value("Mine.")
    page.button(key="review_save").click().run()
    assert pairs.get(filled, 1).answer == "Changed elsewhere."
    assert "elsewhere" in shown(page)
    assert page.text_area(key="review_field_answer").value == "Mine."
    page.button(key="review_save").click().run()
    assert pairs.get(filled, 1).answer == "Mine."


def test_a_stale_decision_is_refused_in_words(open_page, filled):
    page = open_page("review")
    pairs.edit(filled, 1, PairEdit(answer="Changed elsewhere."), expected_version=1)
    page.button(key="review_accept").click().run()
    assert page.error[0].value.startswith("This pair was changed in another window")
    assert pairs.get(filled, 1).status == "unreviewed"


def test_the_text_of_a_pair_is_never_markup(open_page, filled):
    page = open_page("review")
    page.text_input(key="filter_text").set_value("<script>").run()
    assert "<script>" not in shown(page)
    unmarked = re.sub(r"</?mark[^>]*>", "", shown(page))  # The checks mark the tag as HTML.
    assert "&lt;script&gt;alert(1)&lt;/script&gt; **bold** $x^2$ :material/home:" in unmarked
    assert HOSTILE not in page.button(key="review_row_67").label


def test_the_history_of_a_pair_is_there_when_opened(open_page, filled):
    pairs.edit(filled, 1, PairEdit(answer="I am Graft!"), expected_version=1)
    page = open_page("review")
    page.session_state["review_history"] = True
    page.run()
    assert "<mark" in shown(page)


def test_a_pair_can_be_named_in_the_address(open_app, filled):
    app = open_app("en")
    app.switch_page("app_pages/review.py")
    app.query_params["pair"] = "62"
    app.run()
    assert "40 mg" in shown(app)


def test_a_pair_that_is_gone_leaves_the_keys_to_the_one_shown_in_its_place(open_app, filled):
    history.undo(filled, 1)  # The import that held pair 12.
    app = open_app("en")
    app.switch_page("app_pages/review.py")
    app.query_params["pair"] = "12"
    app.run()
    assert_calm(app)
    assert "20 mg" in shown(app)
    app.button(key="review_accept").click().run()
    assert pairs.get(filled, 61).status == "accepted"
    assert "40 mg" in shown(app)


@pytest.mark.parametrize("named", ["", "x", "²", "0", "9" * 19, "9" * 5000], ids="{:.5}".format)
def test_a_pair_of_the_address_that_is_none_is_passed_over(open_app, filled, named: str):
    app = open_app("en")
    app.switch_page("app_pages/review.py")
    app.query_params["pair"] = named
    app.run()
    assert_calm(app)
    assert not app.error
    app.button(key="review_accept").click().run()
    assert pairs.get(filled, 1).status == "accepted"


def test_a_key_pressed_twice_decides_only_what_was_seen(open_page, filled):
    page = open_page("review")
    page.session_state["review_pair"] = 2  # The first key has done its work, unseen yet.
    page.button(key="review_accept").click().run()
    assert [pairs.get(filled, n).status for n in (1, 2)] == ["unreviewed", "unreviewed"]


def test_a_filter_of_the_address_is_a_chip_that_takes_it_away(open_app, filled):
    app = open_app("en")
    app.switch_page("app_pages/review.py")
    app.query_params.update({"dataset": "clinic", "answer": "30-", "cluster": "conflict"})
    app.run()
    assert_calm(app)
    assert "20 mg" in shown(app)
    app.button(key="filter_without_relations_conflict").click().run()
    assert app.query_params.get("cluster") is None
    app.button(key="filter_clear").click().run()
    assert_calm(app)
    assert set(app.query_params) == set()


def test_the_order_is_chosen_and_stays_in_the_address(open_page, filled):
    page = open_page("review")
    page.selectbox(key="filter_order").select(PairSort("added", True)).run()
    assert page.query_params["order"] == "added_down"
    assert "Answer with" in shown(page)
    page.button(key="review_next").click().run()
    assert "维拉林" in shown(page)


def test_the_filters_on_demand_narrow_too(open_page, filled):
    pairs.edit(filled, 2, PairEdit(tags=("dose",)), expected_version=1)
    page = open_page("review")
    page.session_state["filter_more"] = True
    page.run()
    page.multiselect(key="filter_tags").select("dose").run()
    assert_calm(page)
    assert "Who are you? (2)" in shown(page)
    assert page.query_params["tag"] == "dose"
    page.number_input(key="filter_answer_length_least").set_value(100).run()
    assert page.query_params["answer"] == "100-"
    assert_calm(page)


def test_no_status_chosen_means_all_and_stays_so(open_page, filled):
    page = open_page("review")
    page.button(key="review_reject").click().run()
    page.button_group(key="filter_statuses").set_value([]).run()
    assert page.query_params["status"] == "all"
    page.run()
    assert page.button(key="review_row_1")


def test_key_facts_are_suggested_from_the_answer(open_page, filled):
    page = open_page("review")
    page.button(key="review_edit").click().run()
    page.text_area(key="review_field_question").set_value("How long is it?")
    page.text_area(key="review_field_answer").set_value("It is 370 metres long.")
    page.button(key="review_suggest_facts").click().run()
    assert_calm(page)
    assert page.text_area(key="review_field_facts").value.endswith("370 metres")
