"""Keys under which two texts count as the same; never shown, never stored as text."""

import re
import unicodedata

_NUMBER = re.compile(r"(?:(?<![0-9A-Za-z])[-−])?\d+(?:[.,:/]\d+)*")
_WORD = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af]|[^\W\u3400-\u9fff\uf900-\ufaff"
    r"\u3040-\u30ff\uac00-\ud7af]+"
)


# Punctuation by Unicode's count, yet it changes what is said: C#, 5%, 3*4, a/b, @name.
_MEANINGFUL = frozenset("%‰#*@&/\\^_")
# NFKC would make 22 of 2².
_RAISED = str.maketrans({digit: f"^{n}" for n, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")})


def raised(text: str) -> str:
    """Return `text` with its raised digits written with a caret: 2² is not 22."""
    return text.translate(_RAISED)


def is_ideograph(code: int) -> bool:
    """Say whether a character counts as a word of its own."""
    return (
        0x3400 <= code <= 0x9FFF
        or 0xF900 <= code <= 0xFAFF
        or 0x3040 <= code <= 0x30FF
        or 0xAC00 <= code <= 0xD7AF
    )


def fold(text: str) -> str:
    """Return `text` without differences of width, compatibility form and case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def key(text: str) -> str:
    """Return the exact-duplicate key: folded, without white space and punctuation.

    Numbers keep their signs and separators ("1.5" is not "15", "-5" is not "5"), signs that change
    what is said stay ("C#" is not "C"), and a text of nothing but punctuation keeps itself.
    """
    folded = fold(raised(text))
    letters = "".join(c for c in folded if keeps(c))
    if not letters:
        return folded.strip()
    numbers = "|".join(numbers_of(folded))
    return f"{letters}\x1f{numbers}"


def keeps(character: str) -> bool:
    """Say whether a folded character counts in a key: it is no space, punctuation or control."""
    return character in _MEANINGFUL or unicodedata.category(character)[0] not in "ZPC"


def numbers_of(text: str) -> tuple[str, ...]:
    """Return the numbers of a text in their order, signs and decimals kept."""
    return tuple(found.replace("−", "-") for found in _NUMBER.findall(fold(text)))


def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a text, a CJK character counting as one."""
    return tuple(_WORD.findall(fold(text)))
