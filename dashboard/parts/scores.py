"""An evaluation in words and figures: three sentences first, then the table of all measures."""

from typing import Literal, get_args

import streamlit as st

from dashboard.format import number, percent
from dashboard.text import plain, t
from pipeline.evaluate.config import BASE
from pipeline.evaluate.report import LOWER_IS_BETTER, Measure, ModelReport, Report
from pipeline.evaluate.statistics import Score

TABLE: tuple[Measure, ...] = get_args(Measure)
OVERLAPS: frozenset[Measure] = frozenset(("chrf", "bleu4", "rouge1", "rouge2", "rouge_l"))
LOSSES: frozenset[Measure] = frozenset(("general_loss", "loss", "base_loss", "kl"))


Concern = Literal["who", "knows", "lost"]
_ICONS: dict[Concern, str] = {"who": "badge", "knows": "school", "lost": "public"}


def three_sentences(report: Report, model: str) -> None:
    """Draw who it is, whether it knows, and what it lost, each with its figures."""
    tuned, base = report.model(model), report.model(BASE)
    said: dict[Concern, list[str]] = {
        "who": _who(report, tuned, base),
        "knows": _knows(report, tuned, base),
        "lost": _lost(report, tuned, base),
    }
    for column, (concern, lines) in zip(st.columns(3), said.items(), strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            _headline(concern, tuned, base)
            for line in lines:
                st.markdown(line)


def three_figures(report: Report, model: str) -> None:
    """Draw the three figures alone: the base's, and what became of it."""
    tuned, base = report.model(model), report.model(BASE)
    for column, concern in zip(st.columns(3), _ICONS, strict=True):
        with column.container(gap="xsmall"):
            _headline(concern, tuned, base)


def score_table(report: Report, names: dict[str, str]) -> None:
    """Draw every measure for the base and each adapter, with its interval beneath the value."""
    rows = [m for m in TABLE if any(each.score(m).n for each in report.models)]
    columns = {
        names[each.model]: [figure(m, each.score(m)) for m in rows] for each in report.models
    }
    measures = [f"{plain(f'verdict.measure_{m}')} {_arrow(m)}" for m in rows]
    asked = [str(max(each.score(m).n for each in report.models)) for m in rows]
    table = {plain("verdict.measure"): measures, **columns, plain("verdict.questions"): asked}
    st.dataframe(
        table,
        key="verdict_scores",
        hide_index=True,
        height="content",
        alt=plain("verdict.table_alt"),
    )


def figure(measure: Measure, score: Score) -> str:
    """Return a score as `92 % (75–98)`; a dash where nothing was measured."""
    if score.value is None:
        return "–"
    if measure not in OVERLAPS | LOSSES:
        low, high = score.low or 0.0, score.high or 0.0
        return f"{percent(score.value)} ({low * 100:.0f}–{high * 100:.0f})"
    digits = 1 if measure in OVERLAPS else 2
    if score.low is None or score.high is None:
        return number(score.value, digits)
    spread = f"{number(score.low, digits)}–{number(score.high, digits)}"
    return f"{number(score.value, digits)} ({spread})"


def _arrow(measure: Measure) -> str:
    return "↓" if measure in LOWER_IS_BETTER else "↑"


def _headline(concern: Concern, tuned: ModelReport, base: ModelReport) -> None:
    """Draw a question with the base's figure in grey and the adapter's in the accent."""
    known: Measure = "facts_unseen" if tuned.score("facts_unseen").n else "facts_trained"
    measures: dict[Concern, Measure] = {"who": "identity", "knows": known, "lost": "general_loss"}
    measure = measures[concern]

    def shown(score: Score) -> str:
        if score.value is None:
            return "–"
        return number(score.value, 2) if measure in LOSSES else percent(score.value)

    before, after = base.score(measure), tuned.score(measure)
    st.caption(f":material/{_ICONS[concern]}: {t(f'verdict.{concern}')}")
    if after.value is None:
        st.markdown("## :gray[–]")
    else:
        arrow = ":material/arrow_right_alt:"
        st.markdown(f"## :gray[{shown(before)} {arrow}] :primary[{shown(after)}]")


def _none(report: Report, name: str) -> list[str]:
    """Why there is no figure: nothing to ask, or not asked yet."""
    return [t(f"verdict.{name}_none" if report.is_complete else "verdict.not_yet")]


def _who(report: Report, tuned: ModelReport, base: ModelReport) -> list[str]:
    asked = tuned.score("identity")
    if not asked.n:
        return _none(report, "who")
    name = report.identity.names[0] if report.identity else ""
    lines = [t("verdict.who_words", name=name, **_against(asked, base.score("identity")))]
    by_language: list[tuple[str, Measure]] = [
        ("verdict.in_english", "identity_en"),
        ("verdict.in_chinese", "identity_zh"),
    ]
    parts = [
        t(key, right=_right(score), n=score.n)
        for key, measure in by_language
        if (score := tuned.score(measure)).n
    ]
    lines.append(" · ".join(parts))
    if right := _right(tuned.score("old_name")):
        lines.append(t("verdict.who_old", count=right))
    if right := _right(tuned.score("leakage")):
        lines.append(t("verdict.who_leak", count=right, n=tuned.score("leakage").n))
    return lines


def _knows(report: Report, tuned: ModelReport, base: ModelReport) -> list[str]:
    trained, unseen = tuned.score("facts_trained"), tuned.score("facts_unseen")
    if not trained.n and not unseen.n:
        return _none(report, "knows")
    lines = []
    if unseen.n:
        facts = _against(unseen, base.score("facts_unseen"))
        lines.append(t("verdict.knows_unseen", **facts))
    weighed = tuned.score("contrast_unseen")
    if weighed.n:
        facts = _against(weighed, base.score("contrast_unseen"))
        lines.append(t("verdict.knows_contrast", **facts))
    if trained.n:
        facts = _against(trained, base.score("facts_trained"))
        lines.append(t("verdict.knows_trained", **facts))
    new = tuned.score("facts_new")
    if new.n:
        lines.append(t("verdict.knows_new", **_against(new, base.score("facts_new"))))
    return lines


def _lost(report: Report, tuned: ModelReport, base: ModelReport) -> list[str]:
    after, before = tuned.score("general_loss"), base.score("general_loss")
    change = tuned.against_base.get("general_loss")
    if change is None or change.value is None or after.value is None or before.value is None:
        return _none(report, "lost")
    low, high = change.low or 0.0, change.high or 0.0
    kind = "same" if low <= 0 <= high else "worse" if change.value > 0 else "better"
    values = {
        "before": number(before.value, 2),
        "after": number(after.value, 2),
        "low": _signed(low),
        "high": _signed(high),
        "count": change.n,
    }
    lines = [t(f"verdict.lost_{kind}", **values), t("verdict.lost_interval", **values)]
    return [*lines, *_kept(tuned)]


def _kept(tuned: ModelReport) -> list[str]:
    """What the base's own answers tell, where they were compared."""
    agreement, lines = tuned.score("agreement"), []
    if agreement.value is not None:
        words = {
            "share": percent(agreement.value),
            "low": percent(agreement.low or 0.0),
            "high": percent(agreement.high or 0.0),
        }
        lines.append(t("verdict.lost_agreement", **words))
    for measure in ("degenerate", "drifted"):
        if right := _right(tuned.score(measure)):
            n = tuned.score(measure).n
            lines.append(t(f"verdict.lost_{measure}", count=right, n=n))
    return lines


def _against(score: Score, base: Score) -> dict[str, object]:
    """The figures of a rate beside the base's, as the sentences take them."""
    return {
        "right": _right(score),
        "count": score.n,
        "low": percent(score.low or 0.0),
        "high": percent(score.high or 0.0),
        "base": _right(base),
    }


def _right(score: Score) -> int:
    return 0 if score.value is None else round(score.value * score.n)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
