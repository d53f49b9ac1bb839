"""The words: the same keys and placeholders in each language, and none written in a page."""

import ast
import string
from dataclasses import fields
from pathlib import Path

import pytest

from dashboard.text import FOLDER, LANGUAGES, Message, language_of, literal, messages
from pipeline.publish.recipe import Recipe

DASHBOARD = FOLDER.parent
TEXT_CALLS = {
    "title", "header", "subheader", "markdown", "caption", "text", "write", "info", "warning",
    "error", "success", "toast", "badge", "button", "form_submit_button", "download_button",
    "link_button", "page_link", "checkbox", "toggle", "radio", "selectbox", "multiselect",
    "segmented_control", "pills", "text_input", "text_area", "number_input", "slider",
    "select_slider", "file_uploader", "metric", "expander", "popover", "dialog", "spinner",
    "status", "tabs", "progress", "chat_input", "date_input", "menu_button",
}  # fmt: skip
TEXT_KEYWORDS = {"label", "help", "placeholder", "caption"}
SCRIPTS = list(DASHBOARD.rglob("*.py"))


def placeholders(message: Message) -> set[str]:
    """The names that a message asks for, in either of its forms."""
    forms = message.values() if isinstance(message, dict) else [message]
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}


def literal_texts(source: str) -> list[str]:
    """The words that a script gives straight to Streamlit; words hold a letter."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        given = node.args[:1] if node.func.attr in TEXT_CALLS else []
        given += [k.value for k in node.keywords if k.arg in TEXT_KEYWORDS]
        found += [text for value in given for text in _texts(value)]
    return found


def _texts(value: ast.expr) -> list[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return [value.value] if _has_words(value.value) else []
    if isinstance(value, ast.JoinedStr):
        return [text for part in value.values for text in _texts(part)]
    if isinstance(value, ast.List):
        return [text for part in value.elts for text in _texts(part)]
    return []


def _has_words(text: str) -> bool:
    words = text.split()
    return any(w.isalpha() and not w.startswith(":") and len(w) > 1 for w in words)


def used_keys(source: str) -> set[str]:
    """The keys that a script names outright in t() and plain()."""
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"t", "plain"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_each_language_has_the_same_keys():
    english, chinese = messages("en"), messages("zh")
    assert set(english) == set(chinese)


@pytest.mark.parametrize("key", sorted(messages("en")))
def test_a_message_asks_for_the_same_values_in_each_language(key: str):
    wanted = {language: placeholders(messages(language)[key]) for language in LANGUAGES}
    assert wanted["en"] == wanted["zh"]


def test_no_chinese_message_was_left_in_english():
    same = {k for k, m in messages("en").items() if m == messages("zh")[k]}
    assert {k for k in same if _has_words(str(messages("en")[k]))} == set()


def test_every_part_of_a_recipe_has_a_name():
    parts = {each.name for each in fields(Recipe)} - {"name"}
    assert parts <= {key.removeprefix("export.recipe_") for key in messages("en")}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: str(p.relative_to(DASHBOARD)))
def test_a_script_writes_no_words_of_its_own(script: Path):
    assert literal_texts(script.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: str(p.relative_to(DASHBOARD)))
def test_a_script_uses_only_keys_that_exist(script: Path):
    assert used_keys(script.read_text(encoding="utf-8")) - set(messages("en")) == set()


def test_words_in_a_script_are_found():
    source = 'st.button("Save it", key="x")\nst.markdown(f":gray[{x}]")\nst.x(1, help="Why so")'
    assert literal_texts(source) == ["Save it", "Why so"]


@pytest.mark.parametrize(
    ("locale", "language"),
    [("zh-CN", "zh"), ("zh-Hant-TW", "zh"), ("en-GB", "en"), ("de", "en"), (None, "en")],
)
def test_the_language_follows_the_browser(locale: str | None, language: str):
    assert language_of(locale) == language


def test_literal_text_holds_nothing_that_markdown_would_read():
    shown = literal("**b** $x$ :material/home: [a](b) ->")
    assert shown == (
        r"\*\*b\*\* \$x\$ \:" + "\u2060" + r"material/home\: \[a\]\(b\) \-" + "\u2060" + r"\>"
    )
