"""Linear layers on a CPU for the few rows that an answer needs at each step.

Reading the weights is all the work then, and torch does it twice as slowly as the machine can:
for one row it calls a product that uses one core, for two to four rows one that is made for many.
The same product taken the other way round, weights × rowsᵀ, is 1.3 to 5 times faster (docs/log.md).
"""

from functools import partial

import torch
from torch import nn
from torch.nn import functional

MOST_ROWS = 4
MOST_NUMBERS = 8192
"""Rows × width, above which it no longer pays: the rows do not stay beside the weights."""


def quicken(model: nn.Module) -> None:
    """Let a model's plain float32 layers on a CPU answer few rows quickly; others stay.

    Results differ from before by rounding: it is to be done before anything is compared.
    """
    if not torch.backends.mkl.is_available():
        return
    for module in model.modules():
        # A subclass computes something else (quantised weights).
        if type(module) is not nn.Linear or module.weight.dtype != torch.float32:
            continue
        if module.weight.device.type == "cpu":
            module.forward = partial(_product, module)


def _product(layer: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    """The layer's output for x (…, in)."""
    width = x.shape[-1]
    rows = x.numel() // width
    if torch.is_grad_enabled() or not 0 < rows <= MOST_ROWS or rows * width > MOST_NUMBERS:
        return functional.linear(x, layer.weight, layer.bias)
    flat = x.reshape(rows, width)
    # One row alone would be taken for a vector, which is the slow way.
    pair = flat.repeat(2, 1) if rows == 1 else flat
    output = torch.mm(layer.weight, pair.t()).t()[:rows]
    if layer.bias is not None:
        output = output + layer.bias
    return output.reshape(*x.shape[:-1], layer.weight.shape[0])
