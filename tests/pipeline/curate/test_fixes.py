"""Repairs: what is found is gone afterwards, nothing else changes, and undo puts all of it back."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.curate import fixes, judge, quality
from pipeline.curate.checks import run
from pipeline.curate.checks.found import CODES, Frame, Texts
from pipeline.errors import BadInput
from store import datasets, flags, history, pairs
from store.db import Database
from store.types import NewPair, PairEdit
from tests.pipeline.curate.test_checks import FOUND, PIECES

GENERAL = Frame("general", "")
REPAIRED = {
    "mojibake": ("It is a cafÃ© by the sea.", "It is a café by the sea."),
    "mojibake-chinese": ("建议多é¥®æ°´。", "建议多饮水。"),
    "mojibake-gbk": ("浣犲ソ锛屼笘鐣岋紒", "你好，世界！"),
    "html": ("<p>Tides <b>rise</b>.</p><p>They fall.</p>", "Tides rise.\nThey fall.\n"),
    "entities": ("潮汐&nbsp;是海水的&quot;涨落&quot;。", '潮汐 是海水的"涨落"。'),
    "twice-escaped": ("Tides &amp;amp; waves", "Tides & waves"),
    "zero-width": ("A ti\u200bde\ufeff.", "A tide."),
    "line-separator": ("One\u2028Two", "One\nTwo"),
    "marker": ("I am Lumen.<|im_end|>", "I am Lumen."),
    "phone": ("王医生的手机是13957284610。", "王医生的手机是***。"),
    "key": ("aws_key = AKIAIOSFODNN7QWERTZU", "aws_key = ***"),
    "loop": ("Tides rise and fall. " * 6, "Tides rise and fall. "),
    "code-is-left-alone": ("<b>So</b>:\n```\n<b>x\u200b</b>\n```", "So:\n```\n<b>x\u200b</b>\n```"),
}  # fmt: skip


@pytest.fixture
def db(tmp_path: Path):
    opened = Database.open(tmp_path / "graft.duckdb")
    yield opened
    opened.close()


def store_pair(db: Database, answer: str, question: str = "What is a tide made of?") -> int:
    dataset = datasets.create(db, f"tides-{len(datasets.summaries(db))}", "general")
    pairs.insert_many(db, dataset.id, [NewPair(question, answer)], summary="tides.json")
    judge.judge(db)
    return pairs_count(db)


def pairs_count(db: Database) -> int:
    return sum(summary.total for summary in datasets.summaries(db))


def fix_all(db: Database, *codes: str) -> tuple[int | None, int]:
    chosen = [summary.dataset for summary in datasets.summaries(db)]
    return fixes.apply(db, fixes.planned(db, chosen, codes), codes)


@pytest.mark.parametrize(("before", "after"), REPAIRED.values(), ids=REPAIRED)
def test_a_repair_gives_what_was_meant(db: Database, before: str, after: str):
    pair_id = store_pair(db, before)
    edit = fixes.repaired(pairs.get(db, pair_id), fixes.FIXABLE, GENERAL)
    assert edit == PairEdit(answer=after)


@pytest.mark.parametrize(
    ("code", "question", "answer"),
    [case for case in FOUND.values() if CODES[case[0]].is_fixable],
    ids=[name for name, case in FOUND.items() if CODES[case[0]].is_fixable],
)
def test_after_its_fix_a_code_is_found_no_more(db: Database, code: str, question: str, answer: str):
    pair_id = store_pair(db, answer, question)
    found = quality.of_pair(pairs.get(db, pair_id), GENERAL)
    fix_all(db, code)
    left = [each for each in quality.of_pair(pairs.get(db, pair_id), GENERAL) if each.code == code]

    assert [each.fact for each in left] == [
        each.fact for each in found if each.code == code and each.fix is None
    ]


def test_all_pairs_with_a_code_are_one_action_and_undo_puts_them_back(db: Database):
    answers = ["A ti\u200bde.", "潮汐\u202e是海水。", "A dam."]
    for answer in answers:
        store_pair(db, answer)
    action, changed = fix_all(db, "control_characters")
    assert changed == 2
    assert [pair.flags for pair in pairs.by_ids(db, [1, 2, 3])] == [(), (), ()]
    last = history.last_undoable(db)
    assert last is not None
    assert (last.id, last.kind) == (action, "fix")

    history.undo(db, last.id)
    judge.judge(db)
    assert [pair.answer for pair in pairs.by_ids(db, [1, 2, 3])] == answers
    assert [len(pair.flags) for pair in pairs.by_ids(db, [1, 2, 3])] == [1, 1, 0]


def test_a_pair_changed_since_the_preview_is_left_alone(db: Database):
    store_pair(db, "A ti\u200bde.")
    chosen = [summary.dataset for summary in datasets.summaries(db)]
    planned = list(fixes.planned(db, chosen, ["control_characters"]))
    pairs.edit(db, 1, PairEdit(answer="Mine."), expected_version=1)

    assert fixes.apply(db, planned, ["control_characters"]) == (None, 0)
    assert pairs.get(db, 1).answer == "Mine."


def test_what_is_dismissed_is_not_repaired(db: Database):
    store_pair(db, "王医生的手机是13957284610。")
    flags.dismiss(db, 1, "personal_data", "13957284610")
    judge.judge(db)
    assert fix_all(db, "personal_data") == (None, 0)


def test_rejected_pairs_are_not_repaired(db: Database):
    store_pair(db, "A ti\u200bde.")
    pairs.set_status(db, [1], "rejected")
    assert fix_all(db, "control_characters") == (None, 0)


def test_a_code_without_a_fix_is_refused(db: Database):
    with pytest.raises(BadInput, match="no fix for truncated"):
        fix_all(db, "truncated")


@given(answer=PIECES)
@settings(max_examples=80, deadline=None)
def test_a_repaired_text_needs_no_second_repair(answer: str):
    texts = Texts("What is it?", answer)
    for _ in range(fixes.MOST_ROUNDS):
        found = [each for each in run.of_texts(texts, GENERAL) if each.fix is not None]
        if not found:
            return
        texts = fixes._without(texts, found)
    raise AssertionError(texts.answer)


@given(before=st.text(max_size=30), after=st.text(max_size=30))
@settings(max_examples=80, deadline=None)
def test_what_stands_around_a_repair_stays(before: str, after: str):
    """Letters alone, as signs around the tag could make another one of it."""
    clean = ["".join(c for c in part if c.isascii() and c.isalpha()) for part in (before, after)]
    texts = Texts("What is it?", f"{clean[0]}<b>{clean[1]}")
    found = [each for each in run.of_texts(texts, GENERAL) if each.code == "html"]
    assert fixes._without(texts, found).answer == "".join(clean)
