"""What training can use, how full it is, and who works on it."""

import streamlit as st

from dashboard.format import size
from dashboard.guard import guarded
from dashboard.parts.chips import chip
from dashboard.parts.links import to_page
from dashboard.runs import queueing
from dashboard.said import said
from dashboard.text import literal, t
from pipeline.queue.line import Line
from pipeline.train.devices import Device, devices

REFRESH_S = 5


def device_section() -> None:
    """Draw the devices, again every few seconds."""
    st.fragment(_live, run_every=REFRESH_S)()


def _live() -> None:
    with guarded():
        found, line = devices(), queueing.read()
        if found.warning:
            st.warning(literal(said(found.warning)), icon=":material/warning:")
        for device in found.found:
            _device(device, line)
        if line.working or line.waiting:
            to_page("runs", t("settings.to_queue"))


def _device(device: Device, line: Line) -> None:
    used = device.memory_total_bytes - device.memory_free_bytes
    with st.container(border=True, key=f"settings_device_{device.name}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{literal(said(device.title))}**", width="content")
            chip(literal(device.name), "memory", "gray")
        st.progress(
            used / max(device.memory_total_bytes, 1),
            text=t("settings.memory", used=size(used), total=size(device.memory_total_bytes)),
        )
        st.caption(_work(device, line))


def _work(device: Device, line: Line) -> str:
    working = [queueing.name(each.job) for each in line.working if device.name in each.devices]
    waiting = sum(device.name in each.devices for each in line.waiting)
    words = t("settings.works", jobs=", ".join(working)) if working else t("settings.idle")
    return f"{words} {t('settings.wait', count=waiting)}" if waiting else words
