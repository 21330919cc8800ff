"""Columns that format values as the pages do."""

from typing import Any

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString
from nautobot.apps.tables import ButtonsColumn

from nautobot_circuit_maintenance.ui import formatting

LINK_CIRCUIT = """
{% if not record.circuit_id and perms.nautobot_circuit_maintenance.change_circuitimpact and perms.circuits.change_circuit %}
    <li><a class="dropdown-item"
           href="{% url 'plugins:nautobot_circuit_maintenance:circuitimpact_link' pk=record.pk %}?return_url={{ request.get_full_path|urlencode }}">
        <span class="mdi mdi-link-variant" aria-hidden="true"></span> Link to a circuit
    </a></li>
{% endif %}
"""
"""The menu item of an impact without a circuit, for ``ActionsColumn``."""


class ActionsColumn(ButtonsColumn):
    """The buttons of a row. Core's column offers to sort by them, which answers with a server error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer no sorting."""
        super().__init__(*args, orderable=False, **kwargs)


def stacked(moment: SafeString) -> SafeString:
    """Stack the two lines of a moment, whatever the width of the table."""
    return format_html('<div class="d-inline-flex flex-column">{}</div>', moment)


class BadgeColumn(tables.Column):
    """A value of our vocabularies as a badge."""

    def render(  # pylint: disable=arguments-differ  # django-tables2 passes arguments by name
        self, record: Any, bound_column: tables.columns.BoundColumn
    ) -> SafeString:
        """Render the stored value; django-tables2 would pass its label."""
        return formatting.badge(bound_column.accessor.resolve(record))


class NotificationStateColumn(tables.Column):
    """The state of a notification."""

    def render(  # pylint: disable=arguments-differ  # django-tables2 passes arguments by name
        self, record: Any, bound_column: tables.columns.BoundColumn
    ) -> SafeString:
        """Render the state; a notification that was read only in part has the state "parsed" and an error."""
        notification = bound_column.accessor.penultimate(record)[0]
        return formatting.state_badge(notification.state, notification.error)


class SupersededColumn(tables.Column):
    """Whether a newer notification replaced this one."""

    def __init__(self, **kwargs: Any) -> None:
        """Set the label, which differs from the name of the field."""
        super().__init__(**{"verbose_name": "Superseded", **kwargs})

    def render(self, value: bool) -> SafeString:
        """Render a badge for superseded rows."""
        return formatting.superseded_badge(value)


class DateTimeBadgeColumn(tables.Column):
    """A moment in the user's zone with its distance from now."""

    def render(self, value: Any) -> SafeString:
        """Render the moment, and below it its distance from now."""
        return stacked(formatting.datetime_badge(value))

    def value(self, value: Any) -> Any:  # pylint: disable=arguments-differ  # django-tables2 passes arguments by name
        """Export the moment itself."""
        return value
