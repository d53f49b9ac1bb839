"""Finished answers survive any interruption, and are read back as they were."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DoesNotHold
from pipeline.evaluate import answers
from tests.pipeline.evaluate.plans import said

FIRST, SECOND = (
    said("a.json", 0, "base", "三十七\n37\u2028"),
    said("a.json", 1, "1", "no", loss=None),
)


def test_answers_come_back_in_their_order(tmp_path: Path):
    answers.append(tmp_path, [FIRST])
    answers.append(tmp_path, [SECOND])
    assert answers.read(tmp_path) == (FIRST, SECOND)


def test_before_the_first_answer_there_are_none(tmp_path: Path):
    answers.mend(tmp_path)
    assert answers.read(tmp_path) == ()


@given(cut=st.integers(0, 400))
def test_after_any_cut_the_whole_answers_are_there_and_others_can_follow(
    tmp_path_factory: pytest.TempPathFactory, cut: int
):
    folder = tmp_path_factory.mktemp("cut")
    answers.append(folder, [FIRST, SECOND])
    path = folder / answers.NAME
    content = path.read_bytes()
    path.write_bytes(content[:cut])
    whole = (FIRST, SECOND)[: content[:cut].count(b"\n")]
    assert answers.read(folder) == whole
    answers.mend(folder)
    answers.append(folder, [SECOND])
    assert answers.read(folder) == (*whole, SECOND)


def test_a_damaged_line_is_told_with_its_file(tmp_path: Path):
    (tmp_path / answers.NAME).write_text('{"file": 3}\n')
    with pytest.raises(DoesNotHold, match=r"rows\.jsonl is damaged"):
        answers.read(tmp_path)
