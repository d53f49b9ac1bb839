"""Trains a LoRA adapter: `python -m pipeline.workers.train RUN_FOLDER`.

Reads `config.json`, appends to `events.jsonl`, makes `checkpoints/` and `adapter/`, writes
`result.json` last. Started again in the same folder it goes on from its newest checkpoint. The
contract is docs/run-folder.md; this file reads in the order in which things happen.
"""

import hashlib
import math
import random
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from pipeline.errors import BadInput, PipelineError
from pipeline.jsonio import write_json
from pipeline.models.example import Example, Record, encode
from pipeline.models.template import with_system_prompt
from pipeline.publish.rows import read_rows
from pipeline.train import config as configs
from pipeline.train.config import DataFile, Settings, TrainConfig
from pipeline.workers import checkpoints, showing
from pipeline.workers.answers import end_ids
from pipeline.workers.checkpoints import Place, Trained
from pipeline.workers.events import Events, Silent
from pipeline.workers.linear import make_lean
from pipeline.workers.loop import Loop, LossNotFinite, Machine
from pipeline.workers.model import choose_device, load_base, special_tokens
from pipeline.workers.process import ShouldStop, run, start
from pipeline.workers.prompts import HubCoder
from pipeline.workers.ranks import join, leave, local_number
from pipeline.workers.trackers import Tracked


class DataChanged(PipelineError):
    """A data file is not what it was when the run was launched."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name} is not the file that this run was launched with (its SHA-1 differs). "
            "Export again and start a new run."
        )
        self.path = path


def train(folder: Path, events: Events, should_stop: ShouldStop) -> None:
    """Run one training to its end and write the result."""
    started = time.monotonic()
    config = configs.read(folder)
    device = f"cuda:{local_number()}" if config.device.startswith("cuda") else config.device
    ranks = join(choose_device(device))
    if not ranks.is_first:
        events = Silent()
    elif config.report_to:
        events = Tracked(events, folder, config)
    events.tell("state", state="loading")
    settings = config.settings
    random.seed(settings.seed)
    torch.manual_seed(settings.seed)
    torch.set_float32_matmul_precision("high")

    base, tokenizer = load_base(
        Path(config.model), device, settings.dtype, trust_remote_code=config.trust_remote_code
    )
    tokenizer.chat_template = _template(tokenizer, config)
    ends = _end_ids(base, tokenizer)
    rows = _examples(config, config.data, tokenizer, ends, events)
    held_back = _examples(config, config.validation, tokenizer, ends, events)
    if not rows:
        raise BadInput("No row has an answer within cutoff_tokens. Raise it, or export other rows.")

    model = _with_lora(base, settings)
    make_lean(model)
    machine = Machine(
        device=base.device,
        dtype=base.dtype,
        pad_id=int(tokenizer.pad_token_id),
        ranks=ranks,
    )
    rows_a_step = settings.batch_rows * settings.accumulation
    steps_an_epoch = math.ceil(len(rows) / rows_a_step)
    steps = steps_an_epoch * settings.epochs
    trained = _prepared(model, settings, steps, machine)

    newest = checkpoints.newest(folder / "checkpoints")
    if newest:
        checkpoints.load(newest, trained)
    ranks.agree(trained.optimizer.param_groups[0]["params"])
    events.tell(
        "plan",
        steps=steps,
        epochs=settings.epochs,
        rows=len(rows),
        train_tokens=sum(len(row.ids) for row in rows),
        parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        device=str(machine.device),
        dtype=str(machine.dtype).removeprefix("torch."),
        resumed_step=trained.place.step,
    )
    events.tell("state", state="training")
    loop = Loop(folder, settings, rows, held_back, trained, machine, events, steps_an_epoch)
    if trained.place.step == 0:
        loop.validate()
    is_whole = loop.epochs(should_stop)

    events.tell("state", state="saving")
    state = "finished" if is_whole else "stopped"
    if ranks.is_first:
        checkpoints.save_adapter(folder / "adapter", model, tokenizer, config)
        write_json(folder / "result.json", {"state": state, **loop.summary(started)})
    events.tell("end", state=state, step=trained.place.step)
    leave()


def _template(tokenizer: Tokenizer, config: TrainConfig) -> str:
    """Return the chat template with the run's system prompt, which is saved with the adapter."""
    if not tokenizer.chat_template:
        raise BadInput(
            f"The model {Path(config.model).name} has no chat template, so it does not know turns. "
            "Choose an instruction-tuned model, or add a chat_template.jinja to its folder."
        )
    return with_system_prompt(
        str(tokenizer.chat_template), config.system_prompt, special_tokens(tokenizer)
    )


