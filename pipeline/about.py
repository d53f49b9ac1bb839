"""What Graft is and stands on: its version and licence, and those of the main libraries."""

import platform
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, metadata

from pipeline.workspace import REPOSITORY

PACKAGES = (
    "streamlit", "duckdb", "plotly", "pyarrow", "torch", "transformers", "peft", "accelerate",
    "datasets", "tokenizers", "safetensors", "numpy", "numba",
)  # fmt: skip
_SHORT = {
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "BSD License": "BSD",
}
_CLASSIFIER = "License :: OSI Approved :: "


@dataclass(frozen=True, slots=True)
class Product:
    """A piece of software by name, version and licence."""

    name: str
    version: str
    licence: str


def graft() -> Product:
    """Return what `pyproject.toml` says of Graft."""
    told = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Product("Graft", str(told["version"]), str(told["license"]["text"]))


def libraries() -> tuple[Product, ...]:
    """Return Python and the main libraries as they are installed."""
    python = Product("Python", platform.python_version(), "PSF-2.0")
    found = ((name, metadata(name)) for name in PACKAGES)
    return python, *(Product(name, of["Version"], _licence(of)) for name, of in found)


def _licence(of: PackageMetadata) -> str:
    """A package's licence: as an expression where it gives one, else by its classifier."""
    if "License-Expression" in of:
        return str(of["License-Expression"])
    classified = [
        value.removeprefix(_CLASSIFIER)
        for value in of.get_all("Classifier") or []
        if value.startswith(_CLASSIFIER)
    ]
    if classified:
        return ", ".join(_SHORT.get(each, each) for each in classified)
    given = str(of["License"] or "").partition("\n")[0]
    return given.replace("Apache 2.0 License", "Apache-2.0") or "–"
