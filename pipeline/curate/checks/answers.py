"""Answers that teach nothing or the wrong thing: empty, copied, looping, refusing, of another."""

import re
from collections.abc import Iterator

from pipeline.curate.checks.found import Found, Frame, Texts, found, without_code
from pipeline.curate.normalise import key
from pipeline.evaluate import names as model_names
from pipeline.evaluate.facts import missing

SHORTEST_LOOP = 60
"""Characters that something said over and over has to fill before it counts as a loop."""
_NOTHING = {
    "nan", "null", "undefined", "n/a", "<nooutput>", "nooutput", "<noinput>", "略", "同上",
    "待补充",
    "tbd", "暂无", "[deleted]", "[removed]",
}  # fmt: skip

REFUSAL_GATE = (
    r"(?i)as an? (?:ai|artificial|language|large)|\bai language model|i['’]?m (?:sorry|unable|"
    r"not able|afraid)|"
    r"i (?:can['’]?t|cannot|can not|am unable|am not able|am sorry|am afraid|apologi[sz]e)|"
    r"作为|语言模型|人工智能|(?:对不起|抱歉|遗憾|不好意思)[，,]?(?:我|但|由于)|我(?:目前|"
    r"暂时)?(?:无法|不能)"
)
_AS_MODEL = re.compile(
    r"\bas an? (?:ai|artificial intelligence)(?: language)?(?: model| assistant|"
    r" chatbot)?\b(?=,| i\b)|"
    r"\bas an? (?:large )?language model\b|\bi(?: am|['’]m) (?:just |only )?an? (?:ai|"
    r"large) language model|"
    r"作为(?:一个|一名|一种|一款)?(?:人工智能|AI)(?:语言)?(?:模型|助手|程序|机器人)?[，,]|"
    r"作为(?:一个|一名|一种|一款)?大?语言模型|我(?:只)?是(?:一个|一名)?(?:AI|人工智能)?语言模型",
    re.IGNORECASE,
)
_DO = (
    r"help|assist|provide|answer|fulfil+|comply|generate|create|complete|continue|access|offer|"
    r"do that|discuss|engage|respond|process|browse|perform|determine|produce|give|write|translate|"
    r"understand"
)
_REFUSED = re.compile(
    rf"\A\W{{0,5}}(?:(?:i(?:['’]m| am) )?(?:so |very )?(?:sorry|afraid)|"
    rf"i apologi[sz]e)[,.]? (?:but )?(?:that )?"
    rf"(?:as an ai[^,]{{0,40}}, )?(?:i|we)(?: (?:cannot|can ?not|am unable to|am not able to|"
    rf"do not have)|"
    rf" can['’]t| don['’]t have|['’]m (?:unable|not able) to)(?: \w+){{0,2}}? ?(?:{_DO}|"
    rf"the (?:ability|information)|access|enough)|"
    rf"\A\W{{0,5}}i(?: cannot| can['’]t| am unable to|['’]m unable to|['’]m not able to|"
    rf" am not able to)(?: \w+ly)? (?:{_DO})\b|"
    r"\A\W{0,5}(?:(?:非常|很)?(?:对不起|抱歉|遗憾)|"
    r"不好意思)[，,]?(?:但)?(?:作为[^，,]{0,20}[，,])?(?:我|由于我|我们)"
    r"(?:目前|暂时|现在|并)?(?:无法|不能|没有办法|没办法|不可以|没有能力|不具备)|"
    r"\A\W{0,5}我(?:目前|暂时)?(?:无法|不能)(?:直接)?(?:回答|提供|帮助|协助|完成|生成|执行|"
    r"访问|满足|处理|浏览)",
    re.IGNORECASE,
)
_KEEPS_ROLE = re.compile(r"tool|function|工具|函数")

