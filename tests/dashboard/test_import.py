"""The Import page: preview, refusals, placeholders, samples, and files that are broken."""

import json
import re
from pathlib import Path

import pytest

from dashboard.imports import import_fetch
from dashboard.imports.import_job import ImportJob, desk
from dashboard.imports.refusals import as_csv
from dashboard.text import messages
from pipeline.curate.importing import Progress
from pipeline.curate.records import Refused
from pipeline.said import Said
from pipeline.workspace import REPOSITORY
from store import datasets, pairs
from store.types import PairFilter
from tests.dashboard.conftest import assert_calm

ROWS = [
    {"instruction": "Answer about the clinic.", "input": "When does it open?", "output": "At 8."},
    {"instruction": "Answer about the clinic.", "input": "When does it close?", "output": "At 5."},
    {"instruction": "Answer about the clinic.", "input": "Who runs it?", "output": ""},
]
BROKEN = {
    "truncated": ("cut.json", b'[{"instruction": "a", "output": "b"}, {"instruction": "c", "outp'),
    "empty": ("empty.json", b""),
    "wrong encoding": ("latin.csv", "instruction,output\nCaf\xe9?,\xff\x80".encode("latin-1")),
    "no answers": ("questions.jsonl", b'{"instruction": "a"}\n{"instruction": "b"}\n'),
    "one long string": ("long.json", b'"' + b"x" * 10_000_000 + b'"'),
    "no table": ("noise.parquet", b"PAR1 and nothing that follows"),
}


def give(page, name: str, content: bytes) -> None:
    """Drop a file on the page."""
    page.file_uploader[0].upload(name, content)
    page.run()
    assert_calm(page)


def of_file(widgets, name: str, number: int = 0):
    """A widget of the form of the first file, or of another."""
    keys = re.compile(rf"import_\d+_[0-9a-f]{{12}}_{name}")
    return [each for each in widgets if keys.fullmatch(each.key or "")][number]


def import_it(page) -> None:
    """Import what is shown, and wait until that has ended."""
    page.button(key="import_go").click().run()
    assert_calm(page)
    job = desk().job
    assert job is not None
    assert job.beside.wait(90)
    page.run()
    assert_calm(page)


def stored(database) -> list[str]:
    """The questions in the store."""
    return [p.question for p in pairs.page(database, matching=PairFilter(), size=500).rows]


def test_an_empty_workspace_offers_the_samples(open_page, language: str):
    page = open_page("import", language)
    assert messages(language)["import.empty"] in [m.value for m in page.markdown]
    page.button(key="import_try_samples").click().run()
    assert_calm(page)
    assert [s.value for s in page.subheader][-1] == "general\\.json"
    assert of_file(page.segmented_control, "role").value == "identity"


def test_a_dropped_file_is_shown_before_it_is_imported(open_page, home: Path):
    page = open_page("import")
    give(page, "clinic.json", json.dumps(ROWS).encode())
    assert of_file(page.text_input, "name").value == "clinic"
    assert of_file(page.segmented_control, "role").value == "domain"
    assert of_file(page.text_area, "trigger").value == "Answer about the clinic."
    assert page.button(key="import_go").label == "Import 2 pairs"
    refused = of_file(page.expander, "refused").dataframe[0].value
    assert refused.to_numpy().tolist() == [[3, "Has no answer."]]


def test_importing_stores_the_pairs_and_can_be_undone(open_page, database):
    page = open_page("import")
    give(page, "clinic.json", json.dumps(ROWS).encode())
    of_file(page.text_input, "name").set_value("hours")
    import_it(page)
    dataset = datasets.by_name(database, "hours")
    assert (dataset.role, dataset.trigger) == ("domain", "Answer about the clinic.")
    assert stored(database) == ["When does it open?", "When does it close?"]
    page.button(key="import_undo").click().run()
    assert stored(database) == []
    assert page.file_uploader


def test_placeholders_are_asked_for_and_what_is_left_is_said(open_page, database):
    page = open_page("import")
    row = {"instruction": "Who are you?", "output": "I am {{name}} by {{author}}."}
    give(page, "me.jsonl", json.dumps(row).encode())
    page.text_input(key="import_value_0_name").set_value("Graft")
    import_it(page)
    assert pairs.get(database, 1).answer == "I am Graft by {{author}}."
    assert "{{author}}" in page.warning[0].value.replace("\\", "")


def test_a_path_on_the_machine_is_read_there(open_page, tmp_path: Path):
    (tmp_path / "clinic.json").write_text(json.dumps(ROWS), encoding="utf-8")
    page = open_page("import")
    page.text_input(key="import_path").set_value(str(tmp_path)).run()
    assert of_file(page.text_input, "name").value == "clinic"
    page.text_input(key="import_path").set_value(str(tmp_path / "none.json")).run()
    assert "none" in page.error[0].value
    assert page.button(key="import_go").disabled


