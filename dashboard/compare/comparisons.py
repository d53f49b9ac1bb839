"""Comparisons that were kept: how the models stand by the votes, and the list of earlier ones."""

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from dashboard.compare import comparing, lineup
from dashboard.format import number, percent, shortened, when
from dashboard.text import plain, t
from pipeline.chat.preferences import Preferences, Standing, preferences
from pipeline.chat.protocol import BASE
from store.record_types import BOTH_BAD, TIE, Ballot, Comparison

EVERY = "all"
_COLUMNS = ("model", "share", "interval", "wins", "duels")


def standings(ballots: tuple[Ballot, ...], chosen: Iterable[str]) -> None:
    """Draw who wins how often between the chosen models, by all questions or one list's."""
    wanted = set(chosen)
    between = [each for each in ballots if wanted.issuperset(each.models)]
    if not between:
        st.caption(t("compare.votes_none"))
        return
    sets = sorted({each.question_set for each in between})
    picked = EVERY
    if len(sets) > 1:
        picked = st.selectbox(
            t("compare.votes_of"),
            [EVERY, *sets],
            format_func=_set_words,
            key="compare_votes_of",
            width=360,
        )
    found = preferences([b for b in between if picked in (EVERY, b.question_set)])
    _table(found)
    st.caption(_about(found))


def _set_words(name: str) -> str:
    if name == EVERY:
        return plain("compare.votes_all")
    return name or plain("compare.votes_own")


def _table(found: Preferences) -> None:
    rows = found.standings
    st.dataframe(
        pd.DataFrame(
            {
                "model": [lineup.name(each.model) for each in rows],
                "share": ["–" if each.share is None else percent(each.share) for each in rows],
                "interval": [_interval(each, found) for each in rows],
                "wins": [f"{number(each.wins, 0 if each.wins % 1 == 0 else 1)}" for each in rows],
                "duels": [each.duels for each in rows],
            }
        ),
        key="compare_standings",
        hide_index=True,
        height="content",
        width="content",
        column_config={name: plain(f"compare.votes_{name}") for name in _COLUMNS},
        alt=plain("compare.votes"),
    )


def _interval(each: Standing, found: Preferences) -> str:
    if each.low is None or each.high is None or each.model == found.reference:
        return "–"
    return f"{percent(each.low)} – {percent(each.high)}"


def _about(found: Preferences) -> str:
    kind = "votes_more" if found.reference else "votes_two"
    reference = lineup.name(found.reference) if found.reference else ""
    return t(
        f"compare.{kind}",
        votes=found.votes,
        ties=found.ties,
        bad=found.all_bad,
        blind=found.blind,
        reference=reference,
    )


def past_table(past: tuple[Comparison, ...]) -> None:
    """Draw the earlier comparisons, newest first; a button a row opens it."""
    if not past:
        st.caption(t("compare.past_none"))
        return
    table = pd.DataFrame(
        {
            "prompt": [shortened(each.prompt, 120) for each in past],
            "models": [_models(each) for each in past],
            "vote": [_vote(each) for each in past],
            "when": [when(each.created_at) for each in past],
            "open": [plain("compare.past_open")] * len(past),
        }
    )
    st.dataframe(
        table,
        key="compare_past",
        hide_index=True,
        height="content",
        column_config={
            "prompt": st.column_config.TextColumn(plain("compare.past_prompt"), width="large"),
            "models": st.column_config.TextColumn(plain("compare.past_models"), width="small"),
            "vote": st.column_config.TextColumn(plain("compare.past_vote"), width="small"),
            "when": st.column_config.TextColumn(plain("compare.past_when"), width="small"),
            "open": st.column_config.ButtonColumn(
                "",
                key="compare_open",
                on_click=comparing.open_past,
                args=([each.id for each in past],),
                type="tertiary",
                width="small",
            ),
        },
        alt=plain("compare.past_alt"),
    )


def _models(comparison: Comparison) -> str:
    if comparison.is_hidden:
        return plain("compare.past_blind")
    return ", ".join(
        lineup.name(model) for model, _, _ in sorted(comparison.answers) if model != BASE
    )


def _vote(comparison: Comparison) -> str:
    if comparison.vote is None:
        return plain("compare.no_vote")
    if comparison.vote in (TIE, BOTH_BAD):
        return plain(f"compare.vote_{comparison.vote}")
    return lineup.name(comparison.vote)
