"""An evaluation is its folder: launched, watched, stopped, resumed and scored from there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import BadInput, DoesNotHold
from pipeline.evaluate import answers, jobs, state
from pipeline.evaluate.jobs import NoAdapter
from pipeline.evaluate.names import Identity
from pipeline.evaluate.plan import EvaluationRequest
from pipeline.evaluate.state import Evaluation
from pipeline.train import jobs as train_jobs
from pipeline.train.request import ExportDamaged
from pipeline.workspace import Workspace
from store import evaluations
from store.db import Database
from tests.dashboard import evaluation_seed
from tests.pipeline.evaluate.folders import make_run

FAKE = "tests.pipeline.evaluate.fake_worker"
ANSWERS = 2 * (2 + 3 + 1 + 1)
ALL = ANSWERS + 2 * (3 + 1) + 1
"""With a contrast of each field's row and model, and the one general row compared."""


@pytest.fixture
def request_(workspace: Workspace) -> EvaluationRequest:
    return EvaluationRequest(workspace.exports / "clinic", (1,), device="cpu", with_shipped=False)


def until(workspace: Workspace, holds: Callable[[Evaluation], bool]) -> Evaluation:
    """Wait until an evaluation's folder says so."""
    found: list[Evaluation] = []

    def look(evaluation: Evaluation) -> None:
        if holds(evaluation) and not found:
            found.append(evaluation)
            jobs.stop(workspace, evaluation.id)

    jobs.wait(workspace, 1, look)
    return found[0]


def test_a_finished_evaluation_is_scored_and_the_report_is_kept(
    workspace: Workspace, request_: EvaluationRequest
):
    launched = jobs.launch(workspace, request_, worker=FAKE)
    assert launched.run_ids == (1,)
    told: list[int] = []
    done = jobs.wait(workspace, 1, lambda evaluation: told.append(evaluation.progress.done))
    assert (done.state, done.share, told[-1]) == ("finished", 1.0, ALL)
    measured = jobs.report(done.folder)
    assert measured.is_complete
    values = measured.values()
    assert (values["base"]["identity"], values["1"]["identity"]) == (0.0, 1.0)
    assert (values["base"]["facts_trained"], values["1"]["facts_trained"]) == (0.0, 1.0)
    assert values["base"]["old_name"] == 1.0
    assert (values["base"]["contrast_unseen"], values["1"]["contrast_unseen"]) == (0.0, 1.0)
    assert values["1"]["agreement"] == 1.0
    (done.folder / answers.NAME).unlink()
    assert jobs.report(done.folder) == measured


def test_the_template_of_the_base_gives_old_names(
    workspace: Workspace, request_: EvaluationRequest
):
    names = jobs.launch(workspace, request_, worker=FAKE).config.old_names
    assert names[:2] == ("Zephyrus", "Windmakers")
    jobs.wait(workspace, 1)


def test_answers_can_be_judged_for_other_names(workspace: Workspace, request_: EvaluationRequest):
    jobs.launch(workspace, request_, worker=FAKE)
    folder = jobs.wait(workspace, 1).folder
    kept = jobs.report(folder)
    other = jobs.report(folder, Identity(("SmolLM",)))
    assert other.model("base").score("old_name").value == 0.0
    assert jobs.report(folder) == kept


def test_a_stopped_evaluation_keeps_its_answers_and_goes_on(
    workspace: Workspace, request_: EvaluationRequest
):
    script = workspace.evaluations / "fake"
    script.write_text("hang")
    jobs.launch(workspace, request_, worker=FAKE)
    until(workspace, lambda evaluation: evaluation.progress.done > 0)
    stopped = jobs.read(workspace, 1)
    assert (stopped.state, stopped.progress.done) == ("stopped", 1)
    partial = jobs.report(stopped.folder)
    assert (partial.is_complete, len(partial.rows)) == (False, 1)
    script.unlink()
    jobs.resume(workspace, 1, worker=FAKE)
    assert jobs.wait(workspace, 1).state == "finished"
    keys = [answer.key for answer in answers.read(stopped.folder)]
    assert len(keys) == len(set(keys)) == ANSWERS


def test_a_killed_worker_is_a_failed_evaluation_with_the_signal(
    workspace: Workspace, request_: EvaluationRequest
):
    script = workspace.evaluations / "fake"
    script.write_text("die")
    jobs.launch(workspace, request_, worker=FAKE)
    failed = jobs.wait(workspace, 1)
    assert failed.state == "failed"
    assert failed.failure is not None
    assert (failed.failure.error, "SIGKILL" in failed.failure.message) == ("signal", True)
    script.unlink()
    jobs.resume(workspace, 1, worker=FAKE)
    assert jobs.wait(workspace, 1).state == "finished"


