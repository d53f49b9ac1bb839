"""The checkpoints of a run with what makes one choose them, and what to do with those marked."""

from collections.abc import Sequence

import streamlit as st

from dashboard import scored, watching
from dashboard.format import number, size
from dashboard.guard import guarded
from dashboard.pages import link
from dashboard.runs import keeping
from dashboard.runs.keeping import Kept
from dashboard.text import plain, t
from pipeline.evaluate.report import Measure
from pipeline.train.state import Run

MEASURES: tuple[Measure, ...] = ("identity", "facts_unseen", "facts_trained", "general_loss")


def checkpoint_list(run: Run) -> None:
    """Draw the checkpoints, the newest first, and what can be done with those marked."""
    kept = keeping.kept(run)[::-1]
    if not kept:
        st.caption(t("runs.checkpoints_active" if run.is_active else "runs.checkpoints_none"))
        return
    acts = st.container(horizontal=True, vertical_alignment="center")
    marked = st.dataframe(
        _table(run, kept),
        key=f"runs_checkpoints_{run.id}",
        hide_index=True,
        height="content" if len(kept) <= 10 else 390,
        on_select="rerun",
        selection_mode="multi-row",
        alt=plain("runs.checkpoints_alt"),
    ).selection.rows
    total = sum(each.checkpoint.size_bytes for each in kept)
    st.caption(t("runs.checkpoints_size", count=len(kept), size=size(total)))
    with acts:
        _acts(run, [kept[row] for row in marked if row < len(kept)])


def _table(run: Run, kept: Sequence[Kept]) -> dict[str, list[str]]:
    scores = scored.by_step(run)
    columns = {
        plain("runs.column_step"): [number(each.checkpoint.step) for each in kept],
        plain("runs.column_epoch"): [str(each.checkpoint.epoch) for each in kept],
        plain("runs.column_validation"): [_loss(each.checkpoint.validation_loss) for each in kept],
        plain("runs.column_mark"): [_marks(each) for each in kept],
    }
    for measure in MEASURES:
        values = [scores.get(each.checkpoint.step, {}).get(measure) for each in kept]
        if any(value is not None for value in values):
            words = plain(f"verdict.measure_{measure}")
            columns[words] = [scored.words(measure, value) for value in values]
    columns[plain("runs.column_size")] = [size(each.checkpoint.size_bytes) for each in kept]
    return columns


def _loss(value: float | None) -> str:
    return "–" if value is None else number(value, 3)


def _marks(each: Kept) -> str:
    told = [
        (each.is_chosen, "runs.mark_used"),
        (each.checkpoint.is_best, "runs.mark_best"),
        (each.checkpoint.is_inside_epoch, "runs.mark_inside"),
    ]
    return " · ".join(plain(words) for holds, words in told if holds)


def _acts(run: Run, marked: Sequence[Kept]) -> None:
    """Draw the buttons; they stay where they are, whatever is marked."""
    one = marked[0] if len(marked) == 1 else None
    step = one.checkpoint.step if one else 0
    is_used = one is not None and one.is_chosen
    st.button(
        t("runs.use_not" if is_used else "runs.use"),
        key=f"runs_use_{run.id}",
        icon=":material/check:",
        help=t("runs.use_help"),
        disabled=one is None,
        on_click=keeping.use,
        args=(run.id, None if is_used else step),
    )
    if st.button(
        t("runs.resume_here"),
        key=f"runs_resume_here_{run.id}",
        icon=":material/play_arrow:",
        disabled=one is None or not run.can_resume,
    ):
        st.dialog(plain("runs.resume_title", run=run.id))(_confirm_resume)(run.id, step)
    if st.button(
        t("runs.continue"),
        key=f"runs_continue_{run.id}",
        icon=":material/fork_right:",
        disabled=one is None,
    ):
        continue_from(run, f"step-{step}")
    if st.button(
        t("runs.checkpoints_delete"),
        key=f"runs_delete_checkpoints_{run.id}",
        icon=":material/delete:",
        disabled=not marked or run.is_active,
    ):
        steps = [each.checkpoint.step for each in marked]
        st.dialog(plain("runs.checkpoints_delete_title"))(_confirm_delete)(run.id, steps)


def continue_from(run: Run, checkpoint: str) -> None:
    """Ask before a run is continued as a new one: what it learned may fade."""
    st.dialog(plain("runs.continue_title", run=run.id))(_confirm_continue)(run.id, checkpoint)


def _confirm_resume(run_id: int, step: int) -> None:
    with guarded():
        run = watching.read(run_id)
        later = [each for each in keeping.kept(run) if each.checkpoint.step > step]
        st.markdown(t("runs.resume_words", run=run_id, step=step, count=len(later)))
        if is_confirmed("runs_resume_here", t("runs.resume")):
            watching.resume(run_id, f"step-{step}")
            st.rerun()


def _confirm_continue(run_id: int, checkpoint: str) -> None:
    with guarded():
        run = watching.read(run_id)
        st.markdown(t("runs.continue_words", run=run_id))
        for file in run.config.data:
            words = t("runs.continue_data", dataset=file.dataset, rows=file.rows)
            st.markdown(f"- {words} :gray[{t(f'shell.role_{file.role}')}]")
        st.markdown(t("runs.continue_fade"))
        if is_confirmed("runs_continue", t("runs.continue_confirm")):
            address = {"from": str(run_id)} | ({"checkpoint": checkpoint} if checkpoint else {})
            st.switch_page(link("launch"), query_params=address)


def _confirm_delete(run_id: int, steps: Sequence[int]) -> None:
    with guarded():
        run = watching.read(run_id)
        there = keeping.kept(run)
        gone = [each for each in there if each.checkpoint.step in steps]
        st.markdown(
            t(
                "runs.checkpoints_delete_words",
                count=len(gone),
                run=run_id,
                title=run.title,
                steps=", ".join(number(each.checkpoint.step) for each in gone),
                size=size(sum(each.checkpoint.size_bytes for each in gone)),
            )
        )
        if run.can_resume:
            left = [each.checkpoint.step for each in there if each not in gone]
            st.caption(
                t("runs.resume_then", step=left[-1]) if left else t("runs.resume_then_start")
            )
        if any(each.is_chosen for each in gone):
            st.caption(t("runs.chosen_stays"))
        if is_confirmed("runs_delete_checkpoints", t("runs.checkpoints_delete")):
            keeping.delete_checkpoints(run_id, steps)
            st.rerun()


def is_confirmed(key: str, words: str) -> bool:
    """Draw the two buttons of a dialog; True when the second was pressed."""
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("shell.cancel"), key=f"{key}_cancel"):
            st.rerun()
        return st.button(words, key=f"{key}_confirm", type="primary")
