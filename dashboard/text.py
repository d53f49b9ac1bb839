"""The words of the dashboard in each language; it knows nothing of what they are about.

Words live in `text/LANGUAGE/PAGE.json`, and `t("review.search")` is the entry `search` of
`review.json`. A message is a string with `{placeholders}`, or {"one": …, "other": …}, of which
`count` picks one. tests/dashboard/test_text.py holds both languages to the same keys.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

import streamlit as st

Language = Literal["en", "zh"]
LANGUAGES: dict[Language, str] = {"en": "English", "zh": "中文"}
FOLDER = Path(__file__).resolve().parent / "text"
QUERY_PARAMETER = "lang"

Message = str | dict[str, str]
# What Markdown or a directive of Streamlit would take for markup.
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|$:<>~&=^])")
# Streamlit replaces :icons: and arrows after a backslash has done its work, so that they need
# an invisible character (a word joiner) inside.
_SYMBOLS = re.compile(r"(:(?=\w)|[<>~-](?=[-=>]))")


def language() -> Language:
    """Return the language of this session, which the switch in the sidebar holds."""
    chosen = st.session_state.get(QUERY_PARAMETER)
    return chosen if chosen in LANGUAGES else language_of(st.context.locale)


def language_of(locale: str | None) -> Language:
    """Return the language of ours that fits a browser's locale best."""
    return "zh" if (locale or "").lower().startswith("zh") else "en"


def t(key: str, **values: object) -> str:
    """Return the words for `key` as Markdown; texts among `values` are shown literally."""
    shown = {name: literal(v) if isinstance(v, str) else v for name, v in values.items()}
    return _filled(key, shown)


def plain(key: str, **values: object) -> str:
    """Return the words for `key` for a place that shows no Markdown, such as an option."""
    return _filled(key, values)


def named(prefix: str, options: Iterable[str]) -> dict[str, str]:
    """Return the words of each option of a choice: those for `PREFIX_OPTION`."""
    return {option: plain(f"{prefix}_{option}") for option in options}


def has(key: str) -> bool:
    """Whether there are words for `key`."""
    return key in messages(language())


def literal(text: str) -> str:
    """Return `text` as Markdown that shows it letter by letter."""
    return _MARKUP.sub(r"\\\1", _SYMBOLS.sub("\\1\u2060", " ".join(text.split())))


@cache
def messages(of: Language) -> dict[str, Message]:
    """Read all words of one language: `page.key` → message."""
    found: dict[str, Message] = {}
    for file in sorted((FOLDER / of).glob("*.json")):
        for key, message in json.loads(file.read_text(encoding="utf-8")).items():
            found[f"{file.stem}.{key}"] = message
    return found


def _filled(key: str, values: dict[str, object]) -> str:
    message = messages(language())[key]
    if isinstance(message, dict):
        message = message["one" if values.get("count") == 1 else "other"]
    shown = {n: f"{v:,}" if type(v) is int else v for n, v in values.items()}
    return message.format_map(shown)
