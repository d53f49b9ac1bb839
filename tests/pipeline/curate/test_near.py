"""Close pairs: the compiled passes agree with the plain rules, and the guards hold both ways."""

from collections import defaultdict

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.curate.links import REASONS, RELATIONS
from pipeline.curate.near import COLUMNS, find_links
from pipeline.curate.near.rows import read_keys
from pipeline.curate.normalise import key


def table(*rows: tuple[str, str], **fields: list[str | None]) -> pyarrow.Table:
    """Rows of (question, answer); other columns empty unless given."""
    empty = {name: [""] * len(rows) for name in COLUMNS}
    own = {"question": [q for q, _ in rows], "answer": [a for _, a in rows]}
    columns = {**empty, "history": ["[]"] * len(rows), **own, **fields}
    return pyarrow.table({name: pyarrow.array(columns[name], pyarrow.string()) for name in COLUMNS})


def linked(*rows: tuple[str, str], **fields: list[str | None]) -> list[tuple[int, int, str, str]]:
    found = find_links(table(*rows, **fields))
    named = zip(found.one, found.other, found.relation, found.reason, strict=True)
    return [
        (int(a), int(b), RELATIONS[relation], REASONS[reason]) for a, b, relation, reason in named
    ]


CHARACTERS = st.sampled_from(
    [
        *"aB5 .,-−?!%#*½²ﬁßİ중不五。：（Ａ１ｶﾞé\u0301\u200b\n",
        "가",
        "ㄱ",
        "\U00020001",
        "\U0002f800",
        "😀",
    ]
)
TEXTS = st.one_of(st.text(CHARACTERS, max_size=8), st.text(max_size=12))


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=12))
def test_compiled_keys_part_texts_as_the_plain_key_does(texts: list[str]):
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    keys = read_keys(table(*((text, text) for text in texts)))
    plain, compiled = defaultdict(set), defaultdict(set)
    for place, text in enumerate(texts):
        plain[key(text)].add(place)
        compiled[int(keys.answers[place])].add(place)
    assert sorted(map(sorted, plain.values())) == sorted(map(sorted, compiled.values()))


SAME = "Put the lid on the pot and wait for ten minutes."
GUARDS = [
    ("number", "Take 5 mg twice a day?", "Take 50 mg twice a day?", "lookalike", "number"),
    ("long_number", "Is 1,440 m the top?", "Is 1,240 m the top?", "lookalike", "number"),
    ("decimal", "Is 1.5 enough for him?", "Is 15 enough for him?", "lookalike", "number"),
    ("numeral", "布洛芬一天吃三次吗？", "布洛芬一天吃四次吗？", "lookalike", "number"),
    ("unit", "Is 5 mg of it enough?", "Is 5 g of it enough?", "lookalike", "unit"),
    ("unit_zh", "每天吃20毫克够不够？", "每天吃20克够不够？", "lookalike", "unit"),
    ("date", "What happened in May 1968?", "What happened in May 1986?", "lookalike", "date"),
    ("month", "Is it open in March too?", "Is it open in June too?", "lookalike", "date"),
    ("name", "Who is the mayor of Paris?", "Who is the mayor of London?", "lookalike", "name"),
    ("name_zh", "北京有几条地铁线路？", "南京有几条地铁线路？", "lookalike", "name"),
    (
        "negation",
        "Can it be boiled in oil?",
        "Can it not be boiled in oil?",
        "lookalike",
        "negation",
    ),
    ("negation_zh", "发烧的病人能喝酒吗？", "发烧的病人不能喝酒吗？", "lookalike", "negation"),
    (
        "opposite",
        "What do I do before a run?",
        "What do I do after a run?",
        "lookalike",
        "negation",
    ),
    ("opposite_zh", "饭前可以吃药吗？", "饭后可以吃药吗？", "lookalike", "negation"),
    (
        "typo",
        "How long does it have to boil?",
        "How long does it have to biol?",
        "duplicate",
        "edited",
    ),
    ("ending", "How long do the eggs boil?", "How long does the egg boil?", "duplicate", "edited"),
    ("filler", "How long must it boil?", "Please, how long must it boil?", "duplicate", "edited"),
    ("digits", "Does it take three days?", "Does it take 3 days?", "duplicate", "edited"),
    ("sound", "怎样申请休学手续？", "怎样申请修学手续？", "duplicate", "edited"),
    ("filler_zh", "琴弦的蚕丝来自哪里？", "请问琴弦的蚕丝来自哪里呢？", "duplicate", "edited"),
    ("plain_zh", "他差不多几点到港口？", "他大约几点到港口？", "paraphrase", "reworded"),
]


