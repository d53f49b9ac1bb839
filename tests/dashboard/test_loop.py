"""The loop: the state of each step, and the one thing to do next."""

from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.loop import Facts, next_step, read_facts, steps
from dashboard.text import LANGUAGES, messages
from pipeline.workspace import Workspace
from store import exports, pairs
from store.types import PairEdit

DONE = Facts(pairs=9, exports=1, last_export="a", runs=1, evaluations=1, comparisons=2)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (Facts(), "import"),
        (Facts(pairs=2, conflicts=1, exports=1), "conflicts"),
        (Facts(pairs=2), "export"),
        (replace(DONE, running=1), "watch"),
        (replace(DONE, runs=0), "train"),
        (replace(DONE, evaluations=0), "evaluate"),
        (replace(DONE, comparisons=0), "compare"),
        (replace(DONE, changed=3), "again"),
        (DONE, "correct"),
    ],
)
def test_the_next_step_is_the_first_that_is_lacking(facts: Facts, kind: str):
    ahead = next_step(facts)
    assert ahead.kind == kind
    for language in LANGUAGES:
        assert {f"loop.next_{kind}", f"loop.why_{kind}"} <= set(messages(language))


def test_the_steps_say_how_each_stands():
    facts = replace(DONE, undecided=2, changed=3)
    states = {step.name: step.state for step in steps(facts)}
    assert states == {
        "data": "look",
        "export": "done",
        "train": "done",
        "evaluate": "done",
        "compare": "done",
        "correct": "look",
    }


@pytest.mark.parametrize("facts", [Facts(), DONE, replace(DONE, undecided=1, running=1, changed=1)])
def test_every_step_has_words(facts: Facts):
    assert {f"loop.{step.words}" for step in steps(facts)} <= set(messages("en"))


def test_facts_count_what_is_stored(filled, home: Path):
    workspace = Workspace.at(home)
    exports.add(filled, "a", "x", recipe={}, manifest_sha1="", members=[(1, 1, "train")])
    pairs.edit(filled, 1, PairEdit(answer="I am Graft!"), expected_version=1)
    (workspace.runs / "1").mkdir()
    assert read_facts(filled, workspace) == Facts(
        pairs=67,
        unreviewed=67,
        undecided=3,
        conflicts=1,
        exports=1,
        last_export="a",
        export_stands="gone",
        changed=1,
        runs=1,
    )
