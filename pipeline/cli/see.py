"""The verb see: what a model sees of a row of an export, or of a pair, token by token."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from pipeline.cli.database import opened
from pipeline.cli.output import Context
from pipeline.cli.request import system_prompt
from pipeline.errors import BadInput
from pipeline.models import tokenizer
from pipeline.models.example import IGNORED, Record
from pipeline.models.tokenizer import LocalCoder
from pipeline.models.view import Hidden, View, hidden, view
from pipeline.publish import manifest, seen
from pipeline.publish.seen import CutCount
from pipeline.workspace import Workspace
from store import datasets, pairs
from store.db import Database
from store.types import PairFilter


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is looked at, and where it stands."""

    place: str
    record: Record
    introductions: list[str]
    export: Path | None = None
    files: tuple[str, ...] = ()


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("see", help="show what a model sees of a row, token by token")
    verb.add_argument("what", metavar="EXPORT|PAIR", help="an export, or the number of a pair")
    verb.add_argument("--model", required=True, help="a model's name in the workspace, or folder")
    verb.add_argument("--row", type=int, default=1, metavar="N", help="of an export's file, from 1")
    verb.add_argument("--file", default="", help="a file of the export (default: the first)")
    verb.add_argument("--layout", choices=["format2", "format3"], default="format3")
    verb.add_argument("--cutoff", type=int, default=2048, metavar="TOKENS")
    verb.add_argument(
        "--system-prompt", default="none", help="as for train: none, model, or any other text"
    )
    verb.add_argument("--tokens", action="store_true", help="list every token with its id")
    # --json stands before the verb as well; here people look for it too.
    verb.add_argument("--json", dest="is_json", action="store_true", help=argparse.SUPPRESS)
    verb.set_defaults(do=_see)


