"""Answers to a few fixed questions while a model trains, to read along."""

from collections.abc import Sequence

import torch
from peft import PeftModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from pipeline.chat.protocol import Message, Settings
from pipeline.workers.events import Events
from pipeline.workers.generate import Request, generate
from pipeline.workers.prompts import render

MOST_TOKENS = 128
ADAPTER = "default"
"""What PEFT calls the adapter that is being trained."""


class Samples:
    """Asks the model at hand the same questions again and again, greedily, in one batch."""

    def __init__(
        self,
        model: PeftModel,
        tokenizer: Tokenizer,
        prompts: Sequence[str],
        events: Events,
    ) -> None:
        self._model, self._tokenizer, self._events = model, tokenizer, events
        self._prompts = tuple(prompts)
        template = str(tokenizer.chat_template)
        self._requests = [
            Request(ADAPTER, render(tokenizer, template, [Message("user", prompt)]).ids)
            for prompt in self._prompts
        ]

    def tell(self, step: int) -> None:
        """Write a `sample` event for each question; what training draws at random is untouched."""
        if not self._requests:
            return
        self._model.eval()
        with torch.random.fork_rng():
            answers = generate(
                self._model, self._tokenizer, self._requests, Settings(max_tokens=MOST_TOKENS)
            )
        for prompt, answer in zip(self._prompts, answers, strict=True):
            self._events.tell(
                "sample",
                step=step,
                prompt=prompt,
                text=answer.text,
                is_cut=answer.finish_reason == "length",
            )
