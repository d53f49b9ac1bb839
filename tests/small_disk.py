"""A small disk that can be filled up: a file system in memory, which root may mount."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size: str = "1m") -> Iterator[Path]:
    """Mount one at an empty folder, made if it is not there; who may not mount skips the test."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "graft-test", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk needs the right to mount (root)")
    try:
        yield folder
    finally:
        # Lazily: a process that was killed may still hold a file.
        subprocess.run(["umount", "-l", str(folder)], check=True)
