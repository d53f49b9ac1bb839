"""Every setting of a run, folded by theme, each with its one sentence."""

from collections.abc import Callable
from typing import get_args

import streamlit as st

from dashboard.text import plain, t
from pipeline.train.config import Dtype

THEMES: dict[str, tuple[str, ...]] = {
    "learning": (
        "learning_rate",
        "epochs",
        "batch_rows",
        "accumulation",
        "warmup_share",
        "weight_decay",
        "max_grad_norm",
        "seed",
    ),
    "adapter": ("rank", "alpha", "dropout"),
    "memory": ("cutoff_tokens", "batch_tokens", "gradient_checkpointing", "dtype"),
    "keeping": ("save_every_epochs", "keep_checkpoints", "validate_every_epochs"),
}
"""Every field of Settings, by theme; a test holds them to each other."""
FORMATS = {"learning_rate": "%.2e"}
STEPS = {"dropout": 0.05, "warmup_share": 0.01, "weight_decay": 0.01, "max_grad_norm": 0.1}


def settings_form() -> None:
    """Draw one tab a theme; the values live in the session under `launch_set_NAME`."""
    tabs = st.tabs([plain(f"launch.theme_{theme}") for theme in THEMES], key="launch_themes")
    for tab, names in zip(tabs, THEMES.values(), strict=True):
        with tab, st.grid(2, min_column_width=240):
            for name in names:
                _field(name)


def key_of(name: str) -> str:
    """Return the key under which the session holds a setting."""
    return f"launch_set_{name}"


def _field(name: str) -> None:
    special: dict[str, Callable[[], None]] = {
        "gradient_checkpointing": _ask_checkpointing,
        "dtype": _ask_dtype,
    }
    with st.container(gap=None):
        special.get(name, lambda: _ask_number(name))()
        st.caption(t(f"launch.set_{name}_why"))


def _ask_number(name: str) -> None:
    value = st.session_state[key_of(name)]
    is_whole = isinstance(value, int)
    st.number_input(
        t(f"launch.set_{name}"),
        step=1 if is_whole else STEPS.get(name, 1e-5),
        format="%d" if is_whole else FORMATS.get(name, "%.3f"),
        key=key_of(name),
        persist_state="session",
    )


def _ask_checkpointing() -> None:
    name = "gradient_checkpointing"
    st.toggle(t(f"launch.set_{name}"), key=key_of(name), persist_state="session")


def _ask_dtype() -> None:
    st.selectbox(
        t("launch.set_dtype"), get_args(Dtype), key=key_of("dtype"), persist_state="session"
    )
