"""A model's tokenizer and chat template without torch: what a page can know of its tokens.

Reads `tokenizer.json` with the same library as transformers does. Models that have only a
SentencePiece file are refused in words.
"""

import json
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import tokenizers

from pipeline.errors import BadInput
from pipeline.jsonio import read_json
from pipeline.models import catalog, example
from pipeline.models.example import Token
from pipeline.models.fitting import Fitted, fit
from pipeline.models.template import SpecialTokens, SystemPrompt, with_system_prompt
from pipeline.said import Said

FILE = "tokenizer.json"
_SETTINGS = ("generation_config.json", "config.json")


class NoTokenizer(BadInput):
    """The model's tokens cannot be shown: it has no `tokenizer.json`, or an unreadable one."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder, self.reason = folder, reason
        super().__init__(
            "The tokens of {folder.name} cannot be shown: {reason}. Load its tokenizer once "
            "with transformers and save it into the folder; training does not need this."
        )


@dataclass(frozen=True)
class LocalCoder:
    """A tokenizer with the chat template that a run would train with."""

    folder: Path
    tokenizer: tokenizers.Tokenizer
    template: str
    special_tokens: SpecialTokens
    control: re.Pattern[str]
    end_ids: tuple[int, ...]
    """The tokens that end an answer, the one that is learned first."""
    fitted: Fitted
    """What had to be changed in the model's own template."""
    own_template: str
    """The model's template as it lies in its folder."""

    @cached_property
    def _plain(self) -> tokenizers.Tokenizer:
        return without_added(self.tokenizer)

    def encode(self, text: str, *, as_text: bool = False) -> list[Token]:
        """Return the tokens of a text, each with where it ends."""
        chosen = self._plain if as_text else self.tokenizer
        encoding = chosen.encode(text, add_special_tokens=False)
        return list(zip(encoding.ids, (end for _, end in encoding.offsets), strict=True))

    def name(self, token: int) -> str:
        """Return a token as the vocabulary writes it."""
        return self.tokenizer.id_to_token(token) or ""

    @property
    def control_ids(self) -> frozenset[int]:
        """The ids of the control tokens."""
        added = self.tokenizer.get_added_tokens_decoder()
        return frozenset(i for i, each in added.items() if self.control.fullmatch(each.content))


def load(folder: Path, prompt: SystemPrompt | None = None) -> LocalCoder:
    """Load a model's tokenizer and fit its template, with a run's system prompt where one is told.

    Raises NoTokenizer, and SystemPromptImpossible as training would.
    """
    path = folder / FILE
    if not path.is_file():
        raise NoTokenizer(folder, Said("it has no {file}", file=FILE))
    try:
        own = tokenizers.Tokenizer.from_file(str(path))
        template, special = catalog.chat_template(folder)
    except Exception as error:  # The library raises nothing more special.
        raise NoTokenizer(folder, str(error)) from error
    if not template:
        raise NoTokenizer(folder, Said("it has no chat template"))
    own.no_truncation()
    own.no_padding()
    coder = _coder(folder, own, template, special)
    return with_prompt(replace(coder, end_ids=_end_ids(coder)), prompt or SystemPrompt())


def stamp(folder: Path) -> tuple[tuple[str, int], ...]:
    """Return what tells whether a model's tokenizer or template was changed on disk."""
    names = (FILE, "tokenizer_config.json", "chat_template.jinja", *_SETTINGS)
    files = (folder / name for name in names)
    return tuple((file.name, file.stat().st_mtime_ns) for file in files if file.exists())


def with_prompt(coder: LocalCoder, prompt: SystemPrompt) -> LocalCoder:
    """Return the coder under another system prompt."""
    changed = with_system_prompt(coder.fitted.template, prompt, coder.special_tokens)
    return replace(coder, template=changed)


def _coder(
    folder: Path,
    own: tokenizers.Tokenizer,
    template: str,
    special: SpecialTokens,
) -> LocalCoder:
    fitted = fit(template, special)
    added = own.get_added_tokens_decoder()
    tokens = {each.content: each.special for each in added.values()}
    return LocalCoder(
        folder=folder,
        tokenizer=own,
        template=fitted.template,
        special_tokens=special,
        control=example.control_pattern(tokens, fitted.template),
        end_ids=(),
        fitted=fitted,
        own_template=template,
    )


def without_added(tokenizer: tokenizers.Tokenizer) -> tokenizers.Tokenizer:
    """Return the tokenizer as it reads plain text: it knows no control tokens."""
    whole = json.loads(tokenizer.to_str())
    return tokenizers.Tokenizer.from_str(
        json.dumps({**whole, "added_tokens": [], "post_processor": None})
    )


def _end_ids(coder: LocalCoder) -> tuple[int, ...]:
    added = coder.tokenizer.get_added_tokens_decoder()
    turn = example.end_of_turn(
        coder.template,
        coder.special_tokens,
        lambda text: [token for token, _ in coder.encode(text)],
        added.keys(),
    )
    eos = coder.special_tokens.get("eos_token")
    eos_id = coder.tokenizer.token_to_id(eos) if eos else None
    found = example.end_ids_of(_configured(coder.folder), eos_id, turn)
    if not found:
        raise NoTokenizer(
            coder.folder, Said("it names no end token, so it could never learn to stop")
        )
    return found


def _configured(folder: Path) -> object:
    """Return the end tokens of the generation settings, which stand above the model's config."""
    for name in _SETTINGS:
        path = folder / name
        if path.is_file():
            settings = read_json(path)
            inner = settings.get("text_config")
            nested = inner.get("eos_token_id") if isinstance(inner, dict) else None
            return settings.get("eos_token_id", nested)
    return None
