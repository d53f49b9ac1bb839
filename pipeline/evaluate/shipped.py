"""Questions that ship with Graft and every evaluation asks: who are you, and general ones.

They stand in an evaluation's plan as files of their own, whose names begin with `graft:`. Nothing
is ever trained on them; a prompt that an export trains on all the same is left out.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.curate.normalise import key
from pipeline.evaluate.config import AskedUnder, DataFile
from pipeline.evaluate.names import Identity
from pipeline.workspace import REPOSITORY

HOME = REPOSITORY / "data" / "prompts"
PREFIX = "graft:"
IDENTITY, GENERAL = "identity", "general"
LISTS = {IDENTITY: "evaluation-identity-1.json", GENERAL: "evaluation-general-1.json"}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question of a shipped list."""

    language: Literal["en", "zh"]
    prompt: str
    asks: Literal["name", "maker", ""] = ""

    def reference(self, identity: Identity | None) -> str:
        """What an answer has to say: the new name or maker; empty where nothing is known."""
        known = {"name": identity.names, "maker": identity.makers} if identity else {}
        return next(iter(known.get(self.asks, ())), "")


def is_shipped(name: str) -> bool:
    """Say whether a file of a plan is a shipped list."""
    return name.startswith(PREFIX)


def prompts(name: str) -> tuple[Prompt, ...]:
    """Return the prompts of a plan's file, in the order of its rows."""
    listed = json.loads((HOME / _list_of(name)).read_text(encoding="utf-8"))
    return tuple(Prompt(**each) for each in listed)


def sha1(name: str) -> str:
    """Return the SHA-1 of the list behind a plan's file."""
    content = (HOME / _list_of(name)).read_bytes()
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def files(
    policies: Sequence[AskedUnder],
    trained: Collection[str],
    sample: Callable[[Sequence[int]], tuple[int, ...]],
) -> tuple[DataFile, ...]:
    """Return the shipped files of a plan: identity under each policy, and the general questions.

    `trained` are the keys (`curate.normalise.key`) of the questions that are trained on.
    """
    named: list[tuple[str, AskedUnder]] = [
        (f"{PREFIX}{IDENTITY}/{each}", each) for each in policies
    ]
    return tuple(
        DataFile(
            name=name,
            dataset=name,
            role=IDENTITY if under else GENERAL,  # type: ignore[arg-type]
            layout="format2",
            split="test",
            sha1=sha1(name),
            rows=sample(
                [n for n, each in enumerate(prompts(name)) if key(each.prompt) not in trained]
            ),
            asked_under=under or "trained",
        )
        for name, under in (*named, (f"{PREFIX}{GENERAL}", None))
    )


def _list_of(name: str) -> str:
    return LISTS[name.removeprefix(PREFIX).split("/")[0]]
