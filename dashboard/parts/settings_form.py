"""Every setting of a run, folded by theme, each with its one sentence."""

from dataclasses import fields
from typing import get_args

import streamlit as st

from dashboard.text import named, plain, t
from pipeline.train.config import (
    LONGEST_PROMPT,
    MOST_PROMPTS,
    NAMED_TARGETS,
    Dtype,
    Quantization,
    Settings,
)

THEMES: dict[str, tuple[str, ...]] = {
    "learning": (
        "learning_rate",
        "epochs",
        "batch_rows",
        "accumulation",
        "warmup_share",
        "weight_decay",
        "max_grad_norm",
        "neftune_alpha",
        "seed",
    ),
    "adapter": ("rank", "alpha", "dropout", "targets", "rslora", "dora"),
    "memory": ("cutoff_tokens", "batch_tokens", "gradient_checkpointing", "dtype", "quantization"),
    "keeping": (
        "save_every_epochs",
        "save_every_steps",
        "keep_checkpoints",
        "validate_every_epochs",
        "early_stop_patience",
        "sample_prompts",
    ),
}
"""Every field of Settings, by theme; a test holds them to each other."""
FORMATS = {"learning_rate": "%.2e"}
STEPS = {
    "dropout": 0.05,
    "warmup_share": 0.01,
    "weight_decay": 0.01,
    "max_grad_norm": 0.1,
    "neftune_alpha": 1.0,
}
CHOICES: dict[str, tuple[str, ...]] = {
    "dtype": get_args(Dtype),
    "quantization": get_args(Quantization),
}


def settings_form() -> None:
    """Draw one tab a theme; the values live in the session under `launch_set_NAME`."""
    tabs = st.tabs([plain(f"launch.theme_{theme}") for theme in THEMES], key="launch_themes")
    for tab, names in zip(tabs, THEMES.values(), strict=True):
        with tab, st.grid(2, min_column_width=240):
            for name in names:
                _field(name)


def fill(settings: Settings) -> None:
    """Set every field to what the settings say."""
    for each in fields(Settings):
        st.session_state[key_of(each.name)] = held(getattr(settings, each.name))


def held(value: object) -> object:
    """Return a setting as its widget holds it in the session."""
    return list(value) if isinstance(value, tuple) else value


def key_of(name: str) -> str:
    """Return the key under which the session holds a setting."""
    return f"launch_set_{name}"


def _field(name: str) -> None:
    with st.container(gap=None):
        if name in CHOICES:
            _ask_choice(name)
        elif name == "targets":
            _ask_targets()
        elif name == "sample_prompts":
            _ask_prompts()
        elif isinstance(st.session_state[key_of(name)], bool):
            st.toggle(t(f"launch.set_{name}"), key=key_of(name), persist_state="session")
        else:
            _ask_number(name)
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


def _ask_choice(name: str) -> None:
    words = {value: value for value in CHOICES[name]} | {"none": plain("launch.set_off")}
    st.selectbox(
        t(f"launch.set_{name}"),
        CHOICES[name],
        format_func=words.__getitem__,
        key=key_of(name),
        persist_state="session",
    )


def _ask_targets() -> None:
    words = named("launch.targets", NAMED_TARGETS)
    st.selectbox(
        t("launch.set_targets"),
        NAMED_TARGETS,
        format_func=lambda value: words.get(value, value),
        accept_new_options=True,
        key=key_of("targets"),
        persist_state="session",
    )


def _ask_prompts() -> None:
    """Ask for texts of one's own; the session holds them as a list."""
    st.multiselect(
        t("launch.set_sample_prompts"),
        st.session_state[key_of("sample_prompts")],
        accept_new_options=True,
        max_selections=MOST_PROMPTS,
        placeholder=plain("launch.set_sample_prompts_placeholder", longest=LONGEST_PROMPT),
        key=key_of("sample_prompts"),
        persist_state="session",
    )
