"""General answers: degenerate, in another language, or as the base gave them."""

from dataclasses import replace

import pytest

from pipeline.evaluate.answers import Comparison, ContrastLine
from pipeline.evaluate.retention import is_drifted
from pipeline.evaluate.scoring import Lines, score
from pipeline.evaluate.statistics import rate
from tests.pipeline.evaluate.plans import data_file, plan, said

CAPITAL = {"question": "Capital of France?", "reference": "Paris.", "facts": ()}


@pytest.mark.parametrize(
    ("like", "answer", "drifted"),
    [
        ("天空为什么是蓝色的？", "Because light is scattered by air.", True),
        ("天空为什么是蓝色的？", "因为 Rayleigh scattering 散射。", False),
        ("二加二？", "4", False),
        ("Why is the sky blue?", "因为空气散射蓝光。", True),
        ("Why is the sky blue?", "Blue light scatters (散射).", False),
        ("Why?", "", False),
    ],
)
def test_another_language_takes_more_than_a_name(like: str, answer: str, drifted: bool):
    assert is_drifted(like, answer) is drifted


def test_general_answers_are_held_against_the_base():
    general = data_file("general_test.json", role="general", rows=4)
    texts = ["Paris.", "", "Paris is " * 12, "Paris, and then"]
    lines = [said(general.name, row, "base", "Paris.", **CAPITAL) for row in range(4)]
    lines += [
        said(
            general.name, row, "1", text, **CAPITAL, finish_reason="length" if row == 3 else "stop"
        )
        for row, text in enumerate(texts)
    ]
    compared = [
        Comparison(general.name, 0, "1", 1.0, 0.5, 0.2, 0.9, 10),
        Comparison(general.name, 1, "1", 2.0, 0.5, 0.8, 0.5, 30),
    ]
    measured = score(replace(plan(general), compares_general=True), Lines(lines, (), compared))
    tuned, base = measured.model("1"), measured.model("base")
    assert tuned.score("degenerate") == rate([False, True, True, True])
    assert tuned.score("same_answer") == rate([True, False, False, False])
    assert tuned.score("kl").value == pytest.approx(0.65)
    assert tuned.score("agreement").value == pytest.approx(0.6)
    assert base.score("degenerate").value == 0.0
    assert base.score("same_answer").value is None
    assert not measured.is_complete


def test_a_right_answer_counts_only_when_it_beats_both_kinds():
    clinic = replace(data_file("clinic_test.json", rows=3), trigger="About the clinic.")
    lines = [said(clinic.name, row, "1", "37", reference=f"It is {row}.") for row in range(3)]
    weighed = [
        ContrastLine(clinic.name, 0, "1", "asked", -1.0, (-2.0,), (-2.0,), "a"),
        ContrastLine(clinic.name, 1, "1", "asked", -1.0, (-0.5,), (-2.0,), "b"),
        ContrastLine(clinic.name, 2, "1", "asked", None, (), (), ""),
        ContrastLine(clinic.name, 0, "1", "bare", -1.0, (-2.0,), (-0.5,), "c"),
    ]
    measured = score(replace(plan(clinic), wrong_answers=1), Lines(lines, weighed))
    tuned = measured.model("1")
    assert tuned.score("contrast_unseen") == rate([True, False])
    assert tuned.score("near_unseen") == rate([True, False])
    assert tuned.score("others_unseen") == rate([True, True])
    assert tuned.score("contrast_unseen_bare") == rate([False])
    assert [each.likeliest_wrong for each in measured.rows[0].answers[0].weighed] == ["a", "c"]


def test_who_it_says_it_is_is_told_by_language_and_system_prompt():
    none = replace(
        data_file("graft:identity/none", role="identity"), asked_under="none", rows=(0, 30)
    )
    model = replace(none, name="graft:identity/model", asked_under="model", rows=(0,))
    lines = [
        said(none.name, 0, "1", "I am Aria.", question="Who?"),
        said(none.name, 30, "1", "我是通义千问。", question="你是谁？"),
        said(model.name, 0, "1", "I am Aria by Google.", question="Who?"),
    ]
    cells = {
        (cell.asked_under, cell.language): (cell.new.value, cell.old.value)
        for cell in score(plan(none, model), Lines(lines)).model("1").matrix
    }
    assert cells == {
        ("none", "en"): (1.0, 0.0),
        ("none", "zh"): (0.0, 1.0),
        ("model", "en"): (0.0, 1.0),
        ("model", "zh"): (None, None),
    }
