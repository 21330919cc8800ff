"""Filter by related rows: only those that the reader may view count.

Rows of a list are restricted by core; the relations that a filter follows are not, so that its answers would reveal letter by
letter what a hidden circuit is called. Every condition is rewritten here into subqueries over visible rows, which never
repeat a row of the list either.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Exists, Field, ForeignKey, ForeignObjectRel, Model, OuterRef, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django_filters import DateTimeFilter, Filter, IsoDateTimeFilter
from django_filters.constants import EMPTY_VALUES
from nautobot.apps.filters import BaseFilterSet, RelatedMembershipBooleanFilter
from nautobot.extras.models import Tag

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.calendar import OUT_OF_CALENDAR, is_in_calendar
from nautobot_circuit_maintenance.domain.text import storable_json
from nautobot_circuit_maintenance.filters.lookups import useful

_LABELS = (Tag,)
"""Models whose rows are shown with whatever bears them, to everyone."""


class VisibleFilterSet(BaseFilterSet):
    """A filter set whose filters choose from, and follow relations through, what the reader may view."""

    def __init__(self, data: Any = None, queryset: Any = None, *, request: Any = None, prefix: Any = None) -> None:
        """Restrict the filters that are asked."""
        super().__init__(data, queryset, request=request, prefix=prefix)
        self.visibility = Visibility.of_reader(request)
        for name in self.filters.keys() & set(data or ()):
            if storable_json(_values(data, name)) != _values(data, name):
                self.filters[name] = _RefusedFilter(field_name=name)
            self._restrict(self.filters[name])

    @classmethod
    def get_filters(cls) -> dict[str, Filter]:
        """Return the filters of the class, with the lookups that are of use."""
        return useful(super().get_filters())

    def _restrict(self, asked: Filter) -> None:
        if isinstance(asked, (DateTimeFilter, IsoDateTimeFilter)):
            asked.extra["validators"] = [_check_moment]
        choices = getattr(asked, "queryset", None)
        if isinstance(choices, QuerySet) and choices.model not in _LABELS:
            asked.queryset = self.visibility.among(choices)
        asked.get_method = self._narrowing(asked)

    def _narrowing(self, asked: Filter) -> Callable[[QuerySet], Callable[..., QuerySet]]:
        """Return what a filter uses in place of the ``filter`` and ``exclude`` of a queryset."""

        def get_method(rows: QuerySet) -> Callable[..., QuerySet]:
            def narrow(*conditions: Q, **lookups: Any) -> QuerySet:
                condition = through_visible(rows.model, Q(*conditions, **lookups), self.visibility)
                return rows.exclude(condition) if asked.exclude else rows.filter(condition)

            return narrow

        return get_method


class _RefusedField(forms.Field):
    """A value with characters that databases refuse."""

    def clean(self, value: Any) -> None:
        """Raise ValidationError."""
        raise ValidationError("Null characters and lone surrogates are not allowed.")


class _RefusedFilter(Filter):
    """Takes the place of a filter whose value the database would refuse."""

    field_class = _RefusedField


def _values(data: Any, name: str) -> Any:
    """Return the values of a filter: of a query string, or of a dictionary."""
    return data.getlist(name) if hasattr(data, "getlist") else data[name]


def _check_moment(moment: datetime) -> None:
    if not is_in_calendar(moment):
        raise ValidationError(OUT_OF_CALENDAR)


class HasVisibleFilter(RelatedMembershipBooleanFilter):
    """Keep rows with, or without, related rows that the reader may view."""

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        """Apply the condition; core's filter would join the related rows."""
        if value in EMPTY_VALUES:
            return qs
        return self.get_method(qs)(**{f"{self.field_name}__isnull": not value})


def through_visible(model: type[Model], condition: Q, visibility: Visibility) -> Q:
    """Return a condition on rows of a model in which all relations lead through visible rows only."""
    rewritten = Q(_connector=condition.connector, _negated=condition.negated)
    for child in condition.children:
        if isinstance(child, Q):
            child = through_visible(model, child, visibility)
        elif isinstance(child, tuple):
            child = _rewritten(model, *child, visibility)
        rewritten.children.append(child)
    return rewritten


def _rewritten(model: type[Model], path: str, value: Any, visibility: Visibility) -> Q:
    """Return one lookup, such as ``impacts__circuit__tenant``, as nested subqueries."""
    name, _, rest = path.partition(LOOKUP_SEP)
    relation = _relation(model, name)
    if relation is None or relation.related_model in _LABELS:
        return Q(**{path: value})
    is_own_column = isinstance(relation, ForeignKey)
    related = relation.related_model
    rows = visibility.of_model(related)
    if rest == "isnull":
        return Q(**{path: value}) if is_own_column else _none_of(relation, rows) if value else _any_of(relation, rows)
    if _is_field(related, rest.partition(LOOKUP_SEP)[0]):
        found = _any_of(relation, rows.filter(_rewritten(related, rest, value, visibility)))
        if not (rest.endswith(f"{LOOKUP_SEP}isnull") and value):
            return found
        # As with an outer join: what has no related row at all has none with a value either.
        none = _none_of(relation, rows)
        if not isinstance(relation, ForeignObjectRel):
            return found | none
        return _keys_of(model, found) | _keys_of(model, none)
    if is_own_column and not rows.query.where:
        return Q(**{path: value})
    return _any_of(relation, rows.filter(**{f"pk__{rest or 'exact'}": getattr(value, "pk", value)}))


def _relation(model: type[Model], name: str) -> Any | None:
    field = model._meta.get_field(name) if _is_field(model, name) else None
    return field if field is not None and field.is_relation and field.related_model else None


def _is_field(model: type[Model], name: str) -> bool:
    """Return whether this part of a path is a field, not a lookup, an annotation or ``pk``."""
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _any_of(relation: Any, rows: QuerySet) -> Q:
    """Match what has one of these rows along a relation."""
    if isinstance(relation, ForeignKey):
        return Q(**{f"{relation.name}__in": rows.values("pk")})
    return Q(Exists(_owned(relation, rows)))


def _none_of(relation: Any, rows: QuerySet) -> Q:
    """Match what has none of these rows along a relation."""
    if isinstance(relation, ForeignKey) and not rows.query.where:
        return Q(**{f"{relation.name}__isnull": True})
    return ~_any_of(relation, rows)


def _keys_of(model: type[Model], condition: Q) -> Q:
    """Return the same condition by keys: databases join neither side of "either there is one, or there is none"."""
    return Q(pk__in=Visibility.everything().of_model(model).filter(condition).values("pk"))


def _owned(relation: Any, rows: QuerySet) -> QuerySet:
    """Return those of these rows that belong to the row of the outer query."""
    if isinstance(relation, ForeignObjectRel):
        return rows.filter(**{relation.field.name: OuterRef("pk")})
    if isinstance(relation, Field) and relation.many_to_many:
        return rows.filter(**{relation.related_query_name(): OuterRef("pk")})
    # A generic relation: core's contacts, for example, know their object by type and primary key.
    owners = relation.model._default_manager.filter(**{f"{relation.name}__in": rows.values("pk")})
    return owners.order_by().filter(pk=OuterRef("pk"))
