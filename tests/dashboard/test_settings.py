"""The Settings page."""

from pathlib import Path

from dashboard.text import messages
from pipeline.chat import external_servers
from pipeline.chat.external import External
from pipeline.workspace import Workspace
from tests.dashboard.conftest import assert_calm
from tests.pipeline.chat.foreign import Foreign, foreign

KEY = "sk-typed-for-this-test"


def test_settings_say_where_the_workspace_is(open_page, home: Path, language: str):
    page = open_page("settings", language)
    assert page.title[0].value == messages(language)["settings.title"]
    assert page.code[0].value == str(home)


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


def test_a_wrong_address_is_told_at_the_form(open_page, home: Path):
    page = open_page("settings")
    for field, words in (("name", "big"), ("model", "m"), ("url", "nowhere")):
        page.text_input(key=f"external_{field}").set_value(words)
    page.button(key="external_save").click().run()
    assert "not a server" in page.error[0].value.replace("\\", "")
    assert external_servers.listed(Workspace.at(home)) == ()
