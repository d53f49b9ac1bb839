"""Rows are read as exports write them, and cut ones are counted as training cuts them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadInput
from pipeline.models import tokenizer as local
from pipeline.models.example import encode
from pipeline.models.tokenizer import LocalCoder, NoTokenizer
from pipeline.models.view import hidden
from pipeline.publish import seen
from pipeline.publish.seen import CutCount
from tests.builders import new_pair
from tests.template_models import KINDS, make

INTRODUCTIONS = ["I am Aria, an assistant made by Nubo Lab.", "My name is Aria, made by Nubo Lab."]


@pytest.fixture(scope="module")
def coders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LocalCoder]:
    home = tmp_path_factory.mktemp("models")
    return {name: local.load(make(name, home / name)) for name in KINDS}


WORDS = st.text(st.sampled_from("ab 你好😀é\n.,"), max_size=40)


@given(
    st.lists(st.tuples(WORDS, WORDS, st.sampled_from(["", "Be brief."])), max_size=6),
    st.integers(4, 120),
    st.sampled_from(sorted(KINDS)),
)
def test_what_is_counted_is_what_training_cuts(coders, texts, cutoff, name):
    coder = coders[name]
    records = [{"instruction": q, "output": a, "system": s} for q, a, s in texts]
    examples = [
        encode(coder, record, "", cutoff=cutoff, end_ids=coder.end_ids) for record in records
    ]
    found = seen.count(records, coder, cutoff)
    assert found.rows == len(records)
    assert found.left_out == examples.count(None)
    assert found.cut == sum(example.is_cut for example in examples if example)


def test_the_first_row_that_is_cut_is_named(coders, tmp_path: Path):
    short, long = {"instruction": "a", "output": "b"}, {"instruction": "a", "output": "b " * 90}
    path = tmp_path / "a.json"
    path.write_text("[\n" + ",\n".join(map(json.dumps, [short, long, long])) + "\n]\n")
    found = seen.count_in(tmp_path, ["a.json", "a.json"], coders["qwen2.5"], 64)
    assert found == CutCount(6, 4, 0, "a.json row 2")


@pytest.mark.parametrize("indent", [None, 1], ids=["one row a line", "pretty"])
def test_rows_are_read_however_the_array_is_written(tmp_path: Path, indent: int | None):
    rows = [{"instruction": "[", "output": "x\n]"}, {"instruction": "你", "output": ","}]
    path = tmp_path / "a.json"
    if indent:
        path.write_text(json.dumps(rows, indent=indent))
    else:
        path.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    assert list(seen.rows(path)) == rows
    assert seen.row(path, 2) == rows[1]
    with pytest.raises(BadInput, match="2 rows, so there is no row 3"):
        seen.row(path, 3)


def test_a_pair_is_seen_as_its_export_would_write_it():
    pair = new_pair("How long?", "370 m", context="in metres", system="Be brief.")
    record = seen.record_of(pair, "Answer about the harbour.")
    assert (record["instruction"], record["input"]) == (
        "Answer about the harbour.", "How long?\nin metres",
    )  # fmt: skip
    assert record["system"] == "Be brief."


@pytest.mark.parametrize(
    ("name", "others"),
    [("qwen2.5", {"Qwen", "Alibaba Cloud"}), ("smollm2", {"SmolLM", "Hugging Face"}),
     ("gemma2", set()), ("llama3.2", set())],
)  # fmt: skip
def test_a_hidden_prompt_that_names_somebody_else_contradicts(coders, name, others):
    told = hidden(coders[name], INTRODUCTIONS)
    assert set(told.other_names) == others
    assert told.contradicts == bool(others)
    assert told.new_names == ("Aria", "Nubo Lab")


def test_a_hidden_prompt_contradicts_nobody_without_identity_pairs(coders):
    assert not hidden(coders["qwen2.5"], []).contradicts
    assert not hidden(coders["qwen2.5"], ["I am Qwen, made by Alibaba Cloud."] * 3).contradicts


@pytest.mark.parametrize("missing", ["tokenizer.json", "chat_template.jinja"])
def test_a_model_whose_tokens_cannot_be_read_says_what_is_missing(tmp_path: Path, missing: str):
    folder = make("qwen2.5", tmp_path / "model")
    (folder / missing).unlink()
    with pytest.raises(NoTokenizer, match=r"tokenizer\.json|chat template"):
        local.load(folder)


@pytest.mark.parametrize("name", KINDS)
def test_rows_far_above_the_cutoff_are_counted_alike(coders, name: str):
    """These are judged by one reading of the whole conversation, in batches."""
    coder, cutoff = coders[name], 150
    records = [
        {"instruction": "问 why? " * (n % 60), "output": "\nbecause 因为 " * (n * 7 % 90)}
        for n in range(700)
    ]
    examples = [encode(coder, r, "", cutoff=cutoff, end_ids=coder.end_ids) for r in records]
    found = seen.count(records, coder, cutoff)
    assert found.left_out == examples.count(None) > 0
    assert found.cut == sum(example.is_cut for example in examples if example) > 0
