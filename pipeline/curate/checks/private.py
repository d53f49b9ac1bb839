"""What belongs to somebody: personal data, and keys that open something.

Numbers are believed only with their checksum; what is famous as an example, and the addresses and
hot lines of offices, are nobody's.
"""

import ipaddress
import re
from collections.abc import Iterator
from datetime import date

from pipeline.curate.checks.found import SPACE, Found, Frame, Texts, found

MASK = "***"
PERSONAL_GATE = (
    r"[0-9][0-9 \-.()]{5,30}[0-9Xx]|@[A-Za-z0-9\-]+\.|(?i)(?:护照|passport)|"
    r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]"
)
_PHONE_CN = re.compile(
    r"(?<![\w.+\-])(?:\+?86[ -]?)?(1[3-9]\d[ -]?\d{4}[ -]?\d{4})(?![\w]|\.\d)", re.ASCII
)
_PHONE_US = re.compile(
    r"(?<![\w.\-(])(?:\+1[ -])?\(?([2-9]\d\d)\)?[ .-](\d{3})[.-](\d{4})(?![\w-])", re.ASCII
)
_PHONE_ABROAD = re.compile(
    r"(?<![\w+])\+(?!86|1[ -]\(?\d{3})(\d{1,3}(?:[ -]?\(?\d{2,5}\)?){2,5})(?!\w)", re.ASCII
)
_ID_CN = re.compile(
    r"(?<![\w.])[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?!\w)",
    re.ASCII,
)
_MAIL = re.compile(
    r"(?<![\w.%+\-@])([A-Za-z0-9][\w.%+\-]{0,63})@((?:[A-Za-z0-9\-]{1,63}\.){1,4}[A-Za-z]{2,10})(?![\w@])",
    re.ASCII,
)
_CARD = re.compile(
    r"(?<![\w.\-])(?:\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}(?:[ -]\d{3})?|\d{15,19})(?![\w\-]|\.\d)",
    re.ASCII,
)
_CARD_START = re.compile(r"4|5[1-5]|2[2-7]|3[47]|62|6011|65|35")
_PASSPORT = re.compile(
    r"(?:护照|[Pp]assport)[^\n]{0,20}?(?<![A-Za-z0-9])([EGDSPH][A-Z]?\d{7,8})(?!\w)", re.ASCII
)
_IP = re.compile(r"(?<![\w.\-])(?:\d{1,3}\.){3}\d{1,3}(?![\w\-]|\.\d)", re.ASCII)
_NETWORK_TALK = re.compile(
    r"\bDNS\b|subnet|\brouter|network|\bping\b|\bIPv?[46]?\b(?! address is)|regex|"
    r"regular expression|"
    r"网络|子网|路由|正则|版本|version|服务器|server|防火墙|firewall",
    re.IGNORECASE,
)
_NO_MAIL_HOST = re.compile(
    r"(?:^|\.)(?:example|test|domain|email|mail|company|yourcompany|yourdomain|mydomain|abc|xyz|"
    r"companyname|website|yourwebsite|sample|xxx+|acme)\.|\.(?:test|invalid|localhost|local|"
    r"example)$|"
    r"\.(?:png|jpe?g|gif|js|css)$",
    re.IGNORECASE,
)
_NO_MAIL_NAME = re.compile(
    r"(?:your|my|user|name|e?mail|example|test|someone|somebody|x{2,}|abc|foo|bar|"
    r"john|jane|info|contact|support|help|service|sales|admin|hello|office|press|media|jobs|hr|"
    r"no-?reply|webmaster|customer|feedback|careers|marketing|team|enquir|inquir|privacy|security|"
    r"git$|first|last|recipient|sender|kefu|zhangsan|lisi)",
    re.IGNORECASE,
)
_TOLL_FREE = {"800", "888", "877", "866", "855", "844", "833", "400"}
_FAMOUS = {
    "13800138000", "13912345678", "13812345678", "13712345678", "13612345678", "15012345678",
    "18612345678", "18812345678", "13512345678", "18912345678", "17712345678", "15812345678",
    "13888888888", "13999999999", "13666666666", "18888888888", "13900000000", "13800000000",
    "13911111111", "15555555555", "13900139000", "13700137000",
}  # fmt: skip
_TEST_CARDS = {
    "4111111111111111", "4242424242424242", "5555555555554444", "5105105105105100",
    "4012888888881881", "378282246310005", "371449635398431", "4000000000000002",
    "6011111111111117", "1234567890123456", "4000056655665556", "2223003122003222",
}  # fmt: skip

