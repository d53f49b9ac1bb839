"""Gathers what is to be known before a run starts: from the export, the model, runs and devices.

What takes long, reading and tokenizing rows, is done by two functions that a page may remember.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.models import tokenizer
from pipeline.models.catalog import BaseModel
from pipeline.models.example import messages_of, prompt_of, spell
from pipeline.models.template import SystemPrompt
from pipeline.models.tokenizer import LocalCoder, NoTokenizer
from pipeline.publish import manifest, seen
from pipeline.publish.lengths import FileLengths, file_lengths
from pipeline.publish.manifest import ExportFile
from pipeline.publish.seen import CutCount
from pipeline.publish.verify import verify
from pipeline.said import Said
from pipeline.train import launchers, pace, reckoning, tracking
from pipeline.train.cluster import PREFIX
from pipeline.train.config import DataFile
from pipeline.train.devices import Device, overlap
from pipeline.train.facts import Asked, Compared, DatasetTokens, Facts
from pipeline.train.pace import Pace
from pipeline.train.request import LaunchRequest
from pipeline.train.state import Run
from pipeline.train.trial import Trial

PLACEHOLDER = re.compile(rb"\{\{\s*[\w.\- ]{1,40}\s*\}\}")
COMPARED_ROWS = 20
"""Rows of each file of which training and chat are compared."""


@dataclass(frozen=True, slots=True)
class ExportFacts:
    """What the files of an export say of themselves."""

    verified: tuple[tuple[str, bool], ...]
    """(file, whether it is as it was hashed)."""
    placeholders: int
    placeholder: str


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What a model makes of the rows that a run would learn."""

    cut: CutCount | None = None
    files: tuple[FileLengths, ...] = ()
    compared: Compared | None = None
    fault: Said | None = None
    """Why the chat template cannot be trained with."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows, for which model, under which system prompt and cut-off."""

    export: Path
    names: tuple[str, ...]
    model: Path
    prompt: SystemPrompt
    cutoff: int


def read_export(folder: Path) -> ExportFacts:
    """Hash an export's files and look for placeholders that were left in them."""
    checked = tuple((file.name, file.holds) for file in verify(folder).files)
    count, example = 0, ""
    for path in sorted(folder.glob("*_format?.json")):
        found = PLACEHOLDER.findall(path.read_bytes())
        count += len(found)
        example = example or (found[0].decode() if found else "")
    return ExportFacts(checked, count, example)


def read_rows(rows: Rows) -> RowFacts:
    """Make tokens of the rows; nothing is known where the model's tokenizer cannot be read."""
    try:
        coder = tokenizer.load(rows.model, rows.prompt)
        return RowFacts(
            cut=seen.count_in(rows.export, rows.names, coder, rows.cutoff),
            files=tuple(
                file_lengths(rows.export / name, coder, rows.cutoff) for name in rows.names
            ),
            compared=_compared(rows, coder),
        )
    except (NoTokenizer, OSError, ValueError):
        return RowFacts()  # Training needs no tokenizer.json; a damaged export is told elsewhere.
    except BadInput as fact:
        return RowFacts(fault=fact.said)


@dataclass(frozen=True, slots=True)
class Readers:
    """The ways of reading that take long."""

    export: Callable[[Path], ExportFacts] = field(default=read_export)
    rows: Callable[[Rows], RowFacts] = field(default=read_rows)
    cluster: Callable[[str], Asked] = field(default=reckoning.ask_cluster)


