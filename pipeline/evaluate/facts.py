"""Key facts: does an answer hold every string that a right answer must contain?

Wording is free, the facts are not. Both sides are compared after NFKC, folded in case and white
space; numbers count as whole numbers, Latin words as whole words (a plural ending is let through),
Chinese as a substring. A fact between slashes, /20 ?mg/, is a regular expression. What it does not
know: numbers in words ("three", 三十七), converted units, and whether the answer says something
false beside the fact.
"""

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

LATIN = "a-z\u00df-\u024f"
"""Letters that make words with spaces between them, after case folding."""
_TOKEN = re.compile(rf"\d+(?:\.\d+)?|[{LATIN}]+|\s+|.", re.DOTALL)
_EXPRESSION = re.compile(r"/(.+)/", re.DOTALL)
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")


def missing(answer: str, facts: Sequence[str]) -> tuple[str, ...]:
    """Return the facts that the answer does not hold, in their order; blank facts hold always."""
    text = normalise(answer)
    return tuple(fact for fact in facts if fact.strip() and not pattern(fact).search(text))


def is_right(answer: str, facts: Sequence[str]) -> bool | None:
    """Say whether the answer holds every fact; None where the row names no fact."""
    if not any(fact.strip() for fact in facts):
        return None
    return not missing(answer, facts)


def normalise(text: str) -> str:
    """Fold width, case and white space, and take thousands separators out of numbers.

    Only an ASCII comma groups digits: the Chinese comma, which NFKC turns into one, makes a list.
    """
    grouped = _THOUSANDS.sub(lambda match: match.group().replace(",", ""), text)
    listed = grouped.replace("，", "， ")
    folded = unicodedata.normalize("NFKC", listed).casefold()
    return " ".join(folded.split())


@lru_cache(maxsize=4096)
def pattern(fact: str) -> re.Pattern[str]:
    """Return what finds a (not blank) fact in a normalised text, as whole numbers and words.

    An expression between slashes that is none is taken letter by letter.
    """
    if expression := _EXPRESSION.fullmatch(fact.strip()):
        with suppress(re.error):
            return re.compile(expression[1], re.IGNORECASE)
    tokens = [token for token in _TOKEN.findall(normalise(fact)) if not token.isspace()]
    spaced = [
        _gap(before, after) + re.escape(after)
        for before, after in zip(["", *tokens], tokens, strict=False)
    ]
    return re.compile(_start(tokens[0]) + "".join(spaced) + _end(tokens[-1]))


def _gap(before: str, after: str) -> str:
    """What may stand between two tokens: words or numbers need their space, others may have one."""
    if not before:
        return ""
    if _is_word(before) and _is_word(after):
        return r"\s+"
    return r"\s+" if _is_number(before) and _is_number(after) else r"\s*"


def _start(token: str) -> str:
    if _is_number(token):
        return r"(?<!\d)(?<!\d\.)"
    return rf"(?<![{LATIN}])" if _is_word(token) else ""


def _end(token: str) -> str:
    if _is_number(token):
        return r"(?!\d)(?!\.\d)"
    return rf"(?:e?s)?(?![{LATIN}])" if _is_word(token) else ""


def _is_word(token: str) -> bool:
    return bool(re.fullmatch(rf"[{LATIN}]+", token))


def _is_number(token: str) -> bool:
    return token[0].isdecimal()
