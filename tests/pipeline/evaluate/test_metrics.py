"""Overlap scores are LLaMA-Factory's, to the fourth decimal."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluate import metrics
from pipeline.evaluate.metrics import Overlap, overlap

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import jieba
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
    from rouge_chinese import Rouge

CASES = [
    ("The pharmacy opens at nine.", "The pharmacy opens at half past nine."),
    ("药房上午九点开门。周日休息！", "药房每天上午九点开门，周日不开。"),
    ("我是Aria, an assistant。", "我是 Aria，由北风实验室开发。"),
    ("same text", "same text"),
    ("a", "completely different"),
    ("第一。第二。第三。", "第三。第一。"),
    ("yes", "yes, but only on weekdays between 10:00 and 12:30."),
]


def theirs(answer: str, reference: str) -> Overlap:
    """What LLaMA-Factory's ComputeSimilarity computes for one row."""
    hypothesis, target = list(jieba.cut(answer)), list(jieba.cut(reference))
    if len(" ".join(hypothesis).split()) == 0 or len(" ".join(target).split()) == 0:
        rouge = {name: {"f": 0.0} for name in ("rouge-1", "rouge-2", "rouge-l")}
    else:
        rouge = Rouge().get_scores(" ".join(hypothesis), " ".join(target))[0]
    bleu = sentence_bleu(
        [list(reference)], list(answer), smoothing_function=SmoothingFunction().method3
    )
    first, second, longest = (
        round(rouge[name]["f"] * 100, 4) for name in ("rouge-1", "rouge-2", "rouge-l")
    )
    return Overlap(round(bleu * 100, 4), first, second, longest)


@pytest.fixture(autouse=True, scope="module")
def jieba_cache(tmp_path_factory: pytest.TempPathFactory):
    jieba.dt.tmp_dir = str(tmp_path_factory.mktemp("jieba"))
    jieba.setLogLevel(60)


@pytest.mark.parametrize(("answer", "reference"), CASES)
def test_scores_are_those_of_llama_factory(answer: str, reference: str):
    assert overlap(answer, reference) == theirs(answer, reference)


@pytest.mark.parametrize(
    ("answer", "reference"),
    [("", "text"), ("text", ""), ("", ""), ("  \n", "text"), ("text", " ")],
    ids=["no answer", "no reference", "neither", "blank answer", "blank reference"],
)
def test_an_empty_side_scores_zero_as_there(answer: str, reference: str):
    assert overlap(answer, reference) == theirs(answer, reference)
    assert overlap(answer, reference).rouge_l == 0.0


def test_an_equal_answer_scores_a_hundred():
    assert overlap("the same five plain words", "the same five plain words").bleu4 == 100.0


def test_chinese_is_cut_into_words_and_no_cache_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    metrics._cutter.cache_clear()
    assert metrics.words("药房九点开门") == ["药房", "九点", "开门"]
    assert list(tmp_path.iterdir()) == []


@given(st.text(), st.text())
def test_any_two_texts_have_scores_between_0_and_100(answer: str, reference: str):
    scored = overlap(answer, reference)
    for value in (scored.bleu4, scored.rouge1, scored.rouge2, scored.rouge_l):
        assert 0 <= value <= 100


@pytest.mark.parametrize(
    ("answer", "reference", "score"),
    [
        ("The pharmacy opens at nine.", "The pharmacy opens at half past nine.", 69.5448),
        ("药房上午九点开门。周日休息！", "药房每天上午九点开门，周日不开。", 33.0608),
        ("same text", "same text", 100.0),
        ("a", "completely different", 0.0),
        ("yes", "yes, but only on weekdays between 10:00 and 12:30.", 5.978),
        ("第一。第二。第三。", "第三。第一。", 37.3029),
        ("", "x", 0.0),
    ],
)
def test_chrf_is_that_of_sacrebleu(answer: str, reference: str, score: float):
    # The figures are sacreBLEU 2.6's `CHRF().sentence_score`.
    assert metrics.chrf(answer, reference) == score