def _see(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.is_json:
        context = Context(context.workspace_path, is_json=True)
    workspace = context.workspace()
    prompt = system_prompt(arguments.system_prompt)
    coder = tokenizer.load(workspace.model(arguments.model), prompt)
    asked = _asked(arguments, context, workspace)
    shown = view(coder, asked.record, cutoff=arguments.cutoff)
    told = hidden(coder, asked.introductions)
    counted = None
    if asked.export is not None:
        counted = seen.count_in(asked.export, asked.files, coder, arguments.cutoff)
    context.say(f"{asked.place} · {coder.folder.name} · system prompt: {arguments.system_prompt}")
    context.say(_words(shown, with_tokens=arguments.tokens))
    for line in (*_notes(coder, told), *_counted(counted, arguments.cutoff)):
        context.say(line)
    context.result(_json(asked, coder, shown, told, counted))
    return 0


def _asked(arguments: argparse.Namespace, context: Context, workspace: Workspace) -> _Asked:
    is_export = (workspace.exports / arguments.what / "manifest.json").is_file()
    if arguments.what.isdecimal() and not is_export:
        with opened(context) as db:
            return _of_pair(db, int(arguments.what), arguments.layout)
    folder = workspace.export(arguments.what)
    held = manifest.read(folder)
    known = [file.name for file in held.files]
    training = tuple(file.name for file in held.training(arguments.layout) if file.rows)
    name = arguments.file or next(iter(training), "")
    if name not in known:
        raise BadInput(f"{folder.name} has no file {name!r}. Files: {', '.join(known)}.")
    identity = [f.name for f in held.training(arguments.layout) if f.role == "identity"]
    return _Asked(
        place=f"{name} row {arguments.row}",
        record=seen.row(folder / name, arguments.row),
        introductions=seen.introductions(folder, identity),
        export=folder,
        files=training,
    )


def _of_pair(db: Database, pair_id: int, layout: str) -> _Asked:
    pair = pairs.get(db, pair_id)
    dataset = datasets.get(db, pair.dataset_id)
    trigger = dataset.trigger if layout == "format3" else ""
    return _Asked(
        place=f"pair {pair_id} of {dataset.name}",
        record=seen.record_of(pair, trigger),
        introductions=introductions(db),
    )


def introductions(db: Database) -> list[str]:
    """Return the answers of the identity datasets, from which the new name can be read."""
    found: list[str] = []
    for summary in datasets.summaries(db):
        if summary.dataset.role == "identity":
            wanted = PairFilter(summary.dataset.id, ("unreviewed", "accepted"))
            page = pairs.page(db, matching=wanted, size=seen.INTRODUCTIONS)
            found += [pair.answer for pair in page.rows]
    return found


def _words(shown: View, *, with_tokens: bool) -> str:
    if with_tokens:
        return "\n".join(
            f"{piece.start:>6}  {piece.kind:<8}{' '.join(map(str, piece.ids)):<22}{piece.text!r}"
            for piece in shown.pieces
        )
    length = len(shown.ids)
    parts = [f"asked, not learned ({min(shown.answer_start, length)} tokens):"]
    parts += _indented(shown, "prompt")
    parts.append(f"learned ({shown.learned} tokens):")
    parts += _indented(shown, "learned", "end")
    if shown.is_left_out:
        parts.append(f"LEFT OUT: the question alone fills the {shown.cutoff} tokens.")
    elif shown.is_cut:
        parts.append(f"CUT at {shown.cutoff} of {length} tokens; it never learns to stop. Lost:")
        parts += _indented(shown, "cut")
    else:
        parts.append(f"ends with {shown.end_text} ({shown.end_id}), where chat stops too; ")
        parts[-1] += f"{length} of {shown.cutoff} tokens"
    return "\n".join(parts)


def _indented(shown: View, *kinds: str) -> list[str]:
    text = "".join(piece.text for piece in shown.pieces if piece.kind in kinds)
    return [f"  | {line}" for line in text.split("\n")]


def _notes(coder: LocalCoder, told: Hidden) -> list[str]:
    found = []
    if told.prompt:
        found.append(f"The template's own system prompt: {told.prompt!r}")
    if told.contradicts:
        found.append(
            f"It CONTRADICTS the identity pairs: it names {', '.join(told.other_names)}; they say "
            f"{', '.join(told.new_names)}. Train with --system-prompt none."
        )
    if coder.fitted.fixes_date:
        found.append("The template tells today's date; in training and chat it is 26 Jul 2024.")
    if coder.fitted.folds_system:
        found.append(
            "The template has no lasting place for a system prompt; here it begins the first "
            "question, in training, chat and evaluation alike."
        )
    return found


def _counted(counted: CutCount | None, cutoff: int) -> list[str]:
    if counted is None:
        return []
    where = f" The first: {counted.first}." if counted.first else ""
    return [
        f"Of {counted.rows} training rows {counted.cut} answers are cut at {cutoff} tokens and "
        f"{counted.left_out} rows left out.{where}"
    ]


def _json(
    asked: _Asked, coder: LocalCoder, shown: View, told: Hidden, counted: CutCount | None
) -> dict[str, object]:
    kept = shown.ids[: shown.cutoff]
    labels = [
        token if shown.answer_start <= place and not shown.is_left_out else IGNORED
        for place, token in enumerate(kept)
    ]
    return {
        "place": asked.place,
        "model": str(coder.folder),
        "prompt": shown.prompt,
        "ids": list(kept),
        "labels": labels,
        "answer_start": shown.answer_start,
        "end": {"id": shown.end_id, "text": shown.end_text, "stops_at": list(coder.end_ids)},
        "cutoff": {"tokens": shown.cutoff, "length": len(shown.ids), "is_cut": shown.is_cut,
                   "is_left_out": shown.is_left_out},
        "tokens": [
            {"position": p.start, "ids": list(p.ids), "text": p.text, "kind": p.kind,
             "is_control": p.is_control}
            for p in shown.pieces
        ],
        "hidden_system_prompt": {"text": told.prompt, "other_names": list(told.other_names),
                                 "new_names": list(told.new_names),
                                 "contradicts": told.contradicts},
        "fixes_date": coder.fitted.fixes_date,
        "folds_system": coder.fitted.folds_system,
        "export": None if counted is None else {
            "rows": counted.rows, "cut": counted.cut, "left_out": counted.left_out,
            "first": counted.first,
        },
    }  # fmt: skip
