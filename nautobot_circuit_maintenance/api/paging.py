"""Pages of the REST API that read keys first."""

from typing import Any

from django.db.models import QuerySet
from nautobot.core.api.pagination import OptionalLimitOffsetPagination
from rest_framework.request import Request

from nautobot_circuit_maintenance.models.paging import read_keys, rows_of_page


class KeysFirstPagination(OptionalLimitOffsetPagination):
    """Nautobot's pagination, which skips keys instead of whole rows."""

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: Any = None) -> list[Any] | None:
        """Return the rows of the page; None for CSV, which has no pages."""
        limit = self.get_limit(request)
        if "text/csv" in request.accepted_media_type or not limit:
            return super().paginate_queryset(queryset, request, view)
        self.request, self.limit, self.offset = request, limit, self.get_offset(request)
        found = read_keys(queryset, self.offset, limit)
        self.count = found.count
        self.display_page_controls = self.count > limit and self.template is not None
        return rows_of_page(queryset, found.keys)
