"""Handing over: the vLLM command of an adapter, the Modelfile of a merged model, the card."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.__main__ import main
from pipeline.errors import BadInput
from pipeline.handover import card, ollama, vllm
from pipeline.handover.subject import Subject, subject
from pipeline.handover.vllm import NotForVllm
from pipeline.jsonio import write_json
from pipeline.merge import report
from pipeline.merge.report import Equivalence, Merged, Row
from pipeline.models.template import SystemPrompt, with_system_prompt
from pipeline.train import config
from pipeline.workspace import Workspace
from tests.dashboard import run_seed
from tests.template_models import make


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A run with an adapter, trained without the base's system prompt."""
    found = Workspace.at(tmp_path / "home dir")
    base = run_seed.model(found.root)
    run_seed.export(found.root)
    folder = run_seed.run(found.root, 7)
    special = {"eos_token": "<|im_end|>"}
    template = with_system_prompt(run_seed.TEMPLATE, SystemPrompt("none"), special)
    (folder / "adapter" / "chat_template.jinja").write_text(template)
    write_json(folder / "adapter" / "tokenizer_config.json", special)
    shaped(found, r=16)
    assert base.is_dir()
    return found


def shaped(workspace: Workspace, **settings: object) -> None:
    write_json(workspace.runs / "7" / "adapter" / "adapter_config.json", settings)


def merged(workspace: Workspace, kind: str = "qwen2.5") -> Subject:
    """A merged model in the workspace."""
    folder = make(kind, workspace.models / "lumen-1")
    row = Row("Who?", "Lumen.", difference=0.1, from_base=9.0, is_same=True)
    found = Merged(
        base=str(workspace.models / "tinylm-1m"),
        base_sha256="b" * 64,
        run=7,
        checkpoint="step-40",
        adapter_sha1="a" * 40,
        system_prompt=None,
        dtype="bfloat16",
        trained={"data": [{"name": "me_format2.json", "role": "identity", "sha1": "c" * 40}]},
        files={},
        equivalence=Equivalence((row,), "bfloat16", "float32", "cpu"),
    )
    report.write(folder, found)
    return subject(workspace, "lumen-1")


def test_the_vllm_command_names_base_adapter_rank_and_template(workspace: Workspace):
    made = vllm.command(subject(workspace, "7"))
    adapter = workspace.runs / "7" / "adapter"
    assert made.arguments == (
        "vllm", "serve", str(workspace.models / "tinylm-1m"),
        "--enable-lora",
        "--lora-modules", f"run-7={adapter}",
        "--max-lora-rank", "16",
        "--chat-template", str(adapter / "chat_template.jinja"),
        "--host", "127.0.0.1",
    )  # fmt: skip
    assert f"--lora-modules 'run-7={adapter}' \\\n  --max-lora-rank 16" in made.line


@pytest.mark.parametrize(("rank", "told"), [(1, "1"), (4, "8"), (17, "32"), (300, "320")])
def test_the_rank_is_rounded_up_to_one_that_vllm_takes(workspace: Workspace, rank: int, told: str):
    shaped(workspace, r=rank, use_rslora=True)
    arguments = vllm.command(subject(workspace, "7")).arguments
    assert arguments[arguments.index("--max-lora-rank") + 1] == told


@pytest.mark.parametrize(
    "settings",
    [{"r": 16, "use_dora": True}, {"r": 16, "modules_to_save": ["lm_head"]}, {"r": 1024}],
    ids=["dora", "whole layers", "rank"],
)
def test_what_vllm_cannot_load_is_said(workspace: Workspace, settings: dict[str, object]):
    shaped(workspace, **settings)
    with pytest.raises(NotForVllm, match="Merge it"):
        vllm.command(subject(workspace, "7"))


def test_a_merged_model_is_served_as_it_is(workspace: Workspace):
    found = merged(workspace)
    assert vllm.command(found).arguments == (
        "vllm", "serve", str(found.folder), "--served-model-name", "lumen-1", "--host", "127.0.0.1"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "ends"),
    [("qwen2.5", {"<|im_end|>", "<|endoftext|>"}), ("llama3.2", {"<|eot_id|>"})],
)
def test_a_modelfile_has_the_template_and_the_end_tokens(
    workspace: Workspace, kind: str, ends: set[str]
):
    made = ollama.modelfile(merged(workspace, kind))
    first, template, *stops = made.text.splitlines()
    assert (first, made.needs_gguf, made.untranslated) == ("FROM .", False, None)
    assert template.startswith('TEMPLATE """{{ $first := true }}')
    assert template.endswith('"""')
    assert "<|begin_of_text|>" not in template
    assert {f"PARAMETER stop {json.dumps(end)}" for end in ends} <= set(stops)


def test_a_family_that_ollama_may_not_read_is_taken_from_gguf(workspace: Workspace):
    found = merged(workspace)
    write_json(found.folder / "config.json", {"architectures": ["Qwen2ForCausalLM"]})
    made = ollama.modelfile(found)
    assert made.text.startswith("FROM ./lumen-1.gguf\n")
    assert made.needs_gguf
    assert not ollama.modelfile(found, Path("x/lumen-1-f16.gguf")).needs_gguf


def test_a_card_tells_data_settings_prompt_and_lineage(workspace: Workspace):
    folder = workspace.runs / "7"
    plan = replace(config.read(folder), parent_run=3, title="Aria *v2*")
    config.write(folder, plan)
    told = card.card(workspace, subject(workspace, "7"))
    assert told.startswith('---\nbase_model: "tinylm-1m"\nlibrary_name: peft\n')
    for words in (
        r"# Aria \*v2\*",
        "continued from run 3",
        "puts no system prompt before a question",
        f"| clinic\\_format3.json | domain | 20 | 1 | `{'2' * 40}` |",
        "| rank | 16 |",
        "Ended finished at step 60",
    ):
        assert words in told


def test_a_merged_models_card_tells_the_proof(workspace: Workspace):
    told = card.card(workspace, merged(workspace))
    assert "library_name: transformers" in told
    assert "the adapter of run 7 (step-40)" in told
    assert "Of 1 prompts, 1 are answered greedily as base and adapter answer them" in told
    assert "b" * 64 in told
    assert "a" * 40 in told


def test_a_merged_model_whose_run_is_gone_still_tells_its_data(workspace: Workspace):
    found = merged(workspace)
    shutil.rmtree(workspace.runs / "7")
    told = card.card(workspace, subject(workspace, found.name))
    assert f"| me\\_format2.json | identity | `{'c' * 40}` |" in told
    assert "## Training" not in told


def test_a_prompt_with_fences_of_its_own_stays_one_block(workspace: Workspace):
    found = subject(workspace, "7")
    prompt = SystemPrompt("text", "```\nhi\n````")
    template = with_system_prompt(run_seed.TEMPLATE, prompt, found.stored.special_tokens)
    fenced = replace(found, stored=replace(found.stored, template=template))
    assert "`````text\n```\nhi\n````\n`````" in card.card(workspace, fenced)


def test_a_folder_that_was_not_merged_here_is_refused(workspace: Workspace):
    with pytest.raises(BadInput, match="was not merged here"):
        subject(workspace, "tinylm-1m")


def test_the_verb_writes_the_files_and_tells_the_commands(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
):
    found = merged(workspace)
    words = ["--workspace", str(workspace.root), "--json", "handover"]
    assert main([*words, "lumen-1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == [str(found.folder / name) for name in ("README.md", "Modelfile")]
    assert all(Path(path).is_file() for path in told["files"])
    assert main([*words, "7"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["vllm"][:2] == ["vllm", "serve"]
    assert "modelfile" not in told
