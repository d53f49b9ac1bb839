"""A chat template made fit for learning: the date stands still, and a system prompt has a place.

Training, chat, evaluation and the token view all use the fitted template, and it is the one that is
saved with an adapter, so that other servers ask as was learned. A template that needs neither
change stays as it is.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from pipeline.models.template import Message, SpecialTokens, TemplateFault, render

FIXED_DAY = datetime(2024, 7, 26)
"""The day that Llama 3.1's own template names where it is told none."""
_OTHER_DAY = datetime(2001, 2, 3)
_FORMAT = re.compile(r"""strftime_now\(\s*(?:"([^"]*)"|'([^']*)')\s*\)""")
_SYSTEM, _USER = "Graft probes the system.", "Graft probes the user."
_TALKS: tuple[Sequence[Message], ...] = (
    [{"role": "user", "content": _USER}],
    [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": _USER}],
)
_FOLD = """{%- if messages | length > 1 and messages[0]['role'] == 'system' %}
{%- set messages = [{'role': messages[1]['role'], 'content': messages[0]['content'] + '\\n\\n' \
+ messages[1]['content']}] + messages[2:] %}
{%- endif %}
"""
"""LLaMA-Factory does the same for such templates. The line break after it is Jinja's to drop."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A template and what was changed in it."""

    template: str
    fixes_date: bool = False
    """It would have told the model today's date; now it tells FIXED_DAY."""
    folds_system: bool = False
    """It refuses or drops a system prompt, or moves it away once the answer is there (Mistral 0.3);
    now that stands before the first question, an empty line between them."""


def fit(template: str, special_tokens: SpecialTokens) -> Fitted:
    """Return the template fit for learning; one that was fitted before comes back unchanged."""
    return _fit(template, tuple(sorted(special_tokens.items())))


@lru_cache(maxsize=64)
def _fit(template: str, tokens: tuple[tuple[str, str], ...]) -> Fitted:
    special = dict(tokens)
    fixes_date = any(
        _rendered(template, talk, special, FIXED_DAY)
        != _rendered(template, talk, special, _OTHER_DAY)
        for talk in _TALKS
    )
    fitted = _still(template) + template if fixes_date else template
    folds = _takes_no_system(fitted, special)
    return Fitted(_FOLD + fitted if folds else fitted, fixes_date, folds)


def _still(template: str) -> str:
    """Return a macro in place of the clock, for the formats in which the template asks it."""
    formats = list(dict.fromkeys(one or other for one, other in _FORMAT.findall(template)))
    cases = "".join(
        f"{{%- if format == {json.dumps(each)} -%}}{FIXED_DAY.strftime(each)}{{%- endif -%}}"
        for each in formats
    )
    known = json.dumps(formats)
    rest = f"{{%- if format not in {known} -%}}{FIXED_DAY:%Y-%m-%d}{{%- endif -%}}"
    return f"{{%- macro strftime_now(format) -%}}{cases}{rest}{{%- endmacro %}}\n"


def _takes_no_system(template: str, special: SpecialTokens) -> bool:
    plain, told = (_rendered(template, talk, special, FIXED_DAY) for talk in _TALKS)
    if plain is None:
        return False  # It refuses plain questions: whoever uses it is told.
    answered = [*_TALKS[1], {"role": "assistant", "content": "Graft probes the answer."}]
    whole = _rendered(template, answered, special, FIXED_DAY)
    return told is None or whole is None or _SYSTEM not in told or _SYSTEM not in whole


def _rendered(
    template: str, talk: Sequence[Message], special: SpecialTokens, now: datetime
) -> str | None:
    try:
        return render(template, talk, special_tokens=special, now=now)
    except TemplateFault:
        return None
