"""What a query string of the REST API may ask."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import BinaryField, JSONField
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from nautobot_circuit_maintenance.api.paging import KeysFirstPagination
from nautobot_circuit_maintenance.ui.http import has_storable_query

_LARGE = (BinaryField, JSONField)
"""Sorting by megabytes takes seconds, and the order means nothing."""


class OwnColumnsMixin:
    """Lists are ordered by columns of their own, and by what a row refers to; never by rows that refer to it.

    Ordering by several related rows would repeat a row for each of them, the hidden ones included.
    """

    queryset: Any
    serializer_class: Any
    pagination_class = KeysFirstPagination
    ordered_as: Mapping[str, Sequence[str]] = {}
    """Columns that repeat the order of what a row refers to: no index has the joined ones."""
    unsorted: Collection[str] = ()
    """Columns of a long table that have a few values and no index: an order in which no one turns pages."""

    def filter_queryset(self, queryset: Any) -> Any:
        """Return what is asked for, ordered by columns of its own."""
        found = super().filter_queryset(queryset)  # type: ignore[misc]  # of the view set
        if not self.ordered_as.keys() & {str(name).lstrip("-") for name in found.query.order_by}:
            return found
        return found.order_by(*(column for name in found.query.order_by for column in self._columns(name)))

    def _columns(self, name: str) -> list[str]:
        """Return what one name of ``sort`` stands for; "-" reverses it."""
        columns = list(self.ordered_as.get(name.lstrip("-"), [name.lstrip("-")]))
        if not name.startswith("-"):
            return columns
        return [column[1:] if column.startswith("-") else f"-{column}" for column in columns]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the query string; raises ParseError (400) if the database would refuse it."""
        if not has_storable_query(request):
            raise ParseError("The query string has characters that cannot be stored.")
        super().initial(request, *args, **kwargs)  # type: ignore[misc]  # of the view set

    @property
    def ordering_fields(self) -> list[str]:
        """The fields that ``sort`` may name: those that the endpoint shows, except large ones and ``unsorted``."""
        hidden = {*getattr(self.serializer_class.Meta, "exclude", ()), *self.unsorted}
        fields = self.queryset.model._meta.concrete_fields
        return [field.name for field in fields if field.name not in hidden and not isinstance(field, _LARGE)]
