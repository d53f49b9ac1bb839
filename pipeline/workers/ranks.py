"""Several processes that train one run together: which one this is, and what they tell each other.

Each learns from its part of a step's rows; the sums of losses and gradients are those of one
process with all the rows, so that the run is the same but for rounding. The names of the
environment's variables are torchrun's, and Ray's.
"""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist

from pipeline.train.batching import share_of

logger = logging.getLogger(__name__)

MEETING = "GRAFT_MEETING"
"""Where the processes meet: a `file://` of their launcher; without it torchrun's own address."""
_PATIENCE = timedelta(hours=2)
"""How long one waits for another: the first one may be saving, or answering samples."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among all that train the run; alone, unless `join` says otherwise."""

    number: int = 0
    count: int = 1
    device: str = "cpu"

    @property
    def is_first(self) -> bool:
        """Whether this is the one that tells, saves and decides."""
        return self.number == 0

    def share(self, rows: Sequence[int], lengths: Sequence[int]) -> list[int]:
        """Return this process's rows of a step: about as many tokens as every other's."""
        return share_of(rows, lengths, number=self.number, count=self.count)

    def sums(self, values: Sequence[float]) -> list[float]:
        """Return the sum of each value over all processes."""
        if self.count == 1:
            return list(values)
        dtype = torch.float32 if self.device == "mps" else torch.float64
        told = torch.tensor(list(values), dtype=dtype, device=self.device)
        _together(lambda: dist.all_reduce(told))
        return [float(value) for value in told]

    def any(self, is_so: bool) -> bool:
        """Return whether it is so in any process: all of them decide alike."""
        return self.sums([float(is_so)])[0] > 0

    def meet(self) -> None:
        """Wait until every process has come this far."""
        self.sums([0.0])

    def add_gradients(self, weights: Sequence[torch.Tensor]) -> None:
        """Add up the gradients of all processes, in one message; LoRA's are a few megabytes."""
        if self.count == 1:
            return
        for weight in weights:
            if weight.grad is None:  # This process had no row in the step.
                weight.grad = torch.zeros_like(weight)
        flat = torch.cat([weight.grad.flatten() for weight in weights])
        _together(lambda: dist.all_reduce(flat))
        for weight, part in zip(weights, flat.split([w.numel() for w in weights]), strict=True):
            weight.grad.copy_(part.view_as(weight))

    def each_of(self, state: torch.Tensor) -> list[torch.Tensor]:
        """Return every process's bytes of a kind, all of one length, in the order of numbers."""
        if self.count == 1:
            return [state]
        own = state.to(self.device)
        found = [torch.empty_like(own) for _ in range(self.count)]
        _together(lambda: dist.all_gather(found, own))
        return [each.cpu() for each in found]

    def agree(self, weights: Sequence[torch.Tensor]) -> None:
        """Start every process from the first one's weights."""
        if self.count == 1:
            return
        flat = torch.cat([weight.detach().flatten() for weight in weights])
        _together(lambda: dist.broadcast(flat, src=0))
        with torch.no_grad():
            for weight, part in zip(weights, flat.split([w.numel() for w in weights]), strict=True):
                weight.copy_(part.view_as(weight))


def local_number() -> int:
    """Return which of this machine's devices is this process's."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def join(device: torch.device) -> Ranks:
    """Meet the other processes that the environment tells of, if there are any."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return Ranks(device=str(device))
    number = int(os.environ["RANK"])
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if not dist.is_initialized():  # Ray Train has done it already.
        _together(
            lambda: dist.init_process_group(
                "nccl" if device.type == "cuda" else "gloo",
                init_method=os.environ.get(MEETING, "env://"),
                rank=number,
                world_size=count,
                timeout=_PATIENCE,
            )
        )
    return Ranks(number, count, str(device))


def leave() -> None:
    """Part from the other processes, in good order."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


def _together(exchange: Callable[[], object]) -> None:
    """Exchange something; where another process is gone this one ends too, without a word.

    Why it is gone is that one's to tell, or the launcher's.
    """
    try:
        exchange()
    except RuntimeError as error:
        logger.exception("Another process of this run is gone")
        raise SystemExit(1) from error
