"""What the Import page works with: where files come from, what was read of them, where they go.

Holds the page's session state under names that start with `import_`; it draws nothing.
"""

import logging
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.typing import UploadedFile

from dashboard import state
from dashboard.guard import reaction, words
from pipeline.curate import dedup, ingest, placeholders
from pipeline.curate.formats import SUFFIXES
from pipeline.curate.importing import ImportResult, Target, import_ingested
from pipeline.curate.ingest import Ingested
from pipeline.errors import PipelineError
from pipeline.workspace import REPOSITORY
from store import history
from store.errors import StoreError
from store.types import Role

PATH, SAMPLES, BATCH, READ, RESULTS = (
    "import_path",
    "import_samples",
    "import_batch",
    "import_read",
    "import_results",
)
SAMPLE_NAMES = ("identity.json", "ashmoor_harbour.json", "yanxi_guqin.json", "general.json")
COMPARED_AT_ONCE = 2_000
"""Datasets up to this many pairs are compared right after the import; larger ones when asked."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was given: what was read of it, or in words why nothing could be."""

    key: str
    name: str
    read: Ingested | None
    problem: str = ""


def sources(uploads: Iterable[UploadedFile]) -> tuple[Source, ...]:
    """Read what is uploaded, named by path, or chosen as samples; each file is read once."""
    found = [_uploaded(upload) for upload in uploads]
    path = str(st.session_state.get(PATH) or "").strip()
    if path:
        found += _at(Path(path).expanduser())
    if st.session_state.get(SAMPLES):
        folder = REPOSITORY / "data" / "samples"
        found += [_once(_stamp(folder / name), folder / name) for name in SAMPLE_NAMES]
    return tuple(found)


def suggested(read: Ingested) -> Target:
    """Guess where a file should go, from its name, its placeholders and its layout."""
    name = Path(read.file).stem
    asks = {each.casefold() for each in open_placeholders([read])}
    is_identity = "identity" in name.casefold() or "身份" in name or {"name", "author"} <= asks
    role: Role = "identity" if is_identity else "domain" if read.trigger else "general"
    return Target(name, role, domain=name if role == "domain" else "", trigger=read.trigger)


def open_placeholders(read: Iterable[Ingested]) -> tuple[str, ...]:
    """Return the placeholders such as {{name}} that the rows hold."""
    return placeholders.found(
        text for each in read for row in each.rows for text in placeholders.texts_of(row)
    )


def bring_in(
    chosen: Iterable[tuple[Ingested, Target]], values: Mapping[str, str]
) -> tuple[tuple[ImportResult, ...], str]:
    """Import each file as an action of its own; returns what was done and what stopped it."""
    given = {name: value for name, value in values.items() if value.strip()}
    results: list[ImportResult] = []
    try:
        for read, target in chosen:
            results.append(import_ingested(state.store(), [read], target, values=given))
        _compare(results)
    except (PipelineError, StoreError) as fact:
        return tuple(results), words(fact)
    return tuple(results), ""


@reaction
def try_samples() -> None:
    """Take the samples as the files to import."""
    st.session_state[SAMPLES] = True


@reaction
def start_again() -> None:
    """Forget the files that were given and what was done with them."""
    st.session_state[BATCH] = batch() + 1
    st.session_state[PATH] = ""
    for name in (SAMPLES, READ, RESULTS):
        st.session_state.pop(name, None)


@reaction
def undo(action_ids: tuple[int, ...]) -> None:
    """Take the imported pairs out again, the last file first."""
    for action_id in reversed(action_ids):
        history.undo(state.store(), action_id)
    start_again()


def batch() -> int:
    """Return the number of the batch: widgets of the next one start afresh."""
    return int(st.session_state.get(BATCH, 0))


def _compare(results: Iterable[ImportResult]) -> None:
    changed = {result.dataset.id for result in results if 0 < result.imported <= COMPARED_AT_ONCE}
    if changed:
        dedup.run(state.store(), sorted(changed), apply=False)


def _uploaded(upload: UploadedFile) -> Source:
    name = Path(upload.name).name
    key = f"upload {upload.file_id}"
    kept = st.session_state.setdefault(READ, {})
    if key not in kept:
        with tempfile.TemporaryDirectory(prefix="graft-import-") as folder:
            path = Path(folder) / name
            path.write_bytes(upload.getbuffer())
            kept[key] = _read(key, path)
    source: Source = kept[key]
    return source


def _at(path: Path) -> list[Source]:
    if path.is_dir():
        files = sorted(f for f in path.iterdir() if f.suffix.lower() in SUFFIXES)
        return [_once(_stamp(file), file) for file in files]
    return [_once(_stamp(path), path)]


def _stamp(path: Path) -> str:
    """A key that changes when the file does."""
    try:
        found = path.stat()
    except OSError:
        return f"{path} missing"
    return f"{path} {found.st_mtime_ns} {found.st_size}"


def _once(key: str, path: Path) -> Source:
    kept = st.session_state.setdefault(READ, {})
    if key not in kept:
        kept[key] = _read(key, path)
    source: Source = kept[key]
    return source


def _read(key: str, path: Path) -> Source:
    try:
        return Source(key, path.name, ingest.read(path))
    except PipelineError as fact:
        return Source(key, path.name, None, words(fact))
