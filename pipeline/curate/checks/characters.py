"""Characters that nobody meant: invisible ones, HTML left in, text that was decoded wrongly."""

import html
import re
from collections.abc import Iterator

import ftfy

from pipeline.curate.checks.found import SPACE, Found, Frame, Texts, found, without_code

CONTROL_GATE = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{ad}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{2064}"
    r"\x{2066}-\x{2069}\x{feff}\x{e0000}-\x{e007f}]"
)
_CONTROL = re.compile(
    r"\x1b\[[0-9;]{0,20}m|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]+"
)
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# Scripts and emoji that need joiners and directional marks to be written at all.
_JOINERS, _DIRECTIONS = "\u200c\u200d", "\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"
_JOINED = re.compile(
    r"[\u0590-\u0dff\u0e00-\u109f\u1780-\u18af\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
)
_FLAG = "\U0001f3f4"

_TAGS = (
    "a|abbr|article|aside|b|big|blockquote|body|br|button|center|cite|dd|div|dl|dt|em|figcaption|"
    "figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|label|li|link|main|meta|"
    "nav|ol|option|p|pre|s|script|section|select|small|span|strike|strong|style|sub|sup|svg|table|"
    "tbody|td|tfoot|th|thead|title|tr|tt|u|ul|video"
)
_ENTITIES = (
    "nbsp|amp|lt|gt|quot|apos|hellip|mdash|ndash|lsquo|rsquo|ldquo|rdquo|bull|middot|copy|reg|"
    "trade|deg|times|ensp|emsp|thinsp|laquo|raquo|#[0-9]{2,6}|#[xX][0-9a-fA-F]{2,5}"
)
HTML_GATE = rf"(?i)</?(?:{_TAGS})(?:{SPACE}[^<>=]*=[^<>]*|{SPACE}*)/?>|&(?:{_ENTITIES});"
_HTML = re.compile(
    rf"</?(?P<tag>{_TAGS})(?:\s[^<>=]{{0,60}}=[^<>]{{0,500}}|\s{{0,3}})/?>|"
    rf"&(?P<entity>{_ENTITIES});",
    re.IGNORECASE,
)
# Where markup is what is talked about, it is no dirt.
_MARKUP_TALK = re.compile(
    r"html|css|\bxml\b|\bsvg\b|javascript|\bjs\b|jquery|\breact\b|\bvue\b|web\s?-?(?:page|site)|"
    r"\btags?\b|markup|markdown|\bdom\b|\bphp\b|entit(?:y|ies)|网页|标签|前端|网站|标记|代码|"
    r"\bcode\b|<!doctype|<html|escape|转义",
    re.IGNORECASE,
)
_BLOCKS = re.compile(r"(?:br|p|div|li|tr|h[1-6]|hr|ul|ol|table|blockquote)\Z", re.IGNORECASE)

# What Windows-1252 makes of the second and third byte of UTF-8.
_CP1252 = (
    "\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u2019\u201c"
    "\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178"
)
_ODD = re.compile(f"[\xc0-\xff][\x80-\xbf{_CP1252}]")
_LATIN_RUN = re.compile(f"[\x80-\xff{_CP1252}]{{2,4000}}")
_LOST = re.compile("\ufffd+|(?:锟斤拷){1,50}锟?|烫{4,200}|屯{4,200}")
# The commonest characters and signs of Chinese, in UTF-8 that was read as GBK.
_GBK_SIGNS = "锛銆鐨鏄鍦鈥浣"
_WIDE_RUN = re.compile(r"[^\x00-\x7f]{4,4000}")
MOJIBAKE_GATE = (
    f"[\xc0-\xff][\\x{{80}}-\\x{{bf}}{_CP1252}]|\ufffd|锟斤拷|烫烫烫烫|屯屯屯屯|[{_GBK_SIGNS}]"
)


def control_characters(texts: Texts, _: Frame) -> Iterator[Found]:
    """Find characters that nobody sees: control, zero-width, bidirectional, tag characters."""
    for field, text in texts.own():
        plain = without_code(text)
        is_right_to_left = bool(_RIGHT_TO_LEFT.search(plain))
        for match in _CONTROL.finditer(plain):
            run = match.group()
            if _is_meant(plain, match.start(), match.end(), is_right_to_left=is_right_to_left):
                continue
            fix = "\n" if run.strip("\u2028\u2029\x0b\x0c") == "" else ""
            names = " ".join(f"U+{ord(character):04X}" for character in run[:6])
            yield Found("control_characters", field, match.start(), match.end(), names, fix)


def html_left(texts: Texts, _: Frame) -> Iterator[Found]:
    """Find HTML tags and entities outside code, unless the pair is about markup."""
    if _MARKUP_TALK.search(texts.asked[:4000]):
        return
    for field, text in texts.own():
        plain = without_code(text)
        if plain.lstrip()[:15].lower().startswith(("<!doctype", "<html", "<?xml", "<svg")):
            continue
        for match in _HTML.finditer(plain):
            if not (match["tag"] and _is_in_table(plain, match.start())):
                yield found("html", field, text, match.span(), fix=_bare(match))


def mojibake(texts: Texts, _: Frame) -> Iterator[Found]:
    """Find text that was decoded with the wrong encoding; what can be read back has a fix."""
    for field, text in texts.own():
        spans = sorted([*_latin(text), *_gbk(text)], key=lambda each: each[0])
        end = 0
        for start, stop, fixed in spans:
            if start >= end:
                end = stop
                yield found("mojibake", field, text, (start, stop), fix=fixed)
        for match in _LOST.finditer(text):
            yield found("mojibake", field, text, match.span())


def _is_meant(text: str, start: int, end: int, *, is_right_to_left: bool) -> bool:
    run = text[start:end]
    if is_right_to_left and not run.strip(_DIRECTIONS + _JOINERS):
        return True
    around = text[max(0, start - 2) : start] + text[end : end + 1]
    if not run.strip(_JOINERS):
        return bool(_JOINED.search(around))
    if run[0] >= "\U000e0000":
        return text[max(0, start - 1) : start] == _FLAG
    return run.strip("\u200e\u200f") == "" and is_right_to_left


def _is_in_table(text: str, start: int) -> bool:
    """Whether the line is a row of a Markdown table, where <br> is the only way to break a line."""
    line = text[text.rfind("\n", max(0, start - 2000), start) + 1 : start]
    return line.lstrip().startswith("|")


def _bare(match: re.Match[str]) -> str:
    if match["entity"]:
        return html.unescape(match.group()).replace("\xa0", " ")
    is_closing_or_break = match.group().startswith("</") or match["tag"].lower() in {"br", "hr"}
    return "\n" if is_closing_or_break and _BLOCKS.match(match["tag"]) else ""


def _latin(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _LATIN_RUN.finditer(text):
        run = match.group()
        if not _ODD.search(run):
            continue
        fixed = ftfy.fix_encoding(run)
        if fixed != run and len(fixed) < len(run) and "\ufffd" not in fixed:
            yield match.start(), match.end(), fixed


def _gbk(text: str) -> Iterator[tuple[int, int, str]]:
    """Find UTF-8 that was read as GBK: real Chinese almost never happens to be UTF-8 as well."""
    if not any(sign in text for sign in _GBK_SIGNS):
        return
    for match in _WIDE_RUN.finditer(text):
        run = match.group()
        for cut in range(3):
            piece = run[: len(run) - cut]
            try:
                fixed = piece.encode("gbk").decode("utf-8")
            except UnicodeError:
                continue
            if len(piece) >= 4 and len(fixed) < len(piece) and fixed.isprintable():
                yield match.start(), match.start() + len(piece), fixed
            break
