"""The sections that ask a base on the Export page: replay written once, and what it knows."""

from functools import partial
from pathlib import Path

import pytest

from dashboard.text import messages
from pipeline.probe import jobs, known, replay
from pipeline.workspace import Workspace
from store import datasets, pairs
from store.types import PairFilter
from tests.dashboard.conftest import assert_calm
from tests.template_models import make

WORKER = "tests.pipeline.probe.fake_worker"


@pytest.fixture
def workspace(home: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with a model without weights; what asks it is a stand-in."""
    for module, name in ((replay, "launch"), (known, "launch"), (jobs, "resume")):
        monkeypatch.setattr(module, name, partial(getattr(module, name), worker=WORKER))
    make("qwen2.5", home / "models" / "qwen")
    return Workspace.at(home)


@pytest.fixture
def page(open_page, filled, workspace):
    """The Export page with a section opened."""

    def open_(section: str, language: str = "en"):
        app = open_page("export", language)
        app.session_state[f"{section}_open"] = True
        app.run()
        assert_calm(app)
        return app

    return open_


def said(app) -> str:
    return "\n".join(str(e.value) for e in (*app.markdown, *app.caption)).replace("\\", "")


def settled(app, workspace: Workspace):
    """The page once every probe is over."""
    for probe in jobs.listed(workspace):
        jobs.wait(workspace, probe.id)
    app.run()
    assert_calm(app)
    return app


def how(workspace: Workspace, word: str) -> None:
    (workspace.probes / "fake").write_text(word)


def test_the_base_writes_a_general_dataset_and_it_is_found_again(page, filled, workspace):
    app = page("replay")
    app.segmented_control(key="replay_language").set_value("zh").run()
    assert "97" in app.button(key="replay_start").label
    app.button(key="replay_start").click().run()
    app = settled(app, workspace)
    made = datasets.by_name(filled, "replay-qwen")
    assert made.role == "general"
    assert pairs.count(filled, matching=PairFilter(made.id)) == 97
    assert "replay-qwen" in said(app)
    assert "general-1" in said(app)
    with pytest.raises(KeyError):
        app.button(key="replay_start")
    assert len(jobs.listed(workspace)) == 1


def test_a_running_replay_survives_a_reload_and_can_be_stopped_and_gone_on_with(
    page, filled, workspace, language: str
):
    how(workspace, "hang")
    page("replay", language).button(key="replay_start").click().run()
    again = page("replay", language)
    assert str(messages(language)["probe.leave"]) in said(again)
    again.button(key="replay_stop").click().run()
    again = settled(again, workspace)
    assert again.info
    how(workspace, "answer")
    again.button(key="replay_resume").click().run()
    again = settled(again, workspace)
    assert datasets.by_name(filled, "replay-qwen")
    assert len(jobs.listed(workspace)) == 1


def test_a_replay_that_died_says_why_and_offers_to_go_on(page, workspace):
    how(workspace, "die")
    app = page("replay")
    app.button(key="replay_start").click().run()
    app = settled(app, workspace)
    assert "SIGKILL" in app.error[0].value
    assert app.button(key="replay_resume")


def test_answers_that_are_all_cut_are_told_in_words(page, workspace):
    how(workspace, "long")
    app = page("replay")
    app.button(key="replay_start").click().run()
    app = settled(app, workspace)
    assert "ended within 256 tokens" in app.error[0].value
    assert app.button(key="replay_start")


def test_what_the_base_knows_is_shown_and_tagged(page, filled, workspace, language: str):
    app = page("known", language)
    app.number_input(key="known_samples").set_value(2).run()
    assert "3" in app.button(key="known_start").label
    app.button(key="known_start").click().run()
    app = settled(app, workspace)
    clinic = datasets.by_name(filled, "clinic")
    tags = {pair.tags for pair in pairs.each(filled, matching=PairFilter(clinic.id))}
    assert tags == {("base:known",), ("base:sometimes",)}
    bar = app.container(key="known_share_clinic").get("html")[0].proto.body
    words = {"en": ("3 known", "4 sometimes"), "zh": ("已知 3", "时对时错 4")}
    assert all(word in bar for word in words[language])


def test_new_facts_are_told_with_what_that_means(page, filled, workspace, language: str):
    how(workspace, "wrong")
    app = page("known", language)
    app.button(key="known_start").click().run()
    app = settled(app, workspace)
    bar = app.container(key="known_share_clinic").get("html")[0].proto.body
    assert {"en": "7 new", "zh": "新知 7"}[language] in bar
    expected = str(messages(language)["known.mostly_new"])
    assert expected.partition("{share}")[2][:20] in said(app)


def test_a_field_without_key_facts_is_told_in_words(page, filled):
    clinic = datasets.by_name(filled, "clinic")
    with filled.write() as cursor:
        cursor.execute("UPDATE pairs SET facts = [] WHERE dataset_id = ?", [clinic.id])
    app = page("known")
    app.button(key="known_start").click().run()
    assert_calm(app)
    assert "has key facts" in app.error[0].value


def test_a_recipe_without_a_field_has_nothing_to_ask(page, language: str):
    app = page("known", language)
    app.multiselect(key="export_datasets").set_value(["identity"]).run()
    assert str(messages(language)["known.no_domain"]) in said(app)


def test_measured_tags_are_shown_in_the_readers_words(open_page, filled, language: str):
    with filled.write() as cursor:
        cursor.execute("UPDATE pairs SET tags = ['mine', 'base:unknown']")
    page = open_page("review", language)
    shown = said(page)
    assert str(messages(language)["known.tag_unknown"]) in shown
    assert "base:unknown" not in shown
    assert "mine" in shown
