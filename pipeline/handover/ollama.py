"""An Ollama `Modelfile` for a merged model, its chat template translated or left to Ollama.

Only merged models: Ollama takes safetensors adapters of a few families, and scales those of rsLoRA
and DoRA as if they were plain ones.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from pipeline.handover.frames import NotTranslatable, translate
from pipeline.handover.subject import Subject
from pipeline.jsonio import read_json
from pipeline.models import tokenizer
from pipeline.models.tokenizer import LocalCoder, NoTokenizer
from pipeline.said import Said

MODELFILE = "Modelfile"
READS_SAFETENSORS = ("Llama", "Mistral", "Mixtral", "Gemma", "Phi3")
"""The families of which Ollama's documents say that it imports their safetensors itself."""


@dataclass(frozen=True, slots=True)
class Modelfile:
    """The text, and what has to be known of it."""

    text: str
    needs_gguf: bool
    """Whether Ollama may not read the safetensors of this family: then a GGUF file is named."""
    untranslated: Said | None
    """Why the chat template is left to Ollama; None where it is translated."""


def modelfile(subject: Subject, gguf: Path | None = None) -> Modelfile:
    """Write the Modelfile of a merged model: from its GGUF file where there is one."""
    families = _architecture(subject.folder)
    needs_gguf = not any(family in families for family in READS_SAFETENSORS)
    if gguf or needs_gguf:
        lines = [f"FROM ./{gguf.name if gguf else f'{subject.name}.gguf'}"]
    else:
        lines = ["FROM ."]
    stored, coder = subject.stored, _coder(subject.folder)
    untranslated: Said | None = None
    try:
        frames = translate(stored.template, stored.special_tokens, _begin(coder) if coder else "")
        lines.append(f'TEMPLATE """{frames.go_template}"""')
    except NotTranslatable as reason:
        untranslated = reason.reason
    ends = [coder.name(token) for token in coder.end_ids] if coder else []
    lines += [f"PARAMETER stop {json.dumps(end, ensure_ascii=False)}" for end in ends]
    return Modelfile("\n".join(lines) + "\n", needs_gguf and gguf is None, untranslated)


def _architecture(folder: Path) -> str:
    value = read_json(folder / "config.json").get("architectures")
    return " ".join(map(str, value)) if isinstance(value, list) else ""


def _coder(folder: Path) -> LocalCoder | None:
    try:
        return tokenizer.load(folder)
    except NoTokenizer:
        return None


def _begin(coder: LocalCoder) -> str:
    """Return the token that the tokenizer puts before every text by itself; mostly none."""
    whole, bare = (
        coder.tokenizer.encode("a", add_special_tokens=each).tokens for each in (True, False)
    )
    return whole[0] if len(whole) > len(bare) and whole[0] != bare[0] else ""
