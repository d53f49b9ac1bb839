"""`dataset_info.json`, LLaMA-Factory's registry of the files in a folder.

That program sets every column that an entry's `columns` does not name to None, and fails on one
that is named but absent. So an entry always names prompt, query and response, and names system
and history exactly when the file has them. It ignores `file_sha1` but tolerates it.
"""

from pathlib import PurePath

from pipeline.publish.layouts import Columns
from pipeline.publish.manifest import ExportFile


def entry(file: ExportFile, columns: Columns) -> dict[str, object]:
    """Return the registry's entry of one data file."""
    named = {"prompt": "instruction", "query": "input", "response": "output"}
    if columns.system:
        named["system"] = "system"
    if columns.history:
        named["history"] = "history"
    return {"file_name": file.name, "file_sha1": file.sha1, "columns": named}


def registry(files: list[tuple[ExportFile, Columns]]) -> dict[str, object]:
    """Return the whole registry; an entry is called like its file without the ending."""
    return {PurePath(file.name).stem: entry(file, columns) for file, columns in files}
