"""Verify names the file that differs, is missing or was added; a manifest is whole or refused."""

import hashlib
import json
from pathlib import Path

import pytest

from pipeline.errors import BadInput
from pipeline.publish import manifest
from pipeline.publish.manifest import ExportFile, Manifest
from pipeline.publish.verify import FileCheck, verify

ROWS = b'[\n{"instruction": "a", "input": "", "output": "b"}\n]\n'


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def listed(name: str = "a_format2.json") -> dict[str, object]:
    return {
        "name": name, "dataset": "a", "role": "domain", "layout": "format2", "split": "train",
        "rows": 1, "bytes": len(ROWS), "sha1": sha1(ROWS), "trigger": "",
    }  # fmt: skip


def write_manifest(folder: Path, **changes: object) -> None:
    value = {
        "format": 1, "name": "x", "recipe": {}, "pairs": 1, "unreviewed": 0, "files": [listed()],
        "registry_sha1": sha1(b"{}"), **changes,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(value))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a_format2.json").write_bytes(ROWS)
    (tmp_path / "dataset_info.json").write_bytes(b"{}")
    write_manifest(tmp_path)
    return tmp_path


def test_an_untouched_export_holds(folder: Path):
    checked = verify(folder)
    assert checked.holds
    assert [(file.name, file.reason) for file in checked.files] == [
        ("a_format2.json", "same"),
        ("dataset_info.json", "same"),
    ]


@pytest.mark.parametrize("name", ["a_format2.json", "dataset_info.json"])
def test_one_changed_byte_is_found(folder: Path, name: str):
    before = (folder / name).read_bytes()
    after = bytes([before[0] ^ 1]) + before[1:]
    (folder / name).write_bytes(after)
    assert verify(folder).broken == (FileCheck(name, False, sha1(before), sha1(after), "differs"),)


def test_a_missing_and_an_added_file_are_found(folder: Path):
    (folder / "a_format2.json").unlink()
    (folder / "b_format2.json").write_bytes(ROWS)
    assert verify(folder).broken == (
        FileCheck("a_format2.json", False, sha1(ROWS), "", "missing"),
        FileCheck("b_format2.json", False, "", sha1(ROWS), "unlisted"),
    )


def test_a_folder_in_place_of_a_file_is_unreadable(folder: Path):
    (folder / "a_format2.json").unlink()
    (folder / "a_format2.json").mkdir()
    assert [file.reason for file in verify(folder).broken] == ["unreadable"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"files": 3}', '{"files": [3]}'])
def test_without_a_readable_manifest_it_is_no_export(folder: Path, content: str):
    (folder / "manifest.json").write_text(content)
    for read in (verify, manifest.read):
        with pytest.raises(BadInput, match="no whole export"):
            read(folder)


def test_a_manifest_may_not_point_outside(folder: Path):
    write_manifest(folder, files=[listed("../a_format2.json")])
    with pytest.raises(BadInput, match="outside"):
        verify(folder)


def test_a_manifest_of_another_format_is_refused(folder: Path):
    write_manifest(folder, format=2)
    with pytest.raises(BadInput, match="format 1"):
        manifest.read(folder)


def test_training_takes_one_file_a_dataset_in_the_layout_asked_for():
    def file(dataset: str, layout, split="train") -> ExportFile:
        return ExportFile(f"{dataset}-{layout}", dataset, "domain", layout, split, 1, 1, "")

    files = (file("a", "format2"), file("b", "format2"), file("b", "format3"))
    held_back = file("b", "format3", "test")
    whole = Manifest("x", {}, 3, 0, (*files, held_back), "")
    assert whole.training("format3") == (files[0], files[2])
    assert whole.training("format2") == (files[0], files[1])
    assert whole.tests() == (held_back,)