SECRET_GATE = (
    r"AKIA|ASIA|gh[pousr]_|github_pat_|sk-[A-Za-z0-9]|sk_live|rk_live|AIza|xox[abprs]-|hf_[A-Za-z]|"
    r"glpat-|npm_[A-Za-z0-9]|PRIVATE KEY|eyJ[A-Za-z0-9_\-]+\.|://[^/\s:@]+:[^/\s@]+@|LTAI|"
    r"(?i)(?:passw(?:or)?d|passwd|pwd|secret(?:_?key)?|api_?key|access_?token|密码|口令|密钥)"
    rf"[\"']?{SPACE}*(?:[=:：是为]|is)"
)
_KEYS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA)[0-9A-Z]{16}|LTAI[0-9A-Za-z]{12,24}|gh[pousr]_[A-Za-z0-9]{36,255}|"
    r"github_pat_[A-Za-z0-9_]{22,255}|sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_\-]{20,200}|"
    r"[sr]k_live_[A-Za-z0-9]{16,100}|AIza[0-9A-Za-z_\-]{35}|xox[abprs]-[A-Za-z0-9\-]{10,250}|"
    r"hf_[A-Za-z]{34}|glpat-[A-Za-z0-9_\-]{20,100}|npm_[A-Za-z0-9]{36}|"
    r"eyJ[A-Za-z0-9_\-]{8,2000}\.eyJ[A-Za-z0-9_\-]{8,4000}\.[A-Za-z0-9_\-]{16,1000}"
    r")(?![A-Za-z0-9])"
)
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.{40,8000}?"
    r"(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_IN_ADDRESS = re.compile(r"://[^/\s:@]{1,64}:([^/\s@]{3,128})@")
