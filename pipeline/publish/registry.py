"""`dataset_info.json`, LLaMA-Factory's registry of the files in a folder.

That program sets every column that an entry's `columns` does not name to None, and fails on one
that is named but absent. So an entry always names what the file has, and nothing else. It ignores
`file_sha1` but tolerates it. Read in llamafactory 0.9.5, data/parser.py and data/converter.py.
"""

from pathlib import PurePath

from pipeline.publish.manifest import ExportFile
from store.types import RowShape


def entry(file: ExportFile, shape: RowShape) -> dict[str, object]:
    """Return the registry's entry of one data file."""
    found: dict[str, object] = {"file_name": file.name, "file_sha1": file.sha1}
    if shape.layout in ("sharegpt", "messages"):
        return found | {"formatting": "sharegpt", **_conversation(shape)}
    named = {"prompt": "instruction", "query": "input", "response": "output"}
    if shape.system:
        named["system"] = "system"
    if shape.history:
        named["history"] = "history"
    return found | {"columns": named}


def _conversation(shape: RowShape) -> dict[str, object]:
    if shape.layout == "sharegpt":
        named = {"messages": "conversations"}
        return {"columns": named | ({"system": "system"} if shape.system else {})}
    return {
        "columns": {"messages": "messages"},
        "tags": {
            "role_tag": "role",
            "content_tag": "content",
            "user_tag": "user",
            "assistant_tag": "assistant",
            "system_tag": "system",
        },
    }


def registry(files: list[tuple[ExportFile, RowShape]]) -> dict[str, object]:
    """Return the whole registry; an entry is called like its file without the ending."""
    return {PurePath(file.name).stem: entry(file, shape) for file, shape in files}
