"""Reading a report row by row."""

import pytest

from pipeline.evaluate.outcomes import RowFilter, counts, flags, matching, outcome
from pipeline.evaluate.report import Report
from pipeline.evaluate.scoring import Lines, score
from tests.pipeline.evaluate.plans import data_file, plan, said


@pytest.fixture
def report() -> Report:
    """Four rows of a field: learned, lost, right in both, wrong in both; and a general one."""
    clinic = data_file("clinic_test.json", rows=4)
    general = data_file("general_test.json", rows=1, role="general")
    said_of = [("no", "37"), ("37", "no"), ("37", "37"), ("no", "no")]
    answers = [
        said(clinic.name, row, model, text)
        for row, pair in enumerate(said_of)
        for model, text in zip(("base", "1"), pair, strict=True)
    ]
    paris = {"question": "Capital?", "reference": "Paris.", "facts": ()}
    answers += [
        said(general.name, 0, "base", "Paris.", **paris),
        said(general.name, 0, "1", "I am Aria. Paris.", finish_reason="length", **paris),
    ]
    return score(plan(clinic, general), Lines(answers))


def test_a_row_is_judged_from_the_base_to_the_adapter(report: Report):
    assert [outcome(row, "1") for row in report.rows] == [
        "learned", "lost", "kept", "not_learned", "unjudged",
    ]  # fmt: skip


def test_counts_are_of_every_outcome(report: Report):
    assert counts(report.rows, "1") == {
        "learned": 1, "lost": 1, "kept": 1, "not_learned": 1, "unjudged": 1,
    }  # fmt: skip


def test_a_leak_and_a_cut_answer_are_flagged(report: Report):
    assert flags(report.rows[4], "1") == ("leak", "cut", "degenerate")
    assert flags(report.rows[4], "base") == ()


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        (RowFilter(), [0, 1, 2, 3, 4]),
        (RowFilter(outcomes=("lost",)), [1]),
        (RowFilter(roles=("general",)), [4]),
        (RowFilter(flags=("leak",)), [4]),
        (RowFilter(splits=("train",)), []),
        (RowFilter(text=" PARIS "), [4]),
        (RowFilter(outcomes=("learned", "kept"), text="what"), [0, 2]),
    ],
    ids=["all", "outcome", "role", "flag", "split", "text", "outcome and text"],
)
def test_filters_combine(report: Report, wanted: RowFilter, places: list[int]):
    assert [report.rows.index(row) for row in matching(report.rows, "1", wanted)] == places
