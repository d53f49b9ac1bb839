"""The documents tell the truth about the command line and the presets."""

import re
import shlex
from argparse import ArgumentParser, _SubParsersAction
from pathlib import Path

import pytest

from pipeline.__main__ import parser
from pipeline.train.presets import PRESETS

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
PAGES = (
    "README.md", "README.zh.md", "docs/command-line.md", "docs/user-guide.md",
    "docs/user-guide.zh.md",
)  # fmt: skip


def commands(page: str) -> list[str]:
    """Every `python -m pipeline …` line in the code blocks of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("python -m pipeline")]


def verbs() -> dict[str, ArgumentParser]:
    (verb,) = [a for a in parser()._actions if isinstance(a, _SubParsersAction)]
    return dict(verb.choices)


def test_every_verb_is_in_the_guide_and_no_other():
    assert set(re.findall(r"^\| `(\w+)", GUIDE, re.MULTILINE)) >= set(verbs())
    told = set(re.findall(r"^\| `(\w+)[^`]*` \|.*\| (?:yes|no) \|$", GUIDE, re.MULTILINE))
    assert told == set(verbs())


def test_every_option_of_a_verb_is_in_the_guide():
    known = {
        option
        for verb in verbs().values()
        for action in verb._actions
        for option in action.option_strings
        if option.startswith("--") and not option.startswith("--no-")
    }
    assert known - set(re.findall(r"--[a-z][a-z-]*", GUIDE)) == {"--help"}


@pytest.mark.parametrize(
    "command", [c for page in PAGES for c in commands(page)], ids=lambda command: command[19:60]
)
def test_every_command_in_the_documents_parses(command: str):
    arguments = parser().parse_args(shlex.split(command)[3:])
    assert callable(arguments.do)


def test_the_presets_are_those_of_the_guide():
    rows = re.findall(
        r"^\| `(\w+)` \|[^|]*\| (\d+)/(\d+) \| ([\d.e-]+) \| (\d+) \|$", GUIDE, re.MULTILINE
    )
    told = {
        (name, int(rank), int(alpha), float(rate), int(epochs))
        for name, rank, alpha, rate, epochs in rows
    }
    assert told == {
        (p.name, s.rank, s.alpha, s.learning_rate, s.epochs) for p in PRESETS for s in [p.settings]
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def test_the_chinese_guide_tells_what_the_english_one_does():
    """Section by section and paragraph by paragraph, with the same code and as many names."""
    english, chinese = (
        (ROOT / "docs" / name).read_text(encoding="utf-8").strip().split("\n\n")
        for name in ("user-guide.md", "user-guide.zh.md")
    )

    def shape(text: str) -> tuple[int, int, set[str]]:
        level = len(text) - len(text.lstrip("#"))
        return level, text.count("**"), set(re.findall(r"`([^`\n]+)`", text))

    assert [shape(each) for each in chinese] == [shape(each) for each in english]
