"""What a run learns from, as tokens: the rows of its data files, each file's hash checked."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedTokenizerBase as Tokenizer

from pipeline.errors import BadInput, PipelineError
from pipeline.models.example import Example, Record, encode
from pipeline.publish.rows import read_rows
from pipeline.said import Said
from pipeline.train.config import DataFile, Settings, TrainConfig
from pipeline.workers import showing
from pipeline.workers.events import Events
from pipeline.workers.prompts import HubCoder


class DataChanged(PipelineError):
    """A data file is not what it was when the run was launched."""

    def __init__(self, path: Path, what: Said) -> None:
        self.path, self.what = path, what
        super().__init__(
            "{path.name} is not the file that this run was launched with ({what}). Put the file "
            "back and resume, or export again and start a new run."
        )


@dataclass(frozen=True, slots=True)
class Lessons:
    """The rows that are learned, and those held back to see how far that went."""

    rows: list[Example]
    held_back: list[Example]

    def steps_an_epoch(self, settings: Settings) -> int:
        """Return the optimizer steps in which every row is learned once."""
        return math.ceil(len(self.rows) / (settings.batch_rows * settings.accumulation))


def lessons(
    config: TrainConfig, tokenizer: Tokenizer, ends: tuple[int, ...], events: Events
) -> Lessons:
    """Read the files of a run; raises DataChanged, and BadInput where nothing can be learned."""
    rows = _examples(config, config.data, tokenizer, ends, events)
    held_back = _examples(config, config.validation, tokenizer, ends, events)
    if not rows:
        raise BadInput("No row has an answer within cutoff_tokens. Raise it, or export other rows.")
    return Lessons(rows, held_back)


def _examples(
    config: TrainConfig,
    files: tuple[DataFile, ...],
    tokenizer: Tokenizer,
    ends: tuple[int, ...],
    events: Events,
) -> list[Example]:
    """Read the data files, checking each hash, and make tokens of their rows."""
    examples: list[Example] = []
    coder = HubCoder(tokenizer)
    too_long = 0
    for file in files:
        records = read_rows(file.name, _content(Path(config.export) / file.name, file.sha1))
        _check_pages(config, coder, ends, records[: showing.COMPARED_ROWS], events)
        for record in records:
            cutoff = config.settings.cutoff_tokens
            example = encode(coder, record, file.role, cutoff=cutoff, end_ids=ends)
            if example is None:
                too_long += 1
            else:
                examples += [example] * file.repeat
    cut = sum(example.is_cut for example in examples)
    if cut or too_long:
        said = Said(
            "In {names}: {cut} answers were cut at {cutoff_tokens} tokens and never learn to stop; "
            "{too_long} rows were left out, their question alone is longer. Raise cutoff_tokens, "
            "or shorten them.",
            names=tuple(file.name for file in files),
            cut=cut,
            cutoff_tokens=config.settings.cutoff_tokens,
            too_long=too_long,
        )
        events.tell("warning", **said.as_json())
    return examples


def _content(path: Path, sha1: str) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DataChanged(path, Said("it is not there any more")) from error
    if hashlib.sha1(data, usedforsecurity=False).hexdigest() != sha1:
        raise DataChanged(path, Said("its SHA-1 differs"))
    return data


def _check_pages(
    config: TrainConfig,
    coder: HubCoder,
    ends: tuple[int, ...],
    rows: Sequence[Record],
    events: Events,
) -> None:
    """Warn where the token view shows other tokens than are trained."""
    if showing.pages_differ(Path(config.model), config.system_prompt, coder, ends, rows):
        said = Said(
            "The pages show other tokens of this model than are trained: its tokenizer does "
            "something that tokenizer.json does not tell. The training is right."
        )
        events.tell("warning", **said.as_json())
