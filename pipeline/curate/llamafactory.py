"""A LLaMA-Factory `data/` folder: its text sets, as its `dataset_info.json` says to read them.

Follows `llamafactory/data/parser.py` and `converter.py` of release 0.9.5: where an entry has
`columns`, a column not named there is not read; where it has `tags`, a tag not named there is not
known. Where it departs: a set with a file beside the registry is read from that file although a
hub is named too, all rows are taken where `num_samples` asks for a sample, and `file_sha1`, which
LLaMA-Factory ignores, is compared.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from pipeline.curate.columns import Columns
from pipeline.curate.conversation import Tags
from pipeline.curate.formats import SUFFIXES, unreadable
from pipeline.curate.sources import Found, Skipped, Source
from pipeline.errors import BadInput, PipelineError
from pipeline.said import Said

REGISTRY = "dataset_info.json"
_MEDIA = ("images", "videos", "audios")
_HUBS = {
    "hf_hub_url": Said("the Hugging Face hub"),
    "ms_hub_url": "ModelScope",
    "om_hub_url": "Modelers",
}
Entry = dict[str, object]


class _NotForUs(PipelineError):
    """A set that cannot be imported; its text says why."""


def is_registry(folder: Path) -> bool:
    """Whether a folder's `dataset_info.json` is LLaMA-Factory's (other tools use the name too)."""
    try:
        entries = json.loads((folder / REGISTRY).read_bytes())
    except (OSError, ValueError):
        return False
    known = {"file_name", "script_url", "cloud_file_name", *_HUBS}
    return isinstance(entries, dict) and any(
        isinstance(entry, dict) and known & entry.keys() for entry in entries.values()
    )


def sets(folder: Path) -> Found:
    """Return the text sets of the folder, and those left out with the reason."""
    entries = json.loads((folder / REGISTRY).read_bytes())
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for name, entry in entries.items():
        try:
            if not isinstance(entry, dict):
                raise _NotForUs("its entry is no object")
            sources += _sources(folder, str(name), entry)
        except _NotForUs as reason:
            skipped.append(Skipped(str(name), reason.said))
    named = {source.paths[0].resolve() for source in sources}
    skipped += [
        Skipped(
            file.name, Said("is not named in {registry}; import the file itself", registry=REGISTRY)
        )
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in SUFFIXES and file.name != REGISTRY and file.resolve() not in named
    ]
    if not sources:
        why = tuple(
            Said("{name}: {reason}", name=each.name, reason=each.reason) for each in skipped[:3]
        )
        raise BadInput(
            "{path} names no set that can be imported ({why}).", path=folder / REGISTRY, why=why
        )
    return Found(tuple(sources), tuple(skipped))


def _sources(folder: Path, name: str, entry: Entry) -> Iterator[Source]:
    columns = _object(entry, "columns")
    _refuse_other_kinds(entry, columns)
    path = _file(folder, entry)
    read_as = _columns(entry, columns)
    warnings = [*_hash_differs(name, path, entry)]
    if entry.get("num_samples"):
        warnings.append(
            Said(
                "{name}: LLaMA-Factory would take {rows} rows by chance; all of them are imported.",
                name=name,
                rows=entry["num_samples"],
            )
        )
    files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
    readable = [file for file in files if file.suffix.lower() in SUFFIXES]
    if not readable:
        raise _NotForUs(
            "{file} is in no format that holds questions and answers", file=entry.get("file_name")
        )
    for file in readable:
        shown = str(file.relative_to(folder)) if file.is_relative_to(folder) else file.name
        yield Source(shown, (file,), name, read_as, warnings=tuple(warnings))
        warnings = []


def _refuse_other_kinds(entry: Entry, columns: dict[str, str]) -> None:
    if entry.get("ranking") or "chosen" in columns or "rejected" in columns:
        raise _NotForUs("is a ranking set (a chosen and a rejected answer)")
    if "kto_tag" in columns:
        raise _NotForUs("is a KTO set (answers with a good or bad mark)")
    if media := [kind for kind in _MEDIA if kind in columns]:
        raise _NotForUs("holds {media}; only text can be learned here", media=tuple(media))
    if entry.get("formatting", "alpaca") not in ("alpaca", "sharegpt", "openai"):
        raise _NotForUs(
            "has the formatting {formatting!r}, which is not known", formatting=entry["formatting"]
        )
    if columns and entry.get("formatting", "alpaca") == "alpaca" and "response" not in columns:
        raise _NotForUs("names no response column: text for pre-training, without answers")


def _file(folder: Path, entry: Entry) -> Path:
    file_name = entry.get("file_name")
    if isinstance(file_name, str):
        path = folder / file_name
        if path.exists():
            return path
    for key, hub in _HUBS.items():
        if isinstance(address := entry.get(key), str):
            if key == "hf_hub_url":
                raise _NotForUs(
                    "is only on {hub}, as {address}; import hf:{address}", hub=hub, address=address
                )
            raise _NotForUs("is only on {hub}, as {address}", hub=hub, address=address)
    if "script_url" in entry:
        raise _NotForUs("is loaded by a script, and no foreign code is run here")
    if "cloud_file_name" in entry:
        raise _NotForUs("is in a cloud store, at {address}", address=entry["cloud_file_name"])
    if file_name:
        raise _NotForUs("its file {file_name} is missing", file_name=file_name)
    raise _NotForUs("its entry names no file")


def _columns(entry: Entry, columns: dict[str, str]) -> Columns:
    if entry.get("formatting", "alpaca") == "alpaca":
        if not columns:
            return Columns(instruction="instruction", input="input", output="output")
        instruction, query = columns.get("prompt"), columns.get("query")
        return Columns(
            # A query without a prompt is the whole question there too.
            instruction=instruction or query,
            input=query if instruction else None,
            output=columns.get("response"),
            system=columns.get("system"),
            history=columns.get("history"),
        )
    messages = columns.get("messages") if columns else "conversations"
    if messages is None:
        raise _NotForUs("its columns name no messages")
    return Columns(
        messages=messages,
        system=columns.get("system"),
        tools=columns.get("tools"),
        tags=_tags(entry),
    )


def _tags(entry: Entry) -> Tags:
    tags = _object(entry, "tags")
    if not tags:
        if entry.get("formatting") == "openai":
            return Tags()
        names = ("human",), ("gpt",), ("observation",), ("function_call",), ("system",)
        return Tags("from", "value", *names)
    named = [
        (tags[tag],) if tag in tags else ()
        for tag in ("user_tag", "assistant_tag", "observation_tag", "function_tag", "system_tag")
    ]
    return Tags(tags.get("role_tag", "from"), tags.get("content_tag", "value"), *named)


def _hash_differs(name: str, path: Path, entry: Entry) -> Iterator[str]:
    expected = entry.get("file_sha1")
    if not isinstance(expected, str) or not path.is_file():
        return
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha1").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error
    if found != expected.strip().casefold():
        yield Said(
            "{name}: the SHA-1 of {path} is {found}, but {registry} says {expected}. The "
            "file was changed, or the registry is older; LLaMA-Factory does not look.",
            name=name,
            path=path.name,
            found=found,
            registry=REGISTRY,
            expected=expected,
        )


def _object(entry: Entry, key: str) -> dict[str, str]:
    value = entry.get(key)
    if not isinstance(value, dict):
        return {}
    return {str(name): text for name, text in value.items() if isinstance(text, str)}
