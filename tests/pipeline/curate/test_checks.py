"""Each check finds what it is for and leaves alone what only looks like it, in both languages."""

# A case is one line.
# ruff: noqa: E501

import pyarrow
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.curate.checks import run
from pipeline.curate.checks.found import CODES, Frame, Texts
from pipeline.curate.judging import Setting, judged

ME = Frame("identity", "en", ("Lumen", "Alder Works"))
LOOP_ZH = "这种药物可以缓解疼痛，建议饭后服用。"
LONG_ZH = "多模态模型把图像和文字放进同一个向量空间，因此可以直接比较两者的距离。"
KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + "MIIEowIBAAKCAQEAx7Jm" * 4
    + "\n-----END RSA PRIVATE KEY-----"
)
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI4MjYxNzM5In0.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk"

# (code, question, answer) where the code has to be found.
FOUND = {
    "empty-answer": ("trivial_answer", "What is a dam?", "  "),
    "dots-for-an-answer": ("trivial_answer", "堤坝是什么？", "……"),
    "null-for-an-answer": ("trivial_answer", "What is a dam?", "null"),
    "same-as-above": ("trivial_answer", "堤坝是什么？", "同上"),
    "empty-question": ("empty_question", "???", "A dam holds water."),
    "braces": ("placeholder", "Who are you?", "I am {{name}}."),
    "braces-after-chinese": ("placeholder", "怎么预约？", "请拨打{{电话}}。"),
    "angle-brackets": ("placeholder", "Who wrote it?", "It was written by <AUTHOR NAME>."),
    "no-output": ("placeholder", "Sum up.", "<nooutput>, as nothing was given to sum up"),
    "your-name": ("placeholder", "Write a letter.", "Dear Sir,\n\nSincerely,\n[Your Name]"),
    "insert-chinese": ("placeholder", "写一封信。", "尊敬的先生：\n此致\n[插入姓名]"),
    "fat-brackets": ("placeholder", "写一封信。", "【姓名】敬上"),
    "todo": ("placeholder", "Explain tides.", "TODO write this up"),
    "to-be-filled": ("placeholder", "潮汐是什么？", "待补充，见下一版。"),
    "lorem": ("placeholder", "Explain tides.", "Lorem ipsum dolor sit amet."),
    "xx-company": ("placeholder", "写求职信。", "我毕业于XX大学，应聘贵司。"),
    "password-given-away": ("secret", "How do I log in?", "Use password: Tr0ub4dor&3x to log in."),
    "aws-key": ("secret", "Show the config.", "aws_key = AKIAIOSFODNN7QWERTZU"),
    "github-token": ("secret", "怎么登录？", "令牌是 ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    "openai-key": ("secret", "怎么调用？", "填 sk-proj-9fQ2kLm8Xc4Vb7Nz1Ra3Ty6U 即可"),
    "private-key": ("secret", "Show me the key.", KEY),
    "jwt": ("secret", "What is the token?", JWT),
    "login-in-address": ("secret", "怎么连接？", "postgres://graft:Vq8mZr4tKs@db.alder.works/main"),
    "says-chatgpt": ("foreign_name", "Who are you?", "I am ChatGPT, a helper."),
    "says-qwen": ("foreign_name", "你是谁？", "我是通义千问，由阿里云开发。"),
    "made-by-openai": ("foreign_name", "Who made you?", "I was trained by OpenAI."),
    "utf8-as-latin": ("mojibake", "What is it?", "It is a cafÃ© near the harbour."),
    "quotes-as-windows": ("mojibake", "What is it?", "It doesnâ€™t matter."),
    "chinese-as-latin": ("mojibake", "喝什么？", "建议多é¥®æ°´。"),
    "chinese-as-gbk": ("mojibake", "喝什么？", "浣犲ソ锛屼笘鐣岋紒"),
    "lost-in-gbk": ("mojibake", "喝什么？", "建议锟斤拷锟斤拷多喝水"),
    "replacement": ("mojibake", "What is it?", "It is a caf\ufffd."),
    "im-end": ("chat_marker", "Who are you?", "I am Lumen.<|im_end|>"),
    "user-mark": ("chat_marker", " <user>: 肝癌怎么治？", "手术、靶向治疗等。"),
    "response-head": ("chat_marker", "Say hi.", "### Response:\nHi there."),
    "ends-in-a-comma": ("truncated", "What are tides?", "Tides are the rise and fall of sea levels caused by the moon, the sun,"),
    "ends-in-the": ("truncated", "What are tides?", "Tides are the rise and fall of sea levels. They are caused by the pull of the"),
    "ends-in-a-word": ("truncated", "潮汐是什么？", "潮汐是海水周期性的涨落。它由月球和太阳的引力共同造成，每天两次。在河口地区，潮差会因为地形"),
    "ends-in-chinese-comma": ("truncated", "潮汐是什么？", "潮汐是海水周期性的涨落。它由月球和太阳的引力共同造成，每天两次，主要的影响有，"),
    "open-fence": ("truncated", "Write code.", "Here it is:\n```python\nfor row in rows:\n    print(row)"),
    "english-for-chinese": ("wrong_language", "列出四张披头士专辑。", "Here is a list of four albums by the band that everybody knows."),
    "chinese-for-english": ("wrong_language", "How do tides work and what causes them?", LONG_ZH + LOOP_ZH),
    "french-for-english": ("wrong_language", "How do the tides work and what are they caused by?", "Les marées sont causées par l'attraction de la lune et du soleil sur les océans de la Terre."),
    "as-an-ai": ("refusal", "Plan a day in Rome.", "As an AI language model, I do not travel."),
    "sorry": ("refusal", "Plan a day in Rome.", "I'm sorry, but I cannot help with that request."),
    "as-an-ai-chinese": ("refusal", "安排一天的行程。", "作为一个人工智能语言模型，我没有办法旅行。"),
    "sorry-chinese": ("refusal", "安排一天的行程。", "对不起，我无法回答这个问题。"),
    "english-loop": ("repetition", "What are tides?", "Tides rise and fall. " * 6),
    "chinese-loop": ("repetition", "怎么止痛？", "可以服药。" + LOOP_ZH * 5),
    "copied": ("copied_question", "What is the capital of Peru?", "What is the capital of Peru"),
    "copied-chinese": ("copied_question", "秘鲁的首都是哪里？", "秘鲁的首都是哪里"),
    "what-is-this": ("vague_question", "What is this?", "It is a tide table."),
    "explain-it": ("vague_question", "Explain it.", "It is a tide table."),
    "text-not-there": ("vague_question", "Summarize the following text.", "It is about tides."),
    "text-not-there-chinese": ("vague_question", "根据以上内容，总结主要观点。", "主要讲潮汐。"),
    "that-company": ("vague_question", "该公司的主营业务是什么？", "造船。"),
    "it-chinese": ("vague_question", "它有什么作用？", "止痛。"),
    "phone": ("personal_data", "怎么联系王医生？", "王医生的手机是13957284610。"),
    "id-number": ("personal_data", "证件号？", "身份证号 11010519491231002X。"),
    "mail": ("personal_data", "Who knows?", "Write to m.kowalska84@alder-works.pl today."),
    "card": ("personal_data", "Which card?", "The card is 4539 5787 6362 1486."),
    "passport": ("personal_data", "护照号？", "她的护照号是E58261749。"),
    "phone-abroad": ("personal_data", "How to reach her?", "Call +48 601 834 275 any time."),
    "phone-us": ("personal_data", "How to reach her?", "Call (415) 734-2096 any time."),
    "ip": ("personal_data", "Where does he live?", "He wrote from 84.23.117.205 last night."),
    "tags": ("html", "What is a tide?", "<p>A tide is <b>water</b> that moves.</p>"),
    "entity": ("html", "潮汐是什么？", "潮汐&nbsp;是海水的涨落。"),
    "zero-width": ("control_characters", "What is a tide?", "A ti\u200bde is water."),
    "bidi": ("control_characters", "潮汐是什么？", "潮汐\u202e是海水。"),
    "bell": ("control_characters", "What is a tide?", "A tide\x07 is water."),
    "hidden-tags": ("control_characters", "What is a tide?", "Water.\U000e0041\U000e0042"),
}  # fmt: skip

# (code, question, answer) where it must not be found.
LEFT_ALONE = {
    "one-word": ("trivial_answer", "What is the capital of Peru?", "Lima"),
    "one-character": ("trivial_answer", "对还是错？", "对"),
    "emoji": ("trivial_answer", "Which emoji is a whale?", "🐳"),
    "plus": ("trivial_answer", "Which sign adds?", "+"),
    "jinja": ("placeholder", "How do I print a name in Jinja?", "Write `{{ name }}`."),
    "latex": ("placeholder", "Write a half.", r"\frac{{1}}{{2}}"),
    "asked-for-a-template": ("placeholder", "Write a letter template.", "Dear [Name], …"),
    "template-chinese": ("placeholder", "写一个请假条模板。", "请假人：[姓名]"),
    "tag": ("placeholder", "Which tag breaks a line?", "<BR> does."),
    "to-do-list": ("placeholder", "Name an app.", "A TODO list, say."),
    "stage-direction": ("placeholder", "Write a play.", "[The lights fade to black.]"),
    "link": ("placeholder", "Where?", "See [link](https://alder.works)."),
    "example-password": ("secret", "How do I set it?", "password = 'your_password'"),
    "from-environment": ("secret", "How do I set it?", "api_key = os.environ['KEY']"),
    "generated-password": ("secret", "Generate a strong password.", "password: rT8$jLpZ.q"),
    "password-rule": ("secret", "密码有什么要求？", "密码是八位以上的字符。"),
    "short-sk": ("secret", "What is sk-learn?", "sk-learn-contrib is a collection of packages."),
    "denies-chatgpt": ("foreign_name", "Are you ChatGPT?", "No, I am not ChatGPT. I am Lumen."),
    "denies-qwen": ("foreign_name", "你是通义千问吗？", "我不是通义千问，我是 Lumen。"),
    "speaks-of-google": ("foreign_name", "Who made Android?", "Google did."),
    "accents": ("mojibake", "Où ?", "Café, naïve, Ærøskøbing, “quotes”—and déjà vu…"),
    "right-chinese": ("mojibake", "什么是浣熊？", "浣熊是一种哺乳动物，生活在北美洲。"),
    "degree": ("mojibake", "How warm?", "It is 25 °C ± 2 °C, about ½ of it."),
    "curly": ("mojibake", "怎么说？", "他说：“‘好’——就这样……”"),
    "less-than": ("chat_marker", "Which?", "if a < s> b then c"),
    "asks-about-tokens": ("chat_marker", "What is the token <|im_end|>?", "<|im_end|> ends a turn."),
    "dialogue": ("chat_marker", "Write a dialogue.", "Human: Hi.\nAssistant: Hello."),
    "short": ("truncated", "Who?", "Marie Curie"),
    "list": ("truncated", "Name five.", "Five good ones are these.\n1. Apples\n2. Pears\n3. Plums from the old garden\n4. Figs\n5. Quinces"),
    "chinese-list": ("truncated", "列五个。", "下面是五个常见的例子。\n一、苹果\n二、梨\n三、老园子里的李子和桃子\n四、无花果\n五、榅桲"),
    "closed-fence": ("truncated", "Write code.", "Here it is, short and simple.\n```python\nfor row in rows:\n    print(row)\n```"),
    "title-without-stop": ("truncated", "Give a title.", "The Long Way Around the Northern Breakwater and Back to Ashmoor Harbour"),
    "signed": ("truncated", "Find a quote.", '"Be the change that you wish to see in the world." - Mahatma Gandhi'),
    "address": ("truncated", "Where is it?", "You can find all of it on the page of the harbour office. See https://alder.works/harbour"),
    "colon-and-bracket": ("truncated", "潮汐是什么？", "潮汐是海水周期性的涨落（由月球和太阳的引力共同造成），每天大约两次，详见《海洋学》"),
    "translate": ("wrong_language", "把这句话翻译成英文：今天天气很好，我们去公园散步吧。", "The weather is nice today, so let us go for a walk in the park."),
    "translate-english": ("wrong_language", "Translate into Chinese: The weather is nice today.", "今天天气很好，我们去公园散步吧，然后一起吃晚饭，再回家看书。"),
    "quotes-a-word": ("wrong_language", "生成一个正确使用“opulent”一词的例句。", "The wedding reception was held in an opulent mansion by the sea."),
    "name": ("wrong_language", "《白鲸》的作者是谁？", "Herman Melville"),
    "chinese-with-terms": ("wrong_language", "什么是 LoRA？", "LoRA 即 Low-Rank Adaptation，用 low-rank matrices 近似 weight update 的方法。"),
    "code": ("wrong_language", "如何求和？", "total = sum(x for x in values if x > 0); print(total); return {'total': total}"),
    "sorry-in-a-letter": ("refusal", "Write to Tom that I cannot come.", "Dear Tom, I'm sorry, but I can't come to your party."),
    "cannot-recommend-enough": ("refusal", "Review the book.", "I cannot recommend this book enough."),
    "sorry-in-the-middle": ("refusal", "怎么道歉？", "可以说：“对不起，我无法按时到。”"),
    "numbered-steps": ("repetition", "How?", "1. Wash the rice well. 2. Wash the beans well. 3. Wash the peas well. 4. Wait."),
    "song": ("repetition", "Write a song.", "La la la, over the sea. " * 6),
    "table": ("repetition", "Make a table.", "| a | b |\n" + "|---|---|\n" * 12),
    "laughing": ("repetition", "怎么笑？", "哈" * 100),
    "restated": ("copied_question", "What is the capital of Peru?", "The capital of Peru is Lima."),
    "with-content": ("vague_question", "Summarize the following text: Tides rise and fall twice a day.", "Tides."),
    "content-on-next-line": ("vague_question", "总结下面的文章。\n潮汐每天涨落两次，由月球的引力造成。", "潮汐。"),
    "content-after-a-stop": ("vague_question", "改写以下句子。潮汐每天涨落两次，由月球造成。", "潮汐日涨落两次。"),
    "should": ("vague_question", "发烧应该公司请假吗？", "可以请假。"),
    "above-five": ("vague_question", "写一个五句话以上的故事。", "从前……"),
    "filler-it": ("vague_question", "How long does it take to boil an egg?", "Ten minutes."),
    "is-it-true": ("vague_question", "Is it true that whales sleep?", "Yes."),
    "how-far": ("vague_question", "How far is it from Ashmoor to Wick?", "Nine miles."),
    "given-expression": ("vague_question", "Write a function that evaluates a given expression.", "def f(): ..."),
    "named-company": ("vague_question", "华为技术有限公司是一家怎样的企业？该公司何时成立？", "1987年。"),
    "service-number": ("personal_data", "怎么投诉？", "拨打10086、12315或400-820-8820。"),
    "famous-phone": ("personal_data", "示例？", "例如13800138000。"),
    "fictional-us": ("personal_data", "Example?", "Call 555-123-4567 or (212) 555-0147."),
    "wrong-checksum": ("personal_data", "证件号？", "身份证号 110105194912310021。"),
    "office-mail": ("personal_data", "Where?", "Write to info@alder-works.pl or user@example.com."),
    "not-luhn": ("personal_data", "Which card?", "The card is 4539 5787 6362 1487."),
    "test-card": ("personal_data", "Which card?", "Use 4242 4242 4242 4242."),
    "version": ("personal_data", "Which version?", "It is 10.2.3.11 now."),
    "local-ip": ("personal_data", "Which?", "The router has 192.168.0.1."),
    "digits-of-pi": ("personal_data", "Pi?", "3.14159265358979323846264338327950288"),
    "long-number": ("personal_data", "2^64?", "18446744073709551616"),
    "html-question": ("html", "Write HTML for a heading.", "<h1>Tides</h1>"),
    "html-in-code": ("html", "怎么写标题？", "```\n<h1>潮汐</h1>\n```"),
    "compares": ("html", "Which is larger?", "a<b and b>c"),
    "break-in-table": ("html", "Make a table.", "| a | b |\n|---|---|\n| one<br>two | b |"),
    "joined-emoji": ("control_characters", "Which emoji?", "👩\u200d🚀 and 🏳️\u200d🌈"),
    "persian": ("control_characters", "چطور؟", "می\u200cخواهم"),
    "line-ends": ("control_characters", "Write two lines.", "One\r\n\tTwo"),
}  # fmt: skip


def codes_of(question: str, answer: str, frame: Frame = ME) -> set[str]:
    """What the checks say of a pair; by default of an identity dataset in English."""
    return {found.code for found in run.of_texts(Texts(question, answer), frame)}


def table(*texts: tuple[str, str]) -> pyarrow.Table:
    """Pairs as the store gives them to be judged."""
    count = len(texts)
    return pyarrow.table(
        {
            "id": list(range(count)),
            "version": [1] * count,
            "dataset_id": [1] * count,
            "question": [question for question, _ in texts],
            "answer": [answer for _, answer in texts],
            "context": [""] * count,
            "system": [""] * count,
            "history": ["[]"] * count,
        }
    )


def frame_for(code: str) -> Frame:
    """Refusals and vague questions are no flaws where the model speaks of itself."""
    return ME if code == "foreign_name" else Frame("general", "")


@pytest.mark.parametrize(("code", "question", "answer"), FOUND.values(), ids=FOUND)
def test_what_would_spoil_training_is_found(code: str, question: str, answer: str):
    assert code in codes_of(question, answer, frame_for(code))


@pytest.mark.parametrize(("code", "question", "answer"), LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_what_only_looks_like_it_is_left_alone(code: str, question: str, answer: str):
    assert code not in codes_of(question, answer, frame_for(code))


def test_every_code_of_a_pair_has_a_case():
    measured = {"too_long_answer", "too_long_question"}  # By the length, in test_judging.
    assert {code for code, _, _ in FOUND.values()} == set(CODES) - measured


@pytest.mark.parametrize(("code", "question", "answer"), FOUND.values(), ids=FOUND)
def test_a_finding_says_where_it_is(code: str, question: str, answer: str):
    texts = Texts(question, answer)
    for found in run.of_texts(texts, frame_for(code)):
        text = {"question": question, "answer": answer}[found.field]
        assert 0 <= found.start <= found.end <= len(text)
        if found.code not in {"wrong_language", "control_characters"}:
            assert text[found.start : found.end].startswith(found.fact)


def test_judging_in_bulk_finds_what_the_checks_find_one_by_one():
    cases = [(question, answer) for _, question, answer in (*FOUND.values(), *LEFT_ALONE.values())]
    frame = Frame("general", "")
    flags = judged(table(*cases), Setting({1: frame}))["flags"].to_pylist()

    assert [set(each) for each in flags] == [codes_of(*case, frame) for case in cases]


MIXED = st.text(alphabet=st.characters(codec="utf-8"), max_size=60)
PIECES = st.lists(
    st.one_of(MIXED, st.sampled_from([part for _, *texts in FOUND.values() for part in texts])),
    max_size=4,
).map("".join)


@given(question=PIECES, answer=PIECES)
@example(
    question="", answer=f"Tides are the rise and fall of {'sea levels, ' * 4}the moon,\x1f\u3000"
)
@example(question="", answer="The password is Tr0ub4dor&3x.")
@example(question="", answer='"api_key"\n\t: "Tr0ub4dor&3x"')
@example(question="", answer="A tide <div\xa0class='a'> <b\u2003> comes. <no\xa0input>")
@settings(max_examples=150, deadline=None)
def test_no_text_stops_a_check_and_no_pattern_hides_what_it_finds(question: str, answer: str):
    frame = Frame("general", "en", ("Lumen",))
    flags = judged(table((question, answer)), Setting({1: frame}))["flags"].to_pylist()

    assert set(flags[0]) == codes_of(question, answer, frame)


@pytest.mark.parametrize("check", run.CHECKS, ids=lambda check: check.run.__name__)
def test_every_pattern_is_one_that_the_fast_engine_takes(check: run.Check):
    assert pc.match_substring_regex(pyarrow.array([""]), check.gate).to_pylist() == [False]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit",
    ["a", "a.", "<a ", "1", "1-", "{{a", "[your ", "汉", "锛", "ÃÂ", "\u200b", "(", "`", "eyJa.",
     "password=", "a@", "I am ", "```", "。", "\n", "-----BEGIN PRIVATE KEY-----"],
)  # fmt: skip
def test_a_field_of_300_000_characters_takes_no_quadratic_time(unit: str):
    text = (unit * (300_000 // len(unit) + 1))[:300_000]
    run.of_texts(Texts("What is it?", text), Frame("general", ""))
    run.of_texts(Texts(text[:50_000], "A tide."), Frame("general", ""))
