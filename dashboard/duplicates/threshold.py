"""The threshold: where the stored scores lie, and the pairs that are closest to it."""

import plotly.graph_objects as go
import streamlit as st

from dashboard.duplicates import linking
from dashboard.format import number, percent, shortened
from dashboard.parts.chips import relation_chip
from dashboard.parts.difference import reason_words
from dashboard.parts.prose import prose
from dashboard.text import plain, t
from pipeline.curate.calibration import ENOUGH, WANTED
from pipeline.curate.near import FLOOR
from store.relation_types import Relation

HEIGHT = 220
LONGEST = 160
"""Characters of a question that is shown only to judge a threshold by."""
ORDER: tuple[Relation, ...] = ("duplicate", "paraphrase", "conflict", "lookalike")
FALLBACK = ("#8b8d94", "#357f8f", "#a3690a", "#8a4a8f")
"""Where the configuration names no colours."""
_PLACES = (0, 5, 3, 4)
"""Of the theme's colours for charts: grey, teal, amber, violet."""


def threshold_panel() -> None:
    """Draw slider, histogram and nearest pairs; moving the slider changes nothing yet."""
    used = linking.choice().threshold
    st.session_state.setdefault(linking.THRESHOLD, used)
    chart, near = st.columns([3, 2], gap="large")
    with chart:
        asked = st.slider(
            t("duplicates.threshold"),
            min_value=FLOOR,
            max_value=1.0,
            step=0.01,
            key=linking.THRESHOLD,
            help=t("duplicates.threshold_help"),
        )
        counted = linking.histogram()
        _histogram(counted, asked)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                t("duplicates.use_threshold", value=number(asked, 2)),
                key="duplicates_use_threshold",
                icon=":material/straighten:",
                disabled=abs(asked - used) < 0.001,
                on_click=linking.use_threshold,
                args=(asked,),
            )
            above = {name: _from(counts, asked) for name, counts in counted.items()}
            st.caption(t("duplicates.above", **above), width="content")
    with near:
        st.caption(t("duplicates.nearest", value=number(asked, 2)))
        _calibration(asked)
        with st.container(height=HEIGHT + 110, border=False, key="duplicates_nearest"):
            _nearest(asked)


def _nearest(threshold: float) -> None:
    found = linking.nearest(threshold)
    if not found:
        st.caption(t("duplicates.nearest_none"))
    for link, one, other in found:
        with st.container(border=True, gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{number(link.score, 2)}**", width="content")
                relation_chip(link.relation)
            first, second = shortened(one.question, LONGEST), shortened(other.question, LONGEST)
            prose(first, against=second)
            prose(second, against=first)
            st.caption(reason_words(link, one, other))
            with st.container(horizontal=True):
                for name, is_same in (("same", True), ("not_same", False)):
                    st.button(
                        t(f"duplicates.judge_{name}"),
                        key=f"duplicates_judge_{name}_{link.one_id}_{link.other_id}",
                        type="tertiary",
                        on_click=linking.judge,
                        args=(link, is_same),
                    )


def _calibration(threshold: float) -> None:
    """Say what the judgements are worth; an interval, because they are few."""
    found = linking.calibration(threshold)
    if not found.judged:
        st.caption(t("duplicates.judge_words", count=ENOUGH))
        return
    values = {"share": percent(found.share), "low": percent(found.low), "high": percent(found.high)}
    if found.near:
        st.markdown(t("duplicates.judged_near", count=found.near, **values))
    else:
        st.caption(t("duplicates.judged_none_near", count=found.judged))
    if found.suggested is not None:
        st.button(
            t("duplicates.suggested", value=number(found.suggested, 2), share=percent(WANTED)),
            key="duplicates_suggested",
            icon=":material/recommend:",
            on_click=linking.use_threshold,
            args=(found.suggested,),
        )
    elif found.judged < ENOUGH:
        st.caption(t("duplicates.judge_more", count=ENOUGH - found.judged))


def _from(counts: tuple[int, ...], threshold: float) -> int:
    """Sum the bins from a threshold on; a bin is as wide as two steps of the slider at most."""
    width = (1 - FLOOR) / len(counts)
    first = round((threshold - FLOOR) / width)
    return sum(counts[first:])


def _histogram(counted: dict[Relation, tuple[int, ...]], threshold: float) -> None:
    figure = go.Figure()
    words = {name: plain(f"shell.relation_{name}") for name in ORDER}
    for name, colour in zip(ORDER, _colours(), strict=True):
        bins = counted[name]
        width = (1 - FLOOR) / len(bins)
        figure.add_trace(
            go.Bar(
                x=[FLOOR + width * (place + 0.5) for place in range(len(bins))],
                y=list(bins),
                name=words[name],
                marker={"color": colour, "line": {"width": 0}},
                hovertemplate="%{y:,}",
            )
        )
    figure.add_vline(x=threshold, line={"width": 2, "dash": "dot", "color": "#b3382c"})
    figure.update_layout(
        barmode="stack",
        bargap=0.08,
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": None},
        xaxis={"range": [FLOOR, 1.0], "title": {"text": plain("duplicates.axis_score")}},
        yaxis={"type": "log" if _is_skewed(counted) else "linear", "title": {"text": ""}},
    )
    st.plotly_chart(
        figure,
        key="duplicates_histogram",
        config={"displayModeBar": False},
        alt=plain("duplicates.histogram_alt"),
    )


def _is_skewed(counted: dict[Relation, tuple[int, ...]]) -> bool:
    """Exact copies, all at 1, would press everything else flat."""
    *_, second, first = sorted(sum(column) for column in zip(*counted.values(), strict=True))
    return bool(first > 20 * max(second, 1))


def _colours() -> list[str]:
    kind = "dark" if st.context.theme.type == "dark" else "light"
    colours = st.get_option(f"theme.{kind}.chartCategoricalColors")
    return [colours[place] for place in _PLACES] if colours else list(FALLBACK)
