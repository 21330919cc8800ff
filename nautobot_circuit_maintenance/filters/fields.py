"""Filters that several filter sets share, with the same names and labels."""

from typing import Any

import django_filters
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from nautobot.apps.filters import NaturalKeyOrPKMultipleChoiceFilter, SearchFilter, TreeNodeMultipleChoiceFilter
from nautobot.circuits.models import Circuit, Provider
from nautobot.core.utils.data import is_uuid
from nautobot.dcim.models import Device, Location
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance.models import CircuitMaintenance

MOST_HOURS = 24 * 366 * 10
"""The most hours that a filter looks ahead: ten years."""


def choices_filter(vocabulary, **kwargs) -> django_filters.MultipleChoiceFilter:
    """Return a filter on one or several values of a vocabulary; django-filter's default would sort all maintenances."""
    return django_filters.MultipleChoiceFilter(choices=vocabulary, distinct=False, **kwargs)


class TextSearchFilter(SearchFilter):
    """Search texts, or find the row with an ID; nothing is joined, so that nothing has to be made distinct."""

    default_filter_predicates: dict[str, str] = {}
    """Core's would compare the ID of each row as text, which costs more than searching the texts."""

    def __init__(self, *names: str) -> None:
        """Search in these fields."""
        super().__init__(filter_predicates=dict.fromkeys(names, "icontains"), distinct=False)

    def generate_query(self, value: Any, **kwargs: Any) -> Q:
        """Return the query of the predicates, or the ID if this is one."""
        query = super().generate_query(value, **kwargs)
        return query | Q(pk=value.strip()) if is_uuid(value.strip()) else query


class MaintenanceSearchFilter(TextSearchFilter):
    """Search maintenances, by their further IDs too: as text, because databases search JSON in different ways."""

    def generate_query(self, value: Any, **kwargs: Any) -> Q:
        """Return the query of the texts, or the further IDs."""
        return super().generate_query(value, **kwargs) | Q(other_ids_text__icontains=value)

    def filter(self, qs: Any, value: Any) -> Any:
        """Apply the search to a queryset that has the IDs as text."""
        return super().filter(qs.alias(other_ids_text=Cast("other_ids", TextField())) if value else qs, value)


def provider_filter(field_name: str = "provider") -> NaturalKeyOrPKMultipleChoiceFilter:
    """Return a filter on providers."""
    return NaturalKeyOrPKMultipleChoiceFilter(
        queryset=Provider.objects.all(), field_name=field_name, label="Provider (name or ID)", distinct=False
    )


def circuit_filter(field_name: str) -> NaturalKeyOrPKMultipleChoiceFilter:
    """Return a filter on circuits in Nautobot."""
    return NaturalKeyOrPKMultipleChoiceFilter(
        queryset=Circuit.objects.all(),
        field_name=field_name,
        to_field_name="cid",
        label="Circuit (circuit ID or ID)",
        distinct=False,
    )


def location_filter(field_name: str) -> TreeNodeMultipleChoiceFilter:
    """Return a filter on locations, each with its descendants."""
    return TreeNodeMultipleChoiceFilter(
        prefers_id=True,
        queryset=Location.objects.all(),
        field_name=field_name,
        to_field_name="name",
        label="Location (including children)",
        distinct=False,
    )


def tenant_filter(field_name: str) -> NaturalKeyOrPKMultipleChoiceFilter:
    """Return a filter on the tenants of circuits."""
    return NaturalKeyOrPKMultipleChoiceFilter(
        queryset=Tenant.objects.all(), field_name=field_name, label="Circuit tenant (name or ID)", distinct=False
    )


def device_filter(method: str) -> NaturalKeyOrPKMultipleChoiceFilter:
    """Return a filter on devices that calls the named method."""
    return NaturalKeyOrPKMultipleChoiceFilter(
        queryset=Device.objects.all(), method=method, label="Connected device (name or ID)"
    )


def hours_filter(label: str) -> django_filters.NumberFilter:
    """Return a filter on the next hours: unlike a filter on moments, it stays true in a bookmark."""
    return django_filters.NumberFilter(method="filter_within_hours", label=label, min_value=0, max_value=MOST_HOURS)


def maintenance_filter(label: str = "Circuit maintenance (name or ID)") -> NaturalKeyOrPKMultipleChoiceFilter:
    """Return a filter on maintenances."""
    return NaturalKeyOrPKMultipleChoiceFilter(queryset=CircuitMaintenance.objects.all(), label=label)


def filter_overlap(filterset: Any, queryset: Any, name: str, value: Any) -> Any:
    """Apply ``overlaps_from`` and ``overlaps_until``; if both are given, once with both."""
    since, until = (filterset.form.cleaned_data.get(end) for end in ("overlaps_from", "overlaps_until"))
    if value is None or (name == "overlaps_until" and since):
        return queryset
    return queryset.overlapping(since, until)
