"""The exact vLLM command for an adapter or a merged model."""

import shlex
from dataclasses import dataclass

from pipeline.errors import BadInput
from pipeline.handover.subject import Subject, shape
from pipeline.models.stored_template import TEMPLATE
from pipeline.said import Said

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""The values that vLLM's --max-lora-rank takes."""


class NotForVllm(BadInput):
    """vLLM cannot load this adapter beside its base; merged it can."""

    def __init__(self, reason: Said) -> None:
        self.reason = reason
        super().__init__("vLLM cannot load this adapter: {reason}. Merge it, and serve that.")


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, and the name under which the model is then asked."""

    arguments: tuple[str, ...]
    model: str

    @property
    def line(self) -> str:
        """The command as a shell takes it, an option a line."""
        lines: list[list[str]] = [[]]
        for argument in self.arguments:
            if argument.startswith("--"):
                lines.append([])
            lines[-1].append(shlex.quote(argument))
        return " \\\n  ".join(" ".join(line) for line in lines)


def command(subject: Subject) -> Command:
    """Return what serves a model on this machine's loopback; raises NotForVllm.

    An adapter's chat template is named: without it vLLM takes the base's, which puts the base's
    own system prompt back. It then holds for the base in the same server too.
    """
    trusts = bool(subject.run and subject.run.config.trust_remote_code)
    common = ("--host", "127.0.0.1", *(("--trust-remote-code",) if trusts else ()))
    if subject.merged:
        served = ("vllm", "serve", str(subject.folder), "--served-model-name", subject.name)
        return Command((*served, *common), subject.name)
    return Command(
        (
            "vllm",
            "serve",
            str(subject.base),
            "--enable-lora",
            "--lora-modules",
            f"{subject.name}={subject.folder}",
            "--max-lora-rank",
            str(_rank(subject)),
            "--chat-template",
            str(subject.folder / TEMPLATE),
            *common,
        ),
        subject.name,
    )


def _rank(subject: Subject) -> int:
    found = shape(subject.folder)
    if found.is_dora:
        raise NotForVllm(Said("it is a DoRA adapter"))
    if found.saves_modules:
        raise NotForVllm(Said("it holds whole layers besides LoRA (modules_to_save)"))
    for rank in RANKS:
        if rank >= found.rank:
            return rank
    raise NotForVllm(Said("its rank {rank} is above {most}", rank=found.rank, most=RANKS[-1]))
