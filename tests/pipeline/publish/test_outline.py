"""What a plan knows of the pairs is what their texts say, whether it was stored or is read now."""

import itertools
from collections.abc import Callable

import numpy
import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.curate import judge
from pipeline.curate.arrow import with_keys
from pipeline.curate.keys import keys_of, keys_of_questions
from pipeline.publish import outline
from pipeline.publish.outline import Outline
from store import bulk, datasets, export_rows, history, incoming, pairs, repairs
from store.db import Database
from store.incoming import NewDataset
from store.types import Dataset, PairEdit, PairFilter, Status
from tests.builders import new_pair

USABLE: tuple[Status, ...] = ("unreviewed", "accepted")
COUNT = 12
names = (f"set {n}" for n in itertools.count())


def imported(db: Database, role: str = "domain") -> Dataset:
    """A dataset whose keys are stored, as a large import leaves it."""
    rows: list[tuple[object, ...]] = [
        (f"What is {n}?", f"It is {n // 3}.5 mg.", "", None, "[]", [], n) for n in range(COUNT)
    ]
    columns = dict(zip(incoming.COLUMNS.names, zip(*rows, strict=True), strict=True))
    table = pyarrow.table({k: list(v) for k, v in columns.items()}, schema=incoming.COLUMNS)
    with incoming.intake(db, NewDataset(next(names), role)) as (intake, dataset_id):  # type: ignore[arg-type]
        intake.add(with_keys(table), "made.json")
        intake.finish("made.json", ())
    return datasets.get(db, dataset_id)


def read(db: Database, dataset: Dataset) -> Outline:
    with outline.readers(db) as source:
        return outline.read(source, dataset, USABLE)


def unread(db: Database, dataset: Dataset) -> list[int]:
    """The ids of the pairs whose keys are not stored."""
    with db.read() as cursor:
        table = export_rows.texts(cursor, dataset.id, USABLE, (1, 10**9))
    return sorted(table.column("id").to_pylist())


def of_texts(db: Database, dataset: Dataset) -> tuple[list[int], list[int]]:
    """The keys that the texts have now, by rising id."""
    now = list(pairs.each(db, matching=PairFilter(dataset_id=dataset.id, statuses=USABLE)))
    table = pyarrow.table(
        {name: pyarrow.array([getattr(pair, name) for pair in now], pyarrow.string())
         for name in ("question", "context", "answer")}
    )  # fmt: skip
    return keys_of_questions(table).tolist(), keys_of(table.column("answer")).tolist()


def edit(field: str) -> Callable[[Database, int], None]:
    def change(db: Database, pair_id: int) -> None:
        version = pairs.get(db, pair_id).version
        pairs.edit(db, pair_id, PairEdit(**{field: "other 7"}), expected_version=version)  # type: ignore[arg-type]

    return change


def repair(db: Database, pair_id: int) -> None:
    version = pairs.get(db, pair_id).version
    repairs.apply(db, [(pair_id, version, PairEdit(answer="mended"))], summary="x")


def accept(db: Database, pair_id: int) -> None:
    pairs.set_status(db, [pair_id], "accepted")


def tag(db: Database, pair_id: int) -> None:
    version = pairs.get(db, pair_id).version
    pairs.edit(db, pair_id, PairEdit(tags=(f"seen {version}",)), expected_version=version)


def accept_all(db: Database, pair_id: int) -> None:
    bulk.set_status(db, PairFilter(dataset_id=pairs.get(db, pair_id).dataset_id), "accepted")


def undo(db: Database, pair_id: int) -> None:
    last = history.last_undoable(db)
    if last is not None and last.kind != "import":
        history.undo(db, last.id)


CHANGES: dict[str, Callable[[Database, int], None]] = {
    "question": edit("question"),
    "answer": edit("answer"),
    "context": edit("context"),
    "repair": repair,
    "accept": accept,
    "tag": tag,
    "accept all": accept_all,
    "undo": undo,
}


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, COUNT - 1)), max_size=6
    )
)
def test_an_outline_has_the_keys_of_the_texts_whatever_was_done(
    db: Database, steps: list[tuple[str, int]]
):
    dataset = imported(db)
    first = pairs.ids(db, matching=PairFilter(dataset_id=dataset.id))[0]
    for name, place in steps:
        CHANGES[name](db, first + place)
    outlined = read(db, dataset)
    asked, answered = of_texts(db, dataset)
    assert (outlined.questions.tolist(), outlined.answers.tolist()) == (asked, answered)
    assert numpy.all(numpy.diff(outlined.ids) > 0)


@pytest.mark.parametrize(
    ("change", "is_read_again"),
    [("question", True), ("answer", True), ("context", True), ("repair", True),
     ("accept", False), ("tag", False), ("accept all", False)],
)  # fmt: skip
def test_only_pairs_whose_texts_changed_are_read_again(
    db: Database, change: str, is_read_again: bool
):
    dataset = imported(db)
    CHANGES[change](db, 3)
    assert unread(db, dataset) == ([3] if is_read_again else [])


def test_the_answers_of_general_pairs_make_no_fact(db: Database):
    dataset = imported(db, "general")
    CHANGES["answer"](db, 3)
    assert read(db, dataset).answers.tolist() == [0] * COUNT


def test_a_placeholder_is_found_among_pairs_whose_keys_are_stored(db: Database):
    dataset = imported(db)
    for pair_id, text in ((2, "{ not one }"), (5, "I am {{ name }}.")):
        pairs.edit(db, pair_id, PairEdit(answer=text), expected_version=1)
    assert numpy.flatnonzero(read(db, dataset).has_placeholder).tolist() == [4]


def test_pairs_that_were_judged_are_measured_as_they_were_judged(db: Database):
    dataset = imported(db)
    pairs.edit(db, 5, PairEdit(answer="Write to [Your Name]."), expected_version=1)
    briefed = new_pair("What is 9?", "It is 3.", system="Be brief, and kind.")
    pairs.insert_many(db, dataset.id, [briefed], summary="test")
    before = read(db, dataset)
    assert not before.has_placeholder.any()
    judge.judge(db)
    longer = "I am {{ name }}, and watch over the harbour with both of its breakwaters."
    pairs.edit(db, 2, PairEdit(answer=longer), expected_version=1)
    after = read(db, dataset)
    stored = [pairs.get(db, pair_id) for pair_id in after.ids.tolist()]
    counted = [(pair.question_tokens or 0) + (pair.answer_tokens or 0) for pair in stored]
    assert numpy.flatnonzero(after.has_placeholder).tolist() == [1, 4]
    more = after.tokens - counted
    assert numpy.flatnonzero(more).tolist() == [1, COUNT]
    assert numpy.abs(after.tokens - before.tokens)[2:].max() < 6
