"""How LLaMA-Factory trains what Graft would: a `training_args.yaml` and the command.

Two things go silently wrong there, and are spelled out: the template, which it does not take from
the model, and the default system prompt, which its templates bring along (45 of 124 have one).
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path, PurePath

from pipeline.models.catalog import BaseModel
from pipeline.models.template import SystemPrompt
from pipeline.publish.manifest import Manifest
from pipeline.train.config import Settings
from store.types import Layout

COMMAND = "llamafactory-cli train"
TEMPLATES: tuple[tuple[str, str], ...] = (
    # What a chat template says → the template of that name. The first that is found counts.
    # Names and words as in llamafactory 0.9.5, data/template.py (Apache-2.0).
    ("named SmolLM", "smollm2"),
    ("You are Qwen, created by Alibaba Cloud", "qwen"),
    ("enable_thinking", "qwen3"),
    ("<|start_header_id|>", "llama3"),
    ("<|header_start|>", "llama4"),
    ("<<SYS>>", "llama2"),
    ("[SYSTEM_PROMPT]", "mistral_small"),
    ("[INST]", "mistral"),
    ("<start_of_turn>", "gemma"),
    ("[gMASK]<sop>", "glm4"),
    ("<｜User｜>", "deepseek3"),
    ("<|im_sep|>", "phi4"),
    ("<|end|>", "phi"),
    ("<|start_of_role|>", "granite3"),
    ("<|im_start|>", "chatml"),
)


@dataclass(frozen=True, slots=True)
class Handover:
    """What to give LLaMA-Factory, and how."""

    yaml: str
    command: str
    template: str
    """Empty where none could be guessed."""


def guess_template(chat_template: str) -> str:
    """Return the name of LLaMA-Factory's template for a model's chat template, or nothing."""
    return next((name for word, name in TEMPLATES if word in chat_template), "")


@dataclass(frozen=True, slots=True)
class Training:
    """What decides a run, as the yaml needs it."""

    model: BaseModel
    settings: Settings
    system_prompt: SystemPrompt
    layout: Layout = "format3"


def handover(
    manifest: Manifest, data: Path, training: Training, *, prefix: str = "", path: str = ""
) -> Handover:
    """Return the yaml and the command that train an export's datasets in the folder `data`.

    `prefix` goes before the names of datasets (as `place` calls them); `path` is where the yaml
    will lie.
    """
    template = guess_template(training.model.template)
    lines = [
        f"# {COMMAND} of the export {manifest.name}, as Graft would train it.",
        f"# Made for llamafactory 0.9.5. Run: {COMMAND} {path or 'training_args.yaml'}",
        *_model(training, template),
        *_data(manifest, data, training, prefix),
        *_settings(training.settings),
        f"output_dir: {json.dumps(f'saves/{manifest.name}', ensure_ascii=False)}",
    ]
    named = path or "training_args.yaml"
    return Handover("\n".join(lines) + "\n", f"{COMMAND} {_quoted(named)}", template)


def _model(training: Training, template: str) -> list[str]:
    lines = [
        f"model_name_or_path: {_text(str(training.model.folder))}",
        "stage: sft",
        "do_train: true",
        "finetuning_type: lora",
        *_targets(training.settings.targets),
    ]
    if template:
        lines.append(f"template: {template}  # guessed from the model's chat template")
    else:
        lines.append("# No template could be guessed for this model: choose one of its list.")
        lines.append("# template: ")
    prompt = training.system_prompt
    if prompt.policy == "none":
        lines.append('default_system: ""  # the template adds none of its own')
    elif prompt.policy == "text":
        lines.append(f"default_system: {_text(prompt.text)}")
    else:
        default = training.model.default_prompt or ""
        lines.append(f"default_system: {_text(default)}  # what the model's own template adds")
    return lines


def _targets(targets: str) -> list[str]:
    if targets == "attention":
        return ["lora_target: q_proj,k_proj,v_proj,o_proj  # attention, as most models call it"]
    return [f"lora_target: {_text(targets)}"]


def _data(manifest: Manifest, data: Path, training: Training, prefix: str) -> list[str]:
    def names(files: list[str]) -> str:
        return _text(",".join(f"{prefix}{PurePath(name).stem}" for name in files))

    tests = [file.name for file in manifest.tests("wordings") if file.rows]
    lines = [
        f"dataset_dir: {_text(str(data))}",
        f"dataset: {names([file.name for file in manifest.training(training.layout)])}",
        f"cutoff_len: {training.settings.cutoff_tokens}",
        "mask_history: true  # only the last answer of a conversation is learned",
        "overwrite_cache: true",
    ]
    if tests:
        lines += [f"eval_dataset: {names(tests)}", "eval_strategy: epoch"]
    return lines


def _settings(settings: Settings) -> list[str]:
    number = {"bfloat16": "bf16: true", "float16": "fp16: true"}.get(settings.dtype, "")
    lines = [
        f"lora_rank: {settings.rank}",
        f"lora_alpha: {settings.alpha}",
        f"lora_dropout: {settings.dropout}",
        f"learning_rate: {_plain(settings.learning_rate)}",
        f"num_train_epochs: {settings.epochs}.0",
        f"per_device_train_batch_size: {settings.batch_rows}",
        f"gradient_accumulation_steps: {settings.accumulation}",
        "lr_scheduler_type: cosine",
        f"warmup_steps: {settings.warmup_share}  # a share; before transformers 5: warmup_ratio",
        f"max_grad_norm: {settings.max_grad_norm}",
        f"weight_decay: {settings.weight_decay}",
        *_variants(settings),
        f"seed: {settings.seed}",
        f"disable_gradient_checkpointing: {_yes(not settings.gradient_checkpointing)}",
        "save_strategy: epoch",
        f"save_total_limit: {settings.keep_checkpoints}",
        "logging_steps: 1",
        "report_to: none",
    ]
    return [*lines, number] if number else [*lines, "bf16: false  # true where the GPU has it"]


def _variants(settings: Settings) -> list[str]:
    """Return the lines of what is off by default."""
    bits = settings.quantization.removesuffix("bit")
    chosen = {
        "use_rslora: true": settings.rslora,
        "use_dora: true": settings.dora,
        f"neftune_noise_alpha: {settings.neftune_alpha}": settings.neftune_alpha > 0,
        f"quantization_bit: {bits}": settings.quantization != "none",
        f"early_stopping_steps: {settings.early_stop_patience}": settings.early_stop_patience > 0,
    }
    return [line for line, is_chosen in chosen.items() if is_chosen]


def _plain(value: float) -> str:
    """Return a number without an exponent: YAML takes 5e-05 for a text."""
    return format(Decimal(repr(value)), "f")


def _yes(is_so: bool) -> str:
    return "true" if is_so else "false"


def _text(value: str) -> str:
    """Return a text as YAML: a JSON string is one."""
    return json.dumps(value, ensure_ascii=False)


def _quoted(path: str) -> str:
    return path if all(c.isalnum() or c in "/._-" for c in path) else f"'{path}'"
