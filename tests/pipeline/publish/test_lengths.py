"""Rows in tokens: what a model reads of them, and a sample that stands for many."""

import json
from pathlib import Path

import pytest

from pipeline.models.example import encode
from pipeline.models.tokenizer import load
from pipeline.publish import lengths
from pipeline.publish.lengths import file_lengths
from tests.template_models import make

ROWS = [
    {"instruction": f"Where is berth {n}?", "input": "", "output": "In the north " * (n + 1)}
    for n in range(30)
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A data file of an export."""
    path = tmp_path / "harbour_format2.json"
    path.write_text(json.dumps(ROWS))
    return path


def test_lengths_are_those_that_training_makes_of_the_rows(path, tmp_path):
    coder = load(make("qwen2.5", tmp_path / "model"))
    found = file_lengths(path, coder, 60)
    learned = [encode(coder, row, "domain", cutoff=60, end_ids=coder.end_ids) for row in ROWS]
    assert found.prompts == tuple(each.answer_start for each in learned if each)
    assert found.wholes == tuple(len(each.ids) for each in learned if each)
    assert found.tokens == sum(found.wholes)


def test_of_a_long_file_an_even_sample_and_the_longest_rows_are_read(path, tmp_path, monkeypatch):
    coder = load(make("qwen2.5", tmp_path / "model"))
    whole = file_lengths(path, coder, 2048)
    monkeypatch.setattr(lengths, "MOST_SPELLED", 10)
    monkeypatch.setattr(lengths, "MOST_LONGEST", 2)
    sample = file_lengths(path, coder, 2048)
    assert (sample.rows, sample.evenly, len(sample.wholes)) == (30, 10, 12)
    assert max(sample.wholes) == max(whole.wholes)
    assert sample.tokens == pytest.approx(whole.tokens, rel=0.1)


def test_a_row_whose_question_fills_the_cut_off_counts_for_nothing(path, tmp_path):
    coder = load(make("qwen2.5", tmp_path / "model"))
    found = file_lengths(path, coder, 3)
    assert (found.rows, found.wholes, found.tokens) == (30, (), 0.0)
