"""Numbers, sizes, times and durations in the reader's form."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from dashboard.text import language, plain

_UNITS = ("B", "KB", "MB", "GB", "TB")


def number(value: float, digits: int = 0) -> str:
    """Return 12345.6 as 12,346; both languages group by thousands in figures."""
    return f"{value:,.{digits}f}"


def percent(share: float) -> str:
    """Return the share 0.126 as 13 %; below one per cent with one digit."""
    digits = 1 if 0 < share < 0.01 else 0
    return f"{share * 100:.{digits}f}{'%' if language() == 'zh' else ' %'}"


def size(size_bytes: int) -> str:
    """Return 1536 as 1.5 KB, by steps of 1,024."""
    value, unit = float(size_bytes), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    digits = 0 if unit == 0 or value >= 100 else 1
    return f"{value:,.{digits}f} {_UNITS[unit]}"


def duration(seconds: float) -> str:
    """Return 3725 as 1 h 2 min: the two largest units that matter."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return plain("shell.hours_minutes", hours=hours, minutes=minutes)
    if minutes:
        return plain("shell.minutes_seconds", minutes=minutes, seconds=rest)
    return plain("shell.seconds", seconds=rest)


def when(moment: datetime, now: datetime | None = None) -> str:
    """Return a moment in the reader's time zone: the time today, else the date with it."""
    zone = _zone()
    there = _aware(moment).astimezone(zone)
    today = _aware(now or datetime.now(UTC)).astimezone(zone).date()
    clock = f"{there:%H:%M}"
    if there.date() == today:
        return plain("shell.today_at", clock=clock)
    if language() == "zh":
        return f"{there.year}年{there.month}月{there.day}日 {clock}"
    return f"{there.day} {there:%b} {there.year}, {clock}"


def shortened(text: str, length: int) -> str:
    """Return the first line's worth of `text`: white space joined, cut with an ellipsis."""
    joined = " ".join(text[: length * 4].split())
    return joined if len(joined) <= length else joined[: length - 1].rstrip() + "…"


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _zone() -> ZoneInfo:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
