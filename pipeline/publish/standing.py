"""Whether an export still is what was made, quickly enough to be said wherever it is used.

A file is read again only when its size or time changed, and large ones are left to a person's
*Verify*: until then it is not known whether they hold.
"""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pipeline.errors import BadInput
from pipeline.publish.verify import DATA, MANIFEST, listed, sha1_of, verify

Standing = Literal["holds", "differs", "unchecked", "gone"]
LARGEST_BYTES = 20_000_000
"""More is not read without being asked."""
_Stamp = tuple[str, int, int]
_known: dict[_Stamp, str] = {}


def standing(folder: Path) -> Standing:
    """Return how an export stands: its files by their hash where that is known or quickly found."""
    try:
        expected = dict(_listed(*_stamp(folder / MANIFEST)))
        extra = {p.name for p in folder.iterdir() if p.suffix in DATA} - set(expected) - {MANIFEST}
        if extra:
            return "differs"
        stamps = {name: _stamp(folder / name) for name in expected}
    except FileNotFoundError:
        return "differs" if folder.is_dir() else "gone"
    except (OSError, BadInput):
        return "differs"
    unknown = [stamp for stamp in stamps.values() if stamp not in _known]
    if sum(size for _, size, _ in unknown) <= LARGEST_BYTES:
        for stamp in unknown:
            _known[stamp] = sha1_of(Path(stamp[0]))
    if any(_known.get(stamp, expected[name]) != expected[name] for name, stamp in stamps.items()):
        return "differs"
    return "unchecked" if any(stamp not in _known for stamp in stamps.values()) else "holds"


def remember(folder: Path) -> None:
    """Keep what a verification just found, so that `standing` knows large files too."""
    for file in verify(folder).files:
        if file.found:
            _known[_stamp(folder / file.name)] = file.found


@lru_cache(maxsize=64)
def _listed(path: str, _size: int, _time: int) -> tuple[tuple[str, str], ...]:
    return tuple(listed(Path(path).parent))


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return str(path), found.st_size, found.st_mtime_ns
