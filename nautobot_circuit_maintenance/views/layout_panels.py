"""Panels of the page of a mail layout."""

# pylint: disable=import-outside-toplevel  # what reads email is imported when it is shown

from collections.abc import Iterator
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.template import Context
from nautobot.apps.ui import Panel

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.ui import formatting

_TEMPLATES = "nautobot_circuit_maintenance/inc/"


class ContentPanel(Panel):
    """What a layout has learned, in words."""

    label = "How It Reads"
    body_content_template_path = f"{_TEMPLATES}layout_content.html"

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Add the fields, or why they cannot be read."""
        from nautobot_circuit_maintenance.reading.layouts.phrases import described
        from nautobot_circuit_maintenance.reading.layouts.stored import LayoutFormatError, layout_of

        layout = context["object"]
        try:
            parts, problem = list(described(layout_of(layout.applies_to, layout.fields))), ""
        except LayoutFormatError as error:
            parts, problem = [], str(error)
        return {**super().get_extra_context(context), "parts": parts, "problem": problem}


class ReplayPanel(Panel):
    """What a layout makes of the stored notifications, side by side with what is on record."""

    label = "Replay"
    body_content_template_path = f"{_TEMPLATES}layout_replay.html"

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Add the result, with those notifications that the user may view."""
        layout, user = context["object"], context["request"].user
        found = layout.replay
        extra: dict[str, Any] = {
            **super().get_extra_context(context),
            "replay": found,
            "is_current": layout.is_replayed,
        }
        if not found:
            return extra
        listed = [*found["differences"], *found["refusals"]]
        visible = Visibility.of(user).notifications.filter(pk__in=[each["notification"] for each in listed])
        keys = {str(pk) for pk in visible.values_list("pk", flat=True)}
        differences = [each for each in found["differences"] if each["notification"] in keys]
        return {
            **extra,
            "differences": [_with_badges(each) for each in differences],
            "refusals": [each for each in found["refusals"] if each["notification"] in keys],
            "differ": found["wrong"] + found["other"],
            "tried_at": formatting.datetime_badge(datetime.fromisoformat(found["at"])),
        }


def _with_badges(difference: dict[str, Any]) -> dict[str, Any]:
    """Return a difference with both readings as the page shows them."""
    sides = [
        {
            "name": name,
            **difference[key],
            "badge": formatting.badge(difference[key]["status"]),
            "spans": list(_spans(difference[key])),
        }
        for name, key in (("On record", "record"), ("Layout", "layout"))
    ]
    return {**difference, "sides": sides}


def _spans(side: dict[str, Any]) -> Iterator[str]:
    """Yield the windows of a reading, each with its circuits if only some are affected in it."""
    # A replay of an older release names no circuits of windows.
    for window, cids in zip_longest(side["windows"], side.get("circuits_of", ())):
        span = " - ".join(_moment(each) for each in window)
        yield f"{span}, only {', '.join(cids)}" if cids else span


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text.replace('Z', '+00:00')):%Y-%m-%d %H:%M} UTC"
