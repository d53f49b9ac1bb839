"""Every sentence of the pipeline that may reach a page can be said in Chinese, and is."""

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

import dashboard
import pipeline
from dashboard.said import said, sentences, whole
from dashboard.text import FOLDER, messages
from pipeline.curate.columns import ColumnMissing
from pipeline.errors import BadInput
from pipeline.said import Said
from pipeline.train.config import SettingOutOfRange
from pipeline.wheels import Wheel
from store.errors import StoreError

ROOT = Path(pipeline.__file__).parent
NO_PAGE = {"cli", "demo.py", "story.py", "story_page.py", "__main__.py", "convert.py"}
"""What speaks on the terminal only."""
SOURCES = [
    path
    for path in (*ROOT.rglob("*.py"), *Path(dashboard.__file__).parent.rglob("*.py"))
    if not NO_PAGE & set(path.relative_to(ROOT.parent).parts)
]


def classes(tree: ast.AST) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


@cache
def error_names() -> dict[str, bool]:
    """Each class of PipelineError by name, and whether it takes a sentence from who raises it."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES]
    bases = {
        each.name: {ast.unparse(base) for base in each.bases}
        for tree in trees
        for each in classes(tree)
    }
    found = {"PipelineError"}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    own = {
        each.name
        for tree in trees
        for each in classes(tree)
        if any(isinstance(f, ast.FunctionDef) and f.name == "__init__" for f in each.body)
    }
    return {name: name not in own or name == "PipelineError" for name in found}


def spoken(source: str, names: dict[str, bool]) -> Iterator[ast.expr]:
    """The expressions that a script gives as a sentence: to Said, and to errors."""
    tree = ast.parse(source)
    inside = {
        id(node)
        for each in classes(tree)
        if each.name in names
        for node in ast.walk(each)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__"
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = ast.unparse(node.func)
        if name == "Said" or names.get(name) or id(node) in inside:
            first = node.args[0]
            yield from (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,)


def bare_messages(source: str) -> list[str]:
    """The events that are told with a text in which the facts cannot be found again."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".tell", "emit"))
        if any(keyword.arg == "message" for keyword in node.keywords)
    ]


def all_sentences() -> set[str]:
    names = error_names()
    return {
        each.value
        for path in SOURCES
        for each in spoken(path.read_text(encoding="utf-8"), names)
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value
    }


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def missing_facts(source: str, names: dict[str, bool]) -> list[str]:
    """The sentences of a script that name a fact which they are not given."""
    tree = ast.parse(source)
    known: dict[int, set[str]] = {}
    for each in classes(tree):
        facts: set[str] = set()
        inside = [part for part in ast.walk(each) if isinstance(part, ast.expr)]
        for part in sorted(inside, key=lambda n: n.lineno) if each.name in names else ():
            if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
                facts.add(part.attr)  # Set before the sentence, as pipeline.errors wants it.
            if isinstance(part, ast.Call) and ast.unparse(part.func) == "super().__init__":
                known[id(part)] = set(facts)
    wrong = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name, first = ast.unparse(node.func), node.args[0]
        if not (name == "Said" or names.get(name) or id(node) in known):
            continue
        given = known.get(id(node), set()) | {each.arg for each in node.keywords if each.arg}
        if (
            isinstance(first, ast.Constant)
            and isinstance(first.value, str)
            and (given or id(node) in known)
        ):
            lacking = {field.partition(".")[0] for field in fields(first.value)} - given
            wrong += [f"{name}: {first.value}"] if lacking else []
    return wrong


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("said", "text", "format"):
        monkeypatch.setattr(f"dashboard.{module}.language", lambda: "zh")


def test_every_sentence_can_be_said_in_chinese():
    assert all_sentences() - set(sentences("zh")) == set()


def test_no_chinese_stands_for_a_sentence_that_nobody_says():
    system = json.loads((FOLDER / "zh" / "said" / "system.json").read_text(encoding="utf-8"))
    assert set(sentences("zh")) - set(system) - all_sentences() == set()


@pytest.mark.parametrize("sentence", sorted(sentences("zh")))
def test_the_chinese_holds_the_same_facts(sentence: str):
    assert fields(sentences("zh")[sentence]) == fields(sentence)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT.parent)))
def test_a_sentence_keeps_its_facts_apart(path: Path):
    said = spoken(path.read_text(encoding="utf-8"), error_names())
    assert [ast.unparse(each) for each in said if isinstance(each, ast.JoinedStr | ast.BinOp)] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT.parent)))
