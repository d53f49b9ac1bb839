"""Reading the sample data, and telling when two of its rows are the same or alike."""

import json
import re
import unicodedata
from collections import defaultdict
from difflib import SequenceMatcher
from pathlib import Path
from typing import TypedDict

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
DOMAINS = ("ashmoor_harbour.json", "yanxi_guqin.json")
FLAWED = (*DOMAINS, "general.json")
FILES = ("identity.json", *FLAWED)
CLEAN_ROWS = {"identity.json": 104, **dict.fromkeys(DOMAINS, 80), "general.json": 108}
"""How many rows of a file come before its planted ones."""
NEAR = 0.85
"""From this similarity on, two questions are easily taken for one."""
PLACEHOLDER = re.compile(r"\{\{.*?\}\}")
CJK = re.compile(r"[\u4e00-\u9fff]")
FULL_STOP = str.maketrans("。", ".")
"""The one full-width mark that NFKC leaves as it is."""


class Row(TypedDict, total=False):
    """One row of an alpaca file; only a domain has facts."""

    instruction: str
    input: str
    output: str
    facts: list[str]


class Flaw(TypedDict):
    """One entry of planted.json; rows count from 1."""

    file: str
    rows: list[int]
    relation: str
    keep: list[int]
    reject: list[int]
    why: str


def rows_of(file: str) -> list[Row]:
    rows: list[Row] = json.loads((SAMPLES / file).read_text(encoding="utf-8"))
    return rows


def clean_rows_of(file: str) -> list[Row]:
    return rows_of(file)[: CLEAN_ROWS[file]]


PLANTED: list[Flaw] = json.loads((SAMPLES / "planted.json").read_text(encoding="utf-8"))


def planted(relation: str) -> list[Flaw]:
    return [flaw for flaw in PLANTED if flaw["relation"] == relation]


def kept_rows_of(file: str) -> list[tuple[int, Row]]:
    """The numbered rows that stay once every planted flaw is settled as it is listed."""
    rejected = {number for flaw in PLANTED if flaw["file"] == file for number in flaw["reject"]}
    return [(n, row) for n, row in enumerate(rows_of(file), 1) if n not in rejected]


def normalised(text: str) -> str:
    """The text without differences of width, case and white space."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(FULL_STOP)
    return " ".join(folded.split())


def question(row: Row) -> str:
    """The whole question, normalised; the trigger of a domain is a part that never differs."""
    return normalised(f"{row['instruction']}\n{row['input']}")


def answer(row: Row) -> str:
    return normalised(row["output"])


def own_words(row: Row, file: str) -> str:
    """What a person asks, as written: the input of a domain's row, else the instruction."""
    return row["input"] if file in DOMAINS else row["instruction"]


def similarity(one: Row, other: Row, file: str) -> float:
    """How alike two questions are as a person asks them, from 0 to 1; 0 where it is below NEAR."""
    first, second = (normalised(own_words(row, file)) for row in (one, other))
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= NEAR else 0.0


def wordings(rows: list[Row]) -> dict[str, list[Row]]:
    """The rows of each distinct answer."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["output"]].append(row)
    return found
