"""Pages of long tables: first the keys of a page, then its rows.

Nautobot asks for whole rows by LIMIT and OFFSET. Page 3,000 then reads, joins and sorts 150,000 whole rows to show 50.
"""

from typing import Any

from django.db.models import QuerySet


class KeysFirstMixin:
    """A table that sorts and skips keys alone; joins and related rows are those of the page."""

    def paginate(self, *args: Any, **kwargs: Any) -> None:
        """Replace the rows of the page, which are not read yet, by those of its keys."""
        super().paginate(*args, **kwargs)  # type: ignore[misc]  # of django-tables2's Table
        rows = self.page.object_list  # type: ignore[attr-defined]  # set by the line above
        if isinstance(rows.data, QuerySet) and rows.data.query.is_sliced:
            rows.data = rows_of_page(rows.data)


def rows_of_page(page: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows of a page in its order, by their keys."""
    keys = list(page.prefetch_related(None).values_list("pk", flat=True))
    rows = page.all()
    rows.query.clear_limits()
    return rows.filter(pk__in=keys)
