"""Whether the pages, which have no transformers, show the tokens that a worker really uses."""

from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.models import tokenizer as local
from pipeline.models.example import Coder, Record, Spelled, spell
from pipeline.models.template import SystemPrompt

COMPARED_ROWS = 20


def pages_differ(
    model: Path, prompt: SystemPrompt, used: Coder, end_ids: tuple[int, ...], rows: Iterable[Record]
) -> bool:
    """Say whether the token view of a model shows other tokens than those used here.

    False where it shows none: a page then says so itself.
    """
    try:
        shown = local.load(model, prompt)
    except BadInput:
        return False
    if shown.end_ids != end_ids:
        return True
    return any(_ids(spell(shown, row, end_ids)) != _ids(spell(used, row, end_ids)) for row in rows)


def _ids(spelled: Spelled) -> list[list[int]]:
    parts = (spelled.prompt_tokens, spelled.answer_tokens)
    return [[token for token, _ in part] for part in parts]
