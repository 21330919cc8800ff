"""Columns that show our values as the pages do."""

from typing import Any

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString

from nautobot_circuit_maintenance.ui import formatting


def stacked(moment: SafeString) -> SafeString:
    """Keep the two parts of a moment one above the other, however wide the table is."""
    return format_html('<div class="d-inline-flex flex-column">{}</div>', moment)


class BadgeColumn(tables.Column):
    """A word of our vocabularies as a badge."""

    def render(  # pylint: disable=arguments-differ  # django-tables2 passes what is asked for
        self, record: Any, bound_column: tables.columns.BoundColumn
    ) -> SafeString:
        """Show the word itself, where django-tables2 would pass its label."""
        return formatting.badge(bound_column.accessor.resolve(record))


class SupersededColumn(tables.Column):
    """Whether something newer is on record."""

    def render(self, value: bool) -> SafeString:
        """Show what is outdated."""
        return formatting.superseded_badge(value)


class DateTimeBadgeColumn(tables.Column):
    """A moment in the user's zone, and how far off it is."""

    def render(self, value: Any) -> SafeString:
        """Show the moment, and below it how far off it is."""
        return stacked(formatting.datetime_badge(value))

    def value(self, value: Any) -> Any:  # pylint: disable=arguments-differ  # django-tables2 passes what is asked for
        """Export the moment itself."""
        return value
