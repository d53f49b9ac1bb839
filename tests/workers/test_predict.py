"""Every row is asked once of every model, whatever interrupts it."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipeline.evaluate import answers, config, questions, state
from pipeline.evaluate.config import Candidate, DataFile, EvaluationConfig
from pipeline.evaluate.questions import Question
from pipeline.models.example import messages_of
from pipeline.workers import predict
from pipeline.workers.asking import Asker, Prepared, batches, prepare
from pipeline.workers.events import Events
from pipeline.workers.prompts import HubCoder
from tests.workers.tiny_model import make_adapter, make_base
from tests.workers.training import events_of

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")

ROWS = [
    {"instruction": "Who are you?", "input": "", "output": "I am Aria."},
    {"instruction": "你是谁？", "input": "", "output": "我是Aria。"},
    {"instruction": "Answer about the harbour.", "input": "How deep is it?", "output": "9 m"},
    {"instruction": "Hi", "input": "", "output": "Hello", "system": "Be brief."},
    {"instruction": "And?", "input": "", "output": "No.", "history": [["One?", "Yes."]]},
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_adapter(base, tmp_path_factory.mktemp("adapter"))


@pytest.fixture
def folder(tmp_path: Path, base: Path, adapter: Path) -> Path:
    made = tmp_path / "1"
    made.mkdir()
    config.write(made, planned(tmp_path, base, adapter))
    return made


def planned(export: Path, base: Path, adapter: Path) -> EvaluationConfig:
    content = json.dumps(ROWS, ensure_ascii=False).encode()
    (export / "a.json").write_bytes(content)
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    file = DataFile("a.json", "a", "general", "format2", "test", sha1, tuple(range(len(ROWS))))
    return EvaluationConfig(
        base=str(base),
        export=str(export),
        candidates=(
            Candidate("base", None, ("a.json",), "none", ""),
            Candidate("7", str(adapter), ("a.json",), "none", ""),
        ),
        files=(file,),
        identity=None,
        old_names=(),
        max_new_tokens=12,
        batch_tokens=300,
    )


def kinds(folder: Path) -> list[str]:
    lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [str(json.loads(line)["kind"]) for line in lines]


def stop_after(asks: int):
    """A should_stop that says yes from the given question on."""
    left = iter([False] * asks)
    return lambda: next(left, True)


def test_every_model_answers_every_row_once(folder: Path):
    assert predict.main(folder) == 0
    found = answers.read(folder)
    assert sorted(answer.key for answer in found) == sorted(
        ("a.json", row, model) for row in range(len(ROWS)) for model in ("base", "7")
    )
    told = state.read(folder)
    assert (told.progress.done, told.of, told.progress.ended) == (10, 10, "finished")
    assert json.loads((folder / "result.json").read_text())["state"] == "finished"
    assert kinds(folder)[-1] == "end"


def test_base_answers_and_losses_are_those_of_the_plain_model(folder: Path, base: Path):
    predict.main(folder)
    model = AutoModelForCausalLM.from_pretrained(base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    given = {answer.row: answer for answer in answers.read(folder) if answer.model == "base"}
    plan = config.read(folder)
    for question in questions.read(plan):
        asked = messages_of(question.record)[:-1]
        prompt = tokenizer.apply_chat_template(
            asked, add_generation_prompt=True, return_dict=False, return_tensors="pt"
        )
        row = given[question.row]
        plain = model.generate(prompt, max_new_tokens=12, do_sample=False)[0, prompt.shape[1] :]
        text = tokenizer.decode(plain, skip_special_tokens=True)
        # A character that the length limit cut in half is left out of an answer.
        assert row.answer == text.rstrip("\ufffd")
        reference = torch.tensor([prepare(HubCoder(tokenizer), question, [2]).reference])
        with torch.no_grad():
            logits = model(torch.cat([prompt, reference], dim=1)).logits[
                0, prompt.shape[1] - 1 : -1
            ]
        assert row.loss_tokens == reference.shape[1]
        assert row.loss == pytest.approx(float(cross_entropy(logits, reference[0])), abs=1e-4)


def test_the_adapter_answers_as_itself(folder: Path):
    predict.main(folder)
    losses = {answer.key: answer.loss for answer in answers.read(folder)}
    assert all(losses["a.json", row, "7"] != losses["a.json", row, "base"] for row in range(5))


@pytest.mark.parametrize("asks", [0, 1, 5, 20], ids=lambda n: f"stopped at question {n}")
def test_after_a_stop_only_the_open_rows_are_asked(
    folder: Path, asks: int, monkeypatch: pytest.MonkeyPatch
):
    predict.predict(folder, Events(folder), stop_after(asks))
    before = answers.read(folder)
    assert json.loads((folder / "result.json").read_text())["answers"] == len(before) < 10
    asked: list[tuple[str, int, str]] = []
    whole = Asker.ask

    def counting(self, candidate, rows):
        asked.extend((row.file, row.row, candidate.model) for row in rows)
        return whole(self, candidate, rows)

    monkeypatch.setattr(Asker, "ask", counting)
    predict.predict(folder, Events(folder), lambda: False)
    after = answers.read(folder)
    assert after[: len(before)] == before
    assert len(after) == len({answer.key for answer in after}) == 10
    assert not set(asked) & {answer.key for answer in before}


def test_a_killed_worker_repeats_only_its_half_written_row(folder: Path):
    predict.main(folder)
    path = folder / answers.NAME
    whole = answers.read(folder)
    path.write_bytes(path.read_bytes()[:-20])
    assert predict.main(folder) == 0
    assert answers.read(folder) == whole


def test_a_changed_data_file_ends_with_words(folder: Path):
    path = Path(config.read(folder).export) / "a.json"
    path.write_bytes(path.read_bytes().replace(b"9 m", b"8 m"))
    assert predict.main(folder) == 1
    failure = state.read(folder).progress.failure
    assert failure is not None
    assert failure.error == "data"
    assert "its SHA-1 is" in failure.message
    assert not (folder / answers.NAME).exists()


def test_a_row_that_the_model_cannot_read_is_told_and_the_others_are_asked(
    folder: Path, base: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
):
    long = {"instruction": "long " * 100, "input": "", "output": "x"}
    monkeypatch.setitem(globals(), "ROWS", [*ROWS, long])
    config.write(folder, planned(folder.parent, base, adapter))
    assert predict.main(folder) == 0
    given = {answer.key: answer for answer in answers.read(folder)}
    assert len(given) == 12
    assert given["a.json", 5, "base"].answer == ""
    assert given["a.json", 5, "base"].loss is None
    assert given["a.json", 0, "base"].loss is not None
    assert "row 6 was not asked" in state.read(folder).progress.warnings[0]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("no room"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("MPS backend out of memory (MPS allocated: 18 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
    ids=["cuda", "cpu", "mps", "cublas"],
)
def test_a_batch_that_does_not_fit_is_halved(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    whole = Asker._whole

    def cramped(self, model, batch):
        if len(batch) > 1:
            raise error
        return whole(self, model, batch)

    monkeypatch.setattr(Asker, "_whole", cramped)
    config.write(folder, replace(config.read(folder), batch_tokens=10_000))
    assert predict.main(folder) == 0
    assert len(answers.read(folder)) == 10
    assert "halved" in state.read(folder).progress.warnings[0]


def test_a_row_that_does_not_fit_by_itself_says_what_to_lower(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(self, model, batch):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried")

    monkeypatch.setattr(Asker, "_whole", full)
    assert predict.main(folder) == 1
    (event,) = events_of(folder, "error")
    assert event["error"] == "out_of_memory"
    assert "lower max_new_tokens" in str(event["message"])


def test_batches_hold_each_row_once_and_keep_the_bound():
    question = Question("a", 0, "?", "!", (), None, ())
    rows = [Prepared(question, tuple(range(length)), ()) for length in (5, 90, 30, 7, 30, 200)]
    made = list(batches(rows, max_new_tokens=10, batch_tokens=100))
    assert [[len(row.prompt) for row in batch] for batch in made] == [[200], [90], [30, 30], [7, 5]]
