"""Duplicates: same, other wording, contradiction, or only alike."""

from typing import cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import address, clustering, state
from dashboard.clustering import RELATION, UNDO, Members
from dashboard.parts.chips import RELATION as RELATIONS
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import done, empty_state
from dashboard.parts.pair_card import pair_card
from dashboard.text import named, t
from store import clusters, datasets
from store.types import Relation

ORDER: tuple[Relation, ...] = ("conflict", "duplicate", "paraphrase", "lookalike")
VERDICTS = (("not_alike", "N"), ("both_fine", "B"), ("keep_one", "A"))


def ask_relation(counts: dict[Relation, int]) -> Relation:
    """Ask which kind of cluster to look at; each says how many are open."""
    words = named("shell.relation", ORDER)
    address.restore(RELATION, allowed=ORDER, default=[_first(counts)], is_single=True)
    chosen = st.segmented_control(
        t("duplicates.relation"),
        list(ORDER),
        required=True,
        format_func=lambda name: (
            f":material/{RELATIONS[name][0]}: {words[name]} **{counts[name]:,}**"
        ),
        label_visibility="collapsed",
        key=RELATION,
        on_change=clustering.start_over,
    )
    address.keep(RELATION, default=())
    return cast("Relation", chosen)


def _first(counts: dict[Relation, int]) -> Relation:
    return next((relation for relation in ORDER if counts[relation]), ORDER[0])


def draw_members(members: Members) -> None:
    """Draw the pairs side by side, the words that differ from the one that stays marked."""
    columns = st.columns(min(len(members.pairs), 3), gap="medium")
    for number, pair in enumerate(members.pairs, start=1):
        is_kept = pair.id == members.keeper.id
        against = next((p for p in members.pairs if p.id != pair.id), None)
        with columns[(number - 1) % len(columns)].container(border=True, height="stretch"):
            pair_card(pair, against=against if is_kept else members.keeper, is_kept=is_kept)
            st.button(
                t("duplicates.keep_this"),
                key=f"duplicates_keep_{pair.id}",
                shortcut=str(number) if number < 10 else None,
                disabled=is_kept,
                on_click=clustering.mark,
                args=(pair.id,),
            )


def draw_actions(members: Members) -> None:
    """Draw what can be decided, the primary action last, at the right."""
    for verdict, key in VERDICTS:
        st.button(
            t(f"duplicates.{verdict}", count=len(members.pairs) - 1),
            key=f"duplicates_{verdict}",
            shortcut=key,
            type="primary" if verdict == "keep_one" else "secondary",
            help=t(f"duplicates.help_{verdict}"),
            on_click=clustering.decide,
            args=(members.cluster.id, verdict, members.keeper.id),
        )


def draw_place(place: int, total: int) -> None:
    """Draw which cluster of how many this is, with the way to the others."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("duplicates.place", place=place, count=total), width="content")
        for name, key, to in (("previous", "K", place - 1), ("next", "J", place + 1)):
            st.button(
                t(f"duplicates.{name}"),
                key=f"duplicates_{name}",
                shortcut=key,
                type="tertiary",
                disabled=not 1 <= to <= total,
                on_click=clustering.go,
                args=(to,),
            )
        st.button(
            t("shell.undo"),
            key="duplicates_take_back",
            shortcut="U",
            type="tertiary",
            disabled=not st.session_state.get(UNDO),
            on_click=clustering.take_back,
        )


def draw_bulk() -> None:
    """Offer to remove every exact copy at once, with their count first."""
    count = clustering.copies()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(t("duplicates.bulk", count=count), width="content")
        with st.popover(t("duplicates.remove_copies", count=count), key="duplicates_bulk"):
            st.markdown(t("duplicates.remove_words", count=count))
            if st.button(t("duplicates.remove_copies", count=count), key="duplicates_remove"):
                with st.spinner(t("duplicates.comparing")):
                    clustering.compare(apply=True)
                done(t("duplicates.removed", count=count))
                st.rerun()


def draw_clusters(actions: DeltaGenerator, relation: Relation) -> None:
    """Draw one cluster at a time."""
    cluster, place, total = clustering.cluster_at(relation)
    st.caption(t(f"duplicates.words_{relation}"))
    draw_place(place if total else 0, total)
    if cluster is None:
        empty_state(t(f"duplicates.none_{relation}"), "done_all")
        return
    if relation == "duplicate":
        draw_bulk()
    members = clustering.members(cluster)
    draw_members(members)
    with actions:
        draw_actions(members)


actions = page_header("duplicates")
if not any(summary.total for summary in datasets.summaries(state.store())):
    with empty_state(t("review.empty"), "join_inner"):
        to_page("import", t("review.to_import"))
    st.stop()

top = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
with top:
    relation = ask_relation(clusters.counts(state.store()))
if top.button(
    t("duplicates.compare"),
    key="duplicates_compare",
    icon=":material/sync:",
    type="tertiary",
    help=t("duplicates.compare_help"),
):
    with st.spinner(t("duplicates.comparing")):
        clustering.compare(apply=False)
    st.rerun()
draw_clusters(actions, relation)
