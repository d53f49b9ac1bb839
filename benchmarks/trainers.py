"""The contenders of `train`, a process each: `python -m benchmarks.trainers FOLDER NAME TASK`.

`TASK` holds `config.json`, which is a run's of Graft, and `rows.json`, the token ids that Graft's
worker learns (`TASK tokens` writes it). A contender learns these very ids, but for LLaMA-Factory,
which reads the export and has templates of its own. It leaves `FOLDER/adapter` and says in
`told.json` what it cost; `FOLDER judge TASK` adds what the adapter is worth.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import yaml
from datasets import Dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    DataCollatorForSeq2Seq,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from pipeline.models import catalog
from pipeline.models.example import Example
from pipeline.publish import manifest
from pipeline.publish.factory import Training, handover
from pipeline.train import config
from pipeline.train.config import TrainConfig
from pipeline.workers import train as worker
from pipeline.workers.batches import collate, split_by_tokens
from pipeline.workers.events import Events
from pipeline.workers.lessons import lessons
from pipeline.workers.loop import Loop
from pipeline.workers.losses import learned_loss
from pipeline.workers.model import load_base, load_tokenizer


def main(folder: Path, name: str, *rest: str) -> None:
    """Let a contender learn, or judge what one left, or make the tokens for all."""
    if not torch.cuda.is_available():
        torch.set_num_threads(1)
    if name == "tokens":
        write_rows(folder)
    elif name == "judge":
        judge(folder, Path(rest[0]))
    else:
        watch = Watch()
        CONTENDERS[name](folder, Task(Path(rest[0])), watch)
        told = {"seconds": watch.seconds, "cpu_s": watch.cpu_s}
        write(folder, tokens=watch.tokens, steps=watch.steps, **told)


class Task:
    """What all contenders learn, and how."""

    def __init__(self, folder: Path) -> None:
        self.chosen = config.read(folder)
        told = json.loads((folder / "rows.json").read_bytes())
        self.rows, self.held_back = (
            [Example(tuple(ids), start, "", is_cut=False) for ids, start in told[name]]
            for name in ("rows", "held_back")
        )

    def dataset(self) -> Dataset:
        """The rows as ids and labels."""
        return Dataset.from_list(
            [{"input_ids": list(row.ids), "labels": list(row.labels)} for row in self.rows]
        )


def write_rows(task: Path) -> None:
    """Write the rows as Graft's worker makes tokens of them."""
    chosen = config.read(task)
    base, tokenizer = worker.base_of(chosen, torch.device("cpu"))
    learned = lessons(chosen, tokenizer, worker.ends_of(base, tokenizer), Events(task))
    told = {
        name: [(row.ids, row.answer_start) for row in rows]
        for name, rows in (("rows", learned.rows), ("held_back", learned.held_back))
    }
    (task / "rows.json").write_text(json.dumps(told))


def write(folder: Path, **told: float) -> None:
    """Add to `told.json`, with the most memory of this process where it trained."""
    path = folder / "told.json"
    known = json.loads(path.read_text()) if path.exists() else {"peak_bytes": peak_bytes()}
    path.write_text(json.dumps(known | told))


def peak_bytes() -> int:
    """The largest resident set of this process so far; what torch took of a GPU where it did."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_reserved())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class Watch(TrainerCallback):
    """Takes the time from the first step to the last, and counts the real tokens."""

    def __init__(self) -> None:
        self.seconds, self.cpu_s, self.tokens, self.steps = 0.0, 0.0, 0, 0

    def start(self) -> None:
        """Start the watch."""
        self.seconds, self.cpu_s = -time.monotonic(), -time.process_time()

    def stop(self) -> None:
        """Stop the watch."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.seconds += time.monotonic()
        self.cpu_s += time.process_time()

    def on_train_begin(self, args: Any, *_: Any, **given: Any) -> None:  # noqa: ANN401  # As there.
        """Count what will be learned."""
        rows = given["train_dataloader"].dataset
        self.tokens = sum(len(row["input_ids"]) for row in rows) * int(args.num_train_epochs)
        self.start()

    def on_train_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:  # noqa: ANN401
        """Stop the watch."""
        self.stop()
        self.steps = state.global_step


def common(folder: Path, chosen: TrainConfig, **changes: object) -> dict[str, Any]:
    """The arguments of transformers' Trainer that say what Graft's settings say."""
    settings = chosen.settings
    return {
        "output_dir": str(folder / "out"),
        "per_device_train_batch_size": settings.batch_rows,
        "gradient_accumulation_steps": settings.accumulation,
        "num_train_epochs": settings.epochs,
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": settings.warmup_share,
        "max_grad_norm": settings.max_grad_norm,
        "weight_decay": settings.weight_decay,
        "seed": settings.seed,
        "save_strategy": "no",
        "report_to": "none",
        "logging_steps": 1,
        "use_cpu": chosen.device == "cpu",
        **changes,
    }


