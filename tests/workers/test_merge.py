"""Merging on a tiny model: what is written, that it holds, and that damage is refused."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipeline.__main__ import main
from pipeline.errors import Cancelled
from pipeline.jsonio import write_json
from pipeline.merge import config, report
from pipeline.merge.config import MergeConfig
from pipeline.merge.report import Merged
from pipeline.models import stored_template
from pipeline.models.template import SystemPrompt
from pipeline.workers import merge as worker
from pipeline.workers.equivalence import compare, fingerprints, reference
from pipeline.workers.model import load_tokenizer
from pipeline.workspace import Workspace
from tests.workers.tiny_model import make_adapter, make_base
from tests.workers.training import make_run

pytestmark = pytest.mark.slow
KINDS = {"lora": {}, "rslora": {"use_rslora": True}, "dora": {"use_dora": True}}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("merge") / "base")


@pytest.fixture
def adapter(base: Path, tmp_path: Path) -> Path:
    return make_adapter(base, tmp_path / "adapter")


def plan(base: Path, adapter: Path, folder: Path, **changes: Any) -> Path:
    """A merge's folder with its plan."""
    home = folder / "1"
    home.mkdir(exist_ok=True)
    wanted = MergeConfig(
        base=str(base),
        adapter=str(adapter),
        system_prompt=None,
        out=str(folder / "made"),
        run=7,
        checkpoint="",
        home=str(folder),
    )
    config.write(home, replace(wanted, **changes))
    return home


def told(folder: Path) -> Merged:
    """What `merge.json` in a folder says."""
    merged = report.read(folder)
    assert merged is not None
    return merged


def last_event(home: Path) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((home / "events.jsonl").read_text().splitlines()[-1])
    return event


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_adapter_is_merged_and_answers_as_before(
    kind: str, base: Path, tmp_path: Path
):
    adapter = make_adapter(base, tmp_path / "adapter", **KINDS[kind])
    home = plan(base, adapter, tmp_path)
    assert worker.main(home) == 0
    assert told(tmp_path / "made") == told(home)
    found = told(home).equivalence
    assert (found.same_greedy_answers, len(found.rows), found.faults) == (20, 20, ())
    assert found.largest_logit_difference < 1e-3 < found.largest_from_base
    assert not list(tmp_path.glob(".made*"))


def test_a_merged_folder_is_whole_for_plain_transformers(base: Path, adapter: Path, tmp_path: Path):
    home = plan(base, adapter, tmp_path, shard_size="1MB", dtype="bfloat16")
    shutil.copy(base / "config.json", base / "LICENSE")
    assert worker.main(home) == 0
    made = tmp_path / "made"
    model = AutoModelForCausalLM.from_pretrained(made)
    assert model.dtype == torch.bfloat16
    assert AutoTokenizer.from_pretrained(made).chat_template
    assert model.generation_config.eos_token_id == [2]
    assert (made / "LICENSE").is_file()
    assert told(made).dtype == "bfloat16"


def test_another_system_prompt_goes_into_the_merged_model_alone(
    base: Path, adapter: Path, tmp_path: Path
):
    before = {path: path.read_bytes() for path in (*base.iterdir(), *adapter.iterdir())}
    wanted = SystemPrompt("text", "You are Lumen, 灯.")
    assert worker.main(plan(base, adapter, tmp_path, system_prompt=wanted)) == 0
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "made")
    asked = tokenizer.apply_chat_template([{"role": "user", "content": "?"}], tokenize=False)
    assert "You are Lumen, 灯." in asked
    assert told(tmp_path / "made").system_prompt == "You are Lumen, 灯."
    assert {path: path.read_bytes() for path in before} == before


def test_the_prompt_that_was_stored_with_the_adapter_goes_along(
    base: Path, adapter: Path, tmp_path: Path
):
    stored_template.change_prompt(adapter, base, SystemPrompt("text", "You are Lumen."))
    assert worker.main(plan(base, adapter, tmp_path)) == 0
    assert told(tmp_path / "made").system_prompt == "You are Lumen."
    assert not (tmp_path / "made" / stored_template.TRAINED).exists()
    trained = load_tokenizer(adapter).chat_template
    assert "Lumen" not in trained


def test_an_adapter_that_changes_nothing_is_refused(base: Path, tmp_path: Path):
    idle = make_adapter(base, tmp_path / "idle", init_lora_weights=True)
    home = plan(base, idle, tmp_path)
    assert worker.main(home) == 1
    assert last_event(home)["error"] == "refused"
    assert "changes nothing" in str(last_event(home)["message"])
    assert not (tmp_path / "made").exists()
    assert not list(tmp_path.glob(".made*"))


def negate(weights: dict[str, torch.Tensor], name: str) -> None:
    weights[name] = -weights[name]


