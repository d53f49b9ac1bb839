"""The Check page and the findings beside a pair: found, shown, repaired, dismissed, taken back."""

import pytest

from dashboard import state
from dashboard.check import judge_job
from dashboard.text import messages
from pipeline.curate import dataset_checks, fixes
from pipeline.curate.checks.found import CODES
from store import datasets, flags, history, pairs
from store.types import NewPair, PairFilter
from tests.dashboard.conftest import assert_calm

DIRTY = (
    ("What is a tide?", "A ti\u200bde is <b>water</b> that moves."),
    ("潮汐是什么？", "潮汐\u200b是海水的涨落。"),
    ("Who wrote Moby Dick?", "It was written by {{author}}."),
    ("What is a dam?", "A dam holds water."),
)


@pytest.fixture
def dirty(database):
    """A dataset with three flawed pairs and a good one."""
    tides = datasets.create(database, "tides", "general")
    pairs.insert_many(database, tides.id, [NewPair(*row) for row in DIRTY], summary="tides.json")
    return database


def texts(page) -> str:
    return "\n".join(element.value for element in (*page.markdown, *page.html, *page.caption))


def test_an_empty_workspace_is_sent_to_import(open_page, language: str):
    page = open_page("check", language)
    assert messages(language)["review.empty"] in [element.value for element in page.markdown]


def test_what_was_imported_is_checked_when_a_page_is_opened(open_page, dirty, language: str):
    open_page("check", language)
    assert flags.waiting(dirty) == 0
    assert [each.flags for each in pairs.page(dirty, matching=PairFilter()).rows] == [
        ("control_characters", "html"),
        ("control_characters",),
        ("placeholder",),
        (),
    ]


def test_the_findings_are_counted_by_kind(open_page, dirty, language: str):
    page = open_page("check", language)
    counts = [metric.value for metric in page.metric]
    assert counts[:3] == ["4", "3", "0.80"]
    assert counts[4:] == ["1", "2", "1"]  # placeholder, then the hints, the commoner first
    assert str(messages(language)["finding.placeholder_why"]) in texts(page)


def test_a_dataset_narrows_the_findings(open_page, dirty):
    other = datasets.create(dirty, "other", "general")
    pairs.insert_many(dirty, other.id, [NewPair("What is a dam?", "…")], summary="other.json")
    page = open_page("check")
    page.selectbox(key="dataset").select("other").run()
    assert [metric.value for metric in page.metric][:2] == ["1", "1"]


def test_fix_all_shows_the_count_repairs_and_can_be_taken_back(open_page, dirty):
    page = open_page("check")
    page.button(key="check_fix_control_characters").click().run()
    assert "**2 pairs** will be repaired" in texts(page)
    page.button(key="check_fix_go").click().run()
    assert [pair.answer for pair in pairs.by_ids(dirty, [1, 2])] == [
        "A tide is <b>water</b> that moves.",
        "潮汐是海水的涨落。",
    ]
    page.button(key="check_undo").click().run()
    assert [pair.answer for pair in pairs.by_ids(dirty, [1, 2])] == [DIRTY[0][1], DIRTY[1][1]]


def test_a_repair_that_was_taken_back_elsewhere_is_said_once(open_page, dirty):
    page = open_page("check")
    page.button(key="check_fix_control_characters").click().run()
    page.button(key="check_fix_go").click().run()
    history.undo(dirty, history.latest(dirty)[0].id)
    page.button(key="check_undo").click().run()
    assert_calm(page)
    assert page.error[0].value.startswith("This cannot be undone")
    assert "check_undo" not in {button.key for button in page.button}


def test_a_second_undo_before_the_page_is_drawn_does_nothing(open_page, dirty):
    page = open_page("check")
    page.button(key="check_fix_control_characters").click().run()
    page.button(key="check_fix_go").click().run()
    page.session_state["check_undoable"] = []  # The first click has done its work, unseen yet.
    page.button(key="check_undo").click().run()
    assert_calm(page)
    assert pairs.get(dirty, 2).answer == "潮汐是海水的涨落。"


def test_the_charts_are_drawn_in_each_language(open_page, dirty, language: str):
    page = open_page("check", language)
    page.session_state["check_tab"] = messages(language)["check.charts"]
    page.run()
    assert not page.exception
    assert messages(language)["check.wordings"] in [each.value for each in page.subheader]
    assert len(page.get("plotly_chart")) == 6


def test_review_marks_what_was_found_and_repairs_it(open_page, dirty):
    page = open_page("review")
    assert ">U+200B</mark>" in texts(page)
    page.button(key="pair_fix_control_characters").click().run()
    assert pairs.get(dirty, 1).answer == "A tide is <b>water</b> that moves."
    assert pairs.get(dirty, 1).flags == ("html",)
    page.button(key="review_undo_button").click().run()
    assert pairs.get(dirty, 1).answer == DIRTY[0][1]


def test_what_is_no_problem_goes_away_and_comes_back_when_asked(open_page, dirty):
    page = open_page("review")
    page.button(key="pair_dismiss_html").click().run()
    assert pairs.get(dirty, 1).flags == ("control_characters",)
    with pytest.raises(KeyError):
        page.button(key="pair_dismiss_html")
    page.button(key="pair_flags_restore").click().run()
    assert pairs.get(dirty, 1).flags == ("control_characters", "html")


def test_many_pairs_are_judged_in_the_background(open_page, dirty, monkeypatch):
    monkeypatch.setattr(judge_job, "AT_ONCE", 0)
    open_page("overview")
    job = judge_job.ensure().job
    assert job is not None
    assert job.beside.wait(20)
    assert (job.now().phase, job.now().done) == ("done", 4)
    assert pairs.get(dirty, 3).flags == ("placeholder",)


def test_a_stopped_pass_says_so_and_goes_on_when_asked(open_page, dirty, monkeypatch):
    monkeypatch.setattr(judge_job, "AT_ONCE", 0)
    monkeypatch.setattr(flags.next_waiting, "__kwdefaults__", {"size": 1})
    job = judge_job.JudgeJob(dirty, state.workspace())
    job.beside.cancel()
    job.beside.run()
    judge_job._desk(str(state.workspace().database)).job = job
    page = open_page("check")
    assert (job.now().phase, flags.waiting(dirty)) == ("cancelled", 3)
    page.button(key="check_again").click().run()
    again = judge_job.ensure().job
    assert again is not None
    assert again.beside.wait(20)
    assert flags.waiting(dirty) == 0


@pytest.mark.parametrize("code", [*CODES, *dataset_checks.CODES])
def test_every_finding_has_words(code: str, language: str):
    words = messages(language)
    assert words[f"finding.{code}"]
    assert words[f"finding.{code}_why"]
    assert (f"finding.{code}_fix" in words) == (code in fixes.FIXABLE)
