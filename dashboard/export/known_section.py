"""The section "Known or new": what the base knows of a recipe's facts before it is trained."""

import html

import streamlit as st

from dashboard import serving
from dashboard.export import probing
from dashboard.export.probe_progress import probe_progress
from dashboard.format import percent
from dashboard.parts.links import to_page
from dashboard.review import filtering
from dashboard.text import literal, plain, t
from pipeline.models.catalog import BaseModel
from pipeline.probe import known
from store.probes import UNKNOWN
from store.record_types import KnownShare

MOSTLY_NEW = 0.5
_PARTS = ("known", "sometimes", "unknown", "open")
# Half transparent, so that they stand on a light and on a dark ground; each part bears its word.
_COLOURS = {
    "known": "rgba(60,150,95,.45)",
    "sometimes": "rgba(217,164,65,.45)",
    "unknown": "rgba(99,115,204,.45)",
    "open": "rgba(128,128,128,.22)",
}


def known_section(model: BaseModel, names: tuple[str, ...]) -> None:
    """Draw the section for the datasets of a recipe."""
    opened = st.expander(
        t("known.title"), icon=":material/psychology_alt:", key="known_open", on_change="rerun"
    )
    if not opened.open:
        return
    with opened:
        st.caption(t("known.sentence"))
        with st.spinner(t("probe.hashing")):
            shares = probing.shares(model, names)
        if not shares:
            st.caption(t("known.no_domain"))
            return
        for name, share in shares.items():
            _share(name, share)
        probe = probing.latest("known", model)
        if probe is not None:
            probe_progress(probe, "known")
        if probe is None or not probe.work.is_active:
            _ask(model, tuple(shares))


def _share(name: str, share: KnownShare) -> None:
    """Draw one dataset as a bar of its parts, each with its word and number."""
    counts = {part: getattr(share, part) for part in _PARTS}
    with st.container(gap="xsmall", key=f"known_share_{name}"):
        st.markdown(f"**{literal(name)}**")
        cells = [
            f'<div style="flex:{count} 1 0;min-width:5.5rem;padding:4px 8px;font-size:.85rem;'
            f'background:{_COLOURS[part]}">'
            f"{html.escape(plain(f'known.part_{part}', count=count))}</div>"
            for part, count in counts.items()
            if count
        ]
        st.html(
            '<div style="display:flex;border-radius:6px;overflow:hidden;gap:1px">'
            f"{''.join(cells)}</div>"
        )
        judged = share.total - share.open
        if judged and share.unknown / judged >= MOSTLY_NEW:
            new = percent(share.unknown / judged)
            st.markdown(f":orange[:material/info:] {t('known.mostly_new', share=new)}")
            here = {filtering.DATASET: name, filtering.TAGS: UNKNOWN}
            to_page("review", t("known.review"), {**here, filtering.STATUSES: filtering.ALL})
        elif judged and share.known / judged >= MOSTLY_NEW:
            old = percent(share.known / judged)
            st.markdown(f":green[:material/info:] {t('known.mostly_known', share=old)}")


def _ask(model: BaseModel, names: tuple[str, ...]) -> None:
    samples, limit, device = st.columns([1, 1, 2], vertical_alignment="bottom")
    with samples:
        count = st.number_input(
            t("known.samples"),
            min_value=0,
            max_value=16,
            value=known.SAMPLES,
            key=probing.SAMPLES,
            help=t("known.samples_help"),
        )
    with limit:
        st.number_input(
            t("known.limit"),
            min_value=0,
            value=0,
            step=50,
            key=probing.LIMIT,
            help=t("known.limit_help"),
        )
    places = serving.device_names()
    device.selectbox(
        t("probe.device"), list(places), format_func=places.__getitem__, key=probing.KNOWN_DEVICE
    )
    st.button(
        t("known.start", count=int(count) + 1),
        key="known_start",
        icon=":material/quiz:",
        on_click=probing.start_known,
        args=(model, names),
    )
