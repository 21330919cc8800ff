"""With which others a maintenance overlaps, as a column of their list."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import django_tables2 as tables
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from nautobot.apps.templatetags import placeholder

from nautobot_circuit_maintenance.models import CircuitMaintenance

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.analysis.overlaps import Overlap

_YES = {"True", "true", "1"}
_MOST = 3


def is_asked(request: HttpRequest) -> bool:
    """Return whether a list shows only maintenances that overlap: then it has to say with what."""
    return request.GET.get("overlapping") in _YES


class OverlapsColumn(tables.Column):
    """The other maintenances, and where; of many, the first."""

    def __init__(self, **kwargs: Any) -> None:
        """Set the label; what overlaps cannot be sorted."""
        super().__init__(**{"accessor": "pk", "verbose_name": "Overlaps with", "orderable": False, **kwargs})
        self.found: dict[UUID, list[Overlap]] | None = None

    def render(  # pylint: disable=arguments-differ  # django-tables2 passes arguments by name
        self, record: CircuitMaintenance, table: Any
    ) -> SafeString:
        """Render links; what the page has is read once, and only if the column is shown."""
        if self.found is None:
            # pylint: disable-next=import-outside-toplevel  # not at each start
            from nautobot_circuit_maintenance.analysis.overlaps import overlaps_of

            self.found = overlaps_of([row.record.pk for row in table.paginated_rows], table.visibility, table.now)
        others = self.found.get(record.pk, [])
        route = "plugins:nautobot_circuit_maintenance:circuitmaintenance"
        links = format_html_join(
            ", ",
            '<a href="{}">{}</a> <small class="text-secondary">{}</small>',
            (
                (reverse(route, kwargs={"pk": each.maintenance}), each.name, ", ".join(each.sites))
                for each in others[:_MOST]
            ),
        )
        if not others:
            return placeholder(None)
        return format_html("{} and {} more", links, len(others) - _MOST) if len(others) > _MOST else links
