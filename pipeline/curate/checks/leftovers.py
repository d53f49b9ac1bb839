"""What was left over: placeholders that nobody filled in, and the marks of a chat template."""

import re
from collections.abc import Iterator

from pipeline.curate.checks.found import Found, Frame, Texts, found, without_code

_WORDS = (
    r"(?:(?:your|insert|enter|add|fill in)\b[^\[\].:=\n]{1,40}|(?:(?:first|last|full|company|"
    r"customer|client|"
    r"recipient|sender|employer|manager|product|brand|school|university|organi[sz]ation|"
    r"department|hiring|"
    r"phone|e-?mail|website|street|contact|job|event|project|team|sales(?:person)?)(?:['’]s)? ?"
    r"(?:name|address|number|title|manager|date|location|info(?:rmation)?|here)?|name|date|"
    r"address|city|"
    r"location|signature|date and time|number|amount|duration|time|link|url))"
)
_CHINESE = (
    r"(?:请|在此|此处|这里)?(?:插入|填写|填入|输入|补充|添加)[^\]】\n]{0,20}|"
    r"(?:你|您|我|他|她|贵)的?[^\]】\n]{0,6}(?:姓名|名字|公司|单位|地址|电话|邮箱|职位|学校)|"
    r"(?:姓名|名字|公司名称?|公司|单位名称|日期|地址|电话|联系电话|联系方式|邮箱|职位|学校名?|城市|"
    r"产品名称?|收件人|发件人|客户姓名|签名)"
)
PLACEHOLDER_GATE = (
    r"\{\{|\$\{|(?i)<[A-Z][A-Z_ \-]{2,40}>|<no.?(?:in|out)put>|lorem ipsum|\bTODO\b|\bFIXME\b|"
    r"\bTBD\b|"
    rf"\[{_WORDS}\]|[\[【](?:{_CHINESE})[\]】]|待补充|待填写|"
    r"(?:XX+|xx+|××+|某某)(?:公司|先生|女士|大学|学校|医院|市|省|集团|有限公司)"
)
_BRACES = re.compile(r"(?<![\\}A-Za-z0-9_{$])\{\{\s*([^{}\s\\][^{}\\]{0,40}?)\s*\}\}(?!\})")
_UNFILLED = re.compile(
    r"<(?!(?:NULL|HTML|BODY|HEAD|TABLE|DIV|SPAN|FORM|INPUT|SELECT|OPTION|SCRIPT|STYLE|TITLE|LINK|"
    r"META|CENTER|FONT|IMG|STRONG)>)[A-Z][A-Z_]{2,30}(?:[ \-][A-Z_]{1,30}){0,5}>"
)
_NO_INPUT = re.compile(r"<no\s?(?:in|out)put>", re.IGNORECASE)
_BRACKETED = re.compile(
    rf"(?<![\w!\])])\[{_WORDS}\](?!\()|[\[【](?:{_CHINESE})[\]】](?!\()",
    re.IGNORECASE,
)
_LATER = re.compile(r"\b(?:TODO|FIXME|TBD)\b(?!\s*(?:list|app|清单|列表))|待补充|待填写")
_LOREM = re.compile(r"lorem ipsum(?: dolor)?", re.IGNORECASE)
_ANONYMOUS = re.compile(
    r"(?<![A-Za-z])(?:XX+|xx+|××+|某某)(?:公司|先生|女士|大学|学校|医院|市|省|集团|有限公司)"
)
_TEMPLATE_TALK = re.compile(
    r"template|jinja|mustache|handlebars|\bvue\b|angular|latex|placeholder|lorem|fill[- ]in|"
    r"fill in|"
    r"\bblank|模板|范文|范本|占位|填空|模版|变量",
    re.IGNORECASE,
)
_LATEX = re.compile(r"\\(?:frac|sqrt|begin|mathbf|text|left|sum|int|cdot)\b")

CHAT_GATE = (
    r"<\|[a-z_]+\|>|</?s>|\[/?INST\]|<</?SYS>>|<(?:user|bot|assistant|human|system)>|"
    r"(?:^|\n) *(?:###? ?(?:Instruction|Response|Input|Human|Assistant)|Human|Assistant|USER|"
    r"ASSISTANT)"
    r" ?[:：]|<end_of_turn>|<start_of_turn>|</?think>|<eos>|<pad>|<unk>"
)
_MARKER = re.compile(
    r"[ \t]*<\|(?:im_start|im_end|endoftext|eot_id|end|begin_of_text|start_header_id|end_header_id|"
    r"user|assistant|system|pad|eos|eom_id)\|>(?:(?:user|assistant|system)\n)?|"
    r"(?<![\w<])</?s>(?=\s|\Z)|</s>|\[/?INST\]|<</?SYS>>|"
    r"<(?:end|start)_of_turn>|<(?:eos|pad|unk|bos)>"
)
_SPEAKER = re.compile(r"[ \t]*<(?:user|bot|assistant|human|system)>[ \t]*[:：]?[ \t]*")
_ROLE = re.compile(
    r"^[ \t]*(?:###? ?(?:Instruction|Response|Input|Human|Assistant)|Human|Assistant|USER|"
    r"ASSISTANT)"
    r"[ \t]?[:：][ \t]*\n?",
    re.MULTILINE,
)
_CHAT_TALK = re.compile(
    r"token|chat template|special token|chatml|prompt|聊天模板|特殊标记|</?s>|strike|html",
    re.IGNORECASE,
)


def placeholder(texts: Texts, _: Frame) -> Iterator[Found]:
    """Find what a template left open: {{name}}, <NAME>, [Your Name], [插入…], TODO, lorem ipsum."""
    is_template = bool(_TEMPLATE_TALK.search(texts.asked[:4000]))
    for field, text in texts.every():
        plain = without_code(text)
        if not _LATEX.search(plain):
            for match in _BRACES.finditer(plain):
                yield found("placeholder", field, text, match.span())
        patterns = [_UNFILLED, _NO_INPUT]
        if not is_template and field != "system":
            patterns += [_LATER, _LOREM]
            patterns += [_BRACKETED, _ANONYMOUS] if field == "answer" else []
        for pattern in patterns:
            for match in pattern.finditer(plain):
                # What the question itself writes, the answer may well repeat.
                if field != "answer" or match.group().lower() not in texts.asked.lower():
                    yield found("placeholder", field, text, match.span())


def chat_marker(texts: Texts, _: Frame) -> Iterator[Found]:
    """Find special tokens and role marks of a chat template, which a model must not see twice."""
    if _CHAT_TALK.search(texts.question[:2000]):
        return
    for field, text in texts.own():
        plain = without_code(text)
        for match in _MARKER.finditer(plain):
            yield found("chat_marker", field, text, match.span(), fix="")
        speakers = list(_SPEAKER.finditer(plain))
        for match in speakers:
            # Several are turns run together: without their marks nobody could tell them apart.
            fix = "" if len(speakers) == 1 else None
            yield found("chat_marker", field, text, match.span(), fix=fix)
        roles = list(_ROLE.finditer(plain))
        # One role mark at the head is dirt; several are a dialogue that somebody asked for.
        if len(roles) == 1 and not plain[: roles[0].start()].strip():
            yield found("chat_marker", field, text, roles[0].span(), fix="")
