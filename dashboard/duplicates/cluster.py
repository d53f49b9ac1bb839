"""One cluster: its pairs as cards with word differences, and what can be decided about it."""

import streamlit as st

from dashboard.duplicates import clustering
from dashboard.duplicates.clustering import Members
from dashboard.duplicates.pair_card import pair_card
from dashboard.format import shortened
from dashboard.guard import guarded
from dashboard.parts.difference import reason_words
from dashboard.parts.notices import done
from dashboard.text import literal, plain, t
from store.relation_types import Verdict
from store.types import PairEdit

VERDICTS: tuple[tuple[Verdict, str], ...] = (
    ("not_alike", "N"),
    ("both_fine", "B"),
    ("keep_one", "A"),
)
COLUMNS = 3
SHOWN = 12
"""Cards of a large family; the others are only counted."""


def draw_members(members: Members) -> None:
    """Draw the pairs side by side, the words that differ from the one that stays marked."""
    shown = [members.keeper, *(p for p in members.pairs if p.id != members.keeper.id)][:SHOWN]
    shown.sort(key=lambda pair: pair.id)
    columns = st.columns(min(len(shown), COLUMNS), gap="medium")
    for number, pair in enumerate(shown, start=1):
        is_kept = pair.id == members.keeper.id
        against = next((p for p in shown if p.id != pair.id), None)
        with columns[(number - 1) % len(columns)].container(border=True, height="stretch"):
            pair_card(pair, against=against if is_kept else members.keeper, is_kept=is_kept)
            if not is_kept:
                st.caption(_why(members, pair.id))
            st.button(
                t("duplicates.keep_this"),
                key=f"duplicates_keep_{pair.id}",
                shortcut=str(number) if number < 10 else None,
                disabled=is_kept,
                on_click=clustering.mark,
                args=(pair.id,),
            )
    if members.cluster.size > len(shown):
        st.caption(t("duplicates.more", count=members.cluster.size - len(shown)))


def draw_verdicts(members: Members) -> None:
    """Draw what can be decided, the primary action last, at the right."""
    for verdict, key in VERDICTS:
        st.button(
            t(f"duplicates.{verdict}", count=members.cluster.size - 1),
            key=f"duplicates_{verdict}",
            shortcut=key,
            type="primary" if verdict == "keep_one" else "secondary",
            help=t(f"duplicates.help_{verdict}"),
            on_click=clustering.decide,
            args=(members.cluster, verdict, members.keeper.id),
        )


def draw_merge(members: Members) -> None:
    """Offer to write one pair out of all."""
    if st.button(
        t("duplicates.merge"),
        key="duplicates_merge",
        shortcut="M",
        icon=":material/merge:",
        type="tertiary",
        help=t("duplicates.help_merge"),
        disabled=len(members.pairs) > SHOWN,
    ):
        st.dialog(plain("duplicates.merge_title"), width="large")(_merge)(members)


def draw_like_this(members: Members) -> None:
    """Offer one verdict for all clusters like this one, with their count first."""
    cluster = members.cluster
    words = t("duplicates.like_this")
    with st.popover(words, key="duplicates_like", icon=":material/done_all:", type="tertiary"):
        why = t(f"duplicates.short_{cluster.reason or 'none'}")
        relation = t(f"shell.relation_{cluster.relation}")
        st.markdown(t("duplicates.like_words", relation=relation, reason=why))
        lowest = _rounded_down(cluster.score)
        least = st.slider(
            t("duplicates.like_least"),
            min_value=min(lowest, 0.6),
            max_value=1.0,
            value=lowest,
            step=0.01,
            key=f"duplicates_like_least_{cluster.id}",
        )
        matching = clustering.like(cluster, least)
        groups, going = clustering.how_many(matching)
        st.markdown(t("duplicates.like_count", count=groups, going=going))
        for verdict, _ in reversed(VERDICTS):
            if st.button(
                t(f"duplicates.like_{verdict}", count=groups, going=going),
                key=f"duplicates_like_{verdict}",
                disabled=not groups,
                width="stretch",
            ):
                clustering.decide_all(matching, verdict)
                done(t("duplicates.decided", count=groups))
                st.rerun()


def _rounded_down(score: float) -> float:
    """Return a score rounded down to a whole twentieth, where such choices start."""
    return int(score * 20) / 20


def _why(members: Members, pair_id: int) -> str:
    """Say why a pair is here: by its link to the one that stays, else by its closest one."""
    by_id = {pair.id: pair for pair in members.pairs}
    link = members.links.get(pair_id)
    if link is not None:
        return reason_words(link, members.keeper, by_id[pair_id])
    member = next(m for m in members.cluster.members if m.pair_id == pair_id)
    nearest = by_id.get(member.linked_to or 0, members.keeper)
    words = reason_words(member, nearest, by_id[pair_id])
    if nearest.id == members.keeper.id:
        return words
    return t("duplicates.via", question=shortened(nearest.question, 40)) + " " + words


def _merge(members: Members) -> None:
    """Ask for the text of the one pair that all become."""
    keeper = members.keeper
    others = [pair for pair in members.pairs if pair.id != keeper.id]
    st.caption(t("duplicates.merge_words", count=len(others)))
    answers = dict.fromkeys([keeper.answer, *(pair.answer for pair in others)])
    with st.form("duplicates_merge_form", border=False):
        question = st.text_area(
            t("shell.field_question"), keeper.question, key=f"duplicates_merge_q_{keeper.id}"
        )
        answer = st.text_area(
            t("shell.field_answer"),
            "\n".join(answers),
            height=240,
            key=f"duplicates_merge_a_{keeper.id}",
        )
        is_sent = st.form_submit_button(t("duplicates.merge_go"), type="primary")
    if is_sent and answer.strip() and question.strip():
        facts = tuple(dict.fromkeys(f for pair in (keeper, *others) for f in pair.facts))
        change = PairEdit(question=question, answer=answer, facts=facts)
        with guarded():
            clustering.merge(members.cluster, keeper, change)
            done(t("duplicates.merged", question=literal(shortened(question, 40))))
            st.rerun()
