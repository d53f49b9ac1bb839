"""Whether an error says that no memory was left. Torch and the system say so in several ways."""

import errno

import torch

# What they say in the words of a RuntimeError, where only CUDA has a class of its own for it.
_WORDS = (
    "can't allocate memory",
    "Cannot allocate memory",
    "MPS backend out of memory",
    "CUDA out of memory",
)


def is_out_of_memory(error: Exception) -> bool:
    """Say whether a device or the machine had no memory left."""
    match error:
        case torch.OutOfMemoryError() | MemoryError():
            return True
        case OSError():
            return error.errno == errno.ENOMEM
        case RuntimeError():
            return any(words in str(error) for words in _WORDS)
        case _:
            return False
