"""Questions that nobody could answer: about a text that is not there, "it", "该公司"."""

import re
from collections.abc import Iterator

from pipeline.curate.checks.found import Found, Frame, Texts, found

LONGEST = 160
"""A longer question brings along what it speaks of."""
VAGUE_GATE = (
    r"(?i)\b(?:this|that|these|those|it|they|them|he|she|above|following|given|below|provided)\b|"
    r"[以如]?[上下]述|以上|以下|上面|下面|上文|前述|前文|给定|所给|该|此|这|那|它|他|她|其"
)
_THING = (
    r"text|passage|paragraph|sentences?|article|story|poem|document|email|letter|code|data|dataset|"
    r"table|list|words?|numbers?|information|input|conversation|dialogue|review|statements?|"
    r"phrases?|equation|expression|list|image|picture|graph|chart|essay|report|excerpt|quote|"
    r"instructions?|content|topic|product|problem|question|array|string|items?"
)
_MISSING = re.compile(
    rf"\b(?:the|this|these) (?:following|above|given|provided|"
    rf"below)(?: \w+){{0,2}}? (?:{_THING})\b|"
    rf"(?<!\ba )(?<!\ban )(?<!\bany )\b(?:following|given|provided|above) (?:{_THING})[.:]?\s*\Z|"
    rf"\b(?:{_THING}) (?:above|below|given|provided)\b|\bthis (?:text|passage|paragraph|sentence|"
    r"article|story|poem|document|email|letter|code|conversation|excerpt|essay)\b",
    re.IGNORECASE,
)
_MISSING_ZH = re.compile(
    r"(?<![句话个岁年月天人元字名条次点分斤种位米钟倍])(?:以上|上述|上面|上文|前文|前述|以下|"
    r"下述|下面|下列|给定|所给|给出)的?"
    r"(?:这?[段篇个句些条份][^\s，。？?]{0,4})?(?:内容|材料|文章|段落|文字|信息|文本|句子|"
    r"对话|故事|资料|代码|"
    r"数据|表格|诗歌|单词|词语|列表|文档|语句|题目|问题)|这(?:段|篇)(?:话|文字|文章|代码|诗|"
    r"对话|文本)|上述|前述"
)
_PRONOUN = re.compile(
    r"\A\W*(?:so |and |but |then )?(?:"
    r"(?:what|who|where|when|which|why|how)(?: \w+)? (?:is|are|was|were|does|do|did|can|could|"
    r"will|would|"
    r"should|has|have) (?:it|this|that|they|these|those|he|she)\b(?! (?:time|like to|possible|"
    r"important to|"
    r"necessary|that|so|when|called when|true|best|okay|better|said|mean(?:s|t)? (?:to|when|"
    r"if|by)))"
    r"|(?:is|are|was|were|does|do|did|can|has) (?:this|they|he|she|these|those)\b"
    r"|(?:explain|describe|tell me(?: more)? about|summari[sz]e|translate|rewrite|fix|improve|"
    r"elaborate on|define|compare) (?:it|this|that|these|those|them)\b(?=\W*\Z)"
    r")",
    re.IGNORECASE,
)
_NOUNS = (
    r"公司|企业|产品|药物|药品|药|疾病|病人|患者|文章|项目|系统|方案|研究|论文|地区|国家|城市|"
    r"作者|软件|技术|"
    r"模型|设备|机构|学校|医院|病例|指标|检查|手术|方法|疗法|基因|蛋白|书|电影|游戏|平台|人物|"
    r"事件|协议|合同"
)
_THAT = re.compile(rf"(?<![应活就理])该({_NOUNS})|此({_NOUNS})")
_PRONOUN_ZH = re.compile(
    r"\A\W*(?:请问|那么|那|请解释|请说明|解释|说明|介绍|请介绍|翻译|总结)?(?:一下)?"
    r"(?:这个?(?:是什么|怎么[样办用]?|有什么|为什么|能|可以|的)|这(?:些|种|样)?(?:是什么|"
    r"有什么|怎么)|"
    r"它们?(?:是|有|的|会|能|怎么|为什么|在|可以)|他们?(?:是|有|的|怎么|为什么|在)|她们?(?:是|"
    r"有|的|怎么|为什么|在)|"
    r"其(?:作用|原理|特点|优点|缺点|原因|功能|用途|意义)(?:是|有))"
)
_LONGEST_PRONOUN_ZH, _LONGEST_PRONOUN = 24, 70
_FULL_STOP = re.compile(r"[。！？]|[.!?](?=\s)")
_MAKING = re.compile(
    r"function|program|algorithm|script|class\b|method|quer(?:y|ies)|system|model|regex|"
    r"函数|程序|算法|脚本|系统|模型|方法|正则|代码",
    re.IGNORECASE,
)
# "How far is it from …", "How long does it take to …": an "it" that stands for nothing.
_FILLER_IT = re.compile(
    r" (?:take|cost|from|to|for|in|on|at|that|like|mean|hurt|rain|snow|get|feel|\w+ (?:to|"
    r"that|for|from|if|when|in|on|at)\b)",
    re.IGNORECASE,
)
_FEWEST_BROUGHT = 8
# What a question brings along itself: something quoted, listed, or after a colon.
_BROUGHT = re.compile(
    r"[:：]\s*\S[^\n]{2,}|[\"“‘「『《<【\[(（][^\n]{2,}|\n\s*\S|(?<!\w)['][^\n]{3,}[']|=|"
    r"https?:|\d+\s*[,，、]\s*\d+"
)


