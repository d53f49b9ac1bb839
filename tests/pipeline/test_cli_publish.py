"""The verbs import, dedup, export and verify, one after the other, as a script would call them."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.__main__ import main
from store.db import Database
from tests.sample_files import SAMPLES


class Line:
    """Calls verbs in one workspace and reads the object that each prints."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys

    def __call__(self, *words: str) -> tuple[int, dict[str, Any], str]:
        code = main(["--workspace", str(self.root), "--json", *words])
        said = self._capsys.readouterr()
        return code, json.loads(said.out) if said.out else {}, said.err


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    call = Line(tmp_path / "workspace", capsys)
    call("import", str(SAMPLES / "yanxi_guqin.json"), "--dataset", "古琴", "--role", "domain")
    filled = ("--set", "name=Nova", "--set", "author=Team")
    call("import", str(SAMPLES / "identity.json"), "--dataset", "me", "--role", "identity", *filled)
    return call


def test_an_export_prints_its_files_and_verifies_by_name_and_by_folder(line: Line):
    code, made, said = line("export", "琴-1", "--datasets", "me,古琴", "--layout", "format3")
    assert (code, made["export"]) == (0, "琴-1")
    assert [file["name"] for file in made["files"]] == [
        "me_format2.json", "me_test.json",
        "古琴_format3.json", "古琴_test.json", "古琴_test_facts.json",
    ]  # fmt: skip
    assert all(len(file["sha1"]) == 40 and file["rows"] for file in made["files"])
    assert "placeholder" in said
    for which in ("琴-1", made["folder"]):
        code, checked, _ = line("verify", which)
        assert (code, checked["holds"]) == (0, True)


def test_verify_names_the_changed_file_while_another_has_the_database(line: Line):
    _, made, _ = line("export", "琴-1", "--datasets", "古琴")
    path = Path(made["folder"]) / "古琴_format3.json"
    content = path.read_bytes()
    path.write_bytes(content[:-2] + b" \n")
    holder = Database.open(line.root / "graft.duckdb")
    code, checked, said = line("verify", "琴-1")
    holder.close()
    assert (code, checked["holds"]) == (1, False)
    assert [file["name"] for file in checked["files"] if not file["holds"]] == [path.name]
    assert f"{path.name}: differs" in said


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["export", "../up", "--datasets", "me"], "contains /"),
        (["export", "x", "--datasets", "nobody"], "no dataset 'nobody'"),
        (["export", "x", "--datasets", ""], "no dataset"),
        (["export", "x", "--datasets", "me", "--accepted-only"], "no accepted pairs"),
        (["export", "x", "--datasets", "me", "--test-share", "2"], "test share"),
        (["verify", "nothing"], "no export 'nothing'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_input_exits_2_with_words_and_no_object(line: Line, words: list[str], reason: str):
    code, printed, said = line(*words)
    assert (code, printed) == (2, {})
    assert reason in said


def test_a_taken_name_exits_2(line: Line):
    assert line("export", "x", "--datasets", "me")[0] == 0
    code, _, said = line("export", "x", "--datasets", "me")
    assert (code, "exists already" in said) == (2, True)
