"""A person at the Review page, played by calling what its script and its keys call."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.loop import read_facts
from dashboard.review import filtering, reviewing
from dashboard.review.filtering import Asked
from store import bulk, datasets, facets, history, pairs, search
from store.types import Between, PairEdit, PairFilter, PairSort, Status

APP = Path(__file__).resolve().parent.parent / "dashboard" / "app.py"
BATCH = PairFilter(tags=("batch",))
FILTERS = (
    PairFilter(),
    PairFilter(statuses=("unreviewed",)),
    PairFilter(dataset_id=2, statuses=("accepted", "rejected")),
    PairFilter(tags=("urgent",), languages=("zh",)),
    PairFilter(flags=("copied_question",), statuses=("unreviewed",)),
    PairFilter(relations=("conflict",)),
    PairFilter(is_edited=True, has_note=False),
    PairFilter(question_length=Between(40, 80), source_file="file 3.json"),
)


@dataclass
class Person:
    """Who reviews, and what was waited for."""

    rng: np.random.Generator
    times: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def waits(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        began, before = perf_counter(), process_time()
        yield
        self.times.setdefault(name, []).append((perf_counter() - began) * 1000)
        self.cpu.setdefault(name, []).append((process_time() - before) * 1000)


def review(path: str, words: dict[str, list[str]], rounds: int, seed: int) -> dict[str, object]:
    """Play every interaction and return the milliseconds of each."""
    db = state.store()
    assert str(db.path) == path
    began = perf_counter()
    search.find(db, "x")
    prepared_s = perf_counter() - began
    person = Person(np.random.default_rng(seed))
    _pages(person, rounds)
    counts = _searches(person, words)
    _saves(person, rounds * 5)
    _bulk(person, max(4, rounds // 5))
    _keys(person, rounds)
    _script(person, max(4, rounds // 5))
    return {
        "times": person.times,
        "cpu": person.cpu,
        "counts": counts,
        "prepared_s": prepared_s,
    }


def _run(asked: Asked) -> reviewing.View | None:
    """All that the page asks of the store when a key or a filter draws it."""
    datasets.listed(state.store())
    return reviewing.look(asked)


def _frame() -> None:
    """What the frame above the page asks in addition, when the page is opened."""
    read_facts(state.store(), state.workspace())


def _save(person: Person) -> None:
    """Somebody saves something: what is remembered of lists and counts is so no longer."""
    pair_id = int(person.rng.integers(1, pairs.count(state.store(), matching=PairFilter())))
    pairs.set_status(state.store(), [pair_id], "accepted")


def _start(number: int = 1) -> None:
    st.session_state.clear()
    st.session_state[reviewing.PAGE] = number


def _pages(person: Person, rounds: int) -> None:
    orders = filtering.ORDERS
    for n in range(max(rounds, len(FILTERS) * len(orders))):
        asked = Asked(FILTERS[n % len(FILTERS)], orders[n // len(FILTERS) % len(orders)])
        _save(person)
        _start()
        with person.waits("filtered page"):
            view = _run(asked)
        total = view.page.total if view else 1
        deep = int(total * person.rng.random() / reviewing.PAGE_SIZE) + 1
        _start(deep)
        with person.waits("deep page"):
            _run(asked)
        _save(person)
        _start(deep)
        with person.waits("deep page after a save"):
            _run(asked)
        with person.waits("choices of the filters"):
            facets.facets(state.store())
        with person.waits("frame above the page, when opened"):
            _frame()


def _searches(person: Person, words: dict[str, list[str]]) -> dict[str, int]:
    counts = {}
    for language, name in (("zh", "Chinese"), ("en", "English")):
        for word in words[language]:
            _save(person)
            _start()
            with person.waits(f"{name} search with its count"):
                view = _run(Asked(PairFilter(text=word), PairSort()))
            counts[word] = view.page.total if view else 0
    return counts


def _saves(person: Person, rounds: int) -> None:
    db = state.store()
    count = pairs.count(db, matching=PairFilter())
    for _ in range(rounds):
        pair = pairs.get(db, int(person.rng.integers(1, count)))
        status: Status = "rejected" if pair.status == "accepted" else "accepted"
        with person.waits("save: accept or reject"):
            pairs.set_status(db, [pair.id], status, expected_version=pair.version)
        pair = pairs.get(db, pair.id)
        changes: tuple[tuple[str, PairEdit], ...] = (
            ("save: edit", PairEdit(answer=f"{pair.answer} 改。", question=f"{pair.question} x")),
            ("save: tag", PairEdit(tags=(*pair.tags, "seen"))),
        )
        for name, change in changes:
            with person.waits(name):
                pair = pairs.edit(db, pair.id, change, expected_version=pair.version)


def _bulk(person: Person, rounds: int) -> None:
    db = state.store()
    steps: tuple[tuple[str, Callable[[], object]], ...] = (
        ("bulk change of 10,000", lambda: bulk.set_status(db, BATCH, "rejected")),
        ("bulk change of 10,000", lambda: bulk.set_status(db, BATCH, "accepted")),
        ("bulk tag of 10,000", lambda: bulk.add_tag(db, BATCH, "checked")),
        ("bulk tag of 10,000", lambda: bulk.remove_tag(db, BATCH, "checked")),
    )
    for _ in range(rounds):
        for name, step in steps:
            with person.waits(name):
                step()
        bulk.set_status(db, BATCH, "unreviewed")
        last = history.last_undoable(db)
        assert last is not None
        with person.waits("undo of a bulk change"):
            history.undo(db, last.id)


def _keys(person: Person, rounds: int) -> None:
    """Accept and go on, as the key A does, up to what is drawn next."""
    asked = Asked()
    _start()
    for _ in range(rounds):
        view = _run(asked)
        assert view is not None
        with person.waits("key A: save and the next page"):
            reviewing.decide(view.pair, "accepted", asked)
            _run(asked)


def _script(person: Person, rounds: int) -> None:
    """The whole script of the page, drawing and all, but without a browser."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.run()
    app.switch_page("app_pages/review.py").run()
    for _ in range(rounds):
        with person.waits("whole script after a key"):
            app.button(key="review_accept").click().run()
    assert not app.exception
