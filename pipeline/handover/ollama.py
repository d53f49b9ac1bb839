"""An Ollama `Modelfile` for a merged model, its chat template translated or left to Ollama.

Only merged models: Ollama takes safetensors adapters of a few families, and scales those of rsLoRA
and DoRA as if they were plain ones.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import tokenizers

from pipeline.handover.frames import NotTranslatable, translate
from pipeline.handover.subject import Subject
from pipeline.models import tokenizer
from pipeline.models.tokenizer import FILE, NoTokenizer

MODELFILE = "Modelfile"
READS_SAFETENSORS = ("Llama", "Mistral", "Mixtral", "Gemma", "Phi3")
"""The families of which Ollama's documents say that it imports their safetensors itself."""


@dataclass(frozen=True, slots=True)
class Modelfile:
    """The text, and what has to be known of it."""

    text: str
    needs_gguf: bool
    """Whether Ollama may not read the safetensors of this family: then a GGUF file is named."""
    untranslated: str
    """Why the chat template is left to Ollama; empty where it is translated."""


def modelfile(subject: Subject, gguf: Path | None = None) -> Modelfile:
    """Write the Modelfile of a merged model: from its GGUF file where there is one."""
    families = _architecture(subject.folder)
    needs_gguf = not any(family in families for family in READS_SAFETENSORS)
    source = gguf.name if gguf else (f"{subject.name}.gguf" if needs_gguf else ".")
    lines = [f"FROM ./{source}" if source != "." else "FROM ."]
    untranslated = ""
    try:
        frames = translate(
            subject.stored.template, subject.stored.special_tokens, _begin(subject.folder)
        )
        lines.append(f'TEMPLATE """{frames.go_template}"""')
    except NotTranslatable as reason:
        untranslated = str(reason)
    lines += [f"PARAMETER stop {json.dumps(end, ensure_ascii=False)}" for end in _ends(subject)]
    return Modelfile("\n".join(lines) + "\n", needs_gguf and gguf is None, untranslated)


def _architecture(folder: Path) -> str:
    value = json.loads((folder / "config.json").read_bytes()).get("architectures")
    return " ".join(map(str, value)) if isinstance(value, list) else ""


def _ends(subject: Subject) -> tuple[str, ...]:
    """Return the tokens that end an answer, as text."""
    try:
        coder = tokenizer.load(subject.folder)
    except NoTokenizer:
        return (subject.stored.special_tokens.get("eos_token", ""),)
    return tuple(coder.name(token) for token in coder.end_ids)


def _begin(folder: Path) -> str:
    """Return the token that the tokenizer puts before every text by itself; mostly none."""
    path = folder / FILE
    if not path.is_file():
        return ""
    reader = tokenizers.Tokenizer.from_file(str(path))
    whole, bare = (reader.encode("a", add_special_tokens=each).tokens for each in (True, False))
    return whole[0] if len(whole) > len(bare) and whole[0] != bare[0] else ""
