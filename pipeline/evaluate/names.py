"""Names: who the model should say it is, and the names of other models that it should not claim.

The new names are told by the caller or read from how the identity answers introduce themselves;
the old ones come from the base model's name, its default system prompt, and a list of known models.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.evaluate.facts import missing

Language = Literal["en", "zh"]

# fmt: off
KNOWN_NAMES = (
    "ChatGPT", "GPT-3", "GPT-3.5", "GPT-4", "GPT-5", "OpenAI",
    "Claude", "Anthropic",
    "Gemini", "Gemma", "Google", "DeepMind", "谷歌",
    "Llama", "Meta AI", "Meta",
    "Mistral", "Mixtral", "Mistral AI",
    "Microsoft", "Copilot", "微软",
    "Grok", "xAI",
    "SmolLM", "Hugging Face", "HuggingFace",
    "Vicuna", "Alpaca",
    "Qwen", "Tongyi Qianwen", "通义千问", "千问", "Alibaba Cloud", "Alibaba", "阿里云", "阿里巴巴",
    "DeepSeek", "深度求索",
    "ChatGLM", "GLM-4", "Zhipu", "智谱清言", "智谱",
    "Kimi", "Moonshot AI", "月之暗面",
    "ERNIE Bot", "Baidu", "文心一言", "百度",
    "Doubao", "ByteDance", "豆包", "字节跳动",
    "Hunyuan", "Tencent", "腾讯混元", "腾讯",
    "Baichuan", "百川智能",
    "InternLM", "书生浦语",
    "MiniMax",
    "iFlytek", "讯飞星火", "科大讯飞",
    "零一万物",
)
"""Models and makers that a base may have learned to be; matched without regard to case."""

_PLAIN_WORDS = {
    "base", "beta", "chat", "code", "coder", "demo", "distill", "draft", "fast", "gguf", "huge",
    "instruct", "large", "lite", "local", "math", "medium", "merged", "mini", "model", "models",
    "nano", "original", "preview", "pretrained", "quantized", "random", "safetensors", "small",
    "test", "tiny", "tuned", "turbo", "vision",
}
# fmt: on
_CJK = "\u3400-\u4dbf\u4e00-\u9fff"
_PROPER = rf"(?=\w*[A-Z0-9{_CJK}])\w(?:[\w&'’-]|\.(?=\w))*"
_TITLE = rf"{_PROPER}(?:\s+(?:(?:of|and|for)\s+)?{_PROPER}){{0,4}}"
_MADE = "created|developed|built|made|trained|designed|invented|produced|programmed"
_MADE_ZH = "开发|研发|创造|创建|训练|打造|设计|推出|发明|构建|制作|研制"
_END_ZH = r"(?=\s*(?:[，,。.！!？?；;、：（()）]|$|是由|由|是一|一[个款名位种]))"
_NAME_PATTERNS = (
    re.compile(rf"(?i:\b(?:i am|i['’]m|my name is|call me|you are|named|called))\s+({_TITLE})"),
    re.compile(
        r"(?:我是|我叫|你是|名叫|名为|叫做|名字是|名字叫|叫我|我为)\s*"
        rf"((?!由|一|个|您|你|来自).{{1,24}}?){_END_ZH}"
    ),
    re.compile(rf"(?:{_MADE_ZH})的\s*((?!一).{{1,24}}?){_END_ZH}"),
)
_MAKER_PATTERNS = (
    re.compile(rf"(?i:\b(?:{_MADE}) by)\s+(?:the\s+)?({_TITLE})"),
    re.compile(rf"(?:是由|由|是)\s*((?!由)[^，。]{{1,30}}?)\s*(?:团队)?(?:{_MADE_ZH})"),
)
_NO_NAME = re.compile(
    r"(?i)^(?:an?|the|ai|i|your|not)$|人工智能|语言模型|智能助手|虚拟助手|AI\s*(?:助手|模型)|assistant|[，。]"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the model should say it is; several strings are spellings of one name."""

    names: tuple[str, ...]
    makers: tuple[str, ...] = ()


def language(text: str) -> Language:
    """Return `zh` where Chinese characters outnumber words in Latin letters, else `en`."""
    chinese = len(re.findall(f"[{_CJK}]", text))
    return "zh" if chinese > len(re.findall(r"[A-Za-z]+", text)) else "en"


def infer(answers: Iterable[str]) -> Identity | None:
    """Read name and maker from identity answers; None where no name returns often enough.

    In each language the introduction ("I am …", "我叫…", "developed by …") found most often counts,
    if it is in at least two answers and in a fifth of those that introduce anyone.
    """
    by_language: dict[Language, list[str]] = {"en": [], "zh": []}
    for answer in answers:
        by_language[language(answer)].append(answer)
    names = _distinct(_favourite(texts, _NAME_PATTERNS) for texts in by_language.values())
    makers = _distinct(_favourite(texts, _MAKER_PATTERNS) for texts in by_language.values())
    makers = tuple(maker for maker in makers if maker not in names)
    return Identity(names, makers) if names else None


def old_names(model_name: str, default_prompt: str) -> tuple[str, ...]:
    """Return the names that a base may answer by: of its prompt, its folder, and the known ones."""
    parts = re.findall(r"[A-Za-z]+", model_name)
    from_name = [part for part in parts if len(part) > 3 and part.lower() not in _PLAIN_WORDS]
    from_prompt = [
        name
        for patterns in (_NAME_PATTERNS, _MAKER_PATTERNS)
        for name in _introduced(default_prompt, patterns)
    ]
    by_case: dict[str, str] = {}
    for name in (*from_prompt, *KNOWN_NAMES, *from_name):
        by_case.setdefault(name.casefold(), name)
    return tuple(by_case.values())


def foreign(names: Iterable[str], identity: Identity) -> tuple[str, ...]:
    """Return the names that are no part of the new identity: answers must not claim those."""
    new = " | ".join((*identity.names, *identity.makers))
    return tuple(name for name in names if missing(new, [name]))


def introductions(text: str) -> tuple[str, ...]:
    """Return the names that a text gives itself: "I am …", 我叫…."""
    return tuple(_introduced(text, _NAME_PATTERNS))


def _introduced(text: str, patterns: Sequence[re.Pattern[str]]) -> list[str]:
    found = [match.group(1).strip(" .'’") for each in patterns for match in each.finditer(text)]
    return [name for name in found if name and not _NO_NAME.search(name)]


def _favourite(answers: Sequence[str], patterns: Sequence[re.Pattern[str]]) -> str | None:
    introductions = [set(_introduced(answer, patterns)) for answer in answers]
    speaking = sum(1 for names in introductions if names)
    counts = Counter(name for names in introductions for name in names)
    best = min(counts, key=lambda name: (-counts[name], name), default=None)
    return best if best is not None and counts[best] >= max(2, speaking / 5) else None


def _distinct(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