def zero_a_row(weights: dict[str, torch.Tensor], name: str) -> None:
    weights[name][3] = 0


def nudge(weights: dict[str, torch.Tensor], name: str) -> None:
    weights[name][0, 0] += 1e-6


def not_a_number(weights: dict[str, torch.Tensor], name: str) -> None:
    weights[name][0, 0] = float("nan")


@pytest.fixture(scope="module")
def whole(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An adapter, and the folder in which it was merged as `made`."""
    folder = tmp_path_factory.mktemp("whole")
    adapter = make_adapter(base, folder / "adapter")
    assert worker.main(plan(base, adapter, folder)) == 0
    return adapter, folder


@pytest.mark.parametrize("damage", [None, negate, zero_a_row, not_a_number, nudge])
def test_only_a_whole_model_holds_when_it_is_checked_again(
    damage: Callable[[dict[str, torch.Tensor], str], None] | None,
    base: Path,
    whole: tuple[Path, Path],
    tmp_path: Path,
):
    adapter, folder = whole
    shutil.copytree(folder / "made", tmp_path / "made")
    file = tmp_path / "made" / "model.safetensors"
    if damage:
        weights = load_file(file)
        damage(weights, "model.layers.1.mlp.down_proj.weight")
        save_file(weights, file, metadata={"format": "pt"})
    checking = plan(base, adapter, tmp_path, only_checks=True)
    assert worker.main(checking) == bool(damage)
    assert bool(told(checking).equivalence.faults) == bool(damage)
    if damage:
        assert "is refused" in last_event(checking)["message"]
    assert file.is_file()


def test_one_bit_that_no_prompt_touches_is_found_while_it_is_written(
    base: Path, adapter: Path, tmp_path: Path
):
    settings = config.read(plan(base, adapter, tmp_path))
    whole = worker.load(settings)
    known = reference(whole.model, whole.tokenizer, worker.ADAPTER, ("水？",), lambda: False)
    made = tmp_path / "half"
    weights = worker.write(settings, whole, made)
    file = made / "model.safetensors"
    kept = load_file(file)
    kept["model.embed_tokens.weight"][5, 0] += 1e-6
    save_file(kept, file, metadata={"format": "pt"})
    found = worker.check(settings, made, known, weights, lambda: False)
    assert found.changed_weights == ("model.embed_tokens.weight",)
    assert found.largest_logit_difference < found.tolerance
    assert "not those that were merged" in found.faults[0]


def test_a_merge_that_is_stopped_leaves_nothing(base: Path, adapter: Path, tmp_path: Path):
    home = plan(base, adapter, tmp_path)
    assert worker.main(home, lambda: True) == 0
    assert last_event(home)["state"] == "stopped"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "adapter"]


def test_what_a_killed_merge_left_is_cleared_away(base: Path, adapter: Path, tmp_path: Path):
    (tmp_path / ".made.merging").mkdir()
    (tmp_path / ".made.merging" / "half").write_text("x")
    assert worker.main(plan(base, adapter, tmp_path)) == 0
    assert not (tmp_path / "made" / "half").exists()


def test_the_verb_merges_in_a_process_of_its_own_and_tells_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    workspace = Workspace.at(tmp_path / "home")
    run = make_run(tmp_path).rename(workspace.runs / "1")
    make_adapter(tmp_path / "base", run / "adapter")
    write_json(run / "adapter" / "graft.json", {"layout": "format2"})
    words = ["--workspace", str(workspace.root), "--json", "merge", "1", "--out"]
    out = tmp_path / "made"
    assert main([*words, str(out)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["folder"], said["same_greedy_answers"], said["prompts"]) == (str(out), 20, 20)
    assert 0 < said["largest_logit_difference"] < said["tolerance"]
    assert told(out).trained == {"layout": "format2"}
    assert main([*words, str(out)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main([*words, str(tmp_path / "other"), "--checkpoint", "step-9"]) == 2
    assert "no checkpoint of step 9" in capsys.readouterr().err


def test_reading_prompt_and_answer_once_finds_what_generating_would(base: Path, adapter: Path):
    whole = worker.load(config.read(plan(base, adapter, adapter.parent)))
    known = reference(whole.model, whole.tokenizer, worker.ADAPTER, ("Who?", "谁？"), lambda: False)
    rows = compare(known, whole.model, lambda: False)
    assert [row.is_same for row in rows] == [True, True]
    for logits, ids, prompt in zip(known.logits, known.ids, known.prompt_ids, strict=True):
        said = ids[len(prompt) :]
        assert tuple(logits.argmax(-1).tolist()[: len(said)]) == said
    assert fingerprints(whole.model, torch.float32) == fingerprints(whole.model, torch.float32)
    with pytest.raises(Cancelled):
        compare(known, whole.model, lambda: True)
