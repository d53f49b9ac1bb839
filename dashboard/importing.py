"""What the Import page works with: where files come from, how they are read, where they go.

Holds the page's session state under names that start with `import_`; it draws nothing.
"""

import stat
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.typing import UploadedFile

from dashboard import state
from dashboard.guard import reaction, words
from dashboard.import_job import ImportJob, Task, desk
from dashboard.text import plain
from pipeline.curate import columns as column_names
from pipeline.curate import ingest, placeholders
from pipeline.curate.columns import Columns, ColumnsUnknown
from pipeline.curate.formats import SUFFIXES, read_records
from pipeline.curate.importing import Target
from pipeline.curate.ingest import Ingested
from pipeline.errors import PipelineError
from pipeline.workspace import REPOSITORY
from store import datasets, history
from store.errors import NotFound
from store.types import Dataset, Layout, Role

PATH, SAMPLES, BATCH, SEEN, CHOICES = (
    "import_path",
    "import_samples",
    "import_batch",
    "import_seen",
    "import_choices",
)
FIELDS = ("instruction", "input", "output", "system", "history", "facts")
SAMPLE_NAMES = ("identity.json", "ashmoor_harbour.json", "yanxi_guqin.json", "general.json")
UNSURE_SHARE = 0.1
"""Where more of the rows than this are refused, the columns may be guessed wrongly."""
SAMPLED = 50


@dataclass(frozen=True, slots=True)
class Given:
    """A file that was given; its key changes when the file does."""

    key: str
    path: Path
    is_uploaded: bool = False
    problem: str = ""
    """Why it cannot be looked into, in words; empty where it can."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How a person wants a file read; None leaves it to what is recognised."""

    columns: Columns | None = None
    layout: Layout | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a file: what would be imported, or in words why nothing could be."""

    given: Given
    read: Ingested | None
    samples: Mapping[str, str]
    """Its columns, each with something that stands in it."""
    problem: str = ""
    is_unsure: bool = False
    """Whether a person should look at the columns."""


def given(uploads: Iterable[UploadedFile]) -> tuple[Given, ...]:
    """Return what is uploaded, named by path, or chosen as samples."""
    found = [_uploaded(upload) for upload in uploads]
    path = str(st.session_state.get(PATH) or "").strip().strip("\"'").replace("\0", "")
    if path:
        found += _at(_expanded(path))
    if st.session_state.get(SAMPLES):
        folder = REPOSITORY / "data" / "samples"
        found += [_given(folder / name) for name in SAMPLE_NAMES]
    return tuple(found)


def look(each: Given, key: str) -> Look:
    """Look into a file, as the person's choices under `key` say; the same again costs nothing."""
    choice = _choices().get(key, Choice())
    kept: dict[tuple[str, Choice], Look] = st.session_state.setdefault(SEEN, {})
    if (each.key, choice) not in kept:
        kept[each.key, choice] = _look(each, choice)
    return kept[each.key, choice]


def guessed(samples: Mapping[str, str]) -> Columns | None:
    """Return what the columns would be taken for, None where the names say nothing."""
    try:
        return column_names.guess("", samples)
    except ColumnsUnknown:
        return None


@reaction
def choose_columns(key: str) -> None:
    """Take what the mapping form says, as soon as it names a question and an answer."""
    names = {name: st.session_state.get(f"{key}_column_{name}") for name in FIELDS}
    instruction, output = names.pop("instruction"), names.pop("output")
    if instruction and output:
        layout = _choices().get(key, Choice()).layout
        _choices()[key] = Choice(Columns(instruction, output, **names), layout)


@reaction
def choose_layout(key: str) -> None:
    """Take the layout that the mapping form says."""
    columns = _choices().get(key, Choice()).columns
    _choices()[key] = Choice(columns, st.session_state[f"{key}_layout"])


def suggested(read: Ingested, name: str) -> Target:
    """Guess where a file should go, from its name, its placeholders and its layout."""
    asks = {each.casefold() for each in open_placeholders([read])}
    is_identity = "identity" in name.casefold() or "身份" in name or {"name", "author"} <= asks
    role: Role = "identity" if is_identity else "domain" if read.trigger else "general"
    return Target(name, role, domain=name if role == "domain" else "", trigger=read.trigger)


def existing(name: str) -> Dataset | None:
    """Return the dataset of that name, to which a file would be added."""
    try:
        return datasets.by_name(state.store(), name)
    except NotFound:
        return None


