"""The Settings page."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config

from dashboard.text import messages
from pipeline.chat import external_servers
from pipeline.chat.external import External
from pipeline.processes import write_launch
from pipeline.workspace import Workspace
from store import pairs
from store.db import Database
from store.types import PairFilter
from tests.dashboard import run_seed
from tests.dashboard.conftest import assert_calm
from tests.pipeline.chat.foreign import Foreign, foreign
from tests.small_disk import small_disk
from tests.test_command_line import graft

KEY = "sk-typed-for-this-test"


@pytest.fixture
def served_at() -> Iterator[Callable[[str], None]]:
    """Say at which address the server was started."""
    before = st.get_option("server.address")
    yield lambda address: config.set_option("server.address", address)
    config.set_option("server.address", before)


def test_settings_say_where_the_workspace_is(open_page, home: Path, language: str):
    page = open_page("settings", language)
    assert page.title[0].value == messages(language)["settings.title"]
    assert page.code[0].value == str(home)


def test_settings_say_what_takes_room_and_what_is_free(open_page, home: Path, language: str):
    weights = Workspace.at(home).models / "tiny" / "model.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(bytes(3 << 20))
    page = open_page("settings", language)
    words = messages(language)
    sizes = page.table[0].value
    assert sizes.loc[words["settings.part_models"]].to_list() == ["3.0 MB"]
    assert words["settings.part_runs"] not in sizes.index
    assert any(re.search(r"\d GB", each.value) for each in page.caption)


def test_settings_say_who_works_on_a_device(open_page, home: Path, language: str):
    page = open_page("settings", language)
    assert messages(language)["settings.idle"] in [each.value for each in page.caption]
    folder = run_seed.run(home, 7, "running")
    write_launch(folder, replace(run_seed.launch(is_alive=True), device="cpu"))
    page.run()
    assert_calm(page)
    name = messages(language)["queue.name_run"]
    assert isinstance(name, str)
    assert any(name.format(number=7) in each.value for each in page.caption)


def test_the_tunnel_leads_to_the_port_that_is_served(open_page):
    page = open_page("settings")
    (line,) = [each.value for each in page.code if each.value.startswith("ssh")]
    port = st.get_option("server.port")
    assert re.fullmatch(rf"ssh -N -L {port}:127\.0\.0\.1:{port} \S+@\S+", line)


def test_an_address_that_others_reach_is_warned_of(open_page, served_at):
    served_at("127.0.0.1")
    assert len(open_page("settings").warning) == 0
    served_at("0.0.0.0")
    (warning,) = open_page("settings").warning
    assert "0.0.0.0" in warning.value.replace("\\", "")


def test_a_backup_is_made_and_listed(open_page, filled: Database, home: Path, language: str):
    page = open_page("settings", language)
    page.button(key="settings_backup").click().run()
    assert_calm(page)
    (file,) = (home / "backups").iterdir()
    assert any(file.name in each.value for each in page.markdown)
    assert any(f'recover "{file}"' in each.value for each in page.code)
    copied = Database.open(file)
    assert pairs.count(copied, matching=PairFilter()) == 67
    copied.close()


def test_a_backup_that_cannot_be_written_is_told(open_page, filled: Database, home: Path):
    (home / "backups").write_text("in the way")
    page = open_page("settings")
    page.button(key="settings_backup").click().run()
    assert_calm(page)
    assert "cannot be written" in page.error[0].value
    assert (home / "backups").read_text() == "in the way"


def test_a_command_gets_its_backup_while_the_dashboard_is_open(
    open_page, filled: Database, home: Path, tmp_path: Path
):
    open_page("settings")
    file = tmp_path / "nightly.duckdb"
    code, told, words = graft(home, "backup", str(file))
    assert (code, told.get("pairs"), file.is_file()) == (0, 67, True), words


def test_a_full_disk_is_told_in_the_readers_language(
    open_page, filled: Database, home: Path, language: str
):
    folder = home / "backups"
    with small_disk(folder):
        page = open_page("settings", language)
        page.button(key="settings_backup").click().run()
        assert_calm(page)
        assert {"en": "the disk is full", "zh": "磁盘已满"}[language] in page.error[0].value
        assert list(folder.iterdir()) == []


def test_versions_and_licences_stand_at_the_end(open_page):
    page = open_page("settings")
    libraries = page.table[1].value
    assert {"streamlit", "duckdb", "torch", "Python"} <= set(libraries["Library"])
    assert any("Apache" in each.value and "Graft" in each.value for each in page.markdown)


def test_a_server_is_added_tried_and_its_key_shown_nowhere(open_page, home: Path, language: str):
    body = 'data: {"choices":[{"delta":{"content":"**Hello**"},"finish_reason":"stop"}]}\n\n'
    page = open_page("settings", language)
    with foreign(Foreign(200, body)) as there:
        for field, words in (("name", "big"), ("model", "m"), ("url", there.url)):
            page.text_input(key=f"external_{field}").set_value(words)
        page.segmented_control(key="external_way").set_value("typed").run()
        page.text_input(key="external_key").set_value(KEY).run()
        page.button(key="external_save").click().run()
    assert_calm(page)
    assert there.keys == [f"Bearer {KEY}"]
    assert any("**Hello**" in each.value for each in page.html)
    (server,) = external_servers.listed(Workspace.at(home))
    assert (server.name, server.key) == ("big", KEY)
    assert KEY not in str(page)
    assert "external_key" not in page.session_state


def test_a_server_that_does_not_answer_is_kept_and_says_why(open_page, home: Path):
    external_servers.put(Workspace.at(home), External("gone", "http://127.0.0.1:1/v1", "m"))
    page = open_page("settings")
    page.button(key="external_try_gone").click().run()
    assert_calm(page)
    assert any("does not answer" in each.value for each in page.markdown)


def test_a_key_that_cannot_be_sent_is_told_at_the_form(open_page, home: Path):
    page = open_page("settings")
    for field, words in (("name", "big"), ("model", "m"), ("url", "http://127.0.0.1:1/v1")):
        page.text_input(key=f"external_{field}").set_value(words)
    page.segmented_control(key="external_way").set_value("typed").run()
    page.text_input(key="external_key").set_value("sk-ключ").run()
    page.button(key="external_save").click().run()
    assert "cannot be sent" in page.error[0].value
    assert external_servers.listed(Workspace.at(home)) == ()


def test_a_wrong_address_is_told_at_the_form(open_page, home: Path):
    page = open_page("settings")
    for field, words in (("name", "big"), ("model", "m"), ("url", "nowhere")):
        page.text_input(key=f"external_{field}").set_value(words)
    page.button(key="external_save").click().run()
    assert "not a server" in page.error[0].value.replace("\\", "")
    assert external_servers.listed(Workspace.at(home)) == ()
