"""One run: its state in words, its figures, how it failed, and what it was made of."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import streamlit as st

from dashboard import watching
from dashboard.curving import words_of
from dashboard.format import duration, number, size
from dashboard.parts.chips import Colour, chip
from dashboard.parts.export_mark import export_mark
from dashboard.text import literal, plain, t
from pipeline.train.config import Settings, TrainConfig
from pipeline.train.state import Run, State

STATES: dict[State, tuple[str, Colour]] = {
    "queued": ("schedule", "gray"),
    "starting": ("progress_activity", "blue"),
    "running": ("progress_activity", "blue"),
    "stopping": ("hourglass_bottom", "orange"),
    "finished": ("check_circle", "green"),
    "stopped": ("stop_circle", "orange"),
    "failed": ("error", "red"),
    "cancelled": ("block", "gray"),
}


def head(run: Run) -> None:
    """Draw the run's name and the chip of its state."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = t("runs.name", run=str(run.id))
        st.markdown(f"#### {name} :gray[{literal(watching.called(run))}]", width="content")
        icon, colour = STATES[run.state]
        chip(t(f"runs.state_{run.state}"), icon, colour)
    export_mark(Path(run.config.export))


def progress_line(run: Run) -> None:
    """Draw how far the run is, in words and as a bar."""
    progress, phase = run.progress, watching.phase(run)
    words = t(
        f"runs.words_{phase}",
        step=progress.step,
        steps=progress.plan.steps if progress.plan else 0,
        epoch=number(progress.epoch, 1),
        epochs=run.config.settings.epochs,
    )
    st.progress(progress.share, text=words)


def figures(run: Run) -> None:
    """Draw the latest figures in one row; a dash where there is none yet."""
    progress = run.progress
    seconds = progress.seconds_left if run.is_active else watching.seconds(run)
    values: tuple[tuple[str, float | None, Callable[[float], str]], ...] = (
        ("loss", progress.steps.last("loss"), _loss),
        ("validation", progress.validation[-1].value if progress.validation else None, _loss),
        ("best", min((p.value for p in progress.validation), default=None), _loss),
        ("left" if run.is_active else "took", seconds, duration),
        ("speed", progress.steps.last("tokens_per_second"), number),
        ("memory", progress.steps.last("memory_bytes"), lambda v: size(int(v))),
    )
    for column, (name, value, shown) in zip(st.columns(len(values)), values, strict=True):
        column.metric(
            plain(f"runs.metric_{words_of(run, name)}"), "–" if value is None else shown(value)
        )


def settings(run: Run) -> None:
    """Draw what the run was made of: model, data with hashes, every setting."""
    st.table(_facts(run.config, run.folder), border="horizontal")
    values = {
        plain(f"launch.set_{each.name}"): literal(str(getattr(run.config.settings, each.name)))
        for each in fields(Settings)
    }
    st.table(values, border="horizontal", width="content")


def _loss(value: float) -> str:
    return number(value, 3)


def system_words(config: TrainConfig) -> str:
    """Name the system prompt that a run trained with."""
    prompt = config.system_prompt
    return prompt.text if prompt.policy == "text" else plain(f"runs.system_{prompt.policy}")


def _place(config: TrainConfig) -> str:
    if config.processes == 1:
        return config.device
    return plain("launch.place_processes", device=config.device, count=config.processes)


def _facts(config: TrainConfig, folder: Path) -> dict[str, str]:
    files = [
        t("runs.config_file", name=file.name, rows=file.rows, sha1=file.sha1[:10])
        for file in (*config.data, *config.validation)
    ]
    facts = {
        "config_model": literal(config.model),
        "config_export": literal(config.export),
        "config_layout": literal(config.layout),
        "config_system": literal(system_words(config)),
        "config_device": literal(_place(config)),
        **({"config_reports": literal(", ".join(config.report_to))} if config.report_to else {}),
        "config_preset": literal(config.preset),
        "config_files": "  \n".join(files),
        "config_folder": literal(str(folder)),
    }
    return {plain(f"runs.{name}"): words for name, words in facts.items()}