def gather(
    request: LaunchRequest,
    model: BaseModel | None,
    device: Device,
    runs: Sequence[Run],
    *,
    trial: Trial | None = None,
    readers: Readers | None = None,
) -> Facts:
    """Return the facts of a launch; `model` is None where none was chosen yet.

    A trial that was measured corrects what is reckoned; a cluster is asked what it has.
    """
    readers = readers or Readers()
    processes = launchers.processes(device.name, request.processes)
    asked = readers.cluster(device.name) if device.name.startswith(PREFIX) else None
    said = readers.export(request.export)
    listed = manifest.read(request.export)
    training = [file for file in listed.training(request.layout) if file.rows]
    data = tuple(DataFile(f.name, f.dataset, f.role, f.sha1, f.rows) for f in training)
    found, needed = RowFacts(), None
    usable = model if model is not None and not model.fault else None
    if usable is not None:
        found = _rows(request, usable, training, readers)
        on = reckoning.machine_of(device, asked, request.settings)
        needed = reckoning.needed(
            usable.folder, request.settings, on, data, found.files, processes=processes
        )
    return Facts(
        file_count=len(said.verified),
        changed_files=tuple(name for name, holds in said.verified if not holds),
        data=data,
        test_rows=sum(file.rows for file in listed.tests()),
        settings=request.settings,
        device=_device_words(device),
        policy=request.system_prompt.policy,
        system_text=request.system_prompt.text,
        default_prompt=model.default_prompt if model else None,
        model_fault=model.fault if model else None,
        model_code=bool(usable and usable.needs_code and not request.trust_remote_code),
        licence=model.licence if model else None,
        placeholder_rows=said.placeholders,
        placeholder=said.placeholder,
        cut=found.cut,
        tokens=_tokens(training, found.files),
        compared=found.compared,
        template_fault=found.fault,
        busy_runs=tuple(
            run.id for run in runs if run.pid and overlap(run.config.device, device.name)
        ),
        shares_device=request.shares_device,
        pace=_pace(model, device, processes, runs, trial),
        memory=None if asked else reckoning.memory(needed, device, processes, trial),
        processes=processes,
        missing_trackers=tracking.missing(request.report_to, elsewhere=asked is not None),
        cluster=asked,
        cluster_estimate=needed if asked else None,
    )


def _rows(
    request: LaunchRequest, model: BaseModel, training: Sequence[ExportFile], readers: Readers
) -> RowFacts:
    """Read the rows as the model would; nothing is known of them while a prompt is not told."""
    if not _is_told(request.system_prompt):
        return RowFacts()
    names = tuple(file.name for file in training)
    cutoff = request.settings.cutoff_tokens
    return readers.rows(Rows(request.export, names, model.folder, request.system_prompt, cutoff))


def _device_words(device: Device) -> str:
    if device.name.startswith(PREFIX):
        return device.name
    return device.title if device.name == "cpu" else f"{device.title} ({device.name})"


def _is_told(prompt: SystemPrompt) -> bool:
    return prompt.policy != "text" or bool(prompt.text.strip())


def _compared(rows: Rows, coder: LocalCoder) -> Compared:
    """Read rows as training and as chat do, and see that the answer's end is learned."""
    count = differing = ended = 0
    for name in rows.names:
        for record in islice(seen.rows(rows.export / name), COMPARED_ROWS):
            spelled = spell(coder, record, coder.end_ids)
            _, asked = prompt_of(coder, messages_of(record)[:-1])
            trained = tuple(token for token, _ in spelled.prompt_tokens)
            count += 1
            differing += asked != trained
            is_ended = spelled.answer_tokens[-1][0] in coder.end_ids
            ended += is_ended and spelled.length <= rows.cutoff
    return Compared(count, differing, ended, coder.name(coder.end_ids[0]))


def _tokens(
    training: Sequence[ExportFile], files: Sequence[FileLengths]
) -> tuple[DatasetTokens, ...]:
    if len(files) != len(training):
        return ()
    return tuple(
        DatasetTokens(file.dataset, file.role, file.rows, found.tokens, found.learned)
        for file, found in zip(training, files, strict=True)
    )


def _pace(
    model: BaseModel | None,
    device: Device,
    processes: int,
    runs: Sequence[Run],
    trial: Trial | None,
) -> Pace | None:
    if trial and trial.tried:
        return Pace(trial.tried.seconds_per_token, "trial", trial.id)
    return pace.of_runs(runs, str(model.folder), device.name, processes) if model else None
