"""Two folded sections of the Launch page: where the run trains, and whom it reports to."""

import streamlit as st

from dashboard.guard import words
from dashboard.launch import placing
from dashboard.launch.placing import CLUSTER, PLACE
from dashboard.text import literal, plain, t
from pipeline.errors import PipelineError
from pipeline.train import tracking
from pipeline.train.cluster import ClusterSilent
from pipeline.train.devices import cores
from pipeline.train.facts import Asked
from pipeline.train.tracking import TITLES, TRACKERS


def place_form() -> None:
    """Ask which device, which of several, or which cluster; and how many processes."""
    label = t("launch.place", place=placing.summary())
    with st.expander(label, icon=":material/memory:", key="launch_place"):
        known = placing.places()
        st.selectbox(
            t("launch.device"),
            list(known),
            format_func=lambda name: known.get(name, name),
            key=PLACE,
            persist_state="session",
        )
        st.caption(t("launch.device_why"))
        match st.session_state[PLACE]:
            case placing.SEVERAL:
                _ask_gpus()
            case placing.CLUSTER:
                _ask_cluster()
            case "cpu" if placing.most_processes() > 1:
                _ask_processes(
                    placing.PROCESSES,
                    placing.most_processes(),
                    t("launch.processes_why", cores=cores()),
                )


def reports_form() -> None:
    """Ask which trackers are told; one that is not installed says how it gets here."""
    chosen = ", ".join(TITLES[name] for name in placing.reports())
    label = t("launch.reports", names=chosen or plain("launch.reports_none"))
    with st.expander(label, icon=":material/monitoring:", key="launch_reports"):
        st.caption(t("launch.reports_why"))
        missing = placing.missing()
        with st.grid(2, min_column_width=200):
            for name in TRACKERS:
                _tracker(name, is_missing=name in missing)
        if st.session_state[PLACE] == CLUSTER:
            st.caption(t("launch.reports_elsewhere"))
        elif missing:
            st.caption(t("launch.reports_install"))
            st.code(tracking.install_command(missing), language="bash", wrap_lines=True)


def _ask_gpus() -> None:
    found = placing.gpus()
    st.pills(
        t("launch.gpus"),
        list(found),
        format_func=lambda name: found.get(name, name),
        selection_mode="multi",
        key=placing.GPUS,
        persist_state="session",
    )
    st.caption(t("launch.gpus_why"))


def _ask_cluster() -> None:
    """Ask for the address, and try it at once."""
    st.text_input(
        t("launch.cluster_address"),
        placeholder="127.0.0.1:8265",
        key=placing.ADDRESS,
        persist_state="session",
    )
    st.caption(t("launch.cluster_address_why"))
    asked = placing.asked()
    if asked is None:
        return
    _answer(asked)
    _ask_processes(
        placing.REMOTE_PROCESSES, placing.most_processes(asked), t("launch.remote_processes_why")
    )


def _answer(asked: Asked) -> None:
    """Draw what the cluster said, or why it said nothing, and the way to ask again."""
    with st.container(horizontal=True, vertical_alignment="center", key="launch_cluster_answer"):
        if asked.fault:
            st.markdown(f":red[:material/link_off:] {_fault(asked.fault)}")
        else:
            told = "launch.cluster_untold" if asked.about.gpus is None else "launch.cluster_told"
            line = t(told, ray=asked.about.ray, gpus=asked.about.gpus, cpus=asked.about.cpus)
            st.markdown(f":green[:material/link:] {line}")
        st.button(
            t("launch.cluster_again"),
            key="launch_cluster_again",
            type="tertiary",
            icon=":material/refresh:",
            on_click=placing.ask.clear,
        )


def _fault(fault: PipelineError) -> str:
    """Say shortly that none answers, what to do stands in the list before the start; else all."""
    if isinstance(fault, ClusterSilent):
        return t("launch.cluster_silent", reason=fault.reason)
    return literal(words(fault))


def _ask_processes(key: str, most: int, why: str) -> None:
    st.session_state[key] = min(int(st.session_state[key]), most)
    st.number_input(
        t("launch.processes"), min_value=1, max_value=most, key=key, persist_state="session"
    )
    st.caption(why)


def _tracker(name: str, *, is_missing: bool) -> None:
    """Draw one tracker; ticking one that is missing stops the start until it is installed."""
    with st.container(gap=None):
        st.checkbox(literal(TITLES[name]), key=placing.report_key(name), persist_state="session")
        why = t(f"launch.report_{name}_why")
        st.caption(f"{t('launch.report_missing')} {why}" if is_missing else why)
