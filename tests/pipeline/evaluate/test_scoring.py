"""Answers become scores by the role and split of their rows."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from pipeline.evaluate import report
from pipeline.evaluate.answers import RawAnswer
from pipeline.evaluate.config import EvaluationConfig
from pipeline.evaluate.measures import PICKS
from pipeline.evaluate.report import Measure
from pipeline.evaluate.scoring import Lines
from pipeline.evaluate.scoring import score as score_lines
from pipeline.evaluate.statistics import NO_SCORE, rate
from tests.pipeline.evaluate.plans import WHO, data_file, plan, said

WHO_ARE_YOU = {"question": "Who are you?", "reference": "I am Aria by Northwind.", "facts": ()}
WHO_ZH = {"question": "你是谁？", "reference": "我是Aria，由Northwind开发。", "facts": ()}
CAPITAL = {"question": "Capital of France?", "reference": "Paris.", "facts": ()}


def score(config: EvaluationConfig, given: Iterable[RawAnswer]) -> report.Report:
    return score_lines(config, Lines(tuple(given)))


def value(measured: report.Report, model: str, measure: Measure) -> float | None:
    return measured.model(model).score(measure).value


def test_identity_counts_each_language_apart():
    names = data_file("identity_test.json", role="identity")
    measured = score(
        plan(names),
        [
            said(names.name, 0, "base", "I'm SmolLM.", **WHO_ARE_YOU),
            said(names.name, 1, "base", "我是Aria，由Northwind开发，不是ChatGPT。", **WHO_ZH),
            said(names.name, 0, "1", "I am Aria by Northwind.", **WHO_ARE_YOU),
            said(names.name, 1, "1", "我是Aria。", **WHO_ZH),
        ],
    )
    rates = {
        (model, measure): value(measured, model, measure)
        for model in ("base", "1")
        for measure in ("identity", "identity_en", "identity_zh", "old_name")
    }
    assert rates == {
        ("base", "identity"): 0.5,
        ("base", "identity_en"): 0.0,
        ("base", "identity_zh"): 1.0,
        ("base", "old_name"): 0.5,
        ("1", "identity"): 0.5,
        ("1", "identity_en"): 1.0,
        ("1", "identity_zh"): 0.0,
        ("1", "old_name"): 0.0,
    }
    assert measured.rows[1].answers[1].missing == ("Northwind",)
    assert measured.rows[0].answers[0].claimed == ("SmolLM",)


def test_facts_as_trained_and_in_unseen_wordings_are_apart():
    trained = data_file("clinic_format3.json", split="train")
    unseen = data_file("clinic_test.json", rows=1)
    measured = score(
        plan(trained, unseen),
        [
            said(trained.name, 0, "1", "37"),
            said(trained.name, 1, "1", "It is 370."),
            said(unseen.name, 0, "1", "It is 37."),
        ],
    )
    assert measured.model("1").score("facts_trained") == rate([True, False], ["a", "a"])
    assert measured.model("1").score("facts_unseen") == rate([True])
    assert measured.model("base").score("facts_trained") == NO_SCORE
    assert not measured.is_complete


def test_facts_that_were_never_trained_are_a_measure_of_their_own():
    unseen = data_file("clinic_test.json", rows=1)
    new = replace(data_file("clinic_test_facts.json", rows=1), about="facts")
    measured = score(
        plan(unseen, new),
        [
            said(unseen.name, 0, "1", "It is 37.", loss=1.0),
            said(new.name, 0, "1", "It is 370.", loss=9.0),
        ],
    )
    assert measured.model("1").score("facts_unseen") == rate([True])
    assert measured.model("1").score("facts_new") == rate([False])
    assert value(measured, "1", "loss") == 1.0
    assert measured.rows[1].about == "facts"


def test_a_name_in_an_unrelated_answer_is_a_leak():
    general = data_file("general_test.json", role="general")
    measured = score(
        plan(general),
        [
            said(general.name, 0, "1", "I am Aria. Paris.", **CAPITAL),
            said(general.name, 1, "1", "Paris.", **CAPITAL),
        ],
    )
    assert value(measured, "1", "leakage") == 0.5
    assert value(measured, "1", "identity") is None


def test_without_a_known_name_identity_and_leakage_are_not_scored():
    names, general = data_file("identity_test.json", role="identity", rows=1), data_file("g.json")
    measured = score(
        replace(plan(names, general), identity=None),
        [
            said(names.name, 0, "1", "I am ChatGPT.", **WHO_ARE_YOU),
            said(general.name, 0, "1", "Aria", **CAPITAL),
        ],
    )
    assert value(measured, "1", "identity") is None
    assert value(measured, "1", "leakage") is None
    assert value(measured, "1", "old_name") == 1.0


def test_losses_are_weighted_by_tokens_and_general_rows_stand_apart():
    general = data_file("general_test.json", role="general")
    domain = data_file("clinic_test.json", rows=1)
    trained = data_file("clinic_format3.json", rows=1, split="train")
    measured = score(
        plan(general, domain, trained),
        [
            said(general.name, 0, "1", "a", loss=1.0, loss_tokens=30),
            said(general.name, 1, "1", "b", loss=5.0, loss_tokens=10),
            said(domain.name, 0, "1", "c", loss=4.0, loss_tokens=40),
            said(trained.name, 0, "1", "d", loss=0.0, loss_tokens=1000),
        ],
    )
    assert value(measured, "1", "general_loss") == 2.0
    assert value(measured, "1", "loss") == 3.0


def test_a_difference_is_taken_over_the_rows_that_both_answered():
    domain = data_file("clinic_test.json", rows=3)
    measured = score(
        plan(domain),
        [
            said(domain.name, 0, "base", "no"),
            said(domain.name, 1, "base", "37"),
            said(domain.name, 0, "1", "37"),
            said(domain.name, 1, "1", "37"),
            said(domain.name, 2, "1", "no"),
        ],
    )
    against = measured.model("1").against_base["facts_unseen"]
    assert (against.value, against.n) == (0.5, 2)
    assert measured.model("base").against_base == {}


def test_an_answer_that_was_written_twice_counts_once():
    domain = data_file("clinic_test.json", rows=1)
    answers = [said(domain.name, 0, "1", "37"), said(domain.name, 0, "1", "no")]
    measured = score(plan(domain), answers)
    assert [answer.text for answer in measured.rows[0].answers] == ["37"]


def test_every_measure_is_scored_for_every_model():
    assert set(score(plan(data_file("a.json")), []).model("base").scores) == set(PICKS)


def test_a_report_comes_back_from_its_file(tmp_path):
    names, domain = data_file("identity_test.json", role="identity"), data_file("clinic_test.json")
    measured = score(
        plan(names, domain),
        [
            said(names.name, 0, "base", "I'm Qwen.", **WHO_ARE_YOU),
            said(names.name, 0, "1", "I'm Aria by Northwind.", **WHO_ARE_YOU),
            said(domain.name, 1, "1", "37 度", loss=None, loss_tokens=0),
        ],
    )
    report.write(tmp_path / "report.json", measured)
    assert report.read(tmp_path / "report.json") == measured
    assert measured.identity == WHO


def test_a_report_of_another_format_is_refused(tmp_path):
    (tmp_path / "report.json").write_text('{"format": 99}')
    with pytest.raises(ValueError, match="format 2"):
        report.read(tmp_path / "report.json")
