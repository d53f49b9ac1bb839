"""Why a row or a set is left out, in the reader's language: the reasons are written in English."""

import re
from functools import cache

from dashboard.text import has, plain

_TURN = re.compile(r"(?P<reason>.*) \(turn (?P<turn>\d+)\)")
_PATTERNS = {
    "no_text": r"has no text in '(?P<name>.*)' but (?P<kind>\w+)",
    "no_object": r"is no object with fields but (?P<kind>.*)",
    "no_json": r"is no valid JSON \((?P<detail>.*)\)",
    "no_csv": r"is no valid CSV \((?P<detail>.*)\)",
    "too_many_fields": r"has (?P<found>\d+) fields under (?P<named>\d+) names",
    "half_character": r"has half a character \(.*\): (?P<name>.*)",
    "unknown_speaker": r"has a turn by (?P<name>.*), who is not known",
    "broken_middle": r"the file ends in the middle of this row \(line (?P<line>\d+)\).*",
    "broken_json": r"the file is no valid JSON of this row \(line (?P<line>\d+)\).*",
    "undecodable": r"the file is not (?P<encoding>\S+) from byte (?P<byte>[\d,]+) on.*",
    "set_missing": r"its file (?P<name>.*) is missing",
    "set_on_hub": r"is only on (?P<hub>.*?), as (?P<name>[^;]*)(?:;.*)?",
    "set_media": r"holds (?P<kinds>.*); only text can be learned here",
    "set_unnamed": r"is not named in (?P<name>\S+); import the file itself",
    "set_formatting": r"has the formatting '(?P<name>.*)', which is not known",
}


def reason_words(reason: str) -> str:
    """Return a reason in the reader's language, where there are words for it."""
    if (turn := _TURN.fullmatch(reason)) is not None:
        return plain("import.in_turn", reason=reason_words(turn["reason"]), turn=turn["turn"])
    key = "import.reason_" + reason.replace(" ", "_")
    if has(key):
        return plain(key)
    for name, pattern in _compiled().items():
        if (found := pattern.fullmatch(reason)) is not None and has(f"import.reason_{name}"):
            return plain(f"import.reason_{name}", **found.groupdict())
    return reason


@cache
def _compiled() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern, re.DOTALL) for name, pattern in _PATTERNS.items()}