def test_another_path_is_shown_with_its_own_name_and_role(open_page, tmp_path: Path):
    row = json.dumps([{"instruction": "Who?", "output": "Graft."}])
    page = open_page("import")
    shown = []
    for name in ("alpha", "identity_beta"):
        (tmp_path / f"{name}.json").write_text(row)
        page.text_input(key="import_path").set_value(str(tmp_path / f"{name}.json")).run()
        role = of_file(page.segmented_control, "role").value
        shown.append((of_file(page.text_input, "name").value, role))
    assert shown == [("alpha", "general"), ("identity_beta", "identity")]


def test_a_file_keeps_its_form_when_the_one_before_it_goes(open_page, tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps(ROWS))
    page = open_page("import")
    page.text_input(key="import_path").set_value(str(tmp_path)).run()
    of_file(page.text_input, "name", 1).set_value("mine").run()
    (tmp_path / "a.json").unlink()
    page.run()
    assert [w.value for w in page.text_input if w.key.endswith("_name")] == ["mine"]


def test_a_file_that_is_given_twice_is_shown_once(open_page):
    page = open_page("import")
    page.button(key="import_try_samples").click().run()
    path = REPOSITORY / "data" / "samples" / "general.json"
    page.text_input(key="import_path").set_value(str(path)).run()
    assert_calm(page)
    assert [s.value for s in page.subheader].count("general\\.json") == 1


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_gives_words_and_loses_nothing(open_page, filled, kind: str):
    before = stored(filled)
    page = open_page("import")
    give(page, *BROKEN[kind])
    assert page.error or of_file(page.expander, "refused").dataframe
    assert stored(filled) == before


def test_the_name_of_a_dataset_that_exists_adds_to_it_in_its_role(open_page, filled):
    page = open_page("import")
    give(page, "more.json", json.dumps([{"instruction": "Who?", "output": "Graft."}]).encode())
    of_file(page.text_input, "name").set_value("identity").run()
    with pytest.raises(IndexError):
        of_file(page.segmented_control, "role")
    import_it(page)
    assert datasets.by_name(filled, "identity").role == "identity"
    assert len(stored(filled)) == 68


def test_a_dataset_keeps_its_trigger_and_the_other_one_is_said(open_page, database):
    page = open_page("import")
    give(page, "clinic.json", json.dumps(ROWS).encode())
    import_it(page)
    page.button(key="import_more").click().run()
    other = [row | {"instruction": "Speak of the clinic."} for row in ROWS]
    give(page, "more.json", json.dumps(other).encode())
    of_file(page.text_input, "name").set_value("clinic").run()
    shown = of_file(page.text_area, r"trigger_of_\d+")
    assert (shown.value, shown.disabled) == ("Answer about the clinic.", True)
    assert "Speak of the clinic" in page.warning[0].value
    import_it(page)
    assert datasets.by_name(database, "clinic").trigger == "Answer about the clinic."
    assert "Speak of the clinic" in page.warning[0].value


def test_unknown_columns_are_named_by_hand(open_page, database):
    page = open_page("import")
    give(page, "exam.csv", "题干,备注,解析\n几点开门？,甲,八点。\n谁负责？,乙,魏医生。\n".encode())
    assert page.button(key="import_go").disabled
    of_file(page.selectbox, "column_instruction").set_value("题干").run()
    assert page.button(key="import_go").disabled
    of_file(page.selectbox, "column_output").set_value("解析").run()
    assert not page.error
    import_it(page)
    assert stored(database) == ["几点开门？", "谁负责？"]
    assert pairs.get(database, 1).answer == "八点。"


def test_a_right_guess_can_be_overridden(open_page, database):
    page = open_page("import")
    give(page, "clinic.json", json.dumps(ROWS).encode())
    of_file(page.segmented_control, "layout").set_value("format2").run()
    of_file(page.selectbox, "column_system").set_value("input").run()
    import_it(page)
    assert {(p.question, p.system) for p in pairs.page(database, matching=PairFilter()).rows} == {
        (ROWS[0]["instruction"], ROWS[0]["input"]),
        (ROWS[1]["instruction"], ROWS[1]["input"]),
    }


def test_refusals_are_counted_by_reason_and_kept_as_a_table():
    refused = tuple(Refused("a.csv", row, Said("has no answer")) for row in (3, 9))
    text = as_csv(refused).decode("utf-8-sig")
    assert text.splitlines() == [
        "File,Row,Why",
        "a.csv,3,Has no answer.",
        "a.csv,9,Has no answer.",
    ]


