"""The Export page: the recipe, what it would write, what was written, and whether it still is."""

import gc
from pathlib import Path

import pytest

from dashboard.export import exporting
from dashboard.text import messages
from pipeline.curate import dedup
from pipeline.publish import manifest
from pipeline.publish.plan import Sources, sources
from pipeline.publish.recipe import Recipe
from pipeline.workspace import Workspace
from store import datasets, exports, pairs
from store.types import NewPair, PairEdit
from tests.builders import towers
from tests.dashboard.conftest import assert_calm


def words(page) -> str:
    """Everything the page says in Markdown."""
    return "\n".join(element.value for element in page.markdown)


def exported(page, home: Path) -> Path:
    """Press the button and return the folder that came of it."""
    page.button(key="export_go").click().run()
    assert_calm(page)
    return Workspace.at(home).exports / "clinic-1"


def test_an_empty_workspace_is_sent_to_import(open_page, language: str):
    page = open_page("export", language)
    assert str(messages(language)["export.empty"]) in words(page)


def test_the_recipe_reads_as_a_sentence_with_its_warnings(open_page, filled, language: str):
    page = open_page("export", language)
    assert "Answer the question about the clinic" in words(page)
    assert page.text_input(key="export_name").value == "clinic-1"
    assert page.container(key="export_warnings").markdown


def test_the_pairs_of_one_choice_of_datasets_at_a_time_are_kept(filled, monkeypatch):
    read: list[tuple[str, ...]] = []

    def counted(db, source, recipe):
        read.append(recipe.datasets)
        return sources(db, source, recipe)

    monkeypatch.setattr(exporting, "sources", counted)
    for chosen, seed in (("clinic", 1), ("identity", 1), ("identity", 2)):
        exporting.preview(Recipe("x", (chosen,), seed=seed))
    assert read == [("clinic",), ("identity",)]
    gc.collect()
    assert sum(type(each) is Sources for each in gc.get_objects()) == 1


def test_exporting_writes_remembers_and_verifies(open_page, filled, home: Path):
    page = open_page("export")
    folder = exported(page, home)
    assert (folder / "manifest.json").is_file()
    assert [record.name for record in exports.listed(filled)] == ["clinic-1"]
    assert page.text_input(key="export_name").value == "clinic-2"
    shown = page.container(key="export_card_1").dataframe[0].value
    assert "identity_format2.json" in set(shown["File"])


def test_a_changed_file_is_named_when_verified(open_page, filled, home: Path, language: str):
    page = open_page("export", language)
    folder = exported(page, home)
    data = folder / "clinic_format3.json"
    data.write_bytes(data.read_bytes().replace(b"20 mg", b"30 mg"))
    (folder / "clinic_format2.json").unlink()
    page.button(key="export_verify_1").click().run()
    told = page.container(key="export_card_1").error[0].value.replace("\\", "")
    assert "clinic_format3.json" in told
    assert "clinic_format2.json" in told


def test_a_folder_without_its_manifest_is_told_in_words(open_page, filled, home: Path):
    page = open_page("export")
    (exported(page, home) / "manifest.json").unlink()
    page.button(key="export_verify_1").click().run()
    assert_calm(page)
    assert "Export again" in page.error[0].value


def test_a_taken_name_is_refused_in_words(open_page, filled, home: Path, language: str):
    page = open_page("export", language)
    exported(page, home)
    page.text_input(key="export_name").set_value("clinic-1").run()
    page.button(key="export_go").click().run()
    assert_calm(page)
    assert "clinic" in page.error[0].value


def test_only_accepted_pairs_can_be_asked_for(open_page, filled):
    page = open_page("export")
    page.toggle(key="export_accepted_only").set_value(True).run()
    assert_calm(page)
    assert page.button(key="export_go").disabled


@pytest.mark.parametrize("name", ["a/b", "..", " ."])
def test_a_name_that_cannot_be_a_folder_is_refused_in_words(open_page, filled, name: str):
    page = open_page("export")
    page.text_input(key="export_name").set_value(name).run()
    assert_calm(page)
    assert page.error
    assert page.text_input(key="export_name").value == name


def test_a_name_of_ones_own_stays_when_the_datasets_change(open_page, filled):
    page = open_page("export")
    page.multiselect(key="export_datasets").set_value(["identity"]).run()
    assert page.text_input(key="export_name").value == "identity-1"
    page.text_input(key="export_name").set_value("mine").run()
    page.multiselect(key="export_datasets").set_value(["clinic"]).run()
    assert page.text_input(key="export_name").value == "mine"


@pytest.fixture
def wide(filled):
    """The same store with a general dataset and a field that has no task sentence."""
    general = datasets.create(filled, "general", "general")
    rows = [NewPair(f"What is {n} + 1?", f"{n + 1}") for n in range(100)]
    pairs.insert_many(filled, general.id, rows, summary="test")
    guqin = datasets.create(filled, "古琴", "domain", domain="古琴")
    rows = [NewPair(f"第{n}张琴用什么木？", f"{n} 桐木") for n in range(30)]
    pairs.insert_many(filled, guqin.id, rows, summary="test")
    return filled


