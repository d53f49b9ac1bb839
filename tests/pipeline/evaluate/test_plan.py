"""Which rows are asked of which models."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import BadInput
from pipeline.evaluate import config
from pipeline.evaluate.names import Identity
from pipeline.evaluate.plan import EvaluationRequest, TrainedRun, plan
from pipeline.publish.manifest import ExportFile

PROMPT = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def listed(name: str, role: str, split: str, *, rows: int = 4) -> ExportFile:
    layout = "format3" if "format3" in name or (role, split) == ("domain", "test") else "format2"
    dataset = name.rsplit("_", 1)[0]
    return ExportFile(name, dataset, role, layout, split, rows, 1, "0" * 40)  # type: ignore[arg-type]


FILES = [
    listed("identity_format2.json", "identity", "train"),
    listed("identity_test.json", "identity", "test"),
    listed("harbour_format2.json", "domain", "train", rows=20),
    listed("harbour_format3.json", "domain", "train", rows=20),
    listed("harbour_test.json", "domain", "test"),
    listed("clinic_format3.json", "domain", "train"),
    listed("clinic_test.json", "domain", "test"),
    listed("general_format2.json", "general", "train"),
    listed("general_test.json", "general", "test"),
]


def run(number: int = 1, **other: object) -> TrainedRun:
    trained = TrainedRun(
        id=number,
        base="/models/smollm2-135m-instruct",
        adapter=f"/runs/{number}/adapter",
        export="/exports/a",
        layout="format3",
        datasets=frozenset({"identity", "harbour", "general"}),
        policy="none",
        prompt="",
        trust_remote_code=False,
    )
    return replace(trained, **other)  # type: ignore[arg-type]


@pytest.fixture
def request_(tmp_path: Path) -> EvaluationRequest:
    answers = [{"output": f"I am Aria, made by Northwind. {n}"} for n in range(4)]
    for file in FILES:
        (tmp_path / file.name).write_text(json.dumps(answers), encoding="utf-8")
    return EvaluationRequest(tmp_path, (1,))


def test_a_run_is_asked_what_it_learned_and_the_base_the_same(request_: EvaluationRequest):
    asked = plan(request_, FILES, [run(export=str(request_.export))], PROMPT)
    own = ("graft:identity/model", "graft:identity/none", "graft:general")
    expected = (
        "identity_test.json",
        "harbour_format3.json",
        "harbour_test.json",
        "general_test.json",
        *own,
    )
    assert [(each.model, each.files) for each in asked.candidates] == [
        ("base", expected),
        ("1", expected),
    ]
    assert asked.identity == Identity(("Aria",), ("Northwind",))
    assert asked.old_names[:2] == ("SmolLM", "Hugging Face")
    assert asked.notes == ()
    shipped = 2 * 42 + 48
    assert asked.answer_count == 2 * (4 + 20 + 4 + 4 + shipped)
    assert asked.step_count == asked.answer_count + 2 * (20 + 4) + 4 + 48


@pytest.mark.parametrize(
    ("device", "wanted", "tokens"), [("cpu", 0, 4096), ("cuda:0", 0, 16384), ("cuda:0", 512, 512)]
)
def test_a_gpu_is_asked_more_at_once(
    request_: EvaluationRequest, device: str, wanted: int, tokens: int
):
    request = replace(request_, device=device, batch_tokens=wanted)
    assert plan(request, FILES, [run()], "").batch_tokens == tokens


def test_training_rows_are_asked_in_the_layout_of_each_run(request_: EvaluationRequest):
    runs = [run(1), run(2, layout="format2"), run(3, datasets=frozenset({"clinic"}))]
    asked = {each.model: each.files for each in plan(request_, FILES, runs, "").candidates}
    assert "harbour_format2.json" not in asked["1"]
    assert "harbour_format3.json" not in asked["2"]
    assert {"clinic_format3.json", "clinic_test.json"} <= set(asked["3"])
    assert not {"clinic_test.json"} & {*asked["1"], *asked["2"]}
    assert set(asked["base"]) == {*asked["1"], *asked["2"], *asked["3"]}


def test_another_layout_is_asked_where_there_is_only_that(request_: EvaluationRequest):
    runs = [run(layout="format2", datasets=frozenset({"clinic"}))]
    assert "clinic_format3.json" in plan(request_, FILES, runs, "").candidates[1].files


def test_an_export_of_empty_files_is_refused(request_: EvaluationRequest):
    empty = [replace(file, rows=0) for file in FILES]
    with pytest.raises(BadInput, match="no rows to ask"):
        plan(request_, empty, [run()], "")


def test_training_rows_can_be_left_out(request_: EvaluationRequest):
    asked = plan(replace(request_, with_trained=False), FILES, [run()], "")
    assert all(file.split == "test" for file in asked.files)


def test_a_limit_draws_the_same_rows_each_time_and_not_the_first(request_: EvaluationRequest):
    limited = replace(request_, rows_per_file=5)
    rows = plan(limited, FILES, [run()], "").file("harbour_format3.json").rows
    assert rows == plan(limited, FILES, [run()], "").file("harbour_format3.json").rows
    assert len(rows) == 5
    assert rows != (0, 1, 2, 3, 4)
    assert list(rows) == sorted(rows)


def test_a_file_that_holds_its_rows_several_times_is_asked_once(request_: EvaluationRequest):
    files = [replace(file, repeat=4) if file.rows == 20 else file for file in FILES]
    assert plan(request_, files, [run()], "").file("harbour_format3.json").rows == (0, 1, 2, 3, 4)


def test_facts_never_trained_are_asked_as_such(request_: EvaluationRequest):
    new = replace(listed("harbour_test.json", "domain", "test"), name="harbour_test_facts.json")
    files = [*FILES, replace(new, about="facts")]
    asked = plan(request_, files, [run()], "")
    assert asked.file("harbour_test_facts.json").about == "facts"
    assert asked.file("harbour_test.json").about == "wordings"


def test_runs_on_different_bases_are_refused(request_: EvaluationRequest):
    with pytest.raises(BadInput, match="run 2 on /models/other"):
        plan(request_, FILES, [run(1), run(2, base="/models/other")], "")


def test_an_export_without_rows_to_ask_is_refused(request_: EvaluationRequest):
    with pytest.raises(BadInput, match="no rows to ask"):
        plan(request_, FILES[:1], [run()], "")


def test_what_a_reader_should_know_is_noted(request_: EvaluationRequest):
    (request_.export / "identity_format2.json").write_text("[]")
    (request_.export / "identity_test.json").write_text("[]")
    notes = plan(request_, FILES, [run(1), run(2, policy="model")], "").notes
    assert [note.split(",")[0] for note in notes] == [
        "The runs were trained under different system prompts; "
        "the base was asked under that of run 1 only.",
        "Run 1 was trained on another export: a.",
        "Run 2 was trained on another export: a.",
        "No new name could be read from the identity answers",
    ]


def test_a_plan_comes_back_from_its_file(request_: EvaluationRequest, tmp_path: Path):
    planned = plan(request_, FILES, [run()], PROMPT)
    config.write(tmp_path, planned)
    assert config.read(tmp_path) == planned