def open_placeholders(read: Iterable[Ingested]) -> tuple[str, ...]:
    """Return the placeholders such as {{name}} that the rows hold."""
    return placeholders.found(
        text for each in read for row in each.rows for text in placeholders.texts_of(row)
    )


def task(seen: Look, key: str, target: Target) -> Task:
    """Return what the job has to do for a file as it is shown."""
    choice = _choices().get(key, Choice())
    return Task(
        path=seen.given.path,
        name=seen.given.path.name,
        target=target,
        columns=choice.columns,
        layout=choice.layout,
        is_taken=seen.given.is_uploaded,
    )


def bring_in(tasks: Iterable[Task], values: Mapping[str, str]) -> ImportJob:
    """Start the import; the page shows it from the next run on."""
    filled = {name: value for name, value in values.items() if value.strip()}
    job = desk().begin(state.store(), list(tasks), filled)
    _forget()
    return job


@reaction
def try_samples() -> None:
    """Take the samples as the files to import."""
    st.session_state[SAMPLES] = True


@reaction
def cancel() -> None:
    """Ask the import under way to stop."""
    if (job := desk().job) is not None:
        job.cancel()


@reaction
def start_again() -> None:
    """Forget the files that were given and what was done with them."""
    _start_again()


@reaction
def undo(action_ids: tuple[int, ...]) -> None:
    """Take the imported pairs out again, the last file first."""
    for action_id in reversed(action_ids):
        history.undo(state.store(), action_id)
    _start_again()


def batch() -> int:
    """Return the number of the batch: widgets of the next one start afresh."""
    return int(st.session_state.get(BATCH, 0))


def _start_again() -> None:
    desk().clear()
    st.session_state[PATH] = ""
    _forget()


def _forget() -> None:
    st.session_state[BATCH] = batch() + 1
    for name in (SAMPLES, SEEN, CHOICES):
        st.session_state.pop(name, None)


def _choices() -> dict[str, Choice]:
    kept: dict[str, Choice] = st.session_state.setdefault(CHOICES, {})
    return kept


def _look(each: Given, choice: Choice) -> Look:
    if each.problem:
        return Look(each, None, {}, problem=each.problem)
    try:
        read = ingest.read(each.path, columns=choice.columns, layout=choice.layout)
    except ColumnsUnknown as fact:
        return Look(each, None, _samples(each.path), problem=words(fact), is_unsure=True)
    except PipelineError as fact:
        return Look(each, None, {}, problem=words(fact))
    refused = len(read.refused)
    is_unsure = refused > UNSURE_SHARE * (refused + len(read.rows))
    return Look(each, read, _samples(each.path), is_unsure=is_unsure)


def _samples(path: Path) -> dict[str, str]:
    """Return the columns of a file, each with the first thing that stands in it."""
    found: dict[str, str] = {}
    for _, record in read_records(path).rows[:SAMPLED]:
        for name, value in record.items():
            if not found.get(name):
                found[name] = "" if value is None else str(value)
    return found


def _uploaded(upload: UploadedFile) -> Given:
    """Keep an uploaded file on disk while the session lasts; a job takes it from there."""
    place = Path(_uploads().name) / upload.file_id / Path(upload.name).name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(upload.getbuffer())
    return Given(f"upload {upload.file_id}", place, is_uploaded=True)


@st.cache_resource(show_spinner=False, scope="session", on_release=lambda folder: folder.cleanup())
def _uploads() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="graft-uploads-")


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)  # A home folder of somebody who is not known here.


def _at(path: Path) -> list[Given]:
    """Return the file at a path, or the files of a folder."""
    try:
        if not path.is_dir():
            return [_given(path)]
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
    except OSError as error:
        return [_unreadable(path, error)]
    return [_given(file) for file in files] or [
        Given(f"{path} empty", path, problem=plain("import.no_files", name=path.name))
    ]


def _given(path: Path) -> Given:
    """Name a file by what changes with it; what is no file, such as a pipe, is not opened."""
    try:
        found = path.stat()
    except OSError as error:
        return _unreadable(path, error)
    key = f"{path} {found.st_mtime_ns} {found.st_size}"
    is_file = stat.S_ISREG(found.st_mode)
    return Given(key, path, problem="" if is_file else plain("import.no_file", name=path.name))


def _unreadable(path: Path, error: OSError) -> Given:
    reason = "missing" if isinstance(error, FileNotFoundError) else "forbidden"
    if not isinstance(error, FileNotFoundError | PermissionError):
        reason = "unreadable"
    said = plain(f"import.path_{reason}", path=str(path), reason=error.strerror or str(error))
    return Given(f"{path} {reason}", path, problem=said)
