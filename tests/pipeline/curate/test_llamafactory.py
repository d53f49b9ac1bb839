"""A LLaMA-Factory data folder: its columns and tags mean what they mean there."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.curate import ingest
from pipeline.curate.finding import find
from pipeline.curate.sources import Found
from pipeline.errors import BadInput


def folder_of(folder: Path, entries: Mapping[str, object], **files: object) -> Found:
    (folder / "dataset_info.json").write_text(json.dumps(entries), encoding="utf-8")
    for name, rows in files.items():
        (folder / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    return find(folder)


def read(found: Found) -> ingest.Ingested:
    (source,) = found.sources
    return ingest.read(source)


def test_columns_that_are_not_named_are_left_out_as_they_are_there(tmp_path: Path):
    row = {"instruction": "a", "input": "b", "output": "c", "system": "s", "history": [["x", "y"]]}
    columns = {"prompt": "instruction", "response": "output"}
    found = read(folder_of(tmp_path, {"one": {"file_name": "f.json", "columns": columns}}, f=[row]))
    (pair,) = found.rows
    assert (pair.question, pair.context, pair.system, pair.history) == ("a", "", None, ())
    assert "system, history" in found.warnings[0]


def test_columns_are_taken_by_the_names_that_are_given(tmp_path: Path):
    row = {"q": "a", "more": "b", "a": "c", "sys": "s", "old": [["x", "y"]]}
    columns = {
        "prompt": "q", "query": "more", "response": "a", "system": "sys", "history": "old",
    }  # fmt: skip
    found = read(folder_of(tmp_path, {"one": {"file_name": "f.json", "columns": columns}}, f=[row]))
    (pair,) = found.rows
    assert (pair.question, pair.context, pair.answer, pair.system) == ("a", "b", "c", "s")
    assert len(pair.history) == 1


def test_tags_that_are_not_named_are_not_known(tmp_path: Path):
    entry = {
        "file_name": "f.json",
        "formatting": "sharegpt",
        "columns": {"messages": "talk"},
        "tags": {"role_tag": "who", "content_tag": "says", "user_tag": "U", "assistant_tag": "A"},
    }
    good = {"talk": [{"who": "U", "says": "a"}, {"who": "A", "says": "b"}]}
    bad = {"talk": [{"who": "system", "says": "s"}, *good["talk"]]}
    found = read(folder_of(tmp_path, {"one": entry}, f=[good, bad]))
    assert [pair.answer for pair in found.rows] == ["b"]
    assert "'system', who is not known" in found.refused[0].reason


def test_a_hash_that_differs_is_reported(tmp_path: Path):
    rows = [{"instruction": "a", "output": "b"}]
    right = hashlib.sha1(json.dumps(rows).encode(), usedforsecurity=False).hexdigest()
    entries = {
        "right": {"file_name": "f.json", "file_sha1": right},
        "wrong": {"file_name": "f.json", "file_sha1": "0" * 40},
    }
    found = folder_of(tmp_path, entries, f=rows)
    assert [source.dataset for source in found.sources] == ["right", "wrong"]
    assert found.sources[0].warnings == ()
    assert f"is {right}, but dataset_info.json says 000" in found.sources[1].warnings[0]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"file_name": "none.json"}, "its file none.json is missing"),
        ({"hf_hub_url": "a/b"}, "only on the Hugging Face hub, as a/b; import hf:a/b"),
        ({"ms_hub_url": "a/b"}, "only on ModelScope"),
        ({"script_url": "x"}, "no foreign code is run"),
        ({"file_name": "f.json", "ranking": True}, "ranking set"),
        ({"file_name": "f.json", "columns": {"kto_tag": "k"}}, "KTO set"),
        ({"file_name": "f.json", "columns": {"images": "i"}}, "holds images"),
        ({"file_name": "f.json", "columns": {"prompt": "text"}}, "pre-training"),
        ({"file_name": "f.json", "formatting": "odd"}, "'odd', which is not known"),
        ("f.json", "no object"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_set_that_cannot_be_imported_is_named_with_the_reason(
    tmp_path: Path, entry: object, reason: str
):
    entries = {"odd": entry, "good": {"file_name": "f.json"}}
    found = folder_of(tmp_path, entries, f=[{"instruction": "a", "output": "b"}])
    assert [source.dataset for source in found.sources] == ["good"]
    (skipped,) = found.skipped
    assert (skipped.name, reason in skipped.reason) == ("odd", True)


def test_a_file_that_the_registry_does_not_name_is_mentioned(tmp_path: Path):
    rows = [{"instruction": "a", "output": "b"}]
    found = folder_of(tmp_path, {"one": {"file_name": "f.json"}}, f=rows, other=rows)
    assert [each.name for each in found.skipped] == ["other.json"]


def test_a_registry_without_any_text_set_is_refused_in_words(tmp_path: Path):
    with pytest.raises(BadInput, match="names no set that can be imported"):
        folder_of(tmp_path, {"one": {"hf_hub_url": "a/b"}})
