"""A row as the model sees it: its tokens as coloured spans, letter by letter.

Texts are escaped and never interpreted. What a token is for is told by its form as well as by its
colour: learned ones are underlined, the end token is framed, cut ones are struck through.
"""

import html
import unicodedata
from collections.abc import Iterator, Sequence

import streamlit as st

from dashboard.text import plain, t
from pipeline.models.view import Kind, Piece, View

LONGEST_SHOWN = 500
"""Pieces drawn before the rest is folded."""
MOST_SHOWN = 6_000
"""Pieces drawn at most: a browser stalls on more."""
_AROUND = 120
# Half transparent, so that they stand on a light and on a dark ground.
_STYLES: dict[Kind, str] = {
    "prompt": "opacity:.72;box-shadow:inset -1px 0 rgba(128,128,128,.4)",
    "learned": "background:rgba(60,150,95,.20);box-shadow:inset -1px 0 rgba(60,150,95,.55),"
    "inset 0 -2px rgba(60,150,95,.75)",
    "end": "background:rgba(61,79,161,.22);outline:2px solid rgba(99,115,204,.9);font-weight:600",
    "cut": "background:rgba(190,60,48,.14);text-decoration:line-through;opacity:.8;"
    "box-shadow:inset -1px 0 rgba(190,60,48,.5)",
}
_TOKEN = "padding:1px 1px;border-radius:3px;margin:0 .5px"
_CONTROL = ";border:1px solid rgba(128,128,128,.65);padding:0 4px"
_BLOCK = (
    "white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.95;font-size:.95rem;max-width:90ch"
)
_FAINT = '<span style="opacity:.5">{}</span>'
_MARKS = {" ": "·", "\n": "↵", "\t": "⇥", "\r": "␍"}


def token_view(view: View, *, key: str) -> None:
    """Draw a row's tokens; long rows are folded around what matters, with a way to unfold."""
    _legend(view)
    shown: list[Piece | int] = list(view.pieces[:MOST_SHOWN])
    if len(view.pieces) > LONGEST_SHOWN:
        count = min(len(view.pieces), MOST_SHOWN)
        if not st.toggle(t("tokens.show_all", count=count), key=f"{key}_all"):
            shown = folded(view)
    with st.container(border=True, key=f"{key}_tokens"):
        st.html(f'<div style="{_BLOCK}">{"".join(spans(shown))}</div>')
    st.caption(_facts(view))


def folded(view: View) -> list[Piece | int]:
    """Return the pieces near a beginning or end, and in place of the others how many they are."""
    first = next((n for n, p in enumerate(view.pieces) if p.start >= view.answer_start), 0)
    edge = next((n for n, p in enumerate(view.pieces) if p.start >= view.cutoff), None)
    places = [0, first, len(view.pieces) - 1, *([] if edge is None else [edge])]
    kept: list[Piece | int] = []
    for place, piece in enumerate(view.pieces):
        if any(abs(place - each) <= _AROUND for each in places):
            kept.append(piece)
        elif kept and isinstance(kept[-1], int):
            kept[-1] += len(piece.ids)
        else:
            kept.append(len(piece.ids))
    return kept


def spans(shown: Sequence[Piece | int]) -> Iterator[str]:
    """Yield each piece as an escaped HTML span with its ids as a tooltip."""
    for piece in shown:
        if isinstance(piece, int):
            words = html.escape(plain("tokens.folded", count=piece))
            yield f'<div style="opacity:.6;font-style:italic;margin:.4rem 0">{words}</div>'
            continue
        style = _TOKEN + ";" + _STYLES[piece.kind] + (_CONTROL if piece.is_control else "")
        tip = plain(
            "tokens.tip",
            ids=" ".join(map(str, piece.ids)),
            place=piece.start + 1,
            kind=plain(f"tokens.kind_{piece.kind}"),
        )
        yield f'<span style="{style}" title="{html.escape(tip)}">{visible(piece.text)}</span>'


def visible(text: str) -> str:
    """Return a token's text as HTML in which white space and unseen characters can be seen."""
    return "".join(_character(each) for each in text)


def _character(each: str) -> str:
    if each in _MARKS:
        # The line break itself stays, so that the text keeps its form.
        return _FAINT.format(_MARKS[each]) + ("\n" if each == "\n" else "")
    if unicodedata.category(each) in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp", "Zs"):
        return _FAINT.format(f"U+{ord(each):04X}")
    return html.escape(each)


def _legend(view: View) -> None:
    counts = {
        "prompt": min(view.answer_start, view.cutoff),
        "learned": max(view.learned - (not view.is_cut and not view.is_left_out), 0),
        "end": int(not view.is_cut and not view.is_left_out),
        "cut": max(len(view.ids) - view.cutoff, 0),
    }
    if view.is_left_out:
        counts["cut"] = len(view.ids) - counts["prompt"]
    parts = []
    for kind, style in _STYLES.items():
        if counts[kind]:
            words = html.escape(plain(f"tokens.legend_{kind}", count=counts[kind]))
            parts.append(f'<span style="{_TOKEN};padding:1px 6px;{style}">{words}</span>')
    st.html(
        '<div style="display:flex;gap:.6rem;flex-wrap:wrap;font-size:.85rem">'
        f"{''.join(parts)}</div>"
    )


def _facts(view: View) -> str:
    if view.is_left_out:
        return t("tokens.is_left_out", cutoff=view.cutoff)
    if view.is_cut:
        return t("tokens.is_cut", cutoff=view.cutoff, count=len(view.ids))
    end = t("tokens.ends", token=view.end_text, id=str(view.end_id))
    return f"{end} {t('tokens.fits', count=len(view.ids), cutoff=view.cutoff)}"
