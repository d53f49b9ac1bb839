"""A sentence is its English text, and keeps the facts that were put into it."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as some

from pipeline.errors import BadInput, PipelineError
from pipeline.said import Said
from pipeline.train.checkpoints import NoSuchCheckpoint

PLAIN = some.one_of(
    some.none(), some.booleans(), some.integers(), some.text(), some.floats(allow_nan=False)
)
FACTS = some.recursive(
    PLAIN,
    lambda inner: some.one_of(
        some.builds(lambda fact: Said("a {fact} inside", fact=fact), inner),
        some.lists(inner, max_size=3).map(tuple),
    ),
    max_leaves=5,
)


def known(fact: object) -> object:
    """What a fact says, through and through."""
    if isinstance(fact, Said):
        return (str(fact), fact.sentence, {name: known(each) for name, each in fact.facts.items()})
    return tuple(map(known, fact)) if isinstance(fact, tuple) else fact


@given(FACTS)
def test_a_sentence_comes_back_from_json_with_its_facts(fact: object):
    told = Said("It is {fact}.", fact=fact)
    assert known(Said.from_json(json.loads(json.dumps(told.as_json())))) == known(told)


def test_a_message_without_facts_is_the_text_alone():
    told = Said.from_json({"kind": "error", "message": "It {broke}."})
    assert (str(told), told.sentence, told.facts) == ("It {broke}.", "It {broke}.", {})


def test_a_sentence_is_filled_as_any_text_is():
    told = Said(
        "{name!r} has {rows:,} rows in {path.name}.", name="a", rows=1200, path=Path("/x/b")
    )
    assert told == "'a' has 1,200 rows in b."
    assert told.facts == {"name": "a", "rows": 1200, "path.name": "b"}


def test_several_facts_stand_one_after_another():
    assert Said("Known: {known}.", known=("a", "b")) == "Known: a, b."
    assert Said("Known: {known}.", known=()) == "Known: none."
    assert Said("{faults}", faults=("It is cold.", "It rains.")) == "It is cold. It rains."


def test_a_sentence_without_facts_is_taken_as_it_is():
    assert Said("Write {{name}} or {name}.") == "Write {{name}} or {name}."


def test_an_error_carries_its_facts_as_attributes():
    error = NoSuchCheckpoint(Path("/runs/3"), 40, (10, 20))
    assert str(error) == "Run 3 has no checkpoint of step 40. Steps that are kept: 10, 20."
    assert (error.step, error.known, error.said.facts["step"]) == (40, (10, 20), 40)


def test_what_an_error_says_can_stand_in_another_sentence():
    inner = BadInput("There is no {name}.", name="x")
    outer = PipelineError("It failed: {error}", error=inner)
    assert outer.said == "It failed: There is no x."
    assert outer.said.facts["error"] is inner.said


def test_a_file_that_cannot_be_read_is_told_with_its_cause():
    told = Said("It failed: {error}.", error=PermissionError(13, "Permission denied", "/x/a.json"))
    assert told == "It failed: [Errno 13] Permission denied: '/x/a.json'."
    assert told.facts["error"] == "Permission denied: /x/a.json"
