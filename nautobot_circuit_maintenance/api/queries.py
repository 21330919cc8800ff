"""What a query string of the REST API may ask."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from nautobot_circuit_maintenance.api.paging import KeysFirstPagination
from nautobot_circuit_maintenance.ui.http import has_storable_query


class OwnColumnsMixin:
    """Lists are ordered by columns of their own, and by what a row refers to; never by rows that refer to it.

    Ordering by several related rows would repeat a row for each of them, the hidden ones included.
    """

    queryset: Any
    pagination_class = KeysFirstPagination

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the query string; raises ParseError (400) if the database would refuse it."""
        if not has_storable_query(request):
            raise ParseError("The query string has characters that cannot be stored.")
        super().initial(request, *args, **kwargs)  # type: ignore[misc]  # of the view set

    @property
    def ordering_fields(self) -> list[str]:
        """The fields that ``ordering`` may name."""
        model = self.queryset.model
        hidden = getattr(model, "HIDDEN", ())
        return [field.name for field in model._meta.concrete_fields if field.name not in hidden]
