"""What a person is told before a run starts."""

import json
from dataclasses import asdict, replace

import pytest

from pipeline.publish.seen import CutCount
from pipeline.said import Said
from pipeline.train.cluster import About, ClusterSilent
from pipeline.train.config import DataFile, Settings
from pipeline.train.estimate import Estimate, Part
from pipeline.train.facts import Asked, Check, Compared, DatasetTokens, Facts, Memory
from pipeline.train.pace import Pace
from pipeline.train.preflight import asking, checks, may_start, seconds, step_count

IDENTITY = DataFile("identity_format2.json", "identity", "identity", "0" * 40, 60)
CLINIC = DataFile("clinic_format3.json", "clinic", "domain", "0" * 40, 50, repeat=2)
HARBOUR = DataFile("harbour_format3.json", "harbour", "domain", "0" * 40, 40)
GENERAL = DataFile("general_format2.json", "general", "general", "0" * 40, 40)
NEEDED = Estimate(500, 10, 10, 20, 300, 100, 60, Part(4, 100, 50))
GOOD = Facts(
    file_count=5,
    changed_files=(),
    data=(IDENTITY, CLINIC, GENERAL),
    test_rows=12,
    settings=Settings(learning_rate=1e-3, epochs=3, batch_rows=8),
    device="cpu",
    policy="none",
    default_prompt="You are SmolLM.",
    licence="LICENSE",
    cut=CutCount(150),
    tokens=(DatasetTokens("identity", "identity", 60, 600.0, 300.0),),
    compared=Compared(20, 0, 20, "<|im_end|>"),
    pace=Pace(0.1, "run", 4),
    memory=Memory(NEEDED, free_bytes=2000, total_bytes=3000),
)


def found(facts: Facts, name: str) -> Check | None:
    return next((check for check in checks(facts) if check.name == name), None)


def test_a_sound_launch_has_only_good_lines():
    assert {check.level for check in checks(GOOD)} == {"good"}
    assert found(GOOD, "rows") == Check(
        "rows", "good", {"count": 200, "datasets": ("60 identity", "100 clinic", "40 general")}
    )
    assert seconds(GOOD) == pytest.approx(180.0)
    assert found(GOOD, "memory") == Check(
        "memory",
        "good",
        {"needed_bytes": 1000, "free_bytes": 2000, "device": "cpu", "is_measured": False},
    )


@pytest.mark.parametrize(
    ("facts", "name", "level"),
    [
        (replace(GOOD, changed_files=("a.json",)), "export", "broken"),
        (replace(GOOD, model_fault=Said("no config.json")), "model", "broken"),
        (replace(GOOD, data=()), "rows", "broken"),
        (replace(GOOD, policy="text"), "system", "broken"),
        (replace(GOOD, test_rows=0), "test", "look"),
        (replace(GOOD, placeholder_rows=2, placeholder="{{name}}"), "placeholders", "look"),
        (replace(GOOD, policy="model"), "prompt", "look"),
        (replace(GOOD, settings=Settings(learning_rate=3e-4)), "rate", "look"),
        (replace(GOOD, data=(CLINIC, HARBOUR)), "domains", "look"),
        (replace(GOOD, pace=None), "time", "look"),
        (replace(GOOD, tokens=()), "time", "look"),
        (replace(GOOD, licence=""), "licence", "look"),
        (replace(GOOD, model_code=True), "code", "broken"),
        (replace(GOOD, cut=CutCount(150, 2, 0, "a.json row 3")), "cut", "look"),
        (replace(GOOD, compared=Compared(20, 3, 20, "</s>")), "template", "look"),
        (replace(GOOD, compared=Compared(20, 0, 0, "</s>")), "end", "look"),
        (replace(GOOD, template_fault=Said("it loses the answer")), "template", "broken"),
        (replace(GOOD, memory=Memory(NEEDED, 1050, 3000)), "memory", "look"),
        (replace(GOOD, memory=Memory(NEEDED, 900, 950)), "memory", "broken"),
        (replace(GOOD, memory=Memory(NEEDED, 2000, 3000, 1900)), "memory", "look"),
        (replace(GOOD, data=(IDENTITY, CLINIC)), "replay", "look"),
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


def test_only_what_is_seldom_wanted_has_to_be_agreed_to():
    facts = replace(GOOD, placeholder_rows=1, test_rows=0, memory=Memory(NEEDED, 1000, 3000))
    assert asking(checks(facts)) == ("placeholders", "memory")
    assert asking(checks(GOOD)) == ()


def test_what_was_measured_stands_above_what_was_reckoned():
    check = found(replace(GOOD, memory=Memory(NEEDED, 2000, 3000, 700)), "memory")
    assert check is not None
    assert (check.values["needed_bytes"], check.values["is_measured"]) == (700, True)


def test_an_export_of_general_rows_alone_needs_no_replay():
    assert found(replace(GOOD, data=(GENERAL,)), "replay") is None


def test_what_several_processes_share_and_need_is_told_for_each():
    shared = replace(GOOD, processes=3, memory=Memory(NEEDED, 2000, 3000, processes=3))
    steps = found(shared, "shared_steps")
    assert steps is not None
    assert (steps.level, steps.values["batch"], steps.values["each"]) == ("good", 8, 3)
    memory = found(shared, "memory")
    assert memory is not None
    assert (memory.level, memory.values["needed_bytes"]) == ("good", 1000)
    on_one = replace(
        GOOD, processes=3, memory=Memory(NEEDED, 2000, 3000, processes=3, is_shared=True)
    )
    together = found(on_one, "memory")
    assert together is not None
    assert (together.level, together.values["needed_bytes"]) == ("look", 3000)
    idle = found(replace(shared, processes=9), "shared_steps")
    assert idle is not None
    assert idle.level == "look"


@pytest.mark.parametrize(
    ("asked", "name", "level"),
    [
        (Asked("here", About("2.60.0", 8, 4)), "cluster", "good"),
        (Asked("here", About("2.60.0", 8, 1)), "cluster_small", "broken"),
        (Asked("here", About("2.60.0", 8, 0)), "cluster_cpus", "look"),
        (Asked("here", About("2.60.0")), "cluster_untold", "look"),
        (Asked("here", fault=ClusterSilent("here", "refused")), "cluster", "broken"),
    ],
    ids=["enough", "too few", "no GPU", "says nothing", "silent"],
)
def test_a_cluster_is_judged_by_what_it_said(asked: Asked, name: str, level: str):
    told = replace(GOOD, memory=None, cluster=asked, cluster_estimate=NEEDED, processes=2)
    check = found(told, name)
    assert check is not None
    assert check.level == level
    assert may_start(checks(told)) == (level != "broken")
    memory = found(told, "cluster_memory")
    assert memory is not None
    assert memory.values == {"needed_bytes": 1000}
    json.dumps([asdict(each) for each in checks(told)])