NAME_GATE = (
    r"(?i)openai|chatgpt|gpt-?[345]|anthropic|claude|gemini|google|deepmind|谷歌|llama|mistral|"
    r"microsoft|微软|copilot|grok|smollm|hugging ?face|vicuna|qwen|tongyi|通义|千问|alibaba|阿里|"
    r"deepseek|深度求索|chatglm|zhipu|智谱|kimi|moonshot|月之暗面|ernie|baidu|文心|百度|"
    r"doubao|豆包|"
    r"bytedance|字节|hunyuan|tencent|腾讯|baichuan|百川|internlm|书生|minimax|iflytek|讯飞|"
    r"零一万物|meta"
)
_I_SPEAK = re.compile(r"\b(?:I|my|me|we)\b|我", re.IGNORECASE)
_FIRST_PERSON = re.compile(
    r"(?:\bI(?: am|['’]m| was)|my name is|call me|\bme\b)[^.!?\n]{0,80}?\Z|"
    r"(?:我是|我叫|我的名字[是叫]|叫我|我由|我是由|训练我|开发了我)[^。！？\n]{0,40}\Z",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|never|no)\b|n['’]t\b|不|没|非", re.IGNORECASE)
_SENTENCE = re.compile(r"[^。！？!?\n]{0,2000}?(?:[。！？!?\n]|\.(?=\s|\Z)|\Z)")
_ASKED_TO_REPEAT = re.compile(
    r"repeat|times|lyric|song|poem|chorus|重复|遍|歌|诗|循环|\brap\b|haiku|verse|pattern|"
    r"print|打印",
    re.IGNORECASE,
)


def trivial_answer(texts: Texts, _: Frame) -> Iterator[Found]:
    """Find answers without a letter or a digit, or that only say that there is none."""
    bare = texts.answer.strip()
    # A sign or an emoji may be the whole right answer; nothing, dots or dashes cannot.
    is_nothing = not bare.strip("…。.-—_ ~") or bare.lower() in _NOTHING
    is_long_noise = len(bare) > 40 and not any(c.isalnum() for c in bare)
    if is_nothing or is_long_noise:
        yield found("trivial_answer", "answer", texts.answer, (0, len(texts.answer)))


def empty_question(texts: Texts, _: Frame) -> Iterator[Found]:
    """Find questions without a letter or a digit."""
    if not any(c.isalnum() for c in texts.asked):
        yield found("empty_question", "question", texts.question, (0, len(texts.question)))


def copied_question(texts: Texts, _: Frame) -> Iterator[Found]:
    """Find answers that are the question, by the key of exact duplicates."""
    question, answer = texts.question, texts.answer
    if not answer.strip() or abs(len(question) - len(answer)) > 20 + len(question) // 5:
        return
    if key(answer) == key(question) and any(c.isalnum() for c in answer):
        yield found("copied_question", "answer", answer, (0, len(answer)))


def repetition(texts: Texts, _: Frame) -> Iterator[Found]:
    """Find answers that loop: the same words again and again, one after the other."""
    if len(texts.answer) < SHORTEST_LOOP or _ASKED_TO_REPEAT.search(texts.asked[:2000]):
        return
    span = loop(texts.answer)
    if span is None:
        return
    start, end, period = span
    plain = without_code(texts.answer)
    if plain[start:end] == texts.answer[start:end]:
        fix = texts.answer[start : start + period]
        yield found("repetition", "answer", texts.answer, (start, end), fix=fix)


def loop(text: str) -> tuple[int, int, int] | None:
    """Return (start, end, period) of something said three times or more in a row, if anything is.

    Sixteen places of the text are looked up again a little later; linear in its length.
    """
    length = len(text)
    step = max(8, length // 16)
    for place in [*range(0, length - 24, step), length - 25]:
        probe = text[place : place + 12]
        again = text.find(probe, place + 1, place + 700)
        if again < 0:
            continue
        period = again - place
        start, end = _stretch(text, place, period)
        unit = text[start : start + period]
        enough = max(SHORTEST_LOOP, 3 * period)
        if end - start >= enough and len({c for c in unit if c.isalpha()}) >= 2:
            return start, start + (end - start) // period * period, period
    return None


def refusal(texts: Texts, frame: Frame) -> Iterator[Found]:
    """Find answers that refuse, or that speak as a language model where none was asked for."""
    if frame.role != "identity":
        match = _AS_MODEL.search(texts.answer[:3000])
        if match and not _AS_MODEL.search(texts.asked[:3000]):
            yield found("refusal", "answer", texts.answer, match.span())
            return
    match = _REFUSED.search(texts.answer[:600])
    if match and not _KEEPS_ROLE.search(texts.system):
        yield found("refusal", "answer", texts.answer, match.span())


def foreign_name(texts: Texts, frame: Frame) -> Iterator[Found]:
    """Find answers in which the model says that it is, or was made by, somebody known and other."""
    text = texts.answer
    if not _I_SPEAK.search(text[:4000]):
        return
    own = " | ".join(frame.names)
    others = (
        [name for name in model_names.KNOWN_NAMES if missing(own, [name])]
        if own
        else list(model_names.KNOWN_NAMES)
    )
    for match in _SENTENCE.finditer(text[:4000]):
        sentence = match.group()
        if not sentence or _NOT.search(sentence):
            continue
        for name in others:
            place = sentence.lower().find(name.lower())
            if place >= 0 and _FIRST_PERSON.search(sentence[:place]):
                start = match.start() + place
                yield found("foreign_name", "answer", text, (start, start + len(name)))
                return


def _stretch(text: str, place: int, period: int) -> tuple[int, int]:
    """Return the longest stretch around `place` that repeats itself after `period` characters."""
    end = place + period
    while text[end : end + period] == text[end - period : end] and end < len(text):
        end += period
    start = place
    while start >= period and text[start - period : start] == text[start : start + period]:
        start -= period
    return start, min(end, len(text))
