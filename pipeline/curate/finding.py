"""From what a person names to what can be read: a file, or what a folder holds."""

from pathlib import Path

from pipeline.curate import llamafactory
from pipeline.curate.sources import Found, as_source, is_saved_dataset, plain_files, saved_dataset
from pipeline.errors import BadInput


def find(path: Path) -> Found:
    """Return what there is to import at a path; BadInput where there is nothing."""
    if not path.is_dir():
        if not path.exists():
            raise BadInput(
                "{path} cannot be read: nothing is there. Check how it is written.", path=path
            )
        return Found((as_source(path),))
    if is_saved_dataset(path):
        return saved_dataset(path)
    if llamafactory.is_registry(path):
        return llamafactory.sets(path)
    return plain_files(path)
