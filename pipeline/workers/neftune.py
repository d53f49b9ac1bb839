"""NEFTune: noise on the embeddings that a model reads while it trains (arXiv 2310.05914)."""

import torch
from peft import PeftModel


def add_noise(model: PeftModel, alpha: float, pad_id: int) -> None:
    """Let every training pass add uniform noise of ± alpha / √(length · width) to the embeddings.

    Length is a row's own, without the padding at its end, as in the paper; `transformers` takes
    the longest row's for all. Nothing is added in evaluation.
    """

    def noisy(
        module: torch.nn.Module, given: tuple[torch.Tensor, ...], embedded: torch.Tensor
    ) -> torch.Tensor | None:
        if not module.training:
            return None
        bound = alpha / torch.sqrt(_lengths(given[0], pad_id) * embedded.size(-1))
        noise = torch.empty_like(embedded).uniform_(-1, 1)
        return embedded + noise * bound.to(embedded.dtype).unsqueeze(-1)

    model.get_input_embeddings().register_forward_hook(noisy)


def _lengths(ids: torch.Tensor, pad_id: int) -> torch.Tensor:
    """Return how many tokens each row has up to its last that is no padding, (rows, 1)."""
    places = torch.arange(1, ids.size(1) + 1, device=ids.device)
    return ((ids != pad_id) * places).amax(dim=1, keepdim=True).clamp(min=1).float()
