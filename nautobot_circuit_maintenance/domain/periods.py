"""Spans of time as text."""

from datetime import timedelta


def duration(span: timedelta) -> str:
    """Return a span in hours and minutes, from two days in days and hours: "4 h", "1 h 30 min", "3 d 2 h"."""
    minutes = round(abs(span.total_seconds()) / 60)
    if minutes >= 48 * 60:
        parts = ((minutes // 1440, "d"), (minutes % 1440 // 60, "h"))
    else:
        parts = ((minutes // 60, "h"), (minutes % 60, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"


def shift_text(by: timedelta) -> str:
    """Return how far something moved: "24 h later", "30 min earlier"."""
    return f"{duration(by)} {'earlier' if by < timedelta(0) else 'later'}"
