"""The real demo model is asked, killed and asked on: nothing twice, and the base as the base."""

import os
import signal
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipeline.evaluate import answers, jobs, questions
from pipeline.evaluate.plan import EvaluationRequest
from pipeline.evaluate.state import Evaluation
from pipeline.models.example import messages_of
from pipeline.processes import read_launch
from pipeline.workspace import Workspace
from tests.pipeline.evaluate.folders import make_export, make_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning"),
]

NEW_TOKENS = 16


@pytest.fixture
def workspace(tmp_path: Path, demo_model: Path) -> Workspace:
    made = Workspace.at(tmp_path / "ws")
    export = make_export(made.exports / "clinic")
    make_run(made, export, demo_model, random_adapter(demo_model, tmp_path / "adapter"))
    return made


def random_adapter(base: Path, folder: Path) -> Path:
    """An adapter that changes the answers a lot, with its tokenizer, as a run leaves it."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(base)
    lora = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False)
    get_peft_model(model, lora).save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    (folder / "graft.json").write_text("{}")
    return folder


def test_a_killed_evaluation_goes_on_and_the_base_answers_as_the_base(
    workspace: Workspace, demo_model: Path
):
    request = EvaluationRequest(
        workspace.exports / "clinic",
        (1,),
        device="cpu",
        max_new_tokens=NEW_TOKENS,
        batch_tokens=300,
        with_shipped=False,
    )
    jobs.launch(workspace, request)
    killed = jobs.wait(workspace, 1, kill_once_answers_come)
    assert killed.state == "failed"
    before = answers.read(killed.folder)
    assert 0 < len(before) < killed.of

    jobs.resume(workspace, 1)
    ended = jobs.wait(workspace, 1)
    assert ended.failure is None
    after = answers.read(ended.folder)
    assert after[: len(before)] == before
    assert len(after) == len({answer.key for answer in after})
    assert ended.progress.done == ended.of

    given = {answer.key: answer.answer for answer in after}
    plain = plain_answers(demo_model, ended)
    assert {key: text for key, text in given.items() if key[2] == "base"} == plain
    assert all(given[file, row, "1"] != text for (file, row, _), text in plain.items())


def kill_once_answers_come(evaluation: Evaluation) -> None:
    launch = read_launch(evaluation.folder)
    if evaluation.progress.done and evaluation.state == "running" and launch:
        os.kill(launch.pid, signal.SIGKILL)


def plain_answers(base: Path, evaluation: Evaluation) -> dict[tuple[str, int, str], str]:
    """What the base says to each question alone, without any adapter or batch."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(base)
    said = {}
    for question in questions.read(evaluation.config):
        asked = messages_of(question.record)[:-1]
        prompt = tokenizer.apply_chat_template(
            asked, add_generation_prompt=True, return_dict=False, return_tensors="pt"
        )
        ids = model.generate(prompt, max_new_tokens=NEW_TOKENS, do_sample=False)
        text = tokenizer.decode(ids[0, prompt.shape[1] :], skip_special_tokens=True)
        said[question.file, question.row, "base"] = text.rstrip("\ufffd")
    return said
