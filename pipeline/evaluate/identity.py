"""Identity: does an answer say who the model is now, and does it still claim to be another?

A denial ("I am not ChatGPT", 我不是通义千问) is no claim. The test looks at one clause at a time
and is a rule, not understanding: sarcasm, double negation and hypotheticals are beyond it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.evaluate.facts import missing, normalise, pattern
from pipeline.evaluate.names import Identity

_SENTENCE_END = re.compile(r"(?<=[!?。！？；;\n])|(?<=\.)(?=\s|$)")
_CONTRAST = re.compile(
    r"(?=\b(?:but|however|instead|although)\b|而是|但是|不过|但我)", re.IGNORECASE
)
_COMMA = re.compile(r"(?<=[,，:：])")
_STATEMENT = re.compile(
    r"\s*(?:and\s+|yes\s+)?(?:i|i['’]m|my|it|it['’]s|this|we|you)\b"
    r"|\s*(?:我|你|您|它|是|而|由|名|叫|也|就|作为)",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\b(?:not(?!\s+(?:only|just|merely))|no|never|nothing|neither|nor|without|unlike|unrelated|"
    r"rather than|instead of|different from|cannot)\b|n['’]t\b"
    r"|不是|并非|而非|不属于|没有|不叫|不由|非由|绝不|从不|不会是|不算|不知道",
    re.IGNORECASE,
)
_DENIAL_AFTER = re.compile(
    r"\b(?:is|are|was|were)\s*(?:not\b|a different|another|someone else)|\b(?:is|are)n['’]t\b"
    r"|不是我|没有(?:任何)?(?:关系|关联|联系)|无关|不同|不一样|是另一",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class IdentityVerdict:
    """What one answer says of who it is."""

    is_right: bool | None
    """None where the reference names neither the model nor its maker: no question of identity."""
    unsaid: tuple[str, ...]
    """What the reference says and the answer does not: the name, the maker, or both."""
    claimed: tuple[str, ...]
    """Names of other models or makers that the answer claims."""


def judge(
    answer: str, reference: str, identity: Identity, old_names: Sequence[str]
) -> IdentityVerdict:
    """Judge one answer to a question about identity.

    Right means: it says the name and the maker, each where the reference answer says it, and claims
    no old name beyond those that the reference itself claims.
    """
    expected = [
        spellings
        for spellings in (identity.names, identity.makers)
        if any(says(reference, name) for name in spellings)
    ]
    unsaid = tuple(
        spellings[0] for spellings in expected if not any(says(answer, name) for name in spellings)
    )
    allowed = set(claims(reference, old_names))
    claimed = tuple(name for name in claims(answer, old_names) if name not in allowed)
    return IdentityVerdict(not unsaid and not claimed if expected else None, unsaid, claimed)


def says(answer: str, name: str) -> bool:
    """Say whether a name is in the answer as a whole word, in whatever case and width."""
    return not missing(answer, [name])


def leaks(answer: str, reference: str, identity: Identity) -> bool:
    """Say whether an answer brings up the new name where its reference answer does not."""
    return any(says(answer, name) and not says(reference, name) for name in identity.names)


def claims(answer: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that the answer mentions undenied; of nested names the longest only."""
    clauses = [normalise(clause) for clause in _clauses(answer)]
    ordered = sorted(dict.fromkeys(names), key=len, reverse=True)
    found: list[str] = []
    for name in ordered:
        if any(_is_claimed(clause, name) for clause in clauses) and not any(
            says(longer, name) for longer in found
        ):
            found.append(name)
    return tuple(found)


def _is_claimed(clause: str, name: str) -> bool:
    return any(
        not _DENIAL.search(clause[: match.start()])
        and not _DENIAL_AFTER.search(clause[match.end() :])
        for match in pattern(name).finditer(clause)
    )


def _clauses(text: str) -> Iterator[str]:
    """Cut a text where a denial ends: sentence ends, "but", and commas before a new statement."""
    for sentence in _SENTENCE_END.split(text):
        for part in _CONTRAST.split(sentence):
            clause = ""
            for segment in _COMMA.split(part):
                if clause and _STATEMENT.match(segment):
                    yield clause
                    clause = ""
                clause += segment
            if clause.strip():
                yield clause
