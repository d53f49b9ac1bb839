"""Check: what a person would be ashamed of, found, counted and repaired."""

import streamlit as st

from dashboard import state
from dashboard.check import checking, judge_job
from dashboard.check.checking import UNDO
from dashboard.check.dataset_charts import dataset_charts
from dashboard.check.finding_list import finding_list
from dashboard.check.judge_progress import judge_progress
from dashboard.check.whole_findings import whole_findings
from dashboard.format import number, percent
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state
from dashboard.text import plain, t
from store import datasets, settings
from store.charts import Charts
from store.types import Dataset, DatasetSummary


def ask_dataset(summaries: tuple[DatasetSummary, ...]) -> Dataset | None:
    """Ask which dataset is meant; the answer stays in the address. None means all."""
    by_name = {summary.dataset.name: summary.dataset for summary in summaries}
    chosen = st.selectbox(
        t("review.dataset"),
        list(by_name),
        index=None,
        placeholder=plain("review.all_datasets"),
        label_visibility="collapsed",
        key=checking.DATASET,
        bind="query-params",
        width=320,
    )
    return by_name.get(chosen or "")


def draw_numbers(charts: Charts) -> None:
    """Draw how many pairs were looked at, and how they fared."""
    model = (settings.get(state.store(), "judged_by") or "").partition(" ")[2]
    found, share, quality, lengths = st.columns(4)
    found.metric(plain("check.checked"), number(charts.judged))
    flagged = charts.flagged / charts.pairs if charts.pairs else 0.0
    share.metric(plain("check.with_finding"), number(charts.flagged), percent(flagged),
                 delta_color="off", delta_arrow="off")  # fmt: skip
    quality.metric(
        plain("check.quality"),
        "–" if charts.quality is None else number(charts.quality, 2),
        help=t("check.quality_help"),
    )
    lengths.metric(
        plain("check.tokens"),
        model or plain("check.estimated"),
        help=t("check.tokens_help_counted" if model else "check.tokens_help_estimated"),
    )


def draw_undo() -> None:
    """Offer to take the last repair of this session back."""
    for _, code, count in st.session_state.get(UNDO, ()):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            words = t("check.fixed", count=count, finding=plain(f"finding.{code}"))
            st.markdown(f":green[:material/check_circle:] {words}")
            st.button(t("shell.undo"), key="check_undo", on_click=checking.take_back)


page_header("check")
summaries = datasets.summaries(state.store())
if not any(summary.total for summary in summaries):
    with empty_state(t("review.empty"), "troubleshoot"):
        to_page("import", t("review.to_import"))
    st.stop()

dataset = ask_dataset(summaries)
shown = [s for s in summaries if dataset is None or s.dataset.id == dataset.id]
judge_progress(judge_job.ensure())
charts = checking.pictured(dataset)
draw_numbers(charts)
draw_undo()
findings, pictures = st.tabs(
    [plain("check.findings"), plain("check.charts")], key="check_tab", on_change="rerun"
)
if findings.open:
    with findings:
        whole_findings(shown)
        if not charts.flags and charts.judged == charts.pairs:
            empty_state(t("check.clean"), "verified")
        finding_list(charts, dataset)
else:
    with pictures:
        dataset_charts(charts, shown)
