"""The training loop: epochs of optimizer steps, with validation and checkpoints between them."""

import logging
import math
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Literal

import torch

from pipeline.errors import PipelineError
from pipeline.train import early
from pipeline.workers import checkpoints
from pipeline.workers.batches import collate, pass_tokens, split_by_tokens, steps_of_epoch
from pipeline.workers.checkpoints import Home, Trained
from pipeline.workers.events import Events
from pipeline.workers.lessons import Lessons
from pipeline.workers.losses import learned_loss
from pipeline.workers.ranks import Ranks
from pipeline.workers.samples import Samples

logger = logging.getLogger(__name__)

ShouldStop = Callable[[], bool]
Reason = Literal["done", "early_stop", "pause", "stop"]
"""Why a run ended: all is learned, validation no longer falls, or somebody asked."""


class LossNotFinite(PipelineError):
    """The loss, or its gradient, became infinite or not a number."""

    def __init__(self, step: int, rate: float) -> None:
        self.step = step
        super().__init__(
            "The loss or its gradient at step {step} is not a finite number, so the weights "
            "would be ruined. The rate there was {rate:.2g}: try a third of it, or a longer "
            "warm-up. The last checkpoint is still good.",
            rate=rate,
        )


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and in what numbers the model computes."""

    device: torch.device
    dtype: torch.dtype
    pad_id: int = 0
    ranks: Ranks = field(default_factory=Ranks)
    """This process among those that train the run together."""

    def autocast(self) -> AbstractContextManager[object, bool | None]:
        """Compute in the base's half precision where it has one; LoRA's weights stay float32."""
        if self.dtype == torch.float32:
            return nullcontext()
        context: AbstractContextManager[object, bool | None] = torch.autocast(
            self.device.type, dtype=self.dtype
        )
        return context


class Loop:
    """The loop: epochs of steps, with validation and checkpoints between them."""

    def __init__(
        self,
        home: Home,
        learned: Lessons,
        trained: Trained,
        machine: Machine,
        *,
        events: Events,
        samples: Samples,
    ) -> None:
        self.home, self.trained, self.machine = home, trained, machine
        self.events, self.samples = events, samples
        self.settings = home.config.settings
        self.rows, self.held_back = learned.rows, learned.held_back
        self.steps_an_epoch = learned.steps_an_epoch(self.settings)
        self.lengths = [len(row.ids) for row in learned.rows]
        self.tokens_here, self.seconds_here = 0, 0.0
        # What a run goes on from is there; one that begins has nothing yet.
        self._saved_step = trained.place.step or None
        trained.model.train()

    def epochs(self, should_stop: ShouldStop, should_pause: ShouldStop) -> Reason:
        """Train until there is a reason to end, from wherever the checkpoint left off."""
        settings = self.settings
        while self.trained.place.epoch < settings.epochs:
            if early.is_over(self.trained.validations, settings.early_stop_patience):
                return "early_stop"
            if not self._epoch(should_stop):
                self._save(is_inside_epoch=True)
                return "stop"
            done = replace(self.trained.place, epoch=self.trained.place.epoch + 1)
            self.trained.place = done
            is_last = done.epoch == settings.epochs
            is_asked = self.machine.ranks.any(should_pause())
            if is_last or is_asked or done.epoch % settings.validate_every_epochs == 0:
                self.validate()
            if is_last or is_asked or done.epoch % settings.save_every_epochs == 0 or self._is_best:
                self._save()
            if is_asked and not is_last:
                return "pause"
        return "done"

    @property
    def _is_best(self) -> bool:
        """Whether the step at hand has the lowest validation loss so far."""
        best = early.best(self.trained.validations)
        return best is not None and best[0] == self.trained.place.step

    def _epoch(self, should_stop: ShouldStop) -> bool:
        self.trained.model.train()  # Validation ended it.
        place = self.trained.place
        plan = steps_of_epoch(
            len(self.rows),
            rows_a_step=self.settings.batch_rows * self.settings.accumulation,
            seed=self.settings.seed,
            epoch=place.epoch,
        )
        first = place.epoch * self.steps_an_epoch
        if place.step == first:
            self.trained.epoch_losses = []
        every = self.settings.save_every_steps
        for rows in plan[place.step - first :]:
            if self.machine.ranks.any(should_stop()):
                return False
            self.step(rows)
            done = self.trained.place.step
            if every and done % every == 0 and done < first + self.steps_an_epoch:
                self._save(is_inside_epoch=True)
        return True

    def step(self, rows: list[int]) -> None:
        """Learn from some rows: one optimizer step, whatever parts memory splits them into."""
        started = time.monotonic()
        rate = self.trained.schedule.get_last_lr()[0]
        lost = self._add_gradients(rows)
        loss, norm = self._update(lost, rate)

        tokens = sum(self.lengths[row] for row in rows)
        seconds = time.monotonic() - started
        self.tokens_here, self.seconds_here = self.tokens_here + tokens, self.seconds_here + seconds
        self.trained.epoch_losses.append(loss)
        before = self.trained.place
        place = replace(before, step=before.step + 1, tokens=before.tokens + tokens)
        self.trained.place = place
        self.events.tell(
            "step",
            step=place.step,
            epoch=round(place.step / self.steps_an_epoch, 4),
            loss=loss,
            lr=rate,
            grad_norm=norm,
            tokens=place.tokens,
            tokens_per_second=round(tokens / seconds, 2),
            memory_bytes=_memory(self.machine),
            # On a CPU it is the same as the above.
            host_memory_bytes=_host_memory() if self.machine.device.type == "cuda" else None,
        )

    def _add_gradients(self, rows: list[int]) -> torch.Tensor:
        """Compute the loss of this process's share of some rows, and the gradients of it."""
        trained, ranks = self.trained, self.machine.ranks
        parts = self._parts(self.lengths, ranks.share(rows, self.lengths))
        learned = sum(len(self.rows[row].ids) - self.rows[row].answer_start for row in rows)
        # Left on the device: to read it is to wait until all that was asked for is computed.
        loss = torch.zeros((), device=self.machine.device)
        for part in parts:
            batch = collate([self.rows[row] for row in part], self.machine.pad_id)
            total = learned_loss(trained.model, batch, self.machine.autocast())
            # Every learned token of the step weighs the same, in whichever part it stands.
            trained.scaler.scale(total / learned).backward()
            loss += total.detach() / learned
        return loss

    def _parts(self, lengths: Sequence[int], rows: Iterable[int]) -> list[list[int]]:
        """Split rows into what goes through the model at once."""
        return split_by_tokens(
            lengths,
            rows,
            most_rows=self.settings.batch_rows,
            most_tokens=self.settings.batch_tokens,
            most_padding=pass_tokens(self.machine.device.type),
        )

    def _update(self, lost: torch.Tensor, rate: float) -> tuple[float, float | None]:
        """Change the weights by the gradients; return the loss, summed over all processes, and the
        norm of the gradients, None where float16 overflowed."""
        trained = self.trained
        weights = trained.optimizer.param_groups[0]["params"]
        self.machine.ranks.add_gradients(weights)
        trained.scaler.unscale_(trained.optimizer)
        clipped = torch.nn.utils.clip_grad_norm_(weights, self.settings.max_grad_norm)
        mine, norm = torch.stack([lost, clipped]).tolist()
        (loss,) = self.machine.ranks.sums([mine])
        if not math.isfinite(loss):
            raise LossNotFinite(trained.place.step + 1, rate)
        # An overflow in float16 is no fault: the scaler leaves that step out and scales less.
        is_left_out = trained.scaler.is_enabled() and not math.isfinite(norm)
        if not (math.isfinite(norm) or is_left_out):
            raise LossNotFinite(trained.place.step + 1, rate)
        trained.scaler.step(trained.optimizer)
        trained.scaler.update()
        if not is_left_out:
            trained.schedule.step()
        trained.optimizer.zero_grad(set_to_none=True)
        return loss, None if is_left_out else norm

    def validate(self) -> None:
        """Tell the loss on the rows held back, over all of them and by role, and the samples."""
        if self.held_back:
            self._validate()
        self.samples.tell(self.trained.place.step)

    def _validate(self) -> None:
        self.trained.model.eval()
        sums: dict[str, float] = defaultdict(float)
        counts: dict[str, int] = defaultdict(int)
        ranks = self.machine.ranks
        mine = self.held_back[ranks.number :: ranks.count]
        lengths = [len(row.ids) for row in mine]
        parts = self._parts(lengths, range(len(lengths)))
        with torch.no_grad():
            for part in parts:
                for role in sorted({mine[row].role for row in part}):
                    chosen = [mine[row] for row in part if mine[row].role == role]
                    batch = collate(chosen, self.machine.pad_id)
                    total = learned_loss(self.trained.model, batch, self.machine.autocast())
                    sums[role] += float(total)
                    counts[role] += len(batch.targets)
        roles = sorted({row.role for row in self.held_back})
        lost = ranks.sums([sums[role] for role in roles])
        learned = ranks.sums([counts[role] for role in roles])
        loss = sum(lost) / sum(learned)
        if not math.isfinite(loss):
            raise LossNotFinite(self.trained.place.step, self.trained.schedule.get_last_lr()[0])
        by_role = {role: a / b for role, a, b in zip(roles, lost, learned, strict=True)}
        step = self.trained.place.step
        self.trained.validations.append((step, loss))
        self.events.tell("validation", step=step, loss=loss, by_role=by_role)

    def _save(self, *, is_inside_epoch: bool = False) -> None:
        step = self.trained.place.step
        if is_inside_epoch and step == self._saved_step:
            return  # At the end of an epoch, as which it is saved already.
        self._saved_step = step
        chance = checkpoints.chance_of(self.machine.ranks)
        if not self.machine.ranks.is_first:
            return
        saved = self.home.save(self.trained, chance, is_inside_epoch=is_inside_epoch)
        self.events.tell("checkpoint", step=step, folder=f"checkpoints/{saved.name}")
        logger.info("Saved %s", saved.name)

    def summary(self, started: float) -> dict[str, object]:
        """Return what `result.json` says beside the state; seconds are those of this start."""
        losses, validations = self.trained.epoch_losses, self.trained.validations
        pace = self.tokens_here / self.seconds_here if self.seconds_here else None
        return {
            "step": self.trained.place.step,
            "train_loss": sum(losses) / len(losses) if losses else None,
            "validation_loss": validations[-1][1] if validations else None,
            "tokens": self.trained.place.tokens,
            "tokens_per_second": None if pace is None else round(pace, 2),
            "seconds": round(time.monotonic() - started, 3),
            "peak_memory_bytes": _memory(self.machine),
        }


def _memory(machine: Machine) -> int:
    """Return the most memory held so far: the GPU's where there is one, else the process's."""
    if machine.device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(machine.device))
    return _host_memory()


def _host_memory() -> int:
    """Return the most memory that the process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
