"""The list of what is to be known before a run starts, one line each, and the memory as a bar."""

import html

import streamlit as st

from dashboard.format import duration, percent, size
from dashboard.said import worded
from dashboard.text import plain, t
from pipeline.train.facts import Check, Level, Memory
from pipeline.train.preflight import asking

ICONS: dict[Level, tuple[str, str]] = {
    "good": ("check_circle", "green"),
    "look": ("warning", "orange"),
    "broken": ("block", "red"),
}
ORDER: tuple[Level, ...] = ("broken", "look", "good")
# Shades of one blue, half transparent, so that they stand on a light and on a dark ground.
_PARTS = {
    "weights": "rgba(61,79,161,.95)",
    "adapter": "rgba(61,79,161,.75)",
    "activations": "rgba(61,79,161,.55)",
    "logits": "rgba(61,79,161,.38)",
    "process": "rgba(61,79,161,.22)",
}
_BAR = (
    "position:relative;display:flex;height:14px;border-radius:7px;overflow:hidden;"
    "background:rgba(128,128,128,.18)"
)
_FREE = "position:absolute;top:0;bottom:0;width:2px;background:currentColor;left:{}%"


def preflight_list(checks: tuple[Check, ...]) -> None:
    """Draw what stops the start and what asks first, then the rest; icon, colour and word."""
    st.markdown(f"**{t('launch.preflight')}**")
    with st.container(border=True, key="launch_preflight", gap="xsmall"):
        for level in ORDER:
            for check in checks:
                if check.level == level:
                    _line(check)


def ask_all_the_same(checks: tuple[Check, ...]) -> bool:
    """Ask once about what is seldom wanted; returns whether the start is agreed to.

    Where something else comes up, it is asked again.
    """
    names = asking(checks)
    if not names:
        return True
    key = f"launch_anyway_{'_'.join(names)}"
    return st.checkbox(t("launch.anyway", count=len(names)), key=key)


def check_words(check: Check) -> str:
    """Return a check in the reader's words."""
    values = {name: worded(name, value) for name, value in check.values.items()}
    if isinstance(seconds := values.pop("seconds", None), int | float):
        values["time"] = duration(float(seconds))
    if isinstance(share := values.pop("share", None), int | float):
        values["percent"] = percent(float(share))
    for name in ("needed_bytes", "each_bytes", "free_bytes", "total_bytes"):
        if isinstance(value := values.pop(name, None), int):
            values[name.removesuffix("_bytes")] = size(value)
    if check.name == "memory":
        known = "measured" if values.pop("is_measured") else "reckoned"
        values["how"] = plain(f"launch.memory_{known}")
        if "processes" in values:
            whose = "together" if values.pop("is_shared") else "each"
            return t(f"launch.check_memory_{check.level}_{whose}", **values)
    if check.name == "time" and check.level == "good":
        return t(f"launch.check_time_{values.pop('source')}", **values)
    return t(f"launch.check_{check.name}_{check.level}", **values)


def memory_bar(memory: Memory) -> None:
    """Draw what takes the memory, and where the device's free memory ends."""
    reckoned = memory.estimate
    taken = {
        "weights": reckoned.weights,
        "adapter": reckoned.adapter + reckoned.gradients + reckoned.optimizer,
        "activations": reckoned.activations,
        "logits": reckoned.logits,
        "process": reckoned.process,
    }
    taken = {name: part * memory.times for name, part in taken.items()}
    whole = max(reckoned.total * memory.times, memory.free_bytes, 1)
    spans = [
        f'<span style="width:{100 * part / whole:.2f}%;background:{_PARTS[name]}" '
        f'title="{_named(name, part)}"></span>'
        for name, part in taken.items()
    ]
    free = _FREE.format(f"{min(100 * memory.free_bytes / whole, 99.6):.2f}")
    st.html(f'<div style="{_BAR}">{"".join(spans)}<span style="{free}"></span></div>')
    legend = " ".join(
        f'<span style="white-space:nowrap"><span style="color:{_PARTS[name]}">■</span> '
        f"{_named(name, part)}</span>"
        for name, part in taken.items()
    )
    st.html(
        '<div style="display:flex;gap:.2rem .8rem;flex-wrap:wrap;font-size:.8rem;opacity:.85">'
        f"{legend}</div>"
    )
    share = percent(reckoned.total * memory.times / max(memory.free_bytes, 1))
    part = reckoned.part
    st.caption(t("launch.memory_part", rows=part.rows, tokens=part.length, share=share))


def _named(name: str, taken: int) -> str:
    return html.escape(f"{plain(f'launch.memory_{name}')} {size(taken)}")


def _line(check: Check) -> None:
    icon, colour = ICONS[check.level]
    words = check_words(check)
    if check.level == "broken":
        words = f"**{t('launch.level_broken')}:** {words}"
    st.markdown(f":{colour}[:material/{icon}:] {words}")
