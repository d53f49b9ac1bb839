"""Loading a base and its adapters, and proving that each answers as itself."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipeline.chat.config import ServerConfig
from pipeline.chat.protocol import BASE, Message
from pipeline.said import Said
from pipeline.workers.model import (
    ModelUnreadable,
    attach_adapters,
    load_base,
    load_tokenizer,
    special_tokens,
)
from pipeline.workers.narrow import quicken
from pipeline.workers.prompts import Templates, render
from pipeline.workers.selftest import PROBE, SelfTest, before_adapters, self_test

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Weights:
    """An adapter's file of weights, as it was when it was loaded."""

    folder: Path
    sha1: str
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Held:
    """A base model with its adapters, ready to answer."""

    config: ServerConfig
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    templates: Templates
    weights: dict[str, Weights]
    self_test: SelfTest

    @property
    def models(self) -> tuple[str, ...]:
        """The names that can be asked: `base` and every adapter."""
        return (BASE, *self.weights)

    @property
    def warnings(self) -> tuple[Said, ...]:
        """What the person should know before trusting a comparison."""
        idle = [name for name, d in self.self_test.adapter_differences.items() if d == 0]
        said = [
            Said("Adapter {name} changes nothing: its answers are the base's.", name=name)
            for name in idle
        ]
        said += [
            Said("Adapter {name} is asked after the others, because it {why}.", name=name, why=why)
            for name, why in self.self_test.apart.items()
        ]
        if self.self_test.reason:
            said.append(
                Said("Models are asked one after another. {reason}", reason=self.self_test.reason)
            )
        return tuple(said)


def hold(config: ServerConfig) -> Held:
    """Load what a server's config names and test it; errors say which part would not load."""
    base, tokenizer = load_base(config.model, config.device, config.dtype, config.trust_remote_code)
    quicken(base)
    own_template = _template(tokenizer, config.model)
    probe = render(tokenizer, own_template, [Message("user", PROBE)])
    plain = before_adapters(base, probe.ids, rows=1 + len(config.adapters))
    weights = {name: read_weights(folder) for name, folder in config.adapters.items()}
    model = attach_adapters(base, config.adapters)
    tested = self_test(model, tuple(config.adapters), plain)
    logger.info("Self-test: %s", tested)
    trained = {
        name: _trained_template(folder, own_template, config.trust_remote_code)
        for name, folder in config.adapters.items()
    }
    templates = Templates(own_template, trained, special_tokens(tokenizer))
    return Held(config, model, tokenizer, templates, weights, tested)


def memory_bytes(model: PreTrainedModel) -> int:
    """How much of its device's memory a model occupies: a GPU's, else the whole process's."""
    if model.device.type == "cuda":
        return int(torch.cuda.memory_allocated(model.device))
    return int(psutil.Process().memory_info().rss)


def read_weights(folder: Path) -> Weights:
    """Read which weights an adapter folder holds; ModelUnreadable if it holds none."""
    path = folder / "adapter_model.safetensors"
    if not path.is_file():
        raise ModelUnreadable(folder, Said("there is no {path.name}", path=path))
    facts = path.stat()
    with path.open("rb") as file:
        sha1 = hashlib.file_digest(file, "sha1").hexdigest()
    return Weights(folder, sha1, facts.st_size, facts.st_mtime_ns)


def _template(tokenizer: PreTrainedTokenizerBase, folder: Path) -> str:
    template = tokenizer.chat_template
    if not isinstance(template, str):
        raise ModelUnreadable(folder, Said("its tokenizer has no chat template, so it cannot chat"))
    return template


def _trained_template(folder: Path, otherwise: str, trust_remote_code: bool) -> str:
    """The template saved with an adapter; an adapter made elsewhere may have none."""
    if not (folder / "tokenizer_config.json").is_file():
        return otherwise
    return _template(load_tokenizer(folder, trust_remote_code=trust_remote_code), folder)
