"""What the Import page works with: how files are read, where they go, what is asked of the job.

Holds the page's session state under names that start with `import_`; it draws nothing.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import streamlit as st

from dashboard import state
from dashboard.guard import reaction, words
from dashboard.imports import import_fetch
from dashboard.imports.import_files import PATH, SAMPLES, Given
from dashboard.imports.import_job import ImportJob, Task, begin, desk
from pipeline.curate import columns as column_names
from pipeline.curate import ingest, placeholders
from pipeline.curate.columns import Columns, ColumnsUnknown
from pipeline.curate.importing import Target, imported_before
from pipeline.curate.ingest import Ingested
from pipeline.errors import PipelineError
from store import datasets, history
from store.errors import NotFound
from store.incoming import PastImport
from store.types import Dataset, Layout, Role

BATCH, SEEN, CHOICES = "import_batch", "import_seen", "import_choices"
FIELDS = (
    *("instruction", "input", "output", "system", "history", "facts"),
    *("messages", "tools", "text"),
)
UNSURE_SHARE = 0.1
"""Where more of the rows than this are refused, the columns may be guessed wrongly."""


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
    before: PastImport | None = None
    """The import of the same file, read the same way, that still stands."""


def key_of(each: Given) -> str:
    """Return what the widgets of a file are named by, wherever it stands among the others."""
    name = each.key.encode(errors="surrogatepass")
    return f"import_{batch()}_{hashlib.sha1(name, usedforsecurity=False).hexdigest()[:12]}"


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
        return column_names.guess("", [dict(samples)])
    except ColumnsUnknown:
        return None


@reaction
def choose_columns(key: str) -> None:
    """Take what the mapping form says, as soon as it is enough for a pair."""
    names = {name: st.session_state.get(f"{key}_column_{name}") for name in FIELDS}
    columns = Columns(**names)  # type: ignore[arg-type]  # FIELDS are names of fields, not tags
    if columns.is_enough:
        layout = _choices().get(key, Choice()).layout
        _choices()[key] = Choice(columns, layout)


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


def task(seen: Look, key: str, target: Target, *, is_again: bool = False) -> Task:
    """Return what the job has to do for a file as it is shown."""
    choice = _choices().get(key, Choice())
    return Task(
        source=seen.given.source,
        target=target,
        columns=choice.columns,
        layout=choice.layout,
        is_again=is_again,
        is_taken=seen.given.is_uploaded,
    )


def bring_in(tasks: Iterable[Task], values: Mapping[str, str]) -> ImportJob:
    """Start the import; the page shows it from the next run on."""
    filled = {name: value for name, value in values.items() if value.strip()}
    job = begin(list(tasks), filled)
    _forget()
    return job


@reaction
def fetch(name: str) -> None:
    """Start to fetch a dataset by its name."""
    import_fetch.begin(name)


@reaction
def try_samples() -> None:
    """Take the samples as the files to import."""
    st.session_state[SAMPLES] = True


@reaction
def cancel() -> None:
    """Ask the import under way to stop."""
    if (job := desk().job) is not None:
        job.beside.cancel()


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
        read = ingest.peek(each.source, columns=choice.columns, layout=choice.layout)
        before = imported_before(state.store(), each.source, read.columns, read.layout)
    except ColumnsUnknown as fact:
        return Look(each, None, fact.samples, problem=words(fact), is_unsure=True)
    except PipelineError as fact:
        return Look(each, None, {}, problem=words(fact))
    refused = len(read.refused)
    is_unsure = refused > UNSURE_SHARE * (refused + len(read.rows))
    return Look(each, read, read.samples, is_unsure=is_unsure, before=before)
