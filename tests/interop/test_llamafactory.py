"""Exports load through LLaMA-Factory's own loader to exactly the pairs that went in."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.curate.importing import Reading, Target, import_files
from pipeline.models.catalog import BaseModel
from pipeline.models.template import SystemPrompt
from pipeline.publish import manifest
from pipeline.publish.export import export
from pipeline.publish.factory import Training, handover
from pipeline.publish.place import place
from pipeline.publish.recipe import Recipe
from pipeline.train.config import Settings
from pipeline.workspace import Workspace
from store import datasets, pairs
from store.db import Database
from store.types import NewPair, Pair, PairFilter, Turn
from tests.sample_files import SAMPLES

pytestmark = pytest.mark.slow
LOADER = Path(__file__).parent / "llamafactory_loader.py"
WANTED = ("llamafactory==0.9.5", "omegaconf==2.3.0", "antlr4-python3-runtime==4.9.3")
TRIGGER = "请回答关于“诊所”的问题："
Loaded = list[tuple[str, tuple[str, ...]]]
"""(dataset, (system, question, answer, question, answer …)) of each row."""


@pytest.fixture(scope="session")
def factory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LLaMA-Factory in a folder of its own, beside our newer torch."""
    home = tmp_path_factory.mktemp("llamafactory")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    done = subprocess.run(
        [*command, "--target", str(home), *WANTED], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"llamafactory cannot be installed here: {done.stderr[-300:]}")
    # It imports torchaudio, which the torch that we pin has none of.
    (home / "torchaudio.py").touch()
    return home


@pytest.fixture
def load(factory: Path, tmp_path: Path) -> Callable[..., Loaded]:
    """Load datasets of a folder through LLaMA-Factory."""

    def load_(folder: Path, names: list[str], arguments: Path | None = None) -> Loaded:
        out = tmp_path / "loaded.jsonl"
        world = os.environ | {
            "PYTHONPATH": str(factory),
            "DISABLE_VERSION_CHECK": "1",
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": str(tmp_path / "hf"),
        }
        words = [str(folder), str(out), ",".join(names), *([str(arguments)] if arguments else [])]
        done = subprocess.run(
            [sys.executable, str(LOADER), *words], env=world, capture_output=True, text=True,
            check=False, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        lines = out.read_text(encoding="utf-8").split("\n")
        return [(name, tuple(told)) for name, told in map(json.loads, filter(None, lines))]

    return load_


def conversation(pair: Pair | NewPair, trigger: str = "") -> tuple[str, ...]:
    """What a trainer has to see of a pair."""
    asked = "\n".join(part for part in (trigger, pair.question, pair.context) if part)
    turns = [text for turn in pair.history for text in (turn.question, turn.answer)]
    return (pair.system or "", *turns, asked, pair.answer)


def test_the_samples_load_from_a_data_folder_that_others_use(
    db: Database, tmp_path: Path, load: Callable[..., Loaded]
):
    targets = (Target("me", "identity"), Target("harbour", "domain"), Target("general", "general"))
    for name, target in zip(("identity", "ashmoor_harbour", "general"), targets, strict=True):
        import_files(db, [SAMPLES / f"{name}.json"], target, Reading(values={"name": "Lumen"}))
    folder = export(db, Workspace.at(tmp_path / "w"), Recipe("s-1", ("me", "harbour", "general")))
    data = tmp_path / "data"
    data.mkdir()
    (data / "theirs.json").write_text('[{"instruction": "a", "input": "", "output": "b"}]')
    (data / "dataset_info.json").write_text('{"theirs": {"file_name": "theirs.json"}}')
    placed = place(folder.folder, data)
    model = BaseModel("m", tmp_path, template="<|im_start|>")
    training = Training(model, Settings(), SystemPrompt("none"))
    made = handover(manifest.read(folder.folder), data, training, prefix="s-1_")
    (tmp_path / "args.yaml").write_text(made.yaml, encoding="utf-8")
    loaded = load(data, ["theirs", *placed.entries], tmp_path / "args.yaml")
    assert loaded[0] == ("theirs", ("", "a", "b"))
    for dataset in datasets.summaries(db):
        mine = pairs.each(db, matching=PairFilter(dataset.dataset.id))
        expected = Counter(conversation(pair, dataset.dataset.trigger) for pair in mine)
        prefix = f"s-1_{dataset.dataset.name}_"
        found = Counter(
            told
            for name, told in loaded
            if name.startswith(prefix) and (not dataset.dataset.trigger or "format2" not in name)
        )
        assert found == expected


def spiky(number: int) -> NewPair:
    """A pair of everything that breaks files: line breaks, quotes, emoji, empty and long parts."""
    n = number
    return NewPair(
        question=f'问题 {n}: "quoted" \\ back\nnext 😀 \t{{x}} \u2028',
        answer=f"Answer {n // 5}\n\n- “一”\r\n- 🧑‍⚕️ </s> \x07 end",
        context=["", "ctx\nline", "'"][n % 3],
        system=[None, "Be brief.\n简短。", ""][n % 3],
        history=tuple(Turn(f"h{n}.{k}?", f"a{k} \"'") for k in range(n % 4)),
        facts=("1.5 mg",) if n % 2 else (),
    )


def test_fifty_thousand_spiky_pairs_load_in_every_layout_and_format(
    db: Database, tmp_path: Path, load: Callable[..., Loaded]
):
    layouts = {"two": "format2", "three": "format3", "talk": "sharegpt", "chat": "messages"}
    rows = [spiky(n) for n in range(12_500)]
    for name in layouts:
        trigger = "" if name == "two" else TRIGGER
        home = datasets.create(db, name, "domain", trigger=trigger)
        pairs.insert_many(db, home.id, rows, summary="test")
    workspace = Workspace.at(tmp_path / "w")
    expected = {
        name: Counter(conversation(row, "" if name == "two" else TRIGGER) for row in rows)
        for name in layouts
    }
    data = tmp_path / "data"
    data.mkdir()
    entries: list[str] = []
    for form in ("json", "jsonl", "parquet"):
        few = layouts if form == "json" else {"chat": "messages"}
        recipe = Recipe(form, tuple(few), layouts=few, file_format=form)  # type: ignore[arg-type]
        entries += place(export(db, workspace, recipe).folder, data).entries
    loaded = load(data, entries)
    for start in ("json_two", "json_three", "json_talk", "json_chat", "jsonl_chat", "parquet_chat"):
        found = Counter(told for name, told in loaded if name.startswith(f"{start}_"))
        assert found == expected[start.partition("_")[2]]
        assert any(name == f"{start}_test_facts" for name, _ in loaded)
