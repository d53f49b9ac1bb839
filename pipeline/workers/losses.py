"""The loss of a batch, with logits made only where something is learned."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from pipeline.workers.batches import Batch


def learned_loss(
    model: PreTrainedModel, batch: Batch, numbers: AbstractContextManager[object, bool | None]
) -> torch.Tensor:
    """Return the summed loss of a batch's learned tokens.

    No mask is given: padding stands on the right, where no real token looks, and is not learned.
    """
    ids, places = batch.ids.to(model.device), batch.places.to(model.device)
    with numbers, _at(model, places):
        logits = model(input_ids=ids, use_cache=False).logits
    if logits.dim() == 3:
        logits = logits.flatten(0, 1)[places]
    return cross_entropy(logits.float(), batch.targets.to(model.device), reduction="sum")


def _at(model: PreTrainedModel, places: torch.Tensor) -> AbstractContextManager[object, None]:
    """Let the output layer see the learned places alone, as (places, width), while this is open.

    Over a large vocabulary the logits are the largest tensor of all.
    """
    head = model.get_output_embeddings()
    if head is None:
        return nullcontext()

    def chosen(_: torch.nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        is_whole = given and given[0].dim() == 3
        return (given[0].flatten(0, 1)[places], *given[1:]) if is_whole else None

    hook: AbstractContextManager[object, None] = head.register_forward_pre_hook(chosen)
    return hook
