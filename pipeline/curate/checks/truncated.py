"""Answers that were cut off: in the middle of a sentence, a code block, a bracket, a quotation."""

import re
from collections.abc import Iterator

from pipeline.curate.checks.found import SPACE, Found, Frame, Texts, found

SHORTEST = 60
"""An answer of fewer characters is a phrase as often as a piece of one (Chinese counts double)."""
GATE = rf"[\p{{L}}\p{{N}}_,，、;；:：\-(（\[【“‘]{SPACE}*\z|```"
_TAIL = 600
_SENTENCES = re.compile(r"[.!?](?=\s)|[。！？]")
_OPEN_WORD = re.compile(
    r"\b(?:the|an?|of|to|and|or|with|for|from|by|in|on|at|as|is|are|was|were|be|that|which|who|"
    r"because|if|when|while|but|than|such as|into|your|their|its|can|will|should|would|could|has|"
    r"have|had|not|very|more|most)\s*\Z",
    re.IGNORECASE,
)
_OPEN_WORD_ZH = re.compile(
    r"(?:以及|或者|因为|由于|例如|比如|包括|并且|而且|但是|如果|和|与|及|或|被|把|将|在|从|对|"
    r"向|为|是|的)\Z"
)
_OPEN_SIGN = re.compile(r"[,，、;；(（\[【“‘]\s*\Z")
_LIST = re.compile(
    r"\s*(?:[-*+•·>|#]|\(?\d{1,3}[.)、．：:]|[a-zA-Z][.)]|[一二三四五六七八九十]{1,3}[、.．])"
)
_NO_PROSE = re.compile(
    r"https?://\S*\Z|[=<>{}\\^_|~#@$]|\A\s*(?:[A-Z][\w'’.-]*[ ,&]*){1,6}\Z|\d\s*\Z|\t"
)
# Who said it, after a quotation.
_SIGNED = re.compile(r"[-–—―~][ ]?[A-Z\u4e00-\u9fff][^,.!?]{0,5}(?:\.?[ ·]?[\w.’'-]+){0,5}\Z")
_VERSE_TALK = re.compile(
    r"poem|verse|haiku|lyric|song|sonnet|limerick|slogan|title|headline|tweet|code|function|query|"
    r"诗|歌|标语|标题|口号|对联|代码|函数|续写|补全|complete the|continue|fill in|format|csv|list",
    re.IGNORECASE,
)


def truncated(texts: Texts, _: Frame) -> Iterator[Found]:
    """Find answers that stop before they end."""
    text = texts.answer.rstrip()
    fence = text.rfind("```")
    if fence >= 0 and text.count("```") % 2:
        if len(text) - fence > 3:
            yield found("truncated", "answer", texts.answer, (fence, len(text)))
        return
    weight = len(text) + sum("\u3400" <= c <= "\u9fff" for c in text[:SHORTEST])
    if weight < SHORTEST or fence >= len(text) - 3 >= 0:
        return
    start = _cut(text, is_verse=bool(_VERSE_TALK.search(texts.asked[:2000])))
    if start is not None:
        yield found("truncated", "answer", texts.answer, (start, len(text)))


def _cut(text: str, *, is_verse: bool) -> int | None:
    """Return where the sentence begins that does not end, None where the text ends well."""
    tail = text[-_TAIL:]
    line = tail[tail.rfind("\n") + 1 :]
    start = len(text) - len(line)
    if not line or _NO_PROSE.search(line[-80:]) or _SIGNED.search(line[-60:]):
        return None
    marks = list(_SENTENCES.finditer(line))
    rest = line[marks[-1].end() :] if marks else line
    at = len(text) - len(rest.lstrip())
    if _OPEN_SIGN.search(rest) and not is_verse:
        return at
    if not re.search(r"\w\Z", rest):
        return None
    if _OPEN_WORD.search(rest) and len(rest) > 12 and not is_verse:
        return at
    if _OPEN_WORD_ZH.search(rest) and marks and not is_verse:
        return at
    # Prose whose other sentences end with their sign, and whose last one does not.
    is_prose = len(marks) >= 1 and not _LIST.match(line)
    if is_prose and len(rest.strip()) >= 4 and not is_verse and start <= at:
        return at
    return None
