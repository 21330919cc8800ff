"""Every filter of every filter set answers as if hidden rows did not exist."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import django_filters
import pytest
from django.db import models as fields, transaction
from django.test import TestCase
from django_filters.utils import get_model_field
from nautobot.extras.context_managers import web_request_context

from nautobot_circuit_maintenance import filters, models
from nautobot_circuit_maintenance.tests.attacks import hidden_rows
from nautobot_circuit_maintenance.tests.attacks.hidden_rows import CONSTRAINTS, READERS
from nautobot_circuit_maintenance.tests.two_providers import OF_THE_APP, OURS, THEIRS

FILTER_SETS = [getattr(filters, name) for name in filters.__all__]
WORDS = (THEIRS[:4], OURS)
"""What may be asked of any text: a part of a hidden one, and what visible ones have."""


def is_about_relations(each: django_filters.Filter) -> bool:
    """Return whether a filter may look at other rows than those of the list."""
    own = {field.name for field in each.model._meta.concrete_fields if not field.is_relation}
    return bool(each.method) or each.field_name not in own


def values_for(each: django_filters.Filter) -> list[Any]:
    """Return values to ask a filter for: from hidden rows, from visible ones, and words of both."""
    if getattr(each, "queryset", None) is not None:
        return list(_choices(each))
    if isinstance(each, (django_filters.BooleanFilter, django_filters.rest_framework.BooleanFilter)):
        return [True, False]
    if each.extra.get("choices"):
        return [key for key, _ in each.field.choices if key]
    column = get_model_field(each.model, each.field_name)
    if isinstance(each, django_filters.IsoDateTimeFilter):
        return [
            each.isoformat()
            for pair in models.MaintenanceWindow.objects.values_list("start_time", "end_time")
            for each in pair
        ]
    if column is None or isinstance(column, (fields.TextField, fields.CharField)):
        return [*WORDS, *_stored(each, column)]
    return _stored(each, column)


def _choices(each: django_filters.Filter) -> Iterator[str]:
    name = each.extra.get("to_field_name")
    rows = each.queryset.model.objects.order_by(name or "pk")
    for row in [*rows[:1], *rows.reverse()[:2]]:  # ours come first, theirs last
        yield str(row.pk)
        if name and name not in ("pk", "id"):
            yield getattr(row, name)


def _stored(each: django_filters.Filter, column: Any) -> list[Any]:
    if column is None:
        return []
    found = column.model.objects.order_by(column.name).values_list(column.name, flat=True)
    known = list(dict.fromkeys(value for value in found if value not in (None, "")))
    texts = [value.isoformat() if hasattr(value, "isoformat") else str(value) for value in known]
    return list(dict.fromkeys([*texts[:1], *texts[-1:]]))


def answer(filter_set: type[django_filters.FilterSet], user: Any, asked: dict[str, Any]) -> Any:
    """Return what a filter set answers a reader: primary keys, or "invalid"."""
    only = _without_other_filters(filter_set)
    only.base_filters = {name: filter_set.base_filters[name] for name in asked if name in filter_set.base_filters}
    rows = only(asked, filter_set._meta.model.objects.restrict(user, "view"))
    return sorted(map(str, rows.qs.values_list("pk", flat=True))) if rows.is_valid() else "invalid"


@cache
def _without_other_filters(filter_set: type[django_filters.FilterSet]) -> type[django_filters.FilterSet]:
    """Return a class whose filters can be chosen: the form of all 190 filters would take 15 ms for each question."""
    return type(filter_set.__name__, (filter_set,), {})


class FiltersTest(TestCase):
    """Readers from whom something is hidden."""

    @classmethod
    def setUpTestData(cls):
        """Create what is visible and what is hidden."""
        hidden_rows.create()

    def questions(self, *, only_relations: bool) -> list[tuple[type, dict[str, Any]]]:
        """List filter sets with parameters: each filter with each value."""
        return [
            (filter_set, {name: value if isinstance(value, bool) else [value] if _is_multiple(each) else value})
            for filter_set in FILTER_SETS
            for name, each in filter_set().filters.items()
            if is_about_relations(each) or not only_relations
            for value in values_for(each)
        ]

    def test_the_walk_knows_every_model_and_finds_visible_rows(self):
        self.assertEqual({each._meta.model for each in FILTER_SETS}, set(OF_THE_APP))
        user = hidden_rows.reader(CONSTRAINTS)
        [found] = self.answers(user, [(filters.CircuitMaintenanceFilterSet, {"circuit_id__ic": [OURS]})])
        self.assertEqual(len(found), 4)

    def test_no_filter_answers_differently_if_hidden_rows_are_others(self):
        self.compare(CONSTRAINTS, only_relations=False)

    @pytest.mark.nightly  # half a minute
    def test_nor_for_readers_of_whom_one_kind_of_rows_is_hidden(self):
        for name, constraints in READERS.items():
            if constraints is not CONSTRAINTS:
                with self.subTest(name):
                    self.compare(constraints, only_relations=True)

    @staticmethod
    def answers(user: Any, questions: list[tuple[type, dict[str, Any]]]) -> list[Any]:
        """Ask everything, in one request of this reader."""
        with web_request_context(user):
            return [answer(filter_set, user, asked) for filter_set, asked in questions]

    def compare(self, constraints: dict[Any, Any], *, only_relations: bool) -> None:
        """Ask everything before and after the hidden rows are changed."""
        user = hidden_rows.reader(constraints)
        questions = self.questions(only_relations=only_relations)
        self.assertGreater(len(questions), 500)
        before = self.answers(user, questions)
        with transaction.atomic():
            hidden_rows.change_hidden(constraints)
            after = self.answers(user, questions)
            transaction.set_rollback(True)
        differing = [
            (filter_set.__name__, asked, len(one), len(other))
            for (filter_set, asked), one, other in zip(questions, before, after)
            if one != other
        ]
        self.assertEqual(differing, [])
        self.assertTrue(any(found and found != "invalid" for found in before))


def _is_multiple(each: django_filters.Filter) -> bool:
    return isinstance(each, django_filters.MultipleChoiceFilter)
