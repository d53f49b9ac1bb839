"""One question to the held models: prompts, answers, and the stamp under each."""

from collections.abc import Callable

import torch

from pipeline.chat.protocol import Final, Piece, Question, Stamp, Text
from pipeline.errors import PipelineError
from pipeline.workers.generate import Generated, Request, generate
from pipeline.workers.holding import Held
from pipeline.workers.owner import Failure
from pipeline.workers.prompts import Prompt, render, with_system


def answer(
    held: Held,
    question: Question,
    tell: Callable[[Piece], None],
    should_stop: Callable[[], bool],
) -> None:
    """Ask every model of the question; tell their text as it comes, then a Final for each."""
    messages = with_system(question.messages, question.system_prompt)
    templates = held.templates.choose(question)
    prompts = {name: render(held.tokenizer, templates[name], messages) for name in question.models}
    try:
        generated = generate(
            held.model,
            held.tokenizer,
            [Request(name, prompts[name].ids) for name in question.models],
            question.settings,
            on_text=lambda row, text: tell(Text(question.models[row], text)),
            should_stop=should_stop,
            can_mix=held.self_test.can_mix,
        )
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()  # so that the next, shorter question finds what there is
        raise
    for name, done in zip(question.models, generated, strict=True):
        tell(Final(name, done.finish_reason, _stamp(held, question, name, prompts[name], done)))


def _stamp(held: Held, question: Question, name: str, prompt: Prompt, done: Generated) -> Stamp:
    weights = held.weights.get(name)
    settings = question.settings
    return Stamp(
        model=name,
        base=str(held.config.model),
        adapter=str(weights.folder) if weights else None,
        adapter_sha1=weights.sha1 if weights else None,
        system_prompt=prompt.system_prompt,
        temperature=settings.temperature,
        top_p=settings.top_p,
        max_tokens=settings.max_tokens,
        seed=settings.seed,
        mode=done.mode,
        device=str(held.model.device),
        dtype=str(held.model.dtype).removeprefix("torch."),
        prompt_tokens=len(prompt.ids),
        tokens=len(done.token_ids),
        first_token_s=round(done.first_token_s, 3),
        tokens_per_second=round(done.tokens_per_second, 1),
        prompt=prompt.text,
    )


def explain(error: Exception) -> Failure:
    """Say what went wrong in words for whoever asked, with the class of an `error` event."""
    if isinstance(error, PipelineError):
        return Failure("model", str(error))
    if is_out_of_memory(error):
        return Failure(
            "out_of_memory",
            "The device's memory is full. Ask fewer models at once or for fewer tokens, or close "
            "what else uses the device (a training run?), then ask again.",
        )
    if isinstance(error, OSError):
        return Failure("disk", f"A file could not be read or written: {error}.")
    return Failure("unknown", f"{type(error).__name__}: {error}. The server's log has the details.")


def is_out_of_memory(error: Exception) -> bool:
    """Whether torch found no memory; on a CPU it says so only in the words of a RuntimeError."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