def test_a_share_of_general_pairs_is_suggested_with_its_reason(open_page, wide, language: str):
    page = open_page("export", language)
    assert page.slider(key="export_replay").value == 25
    reasons = " ".join(caption.value for caption in page.caption)
    assert "25" in reasons
    page.slider(key="export_replay").set_value(50).run()
    assert_calm(page)
    assert page.slider(key="export_replay").value == 50
    page.toggle(key="export_replay_all").set_value(True).run()
    assert_calm(page)
    assert page.slider(key="export_replay").disabled


def test_close_wordings_are_tested_by_the_button_beside_the_warning(open_page, filled):
    field = datasets.create(filled, "towers", "domain", trigger="Answer.")
    pairs.insert_many(filled, field.id, towers(9), summary="test")
    page = open_page("export")
    page.multiselect(key="export_datasets").set_value(["towers"]).run()
    assert "36 pairs were not compared yet" in words(page)
    dedup.run(filled, [field.id])
    page.run()
    assert "not compared" not in words(page)
    assert "towers: only 0 rows" in words(page)
    page.button(key="export_test_close").click().run()
    assert_calm(page)
    assert not page.toggle(key="export_paraphrases_together").value
    assert "only 0 rows" not in words(page)


def test_two_fields_and_a_missing_task_sentence_are_warned_of(open_page, wide):
    page = open_page("export")
    page.multiselect(key="export_datasets").set_value(["identity", "clinic", "古琴"]).run()
    told = " ".join(element.value for element in page.container(key="export_warnings").markdown)
    assert "Fields together: clinic, 古琴" in told.replace("\\", "")
    assert "古琴 has no trigger sentence" in told
    trigger = next(box for box in page.selectbox if box.key.startswith("export_trigger_"))
    assert trigger.options[0] == "请回答关于古琴的问题。"
    trigger.set_value("请回答关于古琴的问题。").run()
    assert_calm(page)
    assert datasets.by_name(wide, "古琴").trigger == "请回答关于古琴的问题。"
    assert "has no trigger sentence" not in words(page)


def test_repeats_and_layouts_of_a_dataset_reach_the_sentence_and_the_files(
    open_page, wide, home: Path
):
    page = open_page("export")
    page.number_input(key="export_repeat_1").set_value(3).run()
    page.selectbox(key="export_layout_2").set_value("messages").run()
    assert "×3" in words(page)
    page.button(key="export_go").click().run()
    assert_calm(page)
    made = manifest.read(Workspace.at(home).exports / "clinic-1")
    assert {f.name: f.repeat for f in made.files if f.split == "train"} == {
        "identity_format2.json": 3,
        "clinic_messages.json": 1,
        "general_format2.json": 1,
    }


def test_two_exports_are_compared_and_one_is_brought_back(open_page, wide, home: Path):
    page = open_page("export")
    page.button(key="export_go").click().run()
    pairs.edit(wide, 61, PairEdit(answer="Another."), expected_version=1)
    page.run()
    page.button(key="export_go").click().run()
    assert_calm(page)
    changed = {metric.label: metric.value for metric in page.metric}
    assert changed["Changed"] == "1"
    page.text_input(key="export_back_name_1").set_value("old identity").run()
    page.button(key="export_back_go_1").click().run()
    assert_calm(page)
    assert datasets.by_name(wide, "old identity").role == "identity"
    assert any("old identity" in note.value for note in page.success)


def test_a_damaged_export_is_marked_on_the_strip_without_being_verified(
    open_page, filled, home: Path, language: str
):
    page = open_page("export", language)
    (exported(page, home) / "identity_format2.json").write_text("[]")
    page.run()
    assert_calm(page)
    captions = [caption.value.replace("\\", "") for caption in page.caption]
    lines = str(messages(language)["loop.export_differs"]).format(name="clinic-1").split("\n")
    assert any(all(line in caption for line in lines) for caption in captions)
    card = page.container(key="export_card_1")
    assert any(
        str(messages(language)["export.differs"]) in element.value for element in card.markdown
    )


def test_a_recipe_from_a_file_fills_the_fields(open_page, wide):
    page = open_page("export")
    text = "name: mine\ndatasets: [{name: identity, repeat: 2}, general]\nreplay: 0.4\nseed: 7\n"
    page.file_uploader(key="export_recipe_file").upload("r.yaml", text.encode()).run()
    assert_calm(page)
    assert page.multiselect(key="export_datasets").value == ["identity", "general"]
    assert page.text_input(key="export_name").value == "mine"
    assert page.slider(key="export_replay").value == 40
    assert page.number_input(key="export_repeat_1").value == 2
    assert "mine" in str(page.text_input(key="export_name").value)


def test_a_recipe_that_does_not_fit_is_refused_in_words(open_page, wide):
    page = open_page("export")
    text = "name: mine\ndatasets: [nobody]\n"
    page.file_uploader(key="export_recipe_file").upload("r.yaml", text.encode()).run()
    assert_calm(page)
    assert "nobody" in page.error[0].value