_ASSIGNED = re.compile(
    r"(?:passw(?:or)?d|passwd|\bpwd|secret(?:_?key)?|api_?key|access_?token|密码|口令|密钥)"
    r"[\"']?\s{0,3}(?:=|:|：|是|为|"
    r"is)\s{0,3}[\"'“「]?([A-Za-z0-9!@#$%^&*_\-+/.]{8,128})(?=[\"'”」\s,，。;；)]|$)",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(
    r"example|your|xxx|\*\*|\.\.\.|placeholder|changeme|change_me|sample|dummy|test|1234|password|"
    r"passwd|secret|qwerty|abc123|admin|hunter2|mypass|env\b|environ|getenv|config|input|hash|"
    r"self\.|user\.|req\.|request|^[a-z_]+\.[a-z_.]+$|\(|token_here|key_here",
    re.IGNORECASE,
)


_MAKES_PASSWORDS = re.compile(
    r"(?:generat|creat|random|strong|suggest|produce)\w*[^.\n]{0,60}(?:passw|key|token)|"
    r"passw\w* ?(?:generat|policy)|(?:生成|创建|随机|强|设计|新的?)[^。\n]{0,20}(?:密码|口令|密钥)",
    re.IGNORECASE,
)


def personal_data(texts: Texts, _: Frame) -> Iterator[Found]:
    """Find telephone numbers, id numbers, mail addresses, cards, passports and IP addresses."""
    is_network = bool(_NETWORK_TALK.search(texts.asked[:2000]))
    for field, text in texts.every():
        spans = sorted(_personal(text, is_network=is_network))
        end = 0
        for start, stop in spans:
            if start >= end:
                end = stop
                yield found("personal_data", field, text, (start, stop), fix=MASK)


def secret(texts: Texts, _: Frame) -> Iterator[Found]:
    """Find keys, tokens, private key blocks and passwords that are given away."""
    is_made = bool(_MAKES_PASSWORDS.search("\n".join((texts.asked, *texts.history))[:8000]))
    for field, text in texts.every():
        spans = [match.span() for match in _KEY_BLOCK.finditer(text)]
        spans += [m.span() for m in _KEYS.finditer(text) if _is_random(m.group())]
        for pattern in (_IN_ADDRESS,) if is_made else (_IN_ADDRESS, _ASSIGNED):
            spans += [m.span(1) for m in pattern.finditer(text) if _is_password(m.group(1))]
        end = 0
        for start, stop in sorted(spans):
            if start >= end:
                end = stop
                yield found("secret", field, text, (start, stop), fix=MASK)


def _personal(text: str, *, is_network: bool) -> Iterator[tuple[int, int]]:
    for match in _PHONE_CN.finditer(text):
        if not _is_made_up(re.sub(r"\D", "", match.group(1))):
            yield match.span()
    for match in _PHONE_US.finditer(text):
        area, exchange, line = match.groups()
        is_someones = "555" not in (area, exchange) and area not in _TOLL_FREE
        if is_someones and exchange[0] > "1" and not _is_made_up(area + exchange + line):
            yield match.span()
    for match in _PHONE_ABROAD.finditer(text):
        digits = re.sub(r"\D", "", match.group(1))
        if 9 <= len(digits) <= 15 and not _is_made_up(digits) and "555" not in digits:
            yield match.span()
    yield from (m.span() for m in _ID_CN.finditer(text) if _is_id(m.group()))
    yield from (m.span() for m in _MAIL.finditer(text) if _is_someones(m.group(1), m.group(2)))
    yield from (m.span() for m in _CARD.finditer(text) if _is_card(m.group()))
    yield from (m.span(1) for m in _PASSPORT.finditer(text))
    if not is_network:
        yield from (m.span() for m in _IP.finditer(text) if _is_public(m.group()))


def _is_made_up(digits: str) -> bool:
    """Whether a number is a well-known example: one digit over and over, or counted up."""
    tail = digits[-8:]
    return (
        digits in _FAMOUS
        or len(set(tail)) <= 2
        or tail in "01234567890123456789"
        or tail in "98765432109876543210"
        or "1234567" in digits
    )


def _is_id(number: str) -> bool:
    """Whether an 18-digit id number of the PRC holds its date and checksum (GB 11643-1999)."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], weights, strict=True))
    return "10X98765432"[total % 11] == number[17].upper()


def _is_someones(name: str, host: str) -> bool:
    return not _NO_MAIL_HOST.search(host) and not _NO_MAIL_NAME.match(name)


def _is_card(text: str) -> bool:
    """Whether digits are a payment card: a known issuer and the checksum of Luhn."""
    digits = re.sub(r"\D", "", text)
    if digits in _TEST_CARDS or len(set(digits)) <= 3 or not _CARD_START.match(digits):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_public(text: str) -> bool:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    parts = text.split(".")
    is_version = all(int(part) < 20 for part in parts) or len(set(parts)) == 1
    return address.is_global and not is_version and parts[3] not in {"0", "255"}


def _is_random(key: str) -> bool:
    """Whether a key looks drawn by lot, not typed as an example."""
    body = key[4:]
    if re.search(r"example|x{5,}|0{6,}|1234567|\*|your", key, re.IGNORECASE):
        return False
    return len(set(body)) >= 8 and bool(re.search(r"\d", body))


def _is_password(value: str) -> bool:
    if _NO_SECRET.search(value):
        return False
    kinds = [r"[a-z]", r"[A-Z]", r"\d", r"[^A-Za-z0-9]"]
    return sum(bool(re.search(kind, value)) for kind in kinds) >= 3 and bool(
        re.search(r"\d", value)
    )
