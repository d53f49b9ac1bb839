"""Contrasts and comparisons: a line for each, whatever interrupts it, and none asked twice."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.evaluate import answers, config, reuse, scoring, shipped
from pipeline.evaluate.config import Candidate, DataFile, EvaluationConfig
from pipeline.workers import predict
from pipeline.workers.asking import Asker
from pipeline.workers.events import Events
from tests.workers.test_predict import stop_after

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")

TRIGGER = "About the quay."
FIELD = [
    {"instruction": TRIGGER, "input": f"Depth {n}?", "output": f"{n + 3} metres", "facts": []}
    for n in range(3)
]
GENERAL = [{"instruction": text, "input": "", "output": "Yes."} for text in ("Hi", "天空？")]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    """The folder of a finished evaluation, alone among its neighbours."""
    made = evaluation(tmp_path_factory.mktemp("evaluations"), tiny, 1)
    assert predict.main(made) == 0
    return made


@pytest.fixture
def beside(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, with room for another beside it."""
    shutil.copytree(finished.parent, tmp_path / "home")
    return tmp_path / "home" / "1"


def evaluation(home: Path, tiny: Path, number: int, *adapters: str) -> Path:
    """The folder of an evaluation of the tiny base and its adapters."""
    names = ("field.json", "general.json", "graft:general")
    files = (
        data_file(home, names[0], FIELD, "domain"),
        data_file(home, names[1], GENERAL, "general"),
        replace(data_file(home, names[2], [], "general"), rows=(0, 30), sha1=shipped_sha1()),
    )
    plan = EvaluationConfig(
        base=str(tiny / "base"),
        export=str(home),
        candidates=(
            Candidate("base", None, names, "none", ""),
            *(Candidate(name, str(tiny / name), names, "none", "") for name in adapters or ("7",)),
        ),
        files=files,
        identity=None,
        old_names=(),
        max_new_tokens=8,
        batch_tokens=600,
        wrong_answers=2,
        compares_general=True,
    )
    made = home / str(number)
    made.mkdir()
    config.write(made, plan)
    return made


def data_file(home: Path, name: str, rows: Sequence[Mapping[str, object]], role: str) -> DataFile:
    content = json.dumps(rows, ensure_ascii=False).encode()
    if rows:
        (home / name).write_bytes(content)
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    layout, trigger = ("format3", TRIGGER) if role == "domain" else ("format2", "")
    return DataFile(
        name,
        name,
        role,  # type: ignore[arg-type]
        layout,  # type: ignore[arg-type]
        "test",
        sha1,
        tuple(range(len(rows))),
        trigger=trigger,
    )


def shipped_sha1() -> str:
    return shipped.sha1("graft:general")


def lines(folder: Path) -> scoring.Lines:
    return scoring.Lines(
        answers.read(folder), answers.contrasts(folder), answers.comparisons(folder)
    )


def test_every_right_answer_is_weighed_with_and_without_the_trigger(finished: Path):
    folder, plan = finished, config.read(finished)
    weighed = {line.key: line for line in answers.contrasts(folder)}
    assert len(weighed) == 2 * 3 * 2
    for model in ("base", "7"):
        asked, bare = (weighed["field.json", 1, model, form] for form in ("asked", "bare"))
        assert asked.right != bare.right
        assert (len(asked.near), len(asked.others)) == (2, 2)
        assert asked.likeliest_wrong.endswith(("metres", "feet"))
    compared = {line.key: line for line in answers.comparisons(folder)}
    assert set(compared) == {
        (name, row, "7") for name, row in (("general.json", 0), ("general.json", 1),
                                           ("graft:general", 0), ("graft:general", 30))
    }  # fmt: skip
    assert all(line.kl is None or line.kl > 0 for line in compared.values())
    report = scoring.score(plan, lines(folder))
    assert report.is_complete
    assert report.model("base").score("contrast_unseen").n == 3


def test_what_was_weighed_before_a_stop_stays(tmp_path: Path, tiny: Path):
    folder = evaluation(tmp_path, tiny, 1)
    predict.predict(folder, Events(folder), stop_after(25))
    before = lines(folder)
    assert json.loads((folder / "result.json").read_text())["state"] == "stopped"
    assert 0 < len(tuple(before.contrasts)) < 12
    assert predict.main(folder) == 0
    after = lines(folder)
    for earlier, later in (
        (before.answers, after.answers),
        (before.contrasts, after.contrasts),
        (before.comparisons, after.comparisons),
    ):
        assert tuple(later)[: len(tuple(earlier))] == earlier
        assert len({line.key for line in later}) == len(tuple(later))
    assert scoring.score(config.read(folder), after).is_complete


def test_a_second_evaluation_asks_only_what_the_first_did_not(
    beside: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
):
    second = evaluation(beside.parent, tiny, 2, "7", "8")
    asked: list[str] = []
    whole = Asker.ask

    def counting(self, candidate, rows):
        asked.extend(candidate.model for _ in rows)
        return whole(self, candidate, rows)

    monkeypatch.setattr(Asker, "ask", counting)
    assert predict.main(second) == 0
    assert asked == ["8"] * 7
    assert scoring.score(config.read(second), lines(second)).is_complete
    mine = {line.key: line for line in answers.contrasts(second)}
    assert all(mine[line.key] == line for line in answers.contrasts(beside))


def test_other_weights_or_settings_are_asked_anew(beside: Path, tiny: Path):
    second = evaluation(beside.parent, tiny, 2)
    config.write(second, replace(config.read(second), max_new_tokens=9))
    reuse.write_stamps(second, config.read(second), "cpu", "float32")
    assert reuse.taken_over(second, config.read(second)) == ()
