"""Times in messages: in UTC, which every recipient can convert, and in one more zone."""

from datetime import datetime, timezone, tzinfo

from nautobot_circuit_maintenance.outbound.state import Span

_LONG, _SHORT = "%a %d %b %Y %H:%M", "%a %d %b %H:%M"


def moment_text(moment: datetime, zone: tzinfo) -> str:
    """Return a moment: "Tue 01 Dec 2026 22:00 UTC (Tue 01 Dec 23:00 CET)"."""
    text = f"{moment.astimezone(timezone.utc).strftime(_LONG)} UTC"
    local = moment.astimezone(zone)
    return text if _is_utc(local) else f"{text} ({local:{_SHORT} %Z})"


def span_text(span: Span, zone: tzinfo) -> str:
    """Return a window: "Tue 01 Dec 2026 22:00 – Wed 02 Dec 2026 02:00 UTC (Tue 01 Dec 23:00 – Wed 02 Dec 03:00 CET)"."""
    text = _between(*(each.astimezone(timezone.utc) for each in span), day=_LONG)
    start, end = (each.astimezone(zone) for each in span)
    return text if _is_utc(start) and _is_utc(end) else f"{text} ({_between(start, end, day=_SHORT)})"


def _between(start: datetime, end: datetime, *, day: str) -> str:
    """Return two times of one zone; the end only by its time of day if that is on the same day."""
    # In the night of a daylight saving change, the ends are in different zones.
    first = f"{start:{day} %Z}" if start.utcoffset() != end.utcoffset() else f"{start:{day}}"
    last = f"{end:%H:%M %Z}" if start.date() == end.date() else f"{end:{day} %Z}"
    return f"{first} \N{EN DASH} {last}"


def _is_utc(local: datetime) -> bool:
    return local.tzname() == "UTC"
