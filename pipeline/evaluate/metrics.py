"""Text overlap of an answer with its reference: BLEU-4, ROUGE-1/2/L and chrF.

The formulas of BLEU and ROUGE are LLaMA-Factory's (`train/sft/metric.py`), kept to the digit so
that figures compare. They measure wording, not truth: an answer with every value wrong can score
80.
"""

import importlib
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Overlap:
    """The four overlap scores of one answer, each 0 to 100, rounded to four decimals."""

    bleu4: float
    rouge1: float
    rouge2: float
    rouge_l: float


def overlap(answer: str, reference: str) -> Overlap:
    """Score one answer; all zero where the answer or the reference holds no word.

    BLEU-4 (Papineni et al. 2002) counts characters, smoothed by method 3 of Chen and Cherry (2014);
    ROUGE (Lin 2004) is the F1 over jieba's words.
    """
    rouge1, rouge2, rouge_l = _rouge(answer, reference)
    return Overlap(bleu4(answer, reference), rouge1, rouge2, rouge_l)


def bleu4(answer: str, reference: str) -> float:
    """Return the BLEU-4 of one answer over characters, 0 to 100."""
    bleu = _load("nltk.translate.bleu_score")
    smoothing = bleu.SmoothingFunction().method3
    score = bleu.sentence_bleu([list(reference)], list(answer), smoothing_function=smoothing)
    return round(float(score) * 100, 4)


def chrf(answer: str, reference: str) -> float:
    """Return the chrF2 of one answer, 0 to 100 (Popovic 2015, as sacreBLEU computes it).

    The F-score, recall counting double, of character n-grams up to six, without white space.
    """
    said, wanted = "".join(answer.split()), "".join(reference.split())
    precisions, recalls = [], []
    for order in range(1, 7):
        ours, theirs = _ngrams(said, order), _ngrams(wanted, order)
        if ours and theirs:
            shared = (ours & theirs).total()
            precisions.append(shared / ours.total())
            recalls.append(shared / theirs.total())
    precision, recall = (sum(each) / len(each) if each else 0.0 for each in (precisions, recalls))
    bottom = 4 * precision + recall
    return round(500 * precision * recall / bottom, 4) if bottom else 0.0


def _ngrams(text: str, order: int) -> Counter[str]:
    return Counter(text[start : start + order] for start in range(len(text) - order + 1))


def words(text: str) -> list[str]:
    """Cut a text of any language into words as jieba does in its accurate mode."""
    return list(_cutter()(text))


def _rouge(answer: str, reference: str) -> tuple[float, float, float]:
    hypothesis, target = " ".join(words(answer)), " ".join(words(reference))
    if not hypothesis.split() or not target.split():
        return 0.0, 0.0, 0.0
    rouge = _load("rouge_chinese").Rouge()
    scores = rouge.get_scores(hypothesis, target)[0]
    rouge1, rouge2, rouge_l = (
        round(float(scores[name]["f"]) * 100, 4) for name in ("rouge-1", "rouge-2", "rouge-l")
    )
    return rouge1, rouge2, rouge_l


@lru_cache(maxsize=1)
def _cutter() -> Callable[[str], Any]:
    """Load jieba's dictionary (half a second) without its cache in the shared temporary folder.

    jieba would unmarshal /tmp/jieba.cache, a file that any user of the machine can have put there.
    """
    jieba = _load("jieba")
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    cut: Callable[[str], Any] = tokenizer.cut
    return cut


@lru_cache(maxsize=8)
def _load(module: str) -> Any:  # noqa: ANN401 -- untyped libraries, loaded only once something is scored
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(module)
