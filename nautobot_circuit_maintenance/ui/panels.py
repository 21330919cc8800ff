"""Parts of pages that Nautobot's own components cannot say."""

from typing import Any

from django.template import Context


class VerbatimLabelsMixin:  # pylint: disable=too-few-public-methods  # a mixin
    """Labels as the panel writes them: core would make "Not In Nautobot" of "Not in Nautobot"."""

    def render_key(self, key: Any, value: Any, context: Context) -> str:  # pylint: disable=unused-argument  # core's
        """Return the label itself."""
        return str(key)
