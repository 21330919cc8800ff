"""Parts of pages that Nautobot's own components cannot say."""

from typing import Any

from django.template import Context
from nautobot.apps.ui import BaseTextPanel

LONGEST_SHOWN = 200_000
"""Characters of a message that a page shows; the download has all of it."""


class AsWritten:  # pylint: disable=too-few-public-methods  # a mixin
    """Labels as the panel writes them: core would make "Not In Nautobot" of "Not in Nautobot"."""

    def render_key(self, key: Any, value: Any, context: Context) -> str:  # pylint: disable=unused-argument  # core's
        """Return the label itself."""
        return str(key)


class SourceTextPanel(BaseTextPanel):
    """The raw message as text, escaped; read from the database only where this panel is shown."""

    label = "Source of the message"
    render_as = BaseTextPanel.RenderOptions.CODE

    def get_value(self, context: Context) -> str:
        """Read the bytes; those that are not UTF-8 show as a replacement character."""
        raw = context["object"].raw
        if raw is None:
            return "The raw message is not on record: it was over the size limit, or has been purged."
        text = bytes(raw).decode("utf-8", errors="replace")
        if len(text) > LONGEST_SHOWN:
            return f"{text[:LONGEST_SHOWN]}\n\n... cut here: download the message to see all of it."
        return text