def test_a_sentence_is_given_the_facts_that_it_names(path: Path):
    assert missing_facts(path.read_text(encoding="utf-8"), error_names()) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT.parent)))
def test_an_event_keeps_the_facts_of_its_message(path: Path):
    assert bare_messages(path.read_text(encoding="utf-8")) == []


def test_an_event_with_a_bare_message_is_found():
    source = 'events.tell("warning", message="x")\nemit("error", **said.as_json())'
    assert bare_messages(source) == ["events.tell('warning', message='x')"]


def test_a_fact_that_is_not_given_is_found():
    source = 'Said("{a} and {b.c}", a=1)\nSaid("{a} and {b.c}", a=1, b=2)\nBadInput("{d}", e=1)'
    assert missing_facts(source, {"BadInput": True}) == ["Said: {a} and {b.c}", "BadInput: {d}"]


def test_a_sentence_with_its_facts_run_together_is_found():
    source = 'BadInput(f"There is no {name}.")\nSaid("a" if x else "b" + y)\nLater("c")'
    found = spoken(source, {"BadInput": True, "Later": False})
    assert [type(each) for each in found] == [ast.JoinedStr, ast.Constant, ast.BinOp]


def test_every_error_of_the_store_has_words_in_both_languages():
    known = {key.removeprefix("error.") for key in messages("en") if key.startswith("error.")}
    assert {each.__name__ for each in StoreError.__subclasses__()} - known == set()


def test_an_english_reader_reads_the_text_itself():
    assert said(BadInput("There is no {name!r}.", name="a").said) == "There is no 'a'."


@pytest.mark.usefixtures("chinese")
def test_facts_stand_in_the_readers_form():
    error = ColumnMissing("a.csv", ("q", "a"), ("x", "y"))
    assert said(error.said) == "a.csv 中没有字段 q、a。现有的字段：x、y。请改用其中之一。"


@pytest.mark.usefixtures("chinese")
def test_a_sentence_inside_another_is_said_too():
    why = Said("row {row} {reason}", row=3, reason=Said("has no answer"))
    error = BadInput(
        "{source} holds nothing that could be a pair: {why}.", source="a.json", why=(why,)
    )
    assert said(error.said) == "a.json 中没有可以作为问答对的内容：第 3 行没有答案。"


@pytest.mark.usefixtures("chinese")
def test_a_fact_of_a_persons_is_left_as_it_is():
    error = BadInput(
        "The recipe names the dataset {dataset!r} twice. Name it once.", dataset="file"
    )
    assert "“file”" in said(error.said)


@pytest.mark.usefixtures("chinese")
def test_a_sentence_that_is_not_known_is_quoted_as_it_was_said():
    assert "“Nobody wrote this down.”" in said(Said("Nobody wrote this down."))


@pytest.mark.usefixtures("chinese")
def test_a_text_that_is_no_sentence_of_ours_is_left_as_it_is():
    assert said("Tesla T4") == "Tesla T4"


@pytest.mark.usefixtures("chinese")
def test_a_cause_that_the_system_gives_is_said():
    error = BadInput("{path} cannot be read: {error}.", path="/x", error="Permission denied")
    assert said(error.said) == "无法读取 /x：没有权限。"


@pytest.mark.usefixtures("chinese")
def test_a_setting_is_called_as_on_the_page():
    error = SettingOutOfRange("rank", 0, Said("from {low:g} to {high:g}", low=1, high=8))
    assert said(error.said) == "“秩”是 0；应为 1 到 8。"


@pytest.mark.usefixtures("chinese")
def test_what_a_worker_wrote_down_is_said_as_well():
    told = Said(
        "Its SHA-256 is {found}, not {wheel.sha256}.", found="ab", wheel=Wheel("x", "y", "cd")
    )
    again = Said.from_json(json.loads(json.dumps(told.as_json())))
    assert (again, said(again)) == (told, "它的 SHA-256 是 ab，而不是 cd。")


@pytest.mark.usefixtures("chinese")
def test_a_reason_that_stands_alone_ends_as_a_sentence():
    assert whole(Said("has no answer")) == "没有答案。"


def test_a_reason_that_stands_alone_begins_as_a_sentence():
    assert whole(Said("has no answer")) == "Has no answer."
