"""Which checkpoint to use and why, and what to try next, each with a run prepared for it."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.format import number, percent
from dashboard.parts.links import to_page
from dashboard.parts.scores import LOSSES
from dashboard.runs import keeping
from dashboard.text import plain, t
from dashboard.verdict import following
from pipeline.evaluate.advice import Advice
from pipeline.evaluate.config import run_of
from pipeline.evaluate.standing import Recommendation
from pipeline.train.state import Run

ICONS = {
    "rate": "speed",
    "passes": "repeat",
    "system": "comments_disabled",
    "wordings": "edit_note",
    "format3": "segment",
    "replay": "replay",
    "early_stop": "timer_off",
}
DATA_FIRST = {
    "wordings": ("import", "verdict.more_wordings"),
    "replay": ("export", "verdict.more_replay"),
}
"""Advice that begins with the data: which page, and the words of its link."""


def recommendation(
    found: Recommendation, names: Mapping[str, str], *, step: int | None, is_used: bool
) -> None:
    """Draw which model to use and why, with the button that lets its run stand for that step."""
    with st.container(border=True, gap="small", key="verdict_recommended"):
        st.caption(f":material/star: {t('verdict.recommended')}")
        st.markdown(f"##### {t('verdict.recommended_name', model=names[found.model])}")
        gain = found.against_base
        values = {
            "gain": f"{(gain.value or 0) * 100:+.0f}",
            "low": f"{(gain.low or 0) * 100:+.0f}",
            "high": f"{(gain.high or 0) * 100:+.0f}",
            "count": gain.n,
        }
        st.markdown(t(f"verdict.because_{found.reason}", **values))
        if found.as_good:
            others = ", ".join(names[each] for each in found.as_good)
            st.caption(t("verdict.as_good", models=others))
        if is_used:
            st.markdown(f":green[:material/check_circle: {t('verdict.used')}]")
        else:
            st.button(
                t("verdict.use"),
                key="verdict_use",
                icon=":material/check:",
                help=t("verdict.use_help"),
                on_click=keeping.use,
                args=(run_of(found.model), step),
            )


def next_steps(found: Sequence[Advice], run: Run) -> None:
    """Draw what to try next; each button opens Launch with the run prepared."""
    st.subheader(t("verdict.next"), anchor=False)
    if not found:
        st.caption(t("verdict.next_none"))
        return
    for each in found:
        with st.container(border=True, gap="small", key=f"verdict_advice_{each.kind}"):
            st.markdown(f":material/{ICONS[each.kind]}: **{t(f'verdict.try_{each.kind}')}**")
            st.caption(
                t(
                    f"verdict.try_{each.kind}_why",
                    figure=_figure(each),
                    measure=plain(f"verdict.measure_{each.measure}").lstrip("… "),
                )
            )
            with st.container(horizontal=True, vertical_alignment="center"):
                if each.kind in DATA_FIRST:
                    page, words = DATA_FIRST[each.kind]
                    to_page(page, t(words))
                if st.button(
                    t("verdict.prepare"),
                    key=f"verdict_prepare_{each.kind}",
                    icon=":material/rocket_launch:",
                    help=t(
                        "verdict.prepare_help", change=each.change or plain("verdict.as_before")
                    ),
                ):
                    following.prepare(run, each)


def _figure(each: Advice) -> str:
    return number(each.value, 2) if each.measure in LOSSES else percent(each.value)
