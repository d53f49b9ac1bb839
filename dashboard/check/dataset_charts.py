"""The charts of a dataset: lengths in tokens, languages, status, domains, wordings per fact."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from dashboard.review.filter_words import language_name
from dashboard.text import plain, t
from pipeline.curate.checks.lengths import CUTOFF_TOKENS
from store.charts import BUCKETS_PER_DOUBLING, MOST_WORDINGS, Charts
from store.types import DatasetSummary

HEIGHT = 250
FALLBACK = ("#8b8d94", "#6373cc")
MOST_BARS = 8
_CONFIG = {"displayModeBar": False}


def dataset_charts(charts: Charts, summaries: Sequence[DatasetSummary]) -> None:
    """Draw all charts, two beside each other."""
    left, right = st.columns(2, gap="large")
    with left:
        _lengths(charts.question_lengths, "question")
        _languages(charts)
        _domains(summaries)
    with right:
        _lengths(charts.answer_lengths, "answer")
        _statuses(summaries)
        _wordings(charts)


def _lengths(buckets: Sequence[tuple[float, int]], side: str) -> None:
    """Draw how many pairs have which length, on steps that double, with the cut-off."""
    st.subheader(t(f"check.lengths_{side}"), anchor=False)
    if not buckets:
        st.caption(t("check.not_yet"))
        return
    grey, accent = _colours()
    width = 2 ** (1 / BUCKETS_PER_DOUBLING)
    counts = dict(buckets)
    last = max(*counts, CUTOFF_TOKENS)
    steps = [2 ** (n / BUCKETS_PER_DOUBLING) for n in range(60)]
    shown = [step for step in steps if min(counts) <= step <= last]
    figure = go.Figure(
        go.Bar(
            x=list(range(len(shown))),
            y=[counts.get(step, 0) for step in shown],
            marker_color=accent,
            customdata=[_spoken(step, step * width, counts.get(step, 0)) for step in shown],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    whole = [n for n, step in enumerate(shown) if step == int(step)]
    figure.update_xaxes(tickvals=whole, ticktext=[f"{shown[n]:,.0f}" for n in whole])
    cut = next((n for n, step in enumerate(shown) if step >= CUTOFF_TOKENS), None)
    if cut is not None:
        figure.add_vline(
            x=cut - 0.5,
            line={"color": grey, "dash": "dash", "width": 1.5},
            annotation={
                "text": plain("check.cutoff", tokens=CUTOFF_TOKENS),
                "font": {"color": grey},
            },
            annotation_position="top left",
        )
    most = max(counts, key=counts.__getitem__)
    _show(figure, f"check_lengths_{side}", plain("check.alt_lengths", tokens=f"{most:,.0f}"))


def _spoken(least: float, most: float, count: int) -> str:
    between = f"{least:,.0f}–{most:,.0f}"
    return plain("check.hover_length", between=between, count=count)


def _languages(charts: Charts) -> None:
    st.subheader(t("check.languages"), anchor=False)
    counts = {language_name(code): count for code, count in charts.languages[:MOST_BARS]}
    if rest := sum(count for _, count in charts.languages[MOST_BARS:]):
        counts[plain("check.others")] = rest
    _bars(counts, "check_languages")


def _statuses(summaries: Sequence[DatasetSummary]) -> None:
    st.subheader(t("check.statuses"), anchor=False)
    names = ("unreviewed", "accepted", "rejected", "removed")
    counts = {
        plain(f"shell.status_{name}"): sum(getattr(each, name) for each in summaries)
        for name in names
    }
    _bars(counts, "check_statuses")


def _domains(summaries: Sequence[DatasetSummary]) -> None:
    st.subheader(t("check.domains"), anchor=False)
    counts: dict[str, int] = {}
    for each in summaries:
        name = each.dataset.domain or plain(f"shell.role_{each.dataset.role}")
        counts[name] = counts.get(name, 0) + each.usable
    most = sorted(counts.items(), key=lambda item: -item[1])[:MOST_BARS]
    _bars(dict(most), "check_domains")


def _wordings(charts: Charts) -> None:
    st.subheader(t("check.wordings"), anchor=False, help=t("check.wordings_help"))
    names = {n: f"{n}" for n in range(1, MOST_WORDINGS + 1)} | {
        MOST_WORDINGS + 1: f"> {MOST_WORDINGS}"
    }
    counts = {names[n]: count for n, count in charts.wordings}
    _bars(counts, "check_wordings", is_upright=True)


def _bars(counts: Mapping[str, int], key: str, *, is_upright: bool = False) -> None:
    """Draw one bar a name, with its count at its end."""
    shown = {name: count for name, count in counts.items() if count}
    if not shown:
        st.caption(t("check.not_yet"))
        return
    accent = _colours()[1]
    names, values = list(shown), list(shown.values())
    labels = [f"{value:,}" for value in values]
    given = {"marker_color": accent, "text": labels, "textposition": "auto", "hoverinfo": "none"}
    if is_upright:
        figure = go.Figure(go.Bar(x=names, y=values, **given))
        figure.update_xaxes(type="category")
    else:
        figure = go.Figure(go.Bar(x=values, y=names, orientation="h", **given))
        figure.update_yaxes(autorange="reversed", type="category")
        figure.update_xaxes(showticklabels=False)
    spoken = ", ".join(f"{name}: {label}" for name, label in zip(names, labels, strict=True))
    _show(figure, key, spoken, height=HEIGHT if is_upright else 70 + 34 * len(shown))


def _show(figure: go.Figure, key: str, spoken: str, *, height: int = HEIGHT) -> None:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        bargap=0.15,
        showlegend=False,
        dragmode=False,
    )
    st.plotly_chart(figure, key=key, config=_CONFIG, alt=spoken)


def _colours() -> tuple[str, str]:
    """Return the theme's grey and accent, which Plotly does not take from Streamlit's theme."""
    kind = "dark" if st.context.theme.type == "dark" else "light"
    colours = st.get_option(f"theme.{kind}.chartCategoricalColors") or FALLBACK
    return colours[0], colours[1]
