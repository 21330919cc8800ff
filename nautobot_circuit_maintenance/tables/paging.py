"""Tables whose pages read keys first."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet

from nautobot_circuit_maintenance.models.paging import read_keys, rows_of_page


class KeysFirstMixin:
    """A table that sorts and skips keys alone; joins and related rows are those of the page."""

    rows: Any
    page: Any

    def paginate(
        self, paginator_class: type[Paginator[Any]] = Paginator, per_page: Any = None, page: Any = 1, **kwargs: Any
    ) -> Any:
        """Show a page, the last one if there are fewer; the number of all rows is known from its keys."""
        data = self.rows.data
        if not isinstance(getattr(data, "data", None), QuerySet):
            return super().paginate(paginator_class, per_page, page, **kwargs)  # type: ignore[misc]  # of a Table
        size = paginator_class(self.rows, per_page or 25).per_page
        number = page if isinstance(page, int) and page > 0 else 1
        found = read_keys(data.data, (number - 1) * size, size)
        if found.count and not found.keys:
            number = -(-found.count // size)
            found = read_keys(data.data, (number - 1) * size, size)
        data._length = found.count  # pylint: disable=protected-access  # else django-tables2 counts
        super().paginate(paginator_class, size, number, **kwargs)  # type: ignore[misc]  # of a Table
        self.page.object_list.data = rows_of_page(data.data, found.keys)
        return self
