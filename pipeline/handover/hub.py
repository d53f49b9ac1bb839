"""What is pushed to a hub: which files, under which name, private unless said otherwise.

Nothing is pushed from here; the plan is shown first, and only a confirmed one is launched.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.handover.card import card
from pipeline.handover.jobs import PushPlan
from pipeline.handover.subject import Subject
from pipeline.workspace import Workspace

TOKEN = "HF_TOKEN"
_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
STAYS = ("graft.json", "merge.json", "chat_template.trained.jinja", "Modelfile", ".gitattributes")
"""Of use here only; the first two name folders of this machine."""


class NoToken(BadInput):
    """The hub's token is not in the environment."""

    def __init__(self) -> None:
        super().__init__(
            "Pushing needs a token of the hub with the right to write. Set {variable} where "
            "Graft is started; it is read from there and kept nowhere.",
            variable=TOKEN,
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """What would be pushed."""

    plan: PushPlan
    files: tuple[str, ...]
    size_bytes: int


def offer(
    workspace: Workspace,
    subject: Subject,
    repository: str,
    *,
    is_private: bool = True,
    base_name: str = "",
) -> Offer:
    """Plan a push without doing anything; BadInput if the name is none of a hub."""
    if not _REPOSITORY.fullmatch(repository):
        raise BadInput(
            "{repository!r} is no name on a hub: it looks like owner/name.", repository=repository
        )
    name = base_name or subject.base.name
    plan = PushPlan(
        model=str(subject.folder),
        repository=repository,
        is_private=is_private,
        base_name=name,
        card=card(workspace, subject, base_name=name),
    )
    files = pushed(subject.folder)
    return Offer(
        plan, tuple(path.name for path in files), sum(path.stat().st_size for path in files)
    )


def pushed(folder: Path) -> tuple[Path, ...]:
    """Return the files of a model's folder that are pushed; the card is written anew."""
    found = (path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return tuple(sorted(path for path in found if path.name not in (*STAYS, "README.md")))


def check_token() -> None:
    """Raise NoToken where the environment holds none."""
    if not os.environ.get(TOKEN):
        raise NoToken