def lora(chosen: TrainConfig) -> LoraConfig:
    """The LoRA of the run, as PEFT wants it."""
    return LoraConfig(
        r=chosen.settings.rank,
        lora_alpha=chosen.settings.alpha,
        lora_dropout=chosen.settings.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def graft(folder: Path, task: Task, watch: Watch) -> None:
    """Graft's worker on a run's folder, with a watch around its loop."""

    class Timed(Loop):
        """The worker's loop."""

        def epochs(self, *stops: Any) -> Any:  # noqa: ANN401  # As there.
            """Learn, with the watch running."""
            watch.start()
            reason = super().epochs(*stops)
            watch.stop()
            watch.tokens, watch.steps = self.trained.place.tokens, self.trained.place.step
            return reason

    vars(worker)["Loop"] = Timed
    # Nothing is validated meanwhile: the evaluator does it, for all of them.
    config.write(folder, replace(task.chosen, validation=()))
    if worker.main(folder):
        raise SystemExit(1)


def graft_checkpointing(folder: Path, task: Task, watch: Watch) -> None:
    """The same with checkpointing."""
    settings = replace(task.chosen.settings, gradient_checkpointing=True)
    task.chosen = replace(task.chosen, settings=settings)
    graft(folder, task, watch)


def graft_bf16(folder: Path, task: Task, watch: Watch) -> None:
    """The same in bfloat16."""
    settings = replace(task.chosen.settings, dtype="bfloat16")
    task.chosen = replace(task.chosen, settings=settings)
    graft(folder, task, watch)


def trainer(folder: Path, task: Task, watch: Watch, *, strategy: str = "random") -> None:
    """transformers' own Trainer."""
    torch.manual_seed(task.chosen.settings.seed)
    is_gpu = task.chosen.device != "cpu"
    dtype = torch.bfloat16 if is_gpu else torch.float32
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(task.chosen.model, dtype=dtype), lora(task.chosen)
    )
    tokenizer = load_tokenizer(Path(task.chosen.model))
    Trainer(
        model=model,
        args=TrainingArguments(
            **common(folder, task.chosen, train_sampling_strategy=strategy, bf16=is_gpu)
        ),
        train_dataset=task.dataset(),
        data_collator=DataCollatorForSeq2Seq(tokenizer, padding=True),
        callbacks=[watch],
    ).train()
    model.save_pretrained(folder / "adapter")


def trl(folder: Path, task: Task, watch: Watch, **changes: object) -> None:
    """TRL's SFTTrainer, which makes the model itself."""
    from trl import SFTConfig, SFTTrainer  # noqa: PLC0415  # Only on this contender's path.

    made = SFTTrainer(
        model=task.chosen.model,
        args=SFTConfig(**common(folder, task.chosen, **changes)),
        train_dataset=task.dataset(),
        processing_class=load_tokenizer(Path(task.chosen.model)),
        peft_config=lora(task.chosen),
        callbacks=[watch],
    )
    made.train()
    made.model.save_pretrained(folder / "adapter")


def llamafactory(folder: Path, task: Task, watch: Watch, *, is_checkpointed: bool = True) -> None:
    """LLaMA-Factory, with the yaml that Graft hands over for it."""
    from llamafactory.train.tuner import run_exp  # noqa: PLC0415

    chosen = task.chosen
    export = Path(chosen.export)
    base = catalog.read(Path(chosen.model))
    training = Training(base, chosen.settings, chosen.system_prompt, chosen.layout)
    made = yaml.safe_load(handover(manifest.read(export), export, training).yaml)
    made.pop("eval_dataset", None)
    made |= {
        "output_dir": str(folder / "adapter"),
        "save_strategy": "no",
        "eval_strategy": "no",
        "use_cpu": chosen.device == "cpu",
        "bf16": chosen.device != "cpu",
        "disable_gradient_checkpointing": not is_checkpointed,
    }
    run_exp(made, [watch])


def judge(folder: Path, home: Path) -> None:
    """Measure the adapter of a folder on the rows trained and held back, in float32."""
    task = Task(home)
    base, _ = load_base(Path(task.chosen.model), task.chosen.device, "float32")
    model = PeftModel.from_pretrained(base, folder / "adapter").eval()
    write(folder, loss=mean_loss(model, task.rows), held_back=mean_loss(model, task.held_back))


def mean_loss(model: Any, rows: list[Example]) -> float:  # noqa: ANN401  # PEFT's, which is untyped.
    """The mean loss of a learned token."""
    lengths = [len(row.ids) for row in rows]
    total, count = 0.0, 0
    with torch.no_grad():
        for part in split_by_tokens(
            lengths, range(len(rows)), most_rows=8, most_tokens=1024, most_padding=64
        ):
            batch = collate([rows[row] for row in part], 0)
            total += float(learned_loss(model, batch, nullcontext()))
            count += len(batch.targets)
    return total / count


def packed(folder: Path, task: Task, watch: Watch) -> None:
    """TRL with packing: as many tokens a step as the others' eight rows have on average."""
    settings = task.chosen.settings
    lengths = [len(row.ids) for row in task.rows]
    each = sum(lengths) * settings.batch_rows // len(lengths)
    task.chosen = replace(task.chosen, settings=replace(settings, batch_rows=1))
    trl(folder, task, watch, **PLAIN, packing=True, max_length=max(each, *lengths))


PLAIN: dict[str, Any] = {"bf16": False, "gradient_checkpointing": False}
FREE: dict[str, Any] = {"padding_free": True, "max_length": None}
CONTENDERS: dict[str, Callable[[Path, Task, Watch], None]] = {
    "graft": graft,
    "graft_bf16": graft_bf16,
    "trainer": trainer,
    "trainer_grouped": partial(trainer, strategy="group_by_length"),
    "trl": trl,
    "graft_checkpointing": graft_checkpointing,
    "trl_plain": partial(trl, gradient_checkpointing=False),
    "trl_fp32": partial(trl, **PLAIN),
    "trl_padding_free": partial(trl, **PLAIN, **FREE),
    "trl_packing": packed,
    "trl_padding_free_bf16": partial(trl, gradient_checkpointing=False, **FREE),
    "llamafactory": llamafactory,
    "llamafactory_plain": partial(llamafactory, is_checkpointed=False),
}


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
