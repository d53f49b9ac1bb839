"""A comparison written down for others: as Markdown, or as one HTML page without any script.

Texts of people and models are data: fenced in Markdown by a fence that they cannot close, escaped
in HTML.
"""

import html
import re
from dataclasses import dataclass

_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}"
    ".row{display:flex;gap:1rem;flex-wrap:wrap}"
    ".answer{flex:1 1 18rem;border:1px solid #8886;border-radius:8px;padding:1rem}"
    ".text{white-space:pre-wrap;overflow-wrap:anywhere}"
    ".about{color:#777;font-size:.85rem;margin-top:.75rem}"
)


@dataclass(frozen=True, slots=True)
class Said:
    """One column: whose, what, and what made it."""

    name: str
    text: str
    about: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A comparison in the reader's words."""

    title: str
    prompt: str
    answers: tuple[Said, ...]
    reference: tuple[str, str] | None
    """What the right answer is called, and what it is."""
    vote: str
    """In a sentence; empty without one."""


def markdown(sheet: Sheet) -> str:
    """Return the comparison as Markdown."""
    parts = [f"# {_line(sheet.title)}", _fenced(sheet.prompt)]
    for said in sheet.answers:
        parts += [f"## {_line(said.name)}", _fenced(said.text), _line(said.about)]
    if sheet.reference:
        parts += [f"## {_line(sheet.reference[0])}", _fenced(sheet.reference[1])]
    if sheet.vote:
        parts.append(_line(sheet.vote))
    return "\n\n".join(part for part in parts if part) + "\n"


def page(sheet: Sheet, *, language: str) -> str:
    """Return the comparison as an HTML page that loads nothing and runs nothing."""
    answers = "".join(_column(said) for said in sheet.answers)
    reference = (
        f"<h2>{html.escape(sheet.reference[0])}</h2>"
        f'<div class="text">{html.escape(sheet.reference[1])}</div>'
        if sheet.reference
        else ""
    )
    return (
        f'<!doctype html><html lang="{html.escape(language)}"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{html.escape(sheet.title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{html.escape(sheet.title)}</h1>"
        f'<div class="text">{html.escape(sheet.prompt)}</div>'
        f'<div class="row">{answers}</div>{reference}'
        f"<p>{html.escape(sheet.vote)}</p></body></html>\n"
    )


def _column(said: Said) -> str:
    return (
        f'<div class="answer"><h2>{html.escape(said.name)}</h2>'
        f'<div class="text">{html.escape(said.text)}</div>'
        f'<div class="about">{html.escape(said.about)}</div></div>'
    )


def _fenced(text: str) -> str:
    """A block of text as it is; its fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _line(text: str) -> str:
    """Text within a line, with what Markdown or HTML would take for markup made harmless."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>&~])", r"\\\1", " ".join(text.split()))
