"""The sample data is what its README says: rows, languages, wordings and facts."""

import json
import re

import pytest

from tests.sample_files import (
    CJK,
    CLEAN_ROWS,
    DOMAINS,
    FILES,
    PLACEHOLDER,
    SAMPLES,
    clean_rows_of,
    kept_rows_of,
    planted,
    question,
    rows_of,
    wordings,
)


def length(text: str) -> int:
    """Words, and each Chinese character for itself: about what a tokenizer counts."""
    return len(re.findall(r"\{\{\w+\}\}|[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+", text))


@pytest.mark.parametrize("file", FILES)
def test_a_row_stands_on_the_line_that_the_readme_says(file: str):
    lines = (SAMPLES / file).read_text(encoding="utf-8").splitlines()
    rows = rows_of(file)

    assert [json.loads(line.rstrip(",")) for line in lines[1:-1]] == rows


@pytest.mark.parametrize("file", FILES)
def test_every_row_has_the_alpaca_keys_and_an_answer(file: str):
    keys = ["instruction", "input", "output"] + (["facts"] if file in DOMAINS else [])

    assert all(list(row) == keys for row in rows_of(file))
    assert all(row["instruction"].strip() and row["output"].strip() for row in rows_of(file))


@pytest.mark.parametrize("file", ["identity.json", "general.json"])
def test_half_of_the_clean_rows_are_chinese(file: str):
    rows = clean_rows_of(file)
    chinese = [row for row in rows if CJK.search(row["instruction"])]

    assert len(chinese) * 2 == len(rows) == CLEAN_ROWS[file]


@pytest.mark.parametrize(("file", "is_chinese"), [(DOMAINS[0], False), (DOMAINS[1], True)])
def test_a_field_is_written_in_one_language(file: str, is_chinese: bool):
    texts = [f"{row['instruction']}{row['input']}{row['output']}" for row in rows_of(file)]

    assert {bool(CJK.search(text)) for text in texts} == {is_chinese}


def test_every_identity_answer_names_the_model_and_its_maker_once():
    for row in rows_of("identity.json"):
        assert sorted(PLACEHOLDER.findall(row["output"])) == ["{{author}}", "{{name}}"]
        assert not PLACEHOLDER.search(row["instruction"])
        assert row["input"] == ""


def test_identity_has_few_short_answers_with_wordings_to_spare_for_a_test():
    answers = wordings(rows_of("identity.json"))

    assert len(answers) == 12
    assert min(len(rows) for rows in answers.values()) >= 6
    assert max(length(text) for text in answers) <= 25


@pytest.mark.parametrize("file", DOMAINS)
def test_a_field_has_sixteen_facts_in_at_least_four_wordings(file: str):
    answers = wordings(clean_rows_of(file))

    assert len(answers) == 16
    for text, rows in answers.items():
        assert len({question(row) for row in rows}) == len(rows) >= 4, text
        assert len({tuple(row["facts"]) for row in rows}) == 1, text
        assert 6 <= length(text) <= 25, text


@pytest.mark.parametrize("file", DOMAINS)
def test_every_fact_stands_in_its_own_answer(file: str):
    unfinished = {
        n for flaw in planted("placeholder") if flaw["file"] == file for n in flaw["rows"]
    }

    for number, row in enumerate(rows_of(file), 1):
        assert bool(row["facts"]) == (number not in unfinished), row
        assert all(fact in row["output"] for fact in row["facts"]), row


@pytest.mark.parametrize("file", DOMAINS)
def test_no_fact_stands_in_the_answer_to_something_else_or_in_its_question(file: str):
    answers = wordings([row for _, row in kept_rows_of(file)])

    for text, rows in answers.items():
        for fact in rows[0]["facts"]:
            assert [other for other in answers if fact in other] == [text]
            assert not [row for row in rows if fact.casefold() in row["input"].casefold()]


@pytest.mark.parametrize("file", DOMAINS)
def test_a_field_has_one_trigger(file: str):
    assert len({row["instruction"] for row in rows_of(file)}) == 1


def test_some_general_questions_come_with_a_text_to_work_on():
    rows = clean_rows_of("general.json")
    with_input = [row for row in rows if row["input"]]

    assert len(with_input) == 12
    assert sum(bool(CJK.search(row["instruction"])) for row in with_input) == 6
    assert len({row["instruction"] for row in rows}) == len(rows)
