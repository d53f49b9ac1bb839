"""Where numba keeps what it compiled: a folder that bears a hash of these sources.

numba itself renews a function only when its own file changed, not when one that it calls did.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import numba

_HERE = Path(__file__).parent


def keep_compiled() -> None:
    """Name numba's folder, before anything is compiled; a person's own choice stands."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    digest = hashlib.sha1(numba.__version__.encode(), usedforsecurity=False)
    for file in sorted(_HERE.glob("*.py")):
        digest.update(file.read_bytes())
    beside = _HERE / "__pycache__"
    home = beside if os.access(_HERE, os.W_OK) else Path(tempfile.gettempdir()) / _own()
    numba.config.CACHE_DIR = str(home / f"compiled-{digest.hexdigest()[:12]}")


def _own() -> str:
    return f"graft-{os.getuid()}" if hasattr(os, "getuid") else "graft"
