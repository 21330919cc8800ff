"""What several panels share and Nautobot does not have."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Count, QuerySet
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString


class VerbatimLabelsMixin:  # pylint: disable=too-few-public-methods  # a mixin
    """Labels as the panel writes them: core would turn "Circuit IDs" into "Circuit Ids"."""

    def render_key(self, key: Any, value: Any, context: Context) -> str:  # pylint: disable=unused-argument  # core's
        """Return the label itself."""
        return str(key)


def counts_by_state(
    rows: QuerySet[Any], states: Iterable[tuple[str, str]], url_of: Callable[[str], str]
) -> dict[str, SafeString | str]:
    """Count rows by the label of their state; each count links to the list of those in this state."""
    counts = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    return {
        label: (format_html('<a href="{}">{}</a>', url_of(state), counts[state]) if state in counts else "0")
        for state, label in states
    }