def test_a_hostile_file_name_and_text_are_shown_as_text(open_page):
    page = open_page("import")
    row = {"instruction": "<script>alert(1)</script>", "output": ":red[x] $y$"}
    give(page, "a :red[b] $c$.json", json.dumps([row]).encode())
    assert page.subheader[0].value == "a \\:\u2060red\\[b\\] \\$c\\$\\.json"
    assert page.dataframe[0].value.iloc[0].tolist() == [row["instruction"], row["output"]]


def test_a_conversation_is_shown_with_its_earlier_turns(open_page, database):
    page = open_page("import")
    turns = [("human", "Hi"), ("gpt", "Hello."), ("human", "Who?"), ("gpt", "Graft.")]
    good = {"conversations": [{"from": who, "value": text} for who, text in turns]}
    bad = {"conversations": [{"from": "human", "value": "Hm"}]}
    give(page, "talk.json", json.dumps([good, good, bad]).encode())
    assert page.dataframe[0].value.iloc[0].tolist() == ["Who?", "Graft.", "1"]
    refused = of_file(page.expander, "refused").dataframe[0].value
    assert refused.to_numpy().tolist() == [[3, "Ends with a question that nobody answers."]]
    import_it(page)
    assert stored(database) == ["Who?", "Who?"]
    assert pairs.get(database, 1).history[0].answer == "Hello."


def test_a_folder_of_sets_is_imported_set_by_set(open_page, database, tmp_path: Path):
    entries = {"clinic": {"file_name": "a.json"}, "gone": {"file_name": "b.json"}}
    (tmp_path / "dataset_info.json").write_text(json.dumps(entries))
    (tmp_path / "a.json").write_text(json.dumps(ROWS))
    page = open_page("import", "zh")
    page.text_input(key="import_path").set_value(str(tmp_path)).run()
    assert_calm(page)
    skipped = page.expander(key="import_skipped").dataframe[0].value
    assert skipped.to_numpy().tolist() == [["gone", "缺少文件 b.json。"]]
    import_it(page)
    assert [s.dataset.name for s in datasets.summaries(database)] == ["clinic"]


def test_a_file_imported_before_is_recognised_and_imported_again_on_purpose(open_page, database):
    page = open_page("import")
    give(page, "clinic.json", json.dumps(ROWS).encode())
    import_it(page)
    page.button(key="import_more").click().run()
    give(page, "copy.json", json.dumps(ROWS).encode())
    assert "imported today" in page.info[0].value
    assert page.button(key="import_go").disabled
    page.checkbox[0].check().run()
    import_it(page)
    assert len(stored(database)) == 4


def test_of_a_large_file_only_the_head_is_shown(open_page, database, tmp_path: Path):
    path = tmp_path / "large.jsonl"
    row = json.dumps({"instruction": "q", "output": "a" * 2_000})
    path.write_text("\n".join([row] * 12_000))
    page = open_page("import")
    page.text_input(key="import_path").set_value(str(path)).run()
    assert page.button(key="import_go").label == "Import all pairs"
    import_it(page)
    assert pairs.page(database, matching=PairFilter(), size=1).total == 12_000


def test_a_dataset_is_fetched_by_its_name_before_it_is_shown(open_page, database, tmp_path: Path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train.json").write_text(json.dumps(ROWS))
    name = f"hf:{tmp_path / 'set'}"
    page = open_page("import")
    page.text_input(key="import_path").set_value(name).run()
    page.button(key="import_fetch_go").click().run()
    assert_calm(page)
    fetch = import_fetch.fetch_of(name)
    assert fetch is not None
    fetch.wait(60)
    page.run()
    assert of_file(page.text_input, "name").value == "set"
    import_it(page)
    assert len(stored(database)) == 2


def test_cancelling_in_one_tab_leaves_nothing_for_the_other(
    open_page, database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "large.jsonl"
    with path.open("w") as file:
        for number in range(5_000):
            row = {"instruction": f"q {number}", "output": "a" * 2_000}
            file.write(json.dumps(row) + "\n")
    watch = ImportJob._watch

    def watch_slowly(job: ImportJob, now: Progress) -> None:
        # A file is read faster than a second tab is drawn: wait in the middle of it.
        job.beside._cancel.wait(20)
        watch(job, now)

    monkeypatch.setattr(ImportJob, "_watch", watch_slowly)
    first, second = open_page("import"), open_page("import")
    first.text_input(key="import_path").set_value(str(path)).run()
    first.button(key="import_go").click().run()
    job = desk().job
    assert job is not None
    second.run()
    second.button(key="import_stop").click().run()
    assert job.beside.wait(20)
    first.run()
    assert_calm(first)
    assert (job.now().phase, stored(database)) == ("cancelled", [])
