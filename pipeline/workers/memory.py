"""Whether an error says that no memory was left. Torch and the system say so in several ways."""

import errno

import torch

# What they say in the words of a RuntimeError: only CUDA's allocator has a class of its own for it,
# and not where the driver or a library of it finds no room.
_OF_GPU = (
    "CUDA out of memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "MPS backend out of memory",
)
_OF_MACHINE = ("can't allocate memory", "Cannot allocate memory")


def is_out_of_memory(error: Exception) -> bool:
    """Say whether a device or the machine had no memory left."""
    match error:
        case torch.OutOfMemoryError() | MemoryError():
            return True
        case OSError():
            return error.errno == errno.ENOMEM
        case RuntimeError():
            return any(words in str(error) for words in (*_OF_GPU, *_OF_MACHINE))
        case _:
            return False


def is_of_gpu(error: Exception) -> bool:
    """Say whether memory that was out was a GPU's, and not the machine's."""
    is_told = any(words in str(error) for words in _OF_GPU)
    return isinstance(error, torch.OutOfMemoryError) or is_told
