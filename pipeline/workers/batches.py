"""From alpaca rows to the tensors a step learns from. Pure: no model, no files, no device."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerBase as Tokenizer

from pipeline.errors import BadInput

IGNORED = -100
"""The label of a token that is not learned from, as torch's cross entropy has it."""
_BUCKET_STEPS = 8

Record = dict[str, object]
Message = dict[str, str]


class TemplateNotPrefix(BadInput):
    """The prompt that the model is asked with is no beginning of the conversation it learns."""

    def __init__(self, prompt: str, whole: str) -> None:
        super().__init__(
            "This model's chat template renders a question differently once its answer is there, "
            f"so what is learned is not what is asked. Prompt: …{prompt[-120:]!r}; "
            f"conversation: …{whole[-160:]!r}."
        )


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation as token ids, its last answer to be learned."""

    ids: tuple[int, ...]
    answer_start: int
    """The first position of the answer; it is learned from there to the end."""
    role: str
    is_cut: bool
    """Whether the answer was cut off to fit, its end token with it."""

    @property
    def labels(self) -> tuple[int, ...]:
        """What each position should have been predicted as; prompt positions are ignored."""
        return (IGNORED,) * self.answer_start + self.ids[self.answer_start :]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows padded on the right, with logits wanted only where something is learned."""

    ids: torch.Tensor
    """(rows, length)"""
    mask: torch.Tensor
    """(rows, length), 0 at padding."""
    positions: torch.Tensor
    """(kept,): the positions whose logits are needed, the union over the rows."""
    targets: torch.Tensor
    """(rows, kept): the token after each kept position, IGNORED where a row does not learn it."""
    tokens: int
    """Real tokens, without padding."""


def messages_of(record: Record) -> list[Message]:
    """Return the conversation of an alpaca row.

    The user's words are `instruction`, a line break, `input` — or `instruction` alone — which is
    LLaMA-Factory's rule.
    """
    messages: list[Message] = []
    if record.get("system"):
        messages.append({"role": "system", "content": str(record["system"])})
    history = record.get("history") or []
    for question, answer in history if isinstance(history, list) else []:
        messages.append({"role": "user", "content": str(question)})
        messages.append({"role": "assistant", "content": str(answer)})
    parts = [str(record.get(name) or "") for name in ("instruction", "input")]
    messages.append({"role": "user", "content": "\n".join(part for part in parts if part)})
    messages.append({"role": "assistant", "content": str(record["output"])})
    return messages


def encode(
    tokenizer: Tokenizer, record: Record, role: str, *, cutoff: int, end_ids: Sequence[int]
) -> Example | None:
    """Return a row as an example, None where the prompt alone fills `cutoff` tokens.

    The prompt and the answer become tokens apart, exactly as when the model is asked. The answer
    ends with its end token, which is learned too; what a template puts after it is left out.
    Raises TemplateNotPrefix.
    """
    messages = messages_of(record)
    prompt = tokenizer.apply_chat_template(
        messages[:-1], add_generation_prompt=True, tokenize=False
    )
    whole = tokenizer.apply_chat_template(messages, tokenize=False)
    if not whole.startswith(prompt):
        raise TemplateNotPrefix(prompt, whole)
    prompt_ids = _ids(tokenizer, prompt)
    answer_ids = _ended(_ids(tokenizer, whole[len(prompt) :]), end_ids)
    ids = (prompt_ids + answer_ids)[:cutoff]
    if len(ids) <= len(prompt_ids):
        return None
    is_cut = len(prompt_ids) + len(answer_ids) > cutoff
    return Example(tuple(ids), len(prompt_ids), role, is_cut)


def steps_of_epoch(
    lengths: Sequence[int], *, rows_a_step: int, seed: int, epoch: int
) -> list[list[int]]:
    """Return the row numbers of each optimizer step, every row once, alike for alike arguments.

    Rows are shuffled, then sorted by length within stretches of a few steps, so that a step holds
    rows of like length and little padding; the steps are shuffled again.
    """
    order = random.Random(f"{seed}/{epoch}")
    rows = list(range(len(lengths)))
    order.shuffle(rows)
    stretch = rows_a_step * _BUCKET_STEPS
    steps: list[list[int]] = []
    for start in range(0, len(rows), stretch):
        near = sorted(rows[start : start + stretch], key=lambda row: lengths[row])
        steps += [near[at : at + rows_a_step] for at in range(0, len(near), rows_a_step)]
    order.shuffle(steps)
    return steps


def split_by_tokens(
    lengths: Sequence[int], rows: Sequence[int], *, most_rows: int, most_tokens: int
) -> list[list[int]]:
    """Split the rows of a step so that no part has more rows, or padded tokens, than allowed.

    A single row that is longer than `most_tokens` makes a part of its own.
    """
    parts: list[list[int]] = []
    for row in sorted(rows, key=lambda row: lengths[row]):
        # Sorted by length: the newest row is the longest, and the others are padded to it.
        is_room = parts and len(parts[-1]) < most_rows
        if is_room and lengths[row] * (len(parts[-1]) + 1) <= most_tokens:
            parts[-1].append(row)
        else:
            parts.append([row])
    return parts


def collate(examples: Sequence[Example], pad_id: int) -> Batch:
    """Pad examples to one length and find the positions whose logits are needed."""
    length = max(len(example.ids) for example in examples)
    ids = torch.full((len(examples), length), pad_id)
    mask = torch.zeros((len(examples), length), dtype=torch.long)
    labels = torch.full((len(examples), length), IGNORED)
    for row, example in enumerate(examples):
        size = len(example.ids)
        ids[row, :size] = torch.tensor(example.ids)
        mask[row, :size] = 1
        labels[row, :size] = torch.tensor(example.labels)
    wanted = (labels[:, 1:] != IGNORED).any(dim=0)
    positions = wanted.nonzero().flatten()
    tokens = sum(len(example.ids) for example in examples)
    return Batch(ids, mask, positions, labels[:, positions + 1], tokens)


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _ended(ids: list[int], end_ids: Sequence[int]) -> list[int]:
    """Cut after the last end token, or add one where the template writes none."""
    for place in range(len(ids) - 1, -1, -1):
        if ids[place] in end_ids:
            return ids[: place + 1]
    return [*ids, end_ids[0]]
