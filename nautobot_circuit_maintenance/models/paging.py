"""Pages of long tables: first the keys of a page, then its rows.

Nautobot asks for whole rows by LIMIT and OFFSET. Page 3,000 then reads, joins and sorts 150,000 whole rows to show 50.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Window
from django.db.models.expressions import OrderBy
from django.db.models.query import ModelIterable
from django.db.models.sql.where import WhereNode

_DEEP = 1_000
"""Rows that the database passes over before it is worth a query of its own to skip them."""
_AHEAD = 200
"""Rows at the beginning of an order in which the first page is looked for."""


class DeepSlices(QuerySet[Any]):
    """A queryset that reads the rows of a slice by their keys if many come before them.

    GraphQL slices whole rows with all that it joins to them, and core leaves no other place to do better.
    """

    def _fetch_all(self) -> None:
        query = self.query
        if self._result_cache is None and self._is_deep_page() and self._has_whole_rows():
            everything = self.all()
            everything.query.clear_limits()
            keys = in_stable_order(everything).prefetch_related(None).values_list("pk", flat=True)
            chosen = rows_of_page(everything, list(keys[query.low_mark : query.high_mark]))
            self._result_cache, self._prefetch_done = chosen, True
        super()._fetch_all()

    def _is_deep_page(self) -> bool:
        """Return whether many rows come before the slice, and few are in it: each is a key in the second statement."""
        low, high = self.query.low_mark, self.query.high_mark
        return low >= _DEEP and high is not None and high - low <= _DEEP

    def _has_whole_rows(self) -> bool:
        query = self.query
        if self._iterable_class is not ModelIterable:
            return False
        return not (query.combinator or query.distinct or query.select_for_update)


@dataclass(frozen=True)
class KeysOfPage:
    """The keys of a page in order, and how many rows there are on all pages."""

    keys: list[Any]
    count: int


def read_keys(rows: QuerySet[Any], offset: int, limit: int) -> KeysOfPage:
    """Return the keys of a page.

    Conditions are tested once, for the keys and the count together. That also keeps the database from walking along the
    index of the order until it has found 50 rows, which may be the last ones. Where most rows match, the database would keep
    and sort hundreds of thousands of keys for that: then the first page is found at once, and the count is only a count.
    """
    keys = in_stable_order(rows).prefetch_related(None)
    if rows.query.is_empty():  # also while our tables are not migrated
        return KeysOfPage([], 0)
    if rows.query.where:
        first = _among_the_first(keys, limit) if not offset and _is_indexed(rows) else []
        if first:
            return KeysOfPage(first, _count(rows))
        counted = keys.annotate(rows_in_all=Window(Count("*"))).values_list("pk", "rows_in_all")
        found = list(counted[offset : offset + limit])
        if found:
            return KeysOfPage([pk for pk, _ in found], found[0][1])
        return KeysOfPage([], _count(rows) if offset else 0)
    count = _count(rows)
    return KeysOfPage(_slice(keys, offset, min(limit, max(count - offset, 0)), count), count)


def _count(rows: QuerySet[Any]) -> int:
    """Count keys: whole rows would be compared if they had to be made distinct, and figures worked out."""
    return rows.order_by().values("pk").count()


def _is_indexed(rows: QuerySet[Any]) -> bool:
    """Return whether the order is that of the model, which an index has."""
    ordering = list(rows.model._meta.ordering)
    has_index = any(index.fields == ordering for index in rows.model._meta.indexes)
    return has_index and rows.query.default_ordering and not rows.query.order_by


def _among_the_first(rows: QuerySet[Any], limit: int) -> list[Any]:
    """Return the keys of the first page if the first rows of all fill it; else nothing."""
    everything = rows.values_list("pk", flat=True)
    everything.query.where = WhereNode()
    first = list(everything[:_AHEAD])
    if len(first) < _AHEAD:  # of a short table
        return []
    found = list(rows.filter(pk__in=first).values_list("pk", flat=True)[:limit])
    return found if len(found) == limit else []


def _slice(rows: QuerySet[Any], offset: int, limit: int, count: int) -> list[Any]:
    """Return the keys of a page, read from the nearer end."""
    if not limit:
        return []
    if 2 * offset <= count:
        return list(rows.values_list("pk", flat=True)[offset : offset + limit])
    first = count - offset - limit
    return list(rows.reverse().values_list("pk", flat=True)[first : first + limit])[::-1]


def in_stable_order(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows in their order, equal ones by their keys: else a row might be on two pages, and another on none."""
    ordering = _ordering(rows)
    if any(_name(each) in ("pk", "id") for each in ordering):
        return rows
    return rows.order_by(*ordering, "pk")


def _ordering(rows: QuerySet[Any]) -> tuple[Any, ...]:
    query = rows.query
    if query.order_by:
        return tuple(query.order_by)
    return tuple(rows.model._meta.ordering) if query.default_ordering else ()


def _name(each: Any) -> str:
    expression = each.expression if isinstance(each, OrderBy) else each
    return str(getattr(expression, "name", expression)).lstrip("-")


def rows_of_page(rows: QuerySet[Any], keys: list[Any]) -> list[Any]:
    """Return the rows with these keys, in this order. They met the conditions when their keys were read: not again."""
    chosen = rows.order_by()
    chosen.query.where = WhereNode()
    found = {row.pk: row for row in chosen.filter(pk__in=keys)}
    return [found[key] for key in keys if key in found]
