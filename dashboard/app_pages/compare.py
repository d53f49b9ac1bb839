"""Compare: one question to several models, their answers side by side, one vote."""

import streamlit as st

from dashboard import serving, state
from dashboard.compare import compare_question, comparing, lineup
from dashboard.compare.answers import draw_broken, draw_comparison, draw_live
from dashboard.compare.columns import ask_models
from dashboard.compare.comparing import LONGEST_PROMPT
from dashboard.compare.comparisons import past_table, standings
from dashboard.compare.list_section import ask_list, list_progress
from dashboard.compare.serving_card import server_chips
from dashboard.compare.settings_bar import ask_settings
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state
from dashboard.parts.prose import prose
from dashboard.text import plain, t
from store import votes

header = page_header("compare")
if not lineup.restore():
    with empty_state(t("compare.empty"), "compare"):
        to_page("launch", t("compare.train"))
    st.stop()

compare_question.restore()
chosen = ask_models()
if len(chosen) < lineup.FEWEST:
    st.caption(t("compare.too_few"))
    st.stop()
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    ask_settings(chosen)
    ask_list()
with header:
    server_chips(serving.found(chosen))
list_progress()

followed = comparing.followed()
if prompt := st.chat_input(
    plain("compare.go_on" if followed else "compare.ask"),
    key="compare_ask",
    max_chars=LONGEST_PROMPT,
    submit_mode="disable",
):
    comparing.ask(prompt, after=followed)

place = st.container(key="compare_place")
with place:
    asking = comparing.current()
    comparison = comparing.opened()
    if asking is not None:
        prose(asking.prompt, is_lead=True)
        view = asking.view()
        draw_broken(asking, view) if view.is_over else draw_live(asking)
    elif comparison is not None:
        prose(comparison.prompt, is_lead=True)
        draw_comparison(comparison)
        st.toggle(
            t("compare.follow"),
            key=comparing.FOLLOWING,
            help=t("compare.follow_help"),
            persist_state="session",
        )
    elif comparing.is_lost():
        st.caption(t("compare.lost"))
    else:
        st.markdown(f":gray[{t('compare.ready')}]")

past = st.expander(t("compare.past"), key="compare_past_list", on_change="rerun")
if past.open:
    with past:
        standings(votes.ballots(state.store()), lineup.options(st.session_state[lineup.BASES]))
        past_table(votes.latest(state.store(), count=comparing.MOST_PAST))
