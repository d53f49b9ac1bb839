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


def test_a_recipe_file_and_options_make_one_recipe(line: Line, tmp_path: Path):
    (tmp_path / "r.yaml").write_text(
        "name: r\ndatasets: [{name: me, repeat: 2}, 古琴]\nlayout: format3\nfact_share: 0\n"
    )
    code, made, _ = line("export", "--recipe", str(tmp_path / "r.yaml"), "--files", "jsonl")
    assert (code, made["export"]) == (0, "r")
    assert {file["name"]: file["repeat"] for file in made["files"]} == {
        "me_format2.jsonl": 2, "me_test.jsonl": 1, "古琴_format3.jsonl": 1, "古琴_test.jsonl": 1,
    }  # fmt: skip
    assert line("verify", "r")[1]["holds"]


def test_an_export_is_handed_to_llamafactory(line: Line, tmp_path: Path):
    line("export", "琴-1", "--datasets", "古琴")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dataset_info.json").write_text('{"mine": {}}')
    model = tmp_path / "qwen"
    model.mkdir()
    (model / "config.json").write_text("{}")
    (model / "chat_template.jinja").write_text("<|im_start|>You are Qwen, created by Alibaba Cloud")
    out = tmp_path / "args.yaml"
    words = ("factory", "琴-1", "--into", str(tmp_path / "data"), "--model", str(model))
    code, made, _ = line(*words, "--out", str(out))
    assert (code, made["template"], made["command"]) == (0, "qwen", f"llamafactory-cli train {out}")
    assert 'dataset: "琴-1_古琴_format3"' in out.read_text(encoding="utf-8")
    assert list(json.loads((tmp_path / "data" / "dataset_info.json").read_bytes())) == [
        "mine",
        *made["datasets"],
    ]
    code, _, said = line(*words, "--out", str(out))
    assert (code, "exists already" in said) == (2, True)


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
        (["export", "x"], "--recipe"),
        (["export", "x", "--datasets", "me", "--repeat", "me"], "DATASET=TIMES"),
        (["export", "--recipe", "none.yaml"], "cannot be read"),
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
