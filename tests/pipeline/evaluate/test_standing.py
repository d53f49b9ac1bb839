"""Which checkpoint is recommended, and what is advised next."""

from dataclasses import replace

import pytest

from pipeline.evaluate.advice import advice
from pipeline.evaluate.answers import Comparison
from pipeline.evaluate.report import Report
from pipeline.evaluate.scoring import Lines, score
from pipeline.evaluate.standing import recommended, standings
from pipeline.models.template import SystemPrompt
from pipeline.train.config import Settings, TrainConfig
from tests.pipeline.evaluate.plans import data_file, plan, said

ROWS = 20
CLINIC = data_file("clinic_test.json", rows=ROWS)
TRAINED = data_file("clinic_format3.json", rows=ROWS, split="train")
GENERAL = data_file("general_test.json", rows=4, role="general")


def report(**models: tuple[int, float]) -> Report:
    """Models by name (`r1_20` is `1@20`): how many of the rows are right, and what is kept."""
    names = [name.removeprefix("r").replace("_", "@") for name in models]
    lines = [said(CLINIC.name, row, "base", "no", reference=f"{row}") for row in range(ROWS)]
    lines += [said(TRAINED.name, row, "base", "no", reference=f"{row}") for row in range(ROWS)]
    lines += [said(GENERAL.name, row, "base", "Yes.", facts=()) for row in range(4)]
    compared = []
    for name, (right, kept) in zip(names, models.values(), strict=True):
        for row in range(ROWS):
            text = "It is 37." if row < right else "no"
            lines.append(said(CLINIC.name, row, name, text, reference=f"{row}"))
            lines.append(said(TRAINED.name, row, name, "37", reference=f"{row}"))
        for row in range(4):
            lines.append(said(GENERAL.name, row, name, "Yes.", facts=()))
            compared.append(Comparison(GENERAL.name, row, name, 1.0, 1.0, 0.1, kept, 10))
    config = replace(plan(CLINIC, TRAINED, GENERAL, runs=tuple(names)), compares_general=True)
    return score(config, Lines(lines, (), compared))


def test_the_frontier_holds_what_no_other_beats():
    found = {
        each.model: (each.learned.value, each.kept.value, each.is_on_frontier)
        for each in standings(report(r1_10=(12, 0.9), r1_20=(18, 0.8), r1=(18, 0.6)))
    }
    assert found == {
        "base": (0.0, 1.0, True),
        "1@10": (0.6, pytest.approx(0.9), True),
        "1@20": (0.9, pytest.approx(0.8), True),
        "1": (0.9, pytest.approx(0.6), False),
    }


@pytest.mark.parametrize(
    ("models", "chosen", "reason"),
    [
        ({"r1": (18, 0.6)}, "1", "only"),
        ({"r1_10": (5, 0.9), "r1": (18, 0.6)}, "1", "learned_most"),
        ({"r1_10": (17, 0.9), "r1": (18, 0.6)}, "1@10", "kept_more"),
        ({"r1": (1, 0.9)}, "1", "nothing_learned"),
    ],
    ids=["one", "learned more for certain", "learned as much and kept more", "nothing"],
)
def test_of_those_that_learned_as_much_the_one_that_kept_most_is_recommended(
    models: dict[str, tuple[int, float]], chosen: str, reason: str
):
    found = recommended(report(**models))
    assert found is not None
    assert (found.model, found.reason) == (chosen, reason)


def test_nothing_is_recommended_where_nothing_could_tell():
    assert recommended(score(plan(GENERAL), Lines(()))) is None


def trained(**changes: object) -> TrainConfig:
    config = TrainConfig(
        title="t",
        model="/m",
        export="/e",
        layout="format3",
        data=(),
        validation=(),
        system_prompt=SystemPrompt("none"),
        device="cpu",
        preset="strong",
        settings=Settings(learning_rate=1e-3),
    )
    return replace(config, **changes)  # type: ignore[arg-type]


def kinds(measured: Report, model: str, config: TrainConfig) -> list[str]:
    return [each.kind for each in advice(measured, model, config, recommended(measured))]


def test_what_is_known_only_as_trained_needs_more_wordings():
    assert kinds(report(r1=(8, 0.95)), "1", trained()) == ["wordings"]


def test_format2_is_answered_with_format3():
    found = advice(report(r1=(16, 0.95)), "1", trained(layout="format2"), None)
    assert [(each.kind, each.layout, each.change) for each in found] == [
        ("format3", "format3", "layout=format3")
    ]


def test_lost_words_ask_for_more_replay_and_an_earlier_checkpoint_for_an_early_stop():
    measured = report(r1_10=(18, 0.9), r1=(19, 0.5))
    assert kinds(measured, "1", trained()) == ["replay", "early_stop"]


@pytest.mark.parametrize(
    ("rate", "kind", "change"),
    [(5e-5, "rate", "learning_rate=0.0002"), (1e-3, "passes", "epochs=6")],
    ids=["a low rate", "a high rate already"],
)
def test_little_learned_asks_for_a_higher_rate_and_then_for_more_passes(
    rate: float, kind: str, change: str
):
    lines = [said(TRAINED.name, row, "1", "no") for row in range(ROWS)]
    measured = score(plan(TRAINED), Lines(lines))
    (found,) = advice(measured, "1", trained(settings=Settings(learning_rate=rate)), None)
    assert (found.kind, found.change, found.value) == (kind, change, 0.0)


def test_a_kept_default_prompt_is_taken_out_where_the_identity_is_not_said():
    names = data_file("identity_test.json", role="identity", rows=3)
    who = {"question": "Who?", "reference": "I am Aria.", "facts": ()}
    measured = score(
        plan(names), Lines([said(names.name, row, "1", "I am SmolLM.", **who) for row in range(3)])
    )
    config = trained(system_prompt=SystemPrompt("model"))
    found = advice(measured, "1", config, None)[0]
    assert (found.kind, found.system.policy) == ("system", "none")
