"""The Export page: the recipe, what it would write, what was written, and whether it still is."""

from pathlib import Path

import pytest

from dashboard.text import messages
from pipeline.workspace import Workspace
from store import exports
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
