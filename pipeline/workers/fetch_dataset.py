"""Fetch a dataset by name: `python -m pipeline.workers.fetch_dataset NAME OUT_FOLDER`.

NAME is what `datasets.load_dataset` takes: a name on the Hugging Face hub or a folder with data
files, with `:CONFIGURATION` behind it where there are several. The folder holds a parquet file for
each split; it appears whole or not at all. Code that a dataset brings with it is never run. Exit
code 0, or 1 with the reason on stderr.
"""

import json
import shutil
import sys
from pathlib import Path

import datasets
from datasets.exceptions import DatasetNotFoundError
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from pipeline.errors import BadInput, PipelineError
from pipeline.said import Said

_ROWS_AT_ONCE = 5_000


def fetch(name: str, folder: Path) -> None:
    """Write the splits of a dataset into `folder`, in place of what was there."""
    address, _, configuration = name.partition(":")
    unfinished = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        found = datasets.load_dataset(address, configuration or None)
        for split, rows in found.items():
            rows.to_parquet(unfinished / f"{split}.parquet", batch_size=_ROWS_AT_ONCE)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def reason(name: str, error: Exception) -> Said:
    """Return in words why a dataset could not be fetched, and what to do."""
    said = str(error).strip().split("\n")[0] or type(error).__name__
    if isinstance(error, DatasetNotFoundError):
        return Said(
            "There is no dataset {name!r} that you may read, on the hub or on this machine. "
            "Check how it is written; for a private one, log in with `hf auth login` first.",
            name=name,
        )
    if isinstance(error, ConnectionError | OfflineModeIsEnabled | HfHubHTTPError | TimeoutError):
        return Said(
            "The Hugging Face hub cannot be reached for {name!r} ({said}). Check the "
            "network, or bring the dataset as a folder: save_to_disk on a machine that has "
            "it.",
            name=name,
            said=said,
        )
    if "script" in said.casefold():
        return Said(
            "{name!r} is loaded by code that comes with it, and foreign code is never run "
            "here. Look for its parquet version (the branch refs/convert/parquet), or save "
            "it to disk.",
            name=name,
        )
    return Said("{name!r} cannot be fetched: {said}", name=name, said=said)


def _refused(why: Said) -> int:
    """Say why on the last line of the standard error, as who started this reads it."""
    sys.stderr.write(f"{json.dumps(why.as_json())}\n")
    return 1


def main(arguments: list[str]) -> int:
    """Fetch as the command line asks and return the exit code."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m pipeline.workers.fetch_dataset NAME OUT_FOLDER\n")
        return 2
    datasets.disable_progress_bars()
    try:
        if not arguments[0].strip(":"):
            raise BadInput("The dataset has no name.")
        fetch(arguments[0], Path(arguments[1]))
    except PipelineError as fact:
        return _refused(fact.said)
    except Exception as error:  # Whatever a loader of a foreign dataset raises becomes words.
        return _refused(reason(arguments[0], error))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