def _end_ids(base: PreTrainedModel, tokenizer: Tokenizer) -> tuple[int, ...]:
    """Return the tokens that end an answer, as when the model is asked."""
    ids = end_ids(base, tokenizer)
    if not ids:
        raise BadInput("The model names no end token, so it could never learn to stop.")
    return ids


def _examples(
    config: TrainConfig,
    files: tuple[DataFile, ...],
    tokenizer: Tokenizer,
    ends: tuple[int, ...],
    events: Events,
) -> list[Example]:
    """Read the data files, checking each hash, and make tokens of their rows."""
    examples: list[Example] = []
    coder = HubCoder(tokenizer)
    too_long = 0
    for file in files:
        path = Path(config.export) / file.name
        data = path.read_bytes()
        if hashlib.sha1(data, usedforsecurity=False).hexdigest() != file.sha1:
            raise DataChanged(path)
        records = read_rows(file.name, data)
        _check_pages(config, coder, ends, records[: showing.COMPARED_ROWS], events)
        for record in records:
            cutoff = config.settings.cutoff_tokens
            example = encode(coder, record, file.role, cutoff=cutoff, end_ids=ends)
            if example is None:
                too_long += 1
            else:
                examples += [example] * file.repeat
    cut = sum(example.is_cut for example in examples)
    if cut or too_long:
        names = ", ".join(file.name for file in files)
        events.tell(
            "warning",
            message=f"In {names}: {cut} answers were cut at {config.settings.cutoff_tokens} tokens "
            f"and never learn to stop; {too_long} rows were left out, their question alone is "
            "longer. Raise cutoff_tokens, or shorten them.",
        )
    return examples


def _check_pages(
    config: TrainConfig,
    coder: HubCoder,
    ends: tuple[int, ...],
    rows: Sequence[Record],
    events: Events,
) -> None:
    """Warn where the token view shows other tokens than are trained."""
    if showing.pages_differ(Path(config.model), config.system_prompt, coder, ends, rows):
        events.tell(
            "warning",
            message="The pages show other tokens of this model than are trained: its tokenizer "
            "does something that tokenizer.json does not tell. The training is right.",
        )


def _with_lora(base: torch.nn.Module, settings: Settings) -> PeftModel:
    """Put LoRA on every linear layer but the output; its weights are float32."""
    torch.manual_seed(settings.seed)
    if settings.gradient_checkpointing:
        base.activation_checkpointing_enable()
        base.enable_input_require_grads()
    lora = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(base, lora)


def _prepared(model: PeftModel, settings: Settings, steps: int, machine: Machine) -> Trained:
    optimizer = torch.optim.AdamW(
        [parameter for parameter in model.parameters() if parameter.requires_grad],
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=machine.device.type in {"cuda", "cpu"},
    )
    warmup = math.ceil(settings.warmup_share * steps)

    def share(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(steps - warmup, 1)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
    return Trained(model, optimizer, schedule, Place())


def main(folder: Path, is_terminated: ShouldStop = lambda: False) -> int:
    """Run one training to its end; the exit code is 0 unless it failed."""
    return run(folder, train, _explained, is_terminated)


def _explained(error: Exception) -> tuple[str, str]:
    """Return the class of a failure and words that a person can act on."""
    match error:
        case LossNotFinite():
            return "not_finite", str(error)
        case DataChanged():
            return "data", str(error)
        case PipelineError():
            return "model", str(error)
        case torch.OutOfMemoryError() | MemoryError():
            return _out_of_memory(error)
        case RuntimeError() if any(words in str(error) for words in _OTHER_ALLOCATORS):
            return _out_of_memory(error)
        case OSError():
            return "disk", (
                f"A file could not be read or written: {error}. The last checkpoint is still good."
            )
        case _:
            return "unknown", f"{type(error).__name__}: {error}. The log has the details."


# What torch says where only CUDA has a class of its own for it.
_OTHER_ALLOCATORS = ("DefaultCPUAllocator", "MPS backend out of memory")


def _out_of_memory(error: Exception) -> tuple[str, str]:
    return "out_of_memory", (
        f"The memory of the device is full ({error}). Lower batch_tokens first, then "
        "cutoff_tokens, or turn gradient_checkpointing on; then resume."
    )


if __name__ == "__main__":
    start(main)
