"""The verbs pairs and undo: list, count and change all pairs of a filter; take an action back."""

import argparse
from collections.abc import Callable
from typing import cast, get_args

from pipeline.cli.database import names, opened
from pipeline.cli.output import Context
from pipeline.errors import BadInput
from store import bulk, datasets, history, pairs
from store.db import Database
from store.relation_types import Relation
from store.types import Between, BulkChange, Pair, PairFilter, PairSort, SortKey, Status

ORDERS = {
    "oldest": PairSort("added"),
    "newest": PairSort("added", is_descending=True),
    **{
        f"{by.replace('_', '-')}{'-down' if is_descending else ''}": PairSort(by, is_descending)
        for by in get_args(SortKey)
        if by != "added"
        for is_descending in (False, True)
    },
}
_SHOWN_CHARACTERS = 100


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both verbs to the parser."""
    some = verbs.add_parser("pairs", help="list, count and change the pairs of a filter")
    _add_filters(some)
    some.add_argument("--order", choices=list(ORDERS), default="oldest")
    some.add_argument("--limit", type=int, default=20, help="pairs listed (default: 20)")
    change = some.add_mutually_exclusive_group()
    change.add_argument("--set-status", choices=["unreviewed", "accepted", "rejected"])
    change.add_argument("--add-tag", metavar="TAG")
    change.add_argument("--remove-tag", metavar="TAG")
    change.add_argument("--move-to", metavar="DATASET")
    some.set_defaults(do=_pairs)
    back = verbs.add_parser("undo", help="take an action on the pairs back")
    back.add_argument("action", nargs="?", type=int, help="its number (default: the last one)")
    back.set_defaults(do=_undo)


def _add_filters(some: argparse.ArgumentParser) -> None:
    lists = (("status", get_args(Status)), ("cluster", get_args(Relation)))
    some.add_argument("--dataset", default="", metavar="NAME")
    for name, known in lists:
        some.add_argument(f"--{name}", default="", metavar="A,B", help=f"of {', '.join(known)}")
    some.add_argument("--text", default="", help="in question or answer, whatever its case")
    for name in ("tag", "finding", "language"):
        some.add_argument(f"--{name}", default="", metavar="A,B")
    some.add_argument("--edited", action=argparse.BooleanOptionalAction)
    some.add_argument("--note", action=argparse.BooleanOptionalAction)
    for name in ("question-length", "answer-length"):
        some.add_argument(f"--{name}", default="", metavar="20-300", help="characters; an end open")
    some.add_argument("--file", default="", help="the file that they came from")


def matching(arguments: argparse.Namespace, db: Database) -> PairFilter:
    """Return the filter that the options name."""
    dataset_id = datasets.by_name(db, arguments.dataset).id if arguments.dataset else None
    return PairFilter(
        dataset_id=dataset_id,
        statuses=cast("tuple[Status, ...]", _known("status", arguments.status, get_args(Status))),
        text=arguments.text,
        tags=tuple(names(arguments.tag)),
        flags=tuple(names(arguments.finding)),
        languages=tuple(names(arguments.language)),
        relations=cast(
            "tuple[Relation, ...]", _known("cluster", arguments.cluster, get_args(Relation))
        ),
        is_edited=arguments.edited,
        has_note=arguments.note,
        question_length=_between(arguments.question_length),
        answer_length=_between(arguments.answer_length),
        source_file=arguments.file,
    )


def _pairs(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.limit < 0:
        raise BadInput(f"--limit is {arguments.limit}; it has to be 0 or more.")
    with opened(context) as db:
        wanted = matching(arguments, db)
        change = _change(arguments, db)
        if change is not None:
            return _changed(change(wanted), context)
        order = ORDERS[arguments.order]
        page = pairs.page(db, matching=wanted, order=order, size=max(arguments.limit, 1))
        named = {dataset.id: dataset.name for dataset in datasets.listed(db)}
    rows = page.rows[: arguments.limit]
    for pair in rows:
        context.say(_line(pair, named[pair.dataset_id]))
    context.say(f"{page.total:,} pairs.")
    context.result({"count": page.total, "pairs": [_row(p, named[p.dataset_id]) for p in rows]})
    return 0


def _change(
    arguments: argparse.Namespace, db: Database
) -> Callable[[PairFilter], BulkChange] | None:
    """The change that the options ask for, if they ask for one."""
    if arguments.set_status:
        return lambda wanted: bulk.set_status(db, wanted, arguments.set_status)
    if arguments.add_tag:
        return lambda wanted: bulk.add_tag(db, wanted, _tag(arguments.add_tag))
    if arguments.remove_tag:
        return lambda wanted: bulk.remove_tag(db, wanted, _tag(arguments.remove_tag))
    if arguments.move_to:
        to = datasets.by_name(db, arguments.move_to).id
        return lambda wanted: bulk.move(db, wanted, to)
    return None


def _changed(done: BulkChange, context: Context) -> int:
    undo = "" if done.action_id is None else f" Take it back with: undo {done.action_id}"
    context.say(f"{done.changed:,} of {done.matched:,} pairs changed.{undo}")
    context.result({"count": done.matched, "changed": done.changed, "action": done.action_id})
    return 0


def _undo(arguments: argparse.Namespace, context: Context) -> int:
    with opened(context) as db:
        wanted: int | None = arguments.action
        if wanted is None and (last := history.last_undoable(db)):
            wanted = last.id
        if wanted is None:
            raise BadInput("There is no action to take back.")
        undoing = history.undo(db, wanted)
        (done,) = history.latest(db, count=1)
    context.say(f"Action {wanted} is undone: {done.pair_count:,} pairs put back ({done.summary}).")
    context.result({"undone": wanted, "pairs": done.pair_count, "action": undoing})
    return 0


def _known(option: str, text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    given = tuple(names(text))
    if unknown := [value for value in given if value not in known]:
        raise BadInput(f"--{option} knows {', '.join(known)}, not {', '.join(unknown)}.")
    return given


def _between(text: str) -> Between:
    least, separator, most = text.partition("-")
    if not text:
        return Between()
    if not separator or not all(end.isdecimal() or not end for end in (least, most)):
        raise BadInput(f"{text!r} is no range of lengths. Write 20-300, 20- or -300.")
    return Between(int(least) if least else None, int(most) if most else None)


def _tag(text: str) -> str:
    tag = " ".join(text.split())
    if not tag or "," in tag or "，" in tag:
        raise BadInput(f"{text!r} is no tag: it needs a word and holds no comma.")
    return tag


def _line(pair: Pair, dataset: str) -> str:
    tags = "".join(f" #{tag}" for tag in pair.tags)
    question = " ".join(pair.question[: _SHOWN_CHARACTERS * 2].split())[:_SHOWN_CHARACTERS]
    return f"{pair.id}  {dataset}  {pair.status}{tags}  {question}"


def _row(pair: Pair, dataset: str) -> dict[str, object]:
    fields = (
        "id", "status", "question", "answer", "context", "note", "language", "quality", "version",
    )  # fmt: skip
    return {
        "dataset": dataset,
        **{name: getattr(pair, name) for name in fields},
        "tags": list(pair.tags),
        "findings": list(pair.flags),
        "file": pair.source_file,
        "row": pair.source_row,
    }
