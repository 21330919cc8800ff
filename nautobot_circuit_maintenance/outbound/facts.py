"""The facts of a message for programs: what a webhook posts, JSON-ready."""

from collections.abc import Sequence
from typing import Any

from nautobot_circuit_maintenance.outbound.state import Occasion, Span, to_json

VERSION = 1
"""Of the format; a key that changes its meaning changes it."""


def facts(occasion: Occasion) -> dict[str, Any]:
    """Return event, state and what was sent last; times are ISO 8601."""
    return {
        "version": VERSION,
        "event": occasion.event,
        "window": _span(occasion.window),
        "now": to_json(occasion.now),
        "before": to_json(occasion.last_state) if occasion.last_state else None,
    }


def digest_facts(occasions: Sequence[Occasion]) -> dict[str, Any]:
    """Return the facts of several occasions in one message."""
    return {"version": VERSION, "event": "digest", "updates": [facts(each) for each in occasions]}


def _span(span: Span | None) -> list[str] | None:
    return [each.isoformat() for each in span] if span else None
