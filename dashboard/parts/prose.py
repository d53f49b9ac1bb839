"""The text of pairs: always shown letter by letter, never taken for HTML or Markdown."""

import html
import re
from collections.abc import Sequence
from difflib import SequenceMatcher

import streamlit as st
from rapidfuzz.distance import Indel

from dashboard.text import t

LONGEST_SHOWN = 20_000
"""Characters of one field that are drawn; a browser stalls on a field of megabytes."""
Spans = Sequence[tuple[int, int]]
Step = tuple[str, int, int, int, int]
"""What happens, from where to where in the one text, and in the other."""
_MOST_COMPARED = 40_000
"""Pieces times pieces that difflib may look at: cubic where a text repeats itself."""
_STYLE = (
    "white-space:pre-wrap;overflow-wrap:anywhere;max-width:75ch;line-height:1.6;"
    "font-size:{size}rem;font-weight:{weight}"
)
_MARK = "background:rgba(214,158,46,.28);color:inherit;border-radius:3px;padding:0 1px"
# A word of Latin or digits, one CJK character, a run of white space, or one other sign.
_WORD = re.compile(r"[^\W\u3400-\u9fff\uf900-\ufaff]+|\s+|.", re.DOTALL)


def prose(
    text: str, *, is_lead: bool = False, against: str | None = None, marks: Spans = ()
) -> None:
    """Draw a field of a pair in reading size.

    `against` marks the words that it does not share, `marks` the given spans of characters.
    """
    style = _STYLE.format(size=1.15 if is_lead else 1.0, weight=600 if is_lead else 400)
    shown = text[:LONGEST_SHOWN]
    inner = with_marks(shown, marks) if against is None else marked(shown, against[:LONGEST_SHOWN])
    # A line that starts blank would be eaten, and an empty one refused.
    st.html(f'<div style="{style}">{inner or "&nbsp;"}</div>')
    if len(text) > LONGEST_SHOWN:
        st.caption(t("shell.shown_in_part", shown=LONGEST_SHOWN, count=len(text)))


def with_marks(text: str, spans: Spans) -> str:
    """Return `text` as escaped HTML with the spans in <mark>; what cannot be seen shows a place."""
    shown, done = [], 0
    for start, end in sorted(spans):
        start, end = max(start, done), min(end, len(text))
        if start >= end:
            continue
        found = text[start:end]
        inside = html.escape(found) if found.strip() and found.isprintable() else _unseen(found)
        shown += [html.escape(text[done:start]), f'<mark style="{_MARK}">{inside}</mark>']
        done = end
    return "".join([*shown, html.escape(text[done:])])


def _unseen(text: str) -> str:
    """Show each character that nobody would see as its number; line ends stay line ends."""
    return "".join(
        html.escape(c) if c.isprintable() or c == "\n" else f"U+{ord(c):04X}" for c in text
    )


def marked(text: str, against: str) -> str:
    """Return `text` as escaped HTML with the words that differ from `against` in <mark>."""
    words, others = pieces(text), pieces(against)
    shown = []
    for kind, _, _, start, end in steps(others, words):
        piece = html.escape("".join(words[start:end]))
        if piece:
            shown.append(piece if kind == "equal" else f'<mark style="{_MARK}">{piece}</mark>')
    return "".join(shown)


def steps(one: list[str], other: list[str]) -> Sequence[Step]:
    """Say which of the pieces of two texts are equal, and which stand in place of which."""
    if len(one) * len(other) <= _MOST_COMPARED:
        return SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    # Its steps are a little more scattered, but it takes milliseconds over any text.
    found: list[Step] = []
    for step in Indel.opcodes(one, other):
        tag, start, from_ = step.tag, step.src_start, step.dest_start
        if found and tag != "equal" != found[-1][0]:
            _, start, _, from_, _ = found.pop()
            tag = "replace"
        found.append((tag, start, step.src_end, from_, step.dest_end))
    return found


def pieces(text: str) -> list[str]:
    """Cut a text into what differences are told by: words, single CJK characters, spaces, signs."""
    return _WORD.findall(text)
