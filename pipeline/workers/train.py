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
from peft import PeftModel
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from pipeline.errors import BadInput
from pipeline.jsonio import write_json
from pipeline.models.example import Example, Record, encode
from pipeline.models.template import with_system_prompt
from pipeline.publish.rows import read_rows
from pipeline.train import config as configs
from pipeline.train import continuing
from pipeline.train.checkpoints import clear_halves, listed
from pipeline.train.config import DataFile, Settings, TrainConfig
from pipeline.workers import checkpoints, showing
from pipeline.workers.answers import end_ids
from pipeline.workers.checkpoints import Home, Trained
from pipeline.workers.events import Events, Silent
from pipeline.workers.failing import DataChanged, Explained
from pipeline.workers.linear import make_lean
from pipeline.workers.loop import Loop, Machine, Reason
from pipeline.workers.lora import with_lora
from pipeline.workers.model import choose_device, choose_dtype, load_base, special_tokens
from pipeline.workers.neftune import add_noise
from pipeline.workers.process import ShouldStop, run, start
from pipeline.workers.prompts import HubCoder
from pipeline.workers.ranks import join, leave, local_number
from pipeline.workers.samples import Samples
from pipeline.workers.trackers import Tracked


def train(folder: Path, events: Events, should_stop: ShouldStop) -> None:
    """Run one training to its end and write the result."""
    started = time.monotonic()
    config = configs.read(folder)
    loop = prepared(folder, config, events)
    ranks, events = loop.machine.ranks, loop.events
    events.tell("state", state="training")
    if loop.trained.place.step == 0:
        loop.validate()
    reason = loop.epochs(should_stop, (folder / "pause.request").exists)

    ended = _keep(loop, reason)
    if ranks.is_first:
        write_json(folder / "result.json", {**ended, **loop.summary(started)})
    events.tell("end", step=loop.trained.place.step, **ended)
    leave()


def prepared(folder: Path, config: TrainConfig, events: Events) -> Loop:
    """Load what a run learns with and from, and tell the plan: ready for its next step."""
    is_gpu = config.device.startswith("cuda")
    device = choose_device(f"cuda:{local_number()}" if is_gpu else config.device)
    ranks = join(device)
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
        Path(config.model),
        device,
        settings.dtype,
        trust_remote_code=config.trust_remote_code,
        quantization=settings.quantization,
    )
    tokenizer.chat_template = _template(tokenizer, config)
    ends = _end_ids(base, tokenizer)
    rows = _examples(config, config.data, tokenizer, ends, events)
    held_back = _examples(config, config.validation, tokenizer, ends, events)
    if not rows:
        raise BadInput("No row has an answer within cutoff_tokens. Raise it, or export other rows.")

    home = Home(folder, tokenizer, config)
    if ranks.is_first:
        clear_halves(folder)
    newest = checkpoints.newest(folder)
    parent = Path(config.initial_adapter) if config.initial_adapter else None
    model = with_lora(base, settings, newest or parent)
    make_lean(model)
    if settings.neftune_alpha:
        add_noise(model, settings.neftune_alpha, int(tokenizer.pad_token_id))
    _warn(config, events)
    machine = Machine(
        device=device,
        dtype=choose_dtype(device, settings.dtype),
        pad_id=int(tokenizer.pad_token_id),
        ranks=ranks,
    )
    rows_a_step = settings.batch_rows * settings.accumulation
    steps_an_epoch = math.ceil(len(rows) / rows_a_step)
    steps = steps_an_epoch * settings.epochs
    trained = _trained(model, settings, steps, machine)
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
    prompts = settings.sample_prompts if ranks.is_first else ()
    samples = Samples(model, tokenizer, prompts, events)
    return Loop(home, settings, rows, held_back, trained, machine, events, steps_an_epoch, samples)


def _keep(loop: Loop, reason: Reason) -> dict[str, object]:
    """Save the run's adapter, the best with early stopping, else the last; return how it ended."""
    loop.events.tell("state", state="saving")
    trained = loop.trained
    is_whole = reason in ("done", "early_stop")
    step = trained.place.step
    if is_whole and loop.settings.early_stop_patience:
        # Of those that are there: somebody may have deleted the very best.
        there = listed(loop.home.folder)
        step = next((each.step for each in there if each.is_best), step)
    if loop.machine.ranks.is_first:
        if step == trained.place.step:
            loop.home.save_adapter(trained.model)
        else:
            loop.home.adopt(step)
    state = "finished" if is_whole else "stopped"
    return {"state": state, "reason": reason, "adapter_step": step}


def _warn(config: TrainConfig, events: Events) -> None:
    """Tell what a person should know of the variant, and what a continued adapter may lose."""
    if config.settings.dora:
        events.tell(
            "warning",
            message="DoRA learns noticeably slower, and Compare cannot ask such an adapter in one "
            "batch with others: it is asked on its own.",
        )
    if not config.initial_adapter:
        return
    known = continuing.datasets(Path(config.initial_adapter))
    left_out = sorted(set(known) - {file.dataset for file in config.data})
    if left_out:
        events.tell(
            "warning",
            message=f"The adapter that this run continues learned from {', '.join(known)}. Not in "
            f"this run: {', '.join(left_out)}. What is not repeated fades; add them, or a share "
            "of them, if it must not.",
        )


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
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise DataChanged(path, "it is not there any more") from error
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


def _trained(model: PeftModel, settings: Settings, steps: int, machine: Machine) -> Trained:
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
    # Only float16 needs its gradients scaled up, so that small ones do not vanish.
    scaler = torch.amp.GradScaler(machine.device.type, enabled=machine.dtype == torch.float16)
    return Trained(model, optimizer, schedule, scaler)


def main(folder: Path, is_terminated: ShouldStop = lambda: False) -> int:
    """Run one training to its end; the exit code is 0 unless it failed."""
    return run(folder, train, Explained(folder), is_terminated)


if __name__ == "__main__":
    start(main)
