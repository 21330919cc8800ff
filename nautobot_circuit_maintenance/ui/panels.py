"""Panel mixins that Nautobot does not have."""

from typing import Any

from django.template import Context


class VerbatimLabelsMixin:  # pylint: disable=too-few-public-methods  # a mixin
    """Labels as the panel writes them: core would turn "Circuit IDs" into "Circuit Ids"."""

    def render_key(self, key: Any, value: Any, context: Context) -> str:  # pylint: disable=unused-argument  # core's
        """Return the label itself."""
        return str(key)
