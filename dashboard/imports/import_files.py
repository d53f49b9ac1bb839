"""What was given to import: uploaded files, what stands at a path, the samples.

Holds the page's session state about it under names that start with `import_`; it draws nothing.
"""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.typing import UploadedFile

from dashboard.guard import words
from dashboard.imports.import_fetch import fetch_of
from dashboard.said import cause
from dashboard.text import plain
from pipeline.curate import hub
from pipeline.curate.finding import find
from pipeline.curate.sources import Skipped, Source, as_source
from pipeline.errors import PipelineError
from pipeline.workspace import REPOSITORY

PATH, SAMPLES = "import_path", "import_samples"
SAMPLE_NAMES = ("identity.json", "ashmoor_harbour.json", "yanxi_guqin.json", "general.json")


@dataclass(frozen=True, slots=True)
class Given:
    """A file that was given; its key changes when the file does."""

    key: str
    source: Source
    is_uploaded: bool = False
    problem: str = ""
    """Why it cannot be looked into, in words; empty where it can."""


@dataclass(frozen=True, slots=True)
class Brought:
    """Everything that was given, and the sets of a folder that cannot be imported."""

    files: tuple[Given, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    wanted: str = ""
    """The name of a dataset that is yet to be fetched, as it was given."""


def brought(uploads: Iterable[UploadedFile]) -> Brought:
    """Return what is uploaded, named by path, or chosen as samples."""
    files = [_uploaded(upload) for upload in uploads]
    skipped: tuple[Skipped, ...] = ()
    path = str(st.session_state.get(PATH) or "").strip().strip("\"'").replace("\0", "")
    wanted = ""
    if path:
        found = _named(path) if hub.is_name(path) else _at(_expanded(path))
        files += found.files
        skipped, wanted = found.skipped, found.wanted
    if st.session_state.get(SAMPLES):
        folder = REPOSITORY / "data" / "samples"
        files += [_given(as_source(folder / name)) for name in SAMPLE_NAMES]
    once = {each.key: each for each in files}
    return Brought(tuple(once.values()), skipped, wanted)


def _uploaded(upload: UploadedFile) -> Given:
    """Keep an uploaded file on disk while the session lasts; a job takes it from there."""
    place = Path(_uploads().name) / upload.file_id / Path(upload.name).name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(upload.getbuffer())
    return Given(f"upload {upload.file_id}", as_source(place), is_uploaded=True)


@st.cache_resource(show_spinner=False, scope="session", on_release=lambda folder: folder.cleanup())
def _uploads() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="graft-uploads-")


def _named(name: str) -> Brought:
    """Return the splits of a dataset by its name, once they are here."""
    fetch = fetch_of(name)
    if fetch is None or fetch.found is None:
        return Brought(wanted=name)
    return Brought(tuple(map(_given, fetch.found.sources)))


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)  # A home folder of somebody who is not known here.


def _at(path: Path) -> Brought:
    """Return the file at a path, or what a folder holds."""
    try:
        if not path.is_dir():
            return Brought((_given(as_source(path)),))
        found = find(path)
    except OSError as error:
        return Brought((_unreadable(as_source(path), error),))
    except PipelineError as fact:
        return Brought((Given(f"{path} nothing", as_source(path), problem=words(fact)),))
    return Brought(tuple(map(_given, found.sources)), found.skipped)


def _given(source: Source) -> Given:
    """Name a source by what changes with it; what is no file, such as a pipe, is not opened."""
    parts = []
    for path in source.paths:
        try:
            found = path.stat()
        except OSError as error:
            return _unreadable(source, error)
        if not path.is_file():
            return Given(str(path), source, problem=plain("import.no_file", name=path.name))
        parts.append(f"{path} {found.st_mtime_ns} {found.st_size}")
    return Given(" ".join([source.dataset, *parts]), source)


def _unreadable(source: Source, error: OSError) -> Given:
    path = source.paths[0]
    reason = "missing" if isinstance(error, FileNotFoundError) else "forbidden"
    if not isinstance(error, FileNotFoundError | PermissionError):
        reason = "unreadable"
    said = plain(
        f"import.path_{reason}", path=str(path), reason=cause(error.strerror or str(error))
    )
    return Given(f"{path} {reason}", source, problem=said)
