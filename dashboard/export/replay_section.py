"""The section "Let the base write general data": replay, once for each base."""

import streamlit as st

from dashboard import serving
from dashboard.export import probing
from dashboard.export.probe_progress import probe_progress
from dashboard.export.probing import Replay
from dashboard.parts.links import to_page
from dashboard.text import named, t
from pipeline.models.catalog import BaseModel


def replay_section(model: BaseModel, names: tuple[str, ...]) -> None:
    """Draw the section for the datasets of a recipe."""
    title = t("replay.title") if probing.is_general(names) else t("replay.title_none")
    opened = st.expander(title, icon=":material/replay:", key="replay_open", on_change="rerun")
    if not opened.open:
        return
    with opened:
        st.caption(t("replay.sentence"))
        with st.spinner(t("probe.hashing")):
            written = probing.replay_of(model)
        if written is not None:
            _written(written, names)
            return
        probe = probing.latest("replay", model)
        if probe is not None:
            probe_progress(probe, "replay")
        if probe is None or not probe.work.is_active:
            _ask(model)


def _written(written: Replay, names: tuple[str, ...]) -> None:
    """Say which dataset it became, and whether the recipe takes it."""
    probe = written.probe
    said = t("replay.written", count=probe.taken, name=written.dataset, out=probe.left_out)
    st.markdown(f":green[:material/check_circle:] {said}")
    length = int(str(probe.settings.get("max_new_tokens", 0)))
    st.caption(t("replay.origin", sha=probe.base_sha256[:12], prompts=probe.source, length=length))
    if written.dataset not in names:
        st.markdown(f":orange[:material/info:] {t('replay.not_in_recipe', name=written.dataset)}")
    to_page("review", t("replay.review"), {"dataset": written.dataset})


def _ask(model: BaseModel) -> None:
    language, length, device = st.columns([2, 1, 2], vertical_alignment="bottom")
    languages = named("replay.language", ("both", "en", "zh"))
    with language:
        st.segmented_control(
            t("replay.language"),
            list(languages),
            format_func=languages.__getitem__,
            default="both",
            required=True,
            key=probing.LANGUAGE,
        )
    with length:
        st.number_input(
            t("replay.length"),
            min_value=16,
            max_value=4096,
            value=probing.LONGEST_ANSWER,
            step=32,
            key=probing.LENGTH,
            help=t("replay.length_help"),
        )
    places = serving.device_names()
    device.selectbox(
        t("probe.device"), list(places), format_func=places.__getitem__, key=probing.REPLAY_DEVICE
    )
    st.button(
        t("replay.start", count=probing.prompt_count()),
        key="replay_start",
        icon=":material/edit_note:",
        on_click=probing.start_replay,
        args=(model,),
    )
