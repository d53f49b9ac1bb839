"""The Settings page."""

from pathlib import Path

from dashboard.text import messages


def test_settings_say_where_the_workspace_is(open_page, home: Path, language: str):
    page = open_page("settings", language)
    assert page.title[0].value == messages(language)["settings.title"]
    assert page.code[0].value == str(home)
