"""Duplicates: same, other wording, contradiction, or only alike."""

from typing import cast, get_args

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import address, state
from dashboard.duplicates import clustering, compare_job, linking
from dashboard.duplicates.cluster import draw_like_this, draw_members, draw_merge, draw_verdicts
from dashboard.duplicates.clustering import RELATION, UNDO
from dashboard.duplicates.compare_progress import compare_progress, compare_result
from dashboard.duplicates.leaks import ask_leaks
from dashboard.duplicates.linking import DATASETS, KEEP
from dashboard.duplicates.threshold import threshold_panel
from dashboard.parts.chips import RELATION as RELATIONS
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import done, empty_state
from dashboard.text import named, plain, t
from pipeline.curate import dedup
from store import datasets
from store.relation_types import KeeperRule, Relation

ORDER: tuple[Relation, ...] = ("conflict", "duplicate", "paraphrase", "lookalike")


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


def ask_what(names: list[str]) -> None:
    """Ask which datasets, which pair stays, and offer to compare again."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.multiselect(
            t("duplicates.datasets"),
            names,
            placeholder=plain("review.all_datasets"),
            label_visibility="collapsed",
            key=DATASETS,
            on_change=clustering.start_over,
            width=280,
        )
        rules = named("duplicates.rule", get_args(KeeperRule))
        st.session_state.setdefault(KEEP, linking.choice().keep)
        st.selectbox(
            t("duplicates.rule"),
            list(rules),
            format_func=rules.__getitem__,
            label_visibility="collapsed",
            key=KEEP,
            on_change=linking.keep_by_rule,
            help=t("duplicates.rule_help"),
            width=200,
        )
        st.button(
            t("duplicates.compare"),
            key="duplicates_compare",
            icon=":material/sync:",
            type="tertiary",
            help=t("duplicates.compare_help"),
            on_click=linking.compare,
        )
        st.button(
            t("duplicates.meaning"),
            key="duplicates_meaning",
            icon=":material/neurology:",
            type="tertiary",
            help=t("duplicates.meaning_help"),
            on_click=linking.compare_meaning,
        )
    address.keep(DATASETS, default=[])


def draw_state(compared: linking.Compared) -> None:
    """Say what was not compared yet."""
    if compared.never:
        st.info(t("duplicates.never", count=compared.never), icon=":material/info:")
    elif compared.added:
        st.info(t("duplicates.added", count=compared.added), icon=":material/info:")


def draw_place(place: int, total: int) -> None:
    """Draw which cluster of how many this is, with the way to the others."""
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
    """Offer to remove every copy at once, with their count first; edited ones when asked."""
    found = clustering.copies()
    exact, edited = found["same"], found["edited"]
    with st.container(horizontal=True, vertical_alignment="center"):
        if exact or not edited:
            st.markdown(t("duplicates.bulk", count=exact, edited=edited), width="content")
            words = t("duplicates.remove_copies", count=exact)
        else:
            st.markdown(t("duplicates.bulk_edited", count=edited), width="content")
            words = t("duplicates.remove_edited")
        with st.popover(words, key="duplicates_bulk", disabled=not exact + edited):
            too = st.checkbox(
                t("duplicates.edited_too", count=edited),
                key="duplicates_edited_too",
                disabled=not edited,
            )
            count = exact + (edited if too else 0)
            rule = plain(f"duplicates.rule_{linking.choice().keep}")
            st.markdown(t("duplicates.remove_words", count=count, rule=rule))
            if st.button(t("duplicates.remove_copies", count=count), key="duplicates_remove"):
                with st.spinner(t("duplicates.removing")):
                    clustering.remove_copies(dedup.EDITED if too else dedup.EXACT)
                done(t("duplicates.removed", count=count))
                st.rerun()


def draw_clusters(actions: DeltaGenerator, relation: Relation) -> None:
    """Draw one cluster at a time."""
    cluster, place, total = clustering.cluster_at(relation)
    st.caption(t(f"duplicates.words_{relation}"))
    members = clustering.members(cluster) if cluster else None
    with st.container(horizontal=True, vertical_alignment="center"):
        draw_place(place if total else 0, total)
        if members:
            draw_merge(members)
            draw_like_this(members)
    if relation == "duplicate":
        draw_bulk()
    if members is None:
        empty_state(t(f"duplicates.none_{relation}"), "done_all")
        return
    draw_members(members)
    with actions:
        draw_verdicts(members)


actions = page_header("duplicates")
names = [s.dataset.name for s in datasets.summaries(state.store()) if s.total]
if not names:
    with empty_state(t("review.empty"), "join_inner"):
        to_page("import", t("review.to_import"))
    st.stop()
job = compare_job.desk().job
if job is not None and job.now().is_active:
    compare_progress(job)
    st.stop()
if job is not None:
    compare_result(job.now())
address.restore(DATASETS, allowed=names, default=[])
relation = ask_relation(clustering.counts())
ask_what(names)
draw_state(linking.compared())
draw_clusters(actions, relation)
with st.expander(t("duplicates.threshold_title"), key="duplicates_threshold_panel"):
    threshold_panel()
with st.expander(t("duplicates.leaks_title"), key="duplicates_leaks_panel"):
    ask_leaks()