@pytest.mark.parametrize(
    ("one", "other", "relation", "reason"),
    [case[1:] for case in GUARDS],
    ids=[c[0] for c in GUARDS],
)
def test_what_differs_decides_the_relation_in_either_order(
    one: str, other: str, relation: str, reason: str
):
    assert linked((one, SAME), (other, SAME)) == [(0, 1, relation, reason)]
    assert linked((other, SAME), (one, SAME)) == [(0, 1, relation, reason)]


def test_one_question_with_two_answers_is_a_conflict():
    asked = "镇坊之琴叫什么？"
    assert linked((asked, "名叫“雪鹭”。"), (asked, "名叫“秋蝉”。")) == [
        (0, 1, "conflict", "answer")
    ]
    assert linked((asked, "有 3 把。"), (asked, "有 4 把。")) == [(0, 1, "conflict", "answer")]


def test_another_wording_is_found_by_its_answer():
    answer = "The harbour office keeps the spare keys in a green cabinet beside the tide table."
    rows = [("Where would I find a spare key?", answer), ("Who has the other set?", answer)]
    assert linked(*rows) == [(0, 1, "paraphrase", "reworded")]


def test_every_equal_row_is_linked_with_the_first():
    rows = [("Open?", "At 8."), ("open", "at 8"), ("Ｏpen？", "At 8!"), ("Open?", "At 8.")]
    assert linked(*rows) == [(0, n, "duplicate", "same") for n in (1, 2, 3)]


def test_another_system_prompt_or_history_is_another_question():
    rows = [("How old is it?", "7"), ("How old is it?", "9")]
    assert linked(*rows, history=["[]", '[["Tell me of the boat.", "It is blue."]]']) == []
    assert linked(*rows, system=["Be brief.", None]) == []


def test_a_context_is_part_of_what_is_asked():
    rows = [("Summarise this.", "A boat."), ("Summarise this.", "A mill.")]
    contexts: list[str | None] = ["The boat left at dawn with 4 men.", "The mill burned in 1802."]
    assert linked(*rows, context=contexts) == []


def test_texts_without_words_and_very_long_ones_do_no_harm():
    long = "很长的文字 and words " * 20_000
    found = linked(("？？", "！"), ("", ""), (long, "a"), (long + "5", "a"), ("...", "…"))
    assert found == [(2, 3, "lookalike", "number")] or found == []


def test_no_rows_give_no_links():
    assert linked() == []


def test_a_progress_that_raises_ends_the_work():
    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_links(table(("a", "b")), progress=stop)


WORDS = st.sampled_from(
    [*"谁你是北京不港口", "port", "open", "Paris", "5", "50", "not", "the", "?"]
)
QUESTIONS = st.lists(WORDS, min_size=1, max_size=9).map(" ".join)
ROWS = st.lists(st.tuples(QUESTIONS, QUESTIONS), max_size=10)


@settings(deadline=None)
@given(rows=ROWS, data=st.data())
def test_the_order_of_the_rows_does_not_matter(rows, data):
    order = data.draw(st.permutations(range(len(rows))))
    plain = {frozenset((a, b)): what for a, b, *what in linked(*rows) if what[1] != "same"}
    moved = {
        frozenset((order[a], order[b])): what
        for a, b, *what in linked(*(rows[n] for n in order))
        if what[1] != "same"
    }
    # Of equal rows the first stands for all, and which is first depends on the order.
    stands = {n: min(k for k, row in enumerate(rows) if keys(row) == keys(rows[n])) for n in order}
    assert {frozenset(stands[n] for n in pair): what for pair, what in moved.items()} == plain


def keys(row: tuple[str, str]) -> tuple[str, str]:
    return key(row[0]), key(row[1])
