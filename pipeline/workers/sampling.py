"""Drawing the next token of each row by its own settings, so that rows differ by scores alone."""

from collections.abc import Sequence

import torch
from transformers import LogitsProcessor

from pipeline.chat.protocol import Settings


class RowDraws(LogitsProcessor):
    """Scores after which the largest of a row is what its settings draw.

    A row's draw is the same alone or in any batch: rows of the same settings are given the same
    noise, and a penalty counts a row's own words, not what fills it up on the left.
    """

    def __init__(self, prompts: Sequence[Sequence[int]], settings: Sequence[Settings]) -> None:
        self._prompts, self._settings = prompts, settings
        self._noise = {each: SharedNoise(each) for each in settings if each.temperature > 0}
        self._said: torch.Tensor | None = None

    @property
    def changes_nothing(self) -> bool:
        """Whether every row takes its likeliest token."""
        return all(s.temperature == 0 and s.repetition_penalty == 1 for s in self._settings)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return scores (rows, vocabulary) with penalties and noise in them."""
        scores = self._penalised(input_ids, scores)
        for settings, noise in self._noise.items():
            rows = [row for row, own in enumerate(self._settings) if own == settings]
            scores[rows] = noise(input_ids, scores[rows])
        return scores

    def _penalised(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """What was said before is made less likely (Keskar et al., "CTRL", 2019, §4.1)."""
        penalties = [settings.repetition_penalty for settings in self._settings]
        if all(penalty == 1 for penalty in penalties):
            return scores.clone()
        if self._said is None:
            self._said = torch.zeros_like(scores, dtype=torch.bool)
            for row, prompt in enumerate(self._prompts):
                self._said[row, list(prompt)] = True
        self._said[torch.arange(len(penalties), device=scores.device), input_ids[:, -1]] = True
        penalty = torch.tensor(penalties, device=scores.device, dtype=scores.dtype)[:, None]
        lowered = torch.where(scores > 0, scores / penalty, scores * penalty)
        return torch.where(self._said, lowered, scores)


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
