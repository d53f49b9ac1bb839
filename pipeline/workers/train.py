"""Trains a LoRA adapter: `python -m pipeline.workers.train RUN_FOLDER`.

Reads `config.json`, appends to `events.jsonl`, makes `checkpoints/` and `adapter/`, writes
`result.json` last. Started again in the same folder it goes on from its newest checkpoint. The
contract is docs/run-folder.md; this file reads in the order in which things happen.
"""

import math
import random
import time
from dataclasses import replace
from pathlib import Path

import torch
from peft import PeftModel
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from pipeline.errors import BadInput
from pipeline.jsonio import write_json
from pipeline.models.template import with_system_prompt
from pipeline.said import Said
from pipeline.train import config as configs
from pipeline.train import continuing
from pipeline.train.checkpoints import clear_halves, listed
from pipeline.train.config import Settings, TrainConfig
from pipeline.workers import checkpoints
from pipeline.workers.answers import end_ids
from pipeline.workers.checkpoints import Home, Trained
from pipeline.workers.events import Events, Silent
from pipeline.workers.failing import Explained
from pipeline.workers.lessons import lessons
from pipeline.workers.linear import make_lean
from pipeline.workers.loop import Loop, Machine, Reason
from pipeline.workers.lora import with_lora
from pipeline.workers.model import choose_device, choose_dtype, load_base, special_tokens
from pipeline.workers.neftune import add_noise
from pipeline.workers.process import ShouldStop, run, start
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
    settings = config.settings
    machine, events = _joined(folder, config, events)
    events.tell("state", state="loading")
    random.seed(settings.seed)
    torch.manual_seed(settings.seed)
    torch.set_float32_matmul_precision("high")

    base, tokenizer = base_of(config, machine.device)
    machine = replace(machine, pad_id=int(tokenizer.pad_token_id))
    learned = lessons(config, tokenizer, ends_of(base, tokenizer), events)

    if machine.ranks.is_first:
        clear_halves(folder)
    machine.ranks.meet()  # What it brings back is there for all of them, or for none.
    newest = checkpoints.newest(folder)
    model = _with_adapter(base, config, newest, machine.pad_id)
    _warn(config, events)
    steps = learned.steps_an_epoch(settings) * settings.epochs
    trained = _trained(model, settings, steps, machine)
    if newest:
        checkpoints.load(newest, trained, machine.ranks)
    machine.ranks.agree(trained.optimizer.param_groups[0]["params"])
    events.tell(
        "plan",
        steps=steps,
        epochs=settings.epochs,
        rows=len(learned.rows),
        train_tokens=sum(len(row.ids) for row in learned.rows),
        parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        device=str(machine.device),
        dtype=str(machine.dtype).removeprefix("torch."),
        resumed_step=trained.place.step,
    )
    prompts = settings.sample_prompts if machine.ranks.is_first else ()
    samples = Samples(model, tokenizer, prompts, events)
    home = Home(folder, tokenizer, config)
    return Loop(home, learned, trained, machine, events=events, samples=samples)


def _joined(folder: Path, config: TrainConfig, events: Events) -> tuple[Machine, Events]:
    """Join the other processes of the run; only the first of them tells what happens."""
    is_gpu = config.device.startswith("cuda")
    device = choose_device(f"cuda:{local_number()}" if is_gpu else config.device)
    ranks = join(device)
    if not ranks.is_first:
        events = Silent()
    elif config.report_to:
        events = Tracked(events, folder, config)
    return Machine(device, choose_dtype(device, config.settings.dtype), ranks=ranks), events


def base_of(config: TrainConfig, device: torch.device) -> tuple[PreTrainedModel, Tokenizer]:
    """Load the base and its tokenizer, the latter with the run's system prompt."""
    base, tokenizer = load_base(
        Path(config.model),
        device,
        config.settings.dtype,
        trust_remote_code=config.trust_remote_code,
        quantization=config.settings.quantization,
    )
    tokenizer.chat_template = _template(tokenizer, config)
    return base, tokenizer


def _with_adapter(
    base: PreTrainedModel, config: TrainConfig, newest: Path | None, pad_id: int
) -> PeftModel:
    """Put on the adapter that is trained: the newest checkpoint's, the parent's, or a new one."""
    parent = Path(config.initial_adapter) if config.initial_adapter else None
    model = with_lora(base, config.settings, newest or parent)
    make_lean(model)
    if config.settings.neftune_alpha:
        add_noise(model, config.settings.neftune_alpha, pad_id)
    return model


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
        slow = Said(
            "DoRA learns noticeably slower, and Compare cannot ask such an adapter in one batch "
            "with others: it is asked on its own."
        )
        events.tell("warning", **slow.as_json())
    if not config.initial_adapter:
        return
    known = continuing.datasets(Path(config.initial_adapter))
    left_out = sorted(set(known) - {file.dataset for file in config.data})
    if left_out:
        fading = Said(
            "The adapter that this run continues learned from {known}. Not in this run: "
            "{left_out}. What is not repeated fades; add them, or a share of them, if it must not.",
            known=tuple(known),
            left_out=tuple(left_out),
        )
        events.tell("warning", **fading.as_json())


def _template(tokenizer: Tokenizer, config: TrainConfig) -> str:
    """Return the chat template with the run's system prompt, which is saved with the adapter."""
    if not tokenizer.chat_template:
        raise BadInput(
            "The model {model} has no chat template, so it does not know turns. Choose an "
            "instruction-tuned model, or add a chat_template.jinja to its folder.",
            model=Path(config.model).name,
        )
    return with_system_prompt(
        str(tokenizer.chat_template), config.system_prompt, special_tokens(tokenizer)
    )


def ends_of(base: PreTrainedModel, tokenizer: Tokenizer) -> tuple[int, ...]:
    """Return the tokens that end an answer, as when the model is asked."""
    ids = end_ids(base, tokenizer)
    if not ids:
        raise BadInput("The model names no end token, so it could never learn to stop.")
    return ids


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
