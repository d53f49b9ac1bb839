"""Each planted flaw of the sample data is what planted.json and the README say, and no other is."""

import json
import re
from collections import defaultdict
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest

from tests.sample_files import (
    CLEAN_ROWS,
    DOMAINS,
    FILES,
    FLAWED,
    NEAR,
    PLACEHOLDER,
    PLANTED,
    SAMPLES,
    Flaw,
    Row,
    answer,
    clean_rows_of,
    kept_rows_of,
    planted,
    question,
    rows_of,
    similarity,
    wordings,
)

NUMBER = re.compile(r"\d+")


def test_no_question_is_asked_twice_but_where_that_is_planted():
    asked: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for file in FILES:
        for number, row in enumerate(rows_of(file), 1):
            asked[question(row)].append((file, number))
    repeated = sorted(places for places in asked.values() if len(places) > 1)

    both = planted("duplicate") + planted("conflict")
    assert repeated == sorted([(flaw["file"], number) for number in flaw["rows"]] for flaw in both)


@pytest.mark.parametrize("file", FLAWED)
def test_questions_that_look_alike_with_unlike_answers_are_planted(file: str):
    found = [
        [n, m]
        for (n, row), (m, other) in combinations(kept_rows_of(file), 2)
        if answer(row) != answer(other) and similarity(row, other, file) >= NEAR
    ]

    said = sorted(flaw["rows"] for flaw in planted("lookalike") if flaw["file"] == file)
    assert found == said


@pytest.mark.parametrize("file", FILES)
def test_placeholders_stand_only_where_they_are_planted(file: str):
    filled_at_import = {"{{name}}", "{{author}}"} if file == "identity.json" else set()
    found = [
        number
        for number, row in enumerate(rows_of(file), 1)
        if set(PLACEHOLDER.findall(json.dumps(row, ensure_ascii=False))) - filled_at_import
    ]

    flaws = [flaw for flaw in planted("placeholder") if flaw["file"] == file]
    assert found == [number for flaw in flaws for number in flaw["rows"]]


def is_duplicate(one: Row, other: Row) -> bool:
    """Each planted one differs from its row as written, so that normalising has work to do."""
    return one != other and question(one) == question(other) and answer(one) == answer(other)


def is_near_duplicate(one: Row, other: Row) -> bool:
    return question(one) != question(other) and answer(one) == answer(other)


def is_conflict(one: Row, other: Row) -> bool:
    return question(one) == question(other) and answer(one) != answer(other)


def is_lookalike(one: Row, other: Row) -> bool:
    return question(one) != question(other) and answer(one) != answer(other)


RELATIONS: dict[str, Callable[[Row, Row], bool]] = {
    "duplicate": is_duplicate,
    "near_duplicate": is_near_duplicate,
    "conflict": is_conflict,
    "lookalike": is_lookalike,
}


@pytest.mark.parametrize(
    "flaw",
    [flaw for flaw in PLANTED if flaw["relation"] != "placeholder"],
    ids=lambda flaw: f"{Path(flaw['file']).stem}-{flaw['relation']}-{flaw['rows'][1]}",
)
def test_planted_rows_have_the_relation_that_is_said(flaw: Flaw):
    one, other = (rows_of(flaw["file"])[number - 1] for number in flaw["rows"])

    assert RELATIONS[flaw["relation"]](one, other)
    assert similarity(one, other, flaw["file"]) >= NEAR


def test_a_near_duplicate_keeps_the_numbers_of_the_question():
    for flaw in planted("near_duplicate"):
        one, other = (rows_of(flaw["file"])[number - 1] for number in flaw["rows"])
        assert NUMBER.findall(question(one)) == NUMBER.findall(question(other))


@pytest.mark.parametrize("file", FLAWED)
def test_each_file_has_enough_of_every_flaw(file: str):
    counts = {
        relation: sum(flaw["file"] == file for flaw in planted(relation))
        for relation in (*RELATIONS, "placeholder")
    }
    least = {"duplicate": 3, "near_duplicate": 3, "conflict": 2, "lookalike": 4, "placeholder": 2}

    assert all(counts[relation] >= least[relation] for relation in least), counts


@pytest.mark.parametrize("file", FLAWED)
def test_every_row_after_the_clean_ones_is_planted(file: str):
    listed = {number for flaw in PLANTED if flaw["file"] == file for number in flaw["rows"]}
    added = set(range(CLEAN_ROWS[file] + 1, len(rows_of(file)) + 1))

    assert {number for number in listed if number > CLEAN_ROWS[file]} == added


@pytest.mark.parametrize("flaw", PLANTED, ids=lambda flaw: f"{flaw['file']}-{flaw['rows']}")
def test_each_planted_row_is_kept_or_rejected(flaw: Flaw):
    kept_count = {"lookalike": 2, "placeholder": 0}.get(flaw["relation"], 1)

    assert flaw["keep"] + flaw["reject"] == flaw["rows"]
    assert len(flaw["keep"]) == kept_count
    assert flaw["why"]


@pytest.mark.parametrize("file", DOMAINS)
def test_the_kept_side_of_a_conflict_is_what_all_other_wordings_say(file: str):
    answers = wordings(clean_rows_of(file))

    for flaw in planted("conflict"):
        if flaw["file"] == file:
            kept, rejected = (rows_of(file)[flaw[side][0] - 1] for side in ("keep", "reject"))
            assert len(answers[kept["output"]]) >= 4
            assert rejected["output"] not in answers


def numbers(rows: list[int]) -> str:
    return ", ".join(map(str, rows)) or "–"


def test_the_readme_lists_each_file_with_its_rows_and_each_planted_flaw():
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    counted = {file: len(rows_of(file)) for file in FILES} | {"planted.json": len(PLANTED)}
    said = dict(re.findall(r"^\| `(\S+\.json)` \| \S+ \| (\d+) \|", readme, re.MULTILINE))
    table = re.findall(r"^\| `(\S+)` \| ([\d, ]+) \| ([a-z_]+) \| (\S.*)$", readme, re.MULTILINE)

    assert {file: int(rows) for file, rows in said.items() if file in counted} == counted
    assert [(file, rows, relation) for file, rows, relation, _ in table] == [
        (flaw["file"], ", ".join(map(str, flaw["rows"])), flaw["relation"]) for flaw in PLANTED
    ]
    assert [rest for *_, rest in table] == [
        f"{numbers(flaw['keep'])} | {numbers(flaw['reject'])} | {flaw['why']} |" for flaw in PLANTED
    ]
