"""Tags in the reader's words: those of people as they wrote them, measured ones translated."""

from dashboard.text import plain
from store.probes import TAGS


def tag_words(tag: str) -> str:
    """Return a tag as plain text for the reader."""
    return plain(f"known.tag_{tag.partition(':')[2]}") if tag in TAGS else tag
