"""Verdict: who is it, does it know, what did it lose."""

from pathlib import Path

import streamlit as st

from dashboard import serving
from dashboard.guard import guarded
from dashboard.parts.export_mark import export_mark
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state
from dashboard.parts.scores import score_table, three_sentences
from dashboard.said import said
from dashboard.text import has, literal, plain, t
from dashboard.verdict import evaluating, following
from dashboard.verdict.evaluating import Shown
from dashboard.verdict.evaluation_form import ask_evaluation, ask_filter
from dashboard.verdict.identity_matrix import identity_matrix
from dashboard.verdict.next_steps import next_steps, recommendation
from dashboard.verdict.report_rows import row_card
from dashboard.verdict.run_comparison import run_comparison
from dashboard.verdict.standing_chart import standing_chart
from pipeline.evaluate import outcomes
from pipeline.evaluate.advice import advice
from pipeline.evaluate.config import BASE
from pipeline.evaluate.report import Report
from pipeline.evaluate.standing import Recommendation, recommended, standings
from pipeline.evaluate.state import LOG_NAME, Evaluation
from pipeline.processes import log_tail

PAGE_SIZE = 8


def draw_live(evaluation_id: int) -> None:
    """Draw how far a running evaluation is; once it is over the whole page is drawn again."""
    with guarded():
        running = evaluating.read(evaluation_id)
        if not running.is_active:
            st.rerun()
        st.progress(running.share, text=progress_words(running))
        st.button(
            t("verdict.stop"),
            key="verdict_stop",
            icon=":material/stop:",
            disabled=running.state == "stopping",
            on_click=evaluating.stop,
            args=(evaluation_id,),
        )


def progress_words(running: Evaluation) -> str:
    """Say what is going on, how far it is and how long it will still take."""
    if running.state == "queued":
        return t("queue.waits")
    if running.state == "stopping":
        return t("verdict.stopping")
    if not running.progress.done:
        return t("verdict.loading")
    values = {"done": running.progress.done, "total": running.of}
    left = evaluating.seconds_left(running)
    if left is None:
        return t("verdict.progress", **values)
    return t("verdict.progress_left", left=left, **values)


def draw_ended(evaluation: Evaluation) -> None:
    """Draw how an evaluation ended that did not finish, and the way on."""
    if evaluation.failure:
        known = f"verdict.error_{evaluation.failure.error}"
        words = t(known) if has(known) else literal(said(evaluation.failure.message))
        st.error(f"{t('verdict.failed')} {words}", icon=":material/error:")
        with st.expander(t("verdict.failed_log"), key="verdict_log"):
            lines = "\n".join(log_tail(evaluation.folder / LOG_NAME)) or plain("runs.log_none")
            st.code(lines, language=None, wrap_lines=True)
    st.button(
        t("verdict.resume"),
        key="verdict_resume",
        icon=":material/play_arrow:",
        help=t("verdict.resume_help"),
        on_click=evaluating.resume,
        args=(evaluation.id,),
    )


def draw_report(shown: Shown) -> None:
    """Draw the three sentences, the table, and the rows."""
    report = shown.report
    adapters = [each.model for each in report.models if each.model != BASE]
    if not adapters:
        return
    best = recommended(report)
    model = ask_model(adapters, shown, best.model if best else adapters[-1])
    if not report.is_complete:
        st.caption(f":orange[:material/info: {t('verdict.partial')}]")
    three_sentences(report, model)
    draw_choice(shown, model, best)
    for note in report.notes:
        st.caption(f":material/info: {literal(said(note))}")
    st.subheader(t("verdict.measures"), anchor=False)
    score_table(report, shown.names)
    st.caption(t("verdict.table_words"))
    identity_matrix(report, model, shown.names)
    run_comparison(evaluating.evaluated(report.export), serving.run_names())
    st.subheader(t("verdict.rows"), anchor=False)
    draw_rows(report, model, shown.names)


def ask_model(adapters: list[str], shown: Shown, best: str) -> str:
    """Ask which model is read; the recommended one at first."""
    if len(adapters) == 1:
        return adapters[0]
    key = f"verdict_model_{'_'.join(adapters)}"
    return st.selectbox(
        t("verdict.rows_of"),
        adapters,
        index=adapters.index(best),
        format_func=shown.names.__getitem__,
        key=key,
        width=480,
    )


def draw_choice(shown: Shown, model: str, best: Recommendation | None) -> None:
    """Draw learned against kept, which model to use and why, and what to try next."""
    report = shown.report
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(t("verdict.standing_title"), anchor=False)
        standing_chart(standings(report), shown.names, best.model if best else None)
        st.caption(t("verdict.standing_words"))
    with right:
        if best:
            step = shown.steps[best.model]
            is_used = following.is_used(best.model, step)
            recommendation(best, shown.names, step=step, is_used=is_used)
        run = evaluating.run_of_model(model)
        if run:
            end = evaluating.end_of(report, run)
            next_steps(advice(report, end or model, run.config, best), run)


def draw_rows(report: Report, model: str, names: dict[str, str]) -> None:
    """Draw the rows that the filters mean, a page at a time."""
    counts = outcomes.counts(report.rows, model)
    ask_filter(counts)
    rows = outcomes.matching(report.rows, model, evaluating.wanted())
    st.caption(t("verdict.rows_count", count=len(rows)) if rows else t("verdict.rows_none"))
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    number = min(st.session_state.get("verdict_page", 1), pages)
    for row in rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]:
        row_card(row, (BASE, model), names, key=f"verdict_row_{row.file}_{row.row}")
    if pages > 1:
        st.pagination(pages, default=number, key="verdict_page")


header = page_header("verdict")
choices = serving.choices()
evaluations = evaluating.listed()
if not choices and not evaluations:
    with empty_state(t("verdict.no_runs"), "balance"):
        to_page("launch", t("verdict.train"))
    st.stop()
if not evaluations:
    empty_state(t("verdict.empty"), "balance")
    with st.container(width=720):
        ask_evaluation(choices)
    st.stop()
if choices:
    with (
        header,
        st.popover(t("verdict.choose"), type="primary", key="verdict_new", width="content"),
    ):
        ask_evaluation(choices)

key = f"verdict_chosen_{evaluations[0].id}"
words = {each.id: evaluating.words(each) for each in evaluations}
chosen_id = st.selectbox(
    t("verdict.evaluation"),
    list(words),
    index=evaluating.chosen_index(evaluations),
    format_func=words.__getitem__,
    key=key,
    on_change=evaluating.choose,
    args=(key,),
    width=480,
)
chosen = evaluating.read(chosen_id)
if chosen.is_active:
    st.fragment(draw_live, run_every=1.5)(chosen.id)
elif chosen.state != "finished":
    draw_ended(chosen)
if not chosen.is_active and chosen.progress.done:
    export_mark(Path(chosen.config.export))
    draw_report(evaluating.shown(chosen))
evaluating.settle()
