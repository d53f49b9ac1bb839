"""What a person is told before a run starts."""

from dataclasses import replace

import pytest

from pipeline.train.config import DataFile, Settings
from pipeline.train.preflight import Check, Earlier, Facts, checks, may_start, step_count

IDENTITY = DataFile("identity_format2.json", "identity", "identity", "0" * 40, 60)
CLINIC = DataFile("clinic_format3.json", "clinic", "domain", "0" * 40, 50, repeat=2)
HARBOUR = DataFile("harbour_format3.json", "harbour", "domain", "0" * 40, 40)
GOOD = Facts(
    file_count=5,
    changed_files=(),
    data=(IDENTITY, CLINIC),
    test_rows=12,
    settings=Settings(learning_rate=1e-3, epochs=3, batch_rows=8),
    device="cpu",
    policy="none",
    default_prompt="You are SmolLM.",
    earlier=Earlier(4, 0.5),
)


def found(facts: Facts, name: str) -> Check | None:
    return next((check for check in checks(facts) if check.name == name), None)


def test_a_sound_launch_has_only_good_lines():
    assert {check.level for check in checks(GOOD)} == {"good"}
    assert found(GOOD, "rows") == Check(
        "rows", "good", {"count": 160, "datasets": "60 identity, 100 clinic"}
    )
    assert found(GOOD, "time") == Check("time", "good", {"seconds": 240.0, "run": 4})


@pytest.mark.parametrize(
    ("facts", "name", "level"),
    [
        (replace(GOOD, changed_files=("a.json",)), "export", "broken"),
        (replace(GOOD, model_fault="no config.json"), "model", "broken"),
        (replace(GOOD, data=()), "rows", "broken"),
        (replace(GOOD, policy="text"), "system", "broken"),
        (replace(GOOD, test_rows=0), "test", "look"),
        (replace(GOOD, placeholder_rows=2, placeholder="{{name}}"), "placeholders", "look"),
        (replace(GOOD, policy="model"), "prompt", "look"),
        (replace(GOOD, settings=Settings(learning_rate=3e-4)), "rate", "look"),
        (replace(GOOD, data=(CLINIC, HARBOUR)), "domains", "look"),
        (replace(GOOD, earlier=None), "time", "look"),
        (replace(GOOD, busy_runs=(3,)), "queue", "look"),
        (replace(GOOD, busy_runs=(3,), shares_device=True), "device", "look"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_has_its_line_and_only_broken_stops(facts: Facts, name: str, level: str):
    check = found(facts, name)
    assert check is not None
    assert check.level == level
    assert may_start(checks(facts)) == (level != "broken")


def test_rate_and_prompt_are_of_no_concern_without_identity_rows():
    facts = replace(GOOD, data=(CLINIC,), policy="model", settings=Settings(learning_rate=5e-5))
    assert found(facts, "rate") is None
    assert found(facts, "prompt") is None


def test_a_model_without_a_prompt_of_its_own_says_nothing_against_an_identity():
    check = found(replace(GOOD, policy="model", default_prompt=None), "prompt")
    assert check == Check("prompt", "good")


def test_the_last_batch_of_an_epoch_may_be_short():
    assert step_count(17, Settings(batch_rows=4, accumulation=2, epochs=3)) == 9
