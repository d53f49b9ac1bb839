"""What a model sees of a row: its tokens one by one, which of them it learns, and where it is cut.

Pure but for the coder that it is given; pages and the command line draw what it returns.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.evaluate import identity, names
from pipeline.models import example
from pipeline.models.example import Record, Token
from pipeline.models.template import default_system_prompt
from pipeline.models.tokenizer import LocalCoder

Kind = Literal["prompt", "learned", "end", "cut"]
"""Read but not learned; learned; the end token, learned too; beyond the cut-off, never seen."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Tokens that make whole characters together: mostly one, several for a rare character."""

    ids: tuple[int, ...]
    text: str
    kind: Kind
    is_control: bool
    """Whether it is a control token of the template, which no person wrote."""
    start: int
    """The position of its first token."""


@dataclass(frozen=True, slots=True)
class View:
    """A row as a model sees it in training."""

    prompt: str
    """The text that the model is asked with."""
    pieces: tuple[Piece, ...]
    ids: tuple[int, ...]
    """All of them, those beyond the cut-off too."""
    answer_start: int
    cutoff: int
    end_id: int
    end_text: str

    @property
    def is_cut(self) -> bool:
        """Whether the answer is cut, its end token with it: such an answer never learns to stop."""
        return self.answer_start < self.cutoff < len(self.ids)

    @property
    def is_left_out(self) -> bool:
        """Whether the question alone fills the cut-off, so that nothing of the row is learned."""
        return self.answer_start >= self.cutoff

    @property
    def learned(self) -> int:
        """How many tokens are learned."""
        return 0 if self.is_left_out else min(len(self.ids), self.cutoff) - self.answer_start


@dataclass(frozen=True, slots=True)
class Hidden:
    """The system prompt that a template adds on its own, beside who the model is to be."""

    prompt: str | None
    other_names: tuple[str, ...]
    """Names of other models or makers that it claims."""
    new_names: tuple[str, ...]
    """The name and maker of the identity pairs; empty where none could be read."""

    @property
    def contradicts(self) -> bool:
        """Whether it says that the model is somebody else than the identity pairs say."""
        return bool(self.other_names and self.new_names)


def view(coder: LocalCoder, record: Record, *, cutoff: int) -> View:
    """Return what the model sees of an alpaca row; raises what training would raise."""
    spelled = example.spell(coder, record, coder.end_ids)
    start = len(spelled.prompt_tokens)
    *said, (end_id, end_at) = spelled.answer_tokens
    reached = said[-1][1] if said else 0
    groups = [
        *_grouped(spelled.prompt_tokens, spelled.prompt, 0),
        *_grouped(said, spelled.answer, start),
        ((end_id,), spelled.answer[reached:end_at], start + len(said)),
    ]
    control = coder.control_ids
    pieces = tuple(
        Piece(
            ids=ids,
            text=text or coder.name(ids[-1]),
            kind=_kind(place, start, cutoff, spelled.length),
            is_control=ids[-1] in control,
            start=place,
        )
        for ids, text, place in groups
    )
    everything = tuple(token for token, _ in (*spelled.prompt_tokens, *spelled.answer_tokens))
    return View(
        prompt=spelled.prompt,
        pieces=pieces,
        ids=everything,
        answer_start=start,
        cutoff=cutoff,
        end_id=end_id,
        end_text=coder.name(end_id),
    )


def hidden(coder: LocalCoder, introductions: Sequence[str]) -> Hidden:
    """Return the template's own system prompt, and whom it names beside the identity answers."""
    prompt = default_system_prompt(coder.fitted.template, coder.special_tokens)
    who = names.infer(introductions)
    new = (*who.names, *who.makers) if who else ()
    if not prompt:
        return Hidden(prompt, (), new)
    old = names.old_names(coder.folder.name, prompt)
    others = tuple(
        name
        for name in identity.claims(prompt, old)
        if not any(identity.says(each, name) or identity.says(name, each) for each in new)
    )
    return Hidden(prompt, others, new)


def _grouped(
    tokens: Iterable[Token], text: str, first: int
) -> Iterator[tuple[tuple[int, ...], str, int]]:
    """Join tokens that are parts of one character; yield (ids, text, position).

    White space that a tokenizer leaves out of its offsets goes to the token after it.
    """
    group: list[int] = []
    at = 0
    listed = list(tokens)
    for place, (token, end) in enumerate(listed):
        group.append(token)
        following = listed[place + 1][1] if place + 1 < len(listed) else None
        # Byte tokens of one character all end where the character ends.
        if following == end and end > at:
            continue
        yield tuple(group), text[at:end], first + place + 1 - len(group)
        group, at = [], max(at, end)


def _kind(place: int, start: int, cutoff: int, length: int) -> Kind:
    if place >= cutoff or (start >= cutoff and place >= start):
        return "cut"
    if place < start:
        return "prompt"
    return "end" if place + 1 == length else "learned"