def vague_question(texts: Texts, frame: Frame) -> Iterator[Found]:
    """Find short questions about something that neither they nor a context or history names."""
    text = texts.question
    if (
        frame.role == "identity"
        or texts.context.strip()
        or texts.history
        or texts.system
        or len(text) > LONGEST
    ):
        return
    match = _missing(text) or _pronoun(text) or _that(text)
    if match is not None:
        yield found("vague_question", "question", text, match.span())


def _missing(text: str) -> re.Match[str] | None:
    match = _MISSING.search(text) or _MISSING_ZH.search(text)
    if match is None or _BROUGHT.search(text) or _has_other_sentence(text, match):
        return None
    is_general = re.search("given|给定|provided", match.group(), re.IGNORECASE)
    return None if is_general and _MAKING.search(text) else match


def _pronoun(text: str) -> re.Match[str] | None:
    if len(text.strip()) <= _LONGEST_PRONOUN and (match := _PRONOUN.search(text)):
        is_filler = match.group().lower().endswith(" it") and _FILLER_IT.match(text[match.end() :])
        return None if is_filler or _BROUGHT.search(text) else match
    if len(text.strip()) <= _LONGEST_PRONOUN_ZH and (match := _PRONOUN_ZH.search(text)):
        return None if _BROUGHT.search(text) else match
    return None


def _has_other_sentence(text: str, match: re.Match[str]) -> bool:
    """Whether a sentence beside the one that points may be what is pointed at."""
    stops = [stop.end() for stop in _FULL_STOP.finditer(text)]
    before = max((stop for stop in stops if stop <= match.start()), default=0)
    after = min((stop for stop in stops if stop >= match.end()), default=len(text))
    return max(before, len(text.strip()) - after) >= _FEWEST_BROUGHT


def _that(text: str) -> re.Match[str] | None:
    """Find 该公司 where no company was named before."""
    match = _THAT.search(text)
    if match is None or _BROUGHT.search(text):
        return None
    before = text[: match.start()]
    if _has_other_sentence(text, match):
        return None
    # A clause before it has named what is meant, unless it only asks.
    has_named = len(re.sub(r"\W|请问|关于|对于|在", "", before)) >= 6
    return None if has_named else match
