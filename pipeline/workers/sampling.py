"""Drawing the next token so that rows of one batch differ by their scores alone."""

import torch
from transformers import LogitsProcessor

from pipeline.chat.protocol import Settings


class SharedNoise(LogitsProcessor):
    """Sampling by the Gumbel-max trick: adds noise, after which the largest score is the draw.

    `generate` samples a batch from one random generator, so a row's answer depends on the rows
    beside it. Here each step draws one vector of noise from the seed and adds it to every row:
    an answer is the same alone or in a batch, and two models that score alike answer alike.
    (Gumbel-max: Maddison, Tarlow, Minka, "A* Sampling", 2014.)
    """

    def __init__(self, settings: Settings) -> None:
        self._temperature = settings.temperature
        self._top_p = settings.top_p
        # Drawn on the CPU, so that a seed means the same on every device.
        self._random = torch.Generator().manual_seed(settings.seed)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return scores (rows, vocabulary) whose argmax is a draw at the temperature and top_p."""
        scores = within_top_p(scores.float() / self._temperature, self._top_p)
        exponential = torch.empty(scores.shape[-1]).exponential_(generator=self._random)
        noise = -torch.log(exponential.clamp_min(torch.finfo(torch.float32).tiny))
        return scores + noise.to(scores.device)


def within_top_p(scores: torch.Tensor, top_p: float) -> torch.Tensor:
    """Set to -inf all but the likeliest tokens (rows, vocabulary) that together reach `top_p`."""
    if top_p >= 1.0:
        return scores
    ordered, places = torch.sort(scores, descending=True, dim=-1)
    shares = torch.softmax(ordered, dim=-1)
    is_outside = shares.cumsum(dim=-1) - shares >= top_p
    return scores.masked_fill(is_outside.scatter(-1, places, is_outside), float("-inf"))