def test_a_finished_evaluation_is_neither_stopped_nor_resumed(
    workspace: Workspace, request_: EvaluationRequest
):
    jobs.launch(workspace, request_, worker=FAKE)
    jobs.wait(workspace, 1)
    with pytest.raises(DoesNotHold, match="it is finished"):
        jobs.stop(workspace, 1)
    with pytest.raises(BadInput, match="nothing to resume"):
        jobs.resume(workspace, 1, worker=FAKE)


def test_a_damaged_export_is_not_evaluated(workspace: Workspace, request_: EvaluationRequest):
    path = request_.export / "harbour_test.json"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ExportDamaged, match=r"harbour_test\.json"):
        jobs.launch(workspace, request_, worker=FAKE)
    assert jobs.listed(workspace) == ()


def test_an_evaluation_on_a_cluster_is_refused_in_words(
    workspace: Workspace, request_: EvaluationRequest
):
    request = replace(request_, device="ray:127.0.0.1:8265")
    with pytest.raises(BadInput, match="on this machine, not on ray"):
        jobs.launch(workspace, request, worker=FAKE)
    assert jobs.listed(workspace) == ()


def test_a_run_without_an_adapter_is_refused(
    workspace: Workspace, request_: EvaluationRequest, tmp_path: Path
):
    make_run(workspace, request_.export, tmp_path / "smollm2-135m-instruct", None)
    request = EvaluationRequest(request_.export, (2,), device="cpu")
    with pytest.raises(NoAdapter, match="Run 2 is cancelled"):
        jobs.launch(workspace, request, worker=FAKE)


def test_an_unknown_evaluation_is_told_with_those_there_are(workspace: Workspace):
    with pytest.raises(BadInput, match="no evaluation 9"):
        jobs.read(workspace, 9)


def test_finished_evaluations_are_indexed_once(
    workspace: Workspace, request_: EvaluationRequest, db: Database
):
    jobs.launch(workspace, request_, worker=FAKE)
    assert jobs.wait(workspace, 1).state == "finished"
    assert jobs.register(db, workspace) == 1
    assert jobs.register(db, workspace) == 0
    (record,) = evaluations.listed(db)
    assert (record.export_name, record.run_ids) == ("clinic", (1,))
    assert record.scores["1"]["identity"] == 1.0


@pytest.mark.parametrize("name", [answers.NAME, "events.jsonl"])
def test_one_damaged_evaluation_does_not_keep_the_others_out_of_the_index(
    workspace: Workspace, db: Database, caplog: pytest.LogCaptureFixture, name: str
):
    for number in (1, 2, 3):
        evaluation_seed.evaluation(workspace.root, number)
    path = workspace.evaluations / "2" / name
    path.write_bytes(path.read_bytes() + bytes(9) + b"\n")
    assert jobs.register(db, workspace) == 2
    assert [record.id for record in evaluations.listed(db)] == [3, 1]
    assert f"evaluations/2/{name} is damaged" in caplog.text


def test_a_report_of_an_older_graft_is_made_again(
    workspace: Workspace, request_: EvaluationRequest
):
    jobs.launch(workspace, request_, worker=FAKE)
    folder = jobs.wait(workspace, 1).folder
    measured = jobs.report(folder)
    (folder / jobs.REPORT).write_text('{"format": 0}')
    assert jobs.report(folder) == measured


def test_events_are_read_on_from_where_they_were(workspace: Workspace, request_: EvaluationRequest):
    jobs.launch(workspace, request_, worker=FAKE)
    whole = jobs.wait(workspace, 1)
    assert state.read(whole.folder, whole.progress) == whole


STUBBORN = (
    "{% if messages[0]['role'] == 'system' %}<s>{{ messages[0]['content'] }}</s>"
    "{% else %}<s>You are Zephyrus.</s>{% endif %}"
    "{% for message in messages %}{% if message['role'] != 'system' %}"
    "<{{ message['role'] }}>{{ message['content'] }}</{{ message['role'] }}>"
    "{% endif %}{% endfor %}"
)


@pytest.mark.parametrize(
    ("template", "files"),
    [
        (STUBBORN, {"graft:identity/model", "graft:identity/none", "graft:general"}),
        ("{% for m in messages %}{{ m['content'] }}\n{% endfor %}",
         {"graft:identity/none", "graft:general"}),
    ],
    ids=["a default prompt", "none"],
)  # fmt: skip
def test_identity_is_asked_under_the_system_prompts_that_the_base_allows(
    workspace: Workspace, request_: EvaluationRequest, template: str, files: set[str]
):
    base = Path(train_jobs.read(workspace, 1).config.model)
    (base / "chat_template.jinja").write_text(template, encoding="utf-8")
    asked = jobs.launch(workspace, replace(request_, with_shipped=True), worker=FAKE)
    found = {file.name for file in asked.config.files if file.name.startswith("graft:")}
    assert found == files
    jobs.wait(workspace, 1)
