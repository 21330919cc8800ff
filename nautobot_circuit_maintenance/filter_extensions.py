"""Filters that the app adds to core's lists."""

from typing import Any

from django.db.models import QuerySet
from nautobot.apps.filters import FilterExtension, NaturalKeyOrPKMultipleChoiceFilter
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitMaintenance

OF_MAINTENANCE = "nautobot_circuit_maintenance_of_provider"
"""Keeps the circuits of the provider of a maintenance: what the form of an impact offers."""


def of_provider(queryset: QuerySet[Circuit], _name: str, value: Any) -> QuerySet[Circuit]:
    """Keep the circuits of the providers of these maintenances; all for a maintenance without a provider."""
    chosen = Visibility.of_reader().maintenances.filter(pk__in=[each.pk for each in value])
    if not value or chosen.filter(provider=None).exists():
        return queryset
    return queryset.filter(provider__in=chosen.values("provider"))


class CircuitFilterExtension(FilterExtension):
    """Filters of circuits."""

    model = "circuits.circuit"
    filterset_fields = {
        OF_MAINTENANCE: NaturalKeyOrPKMultipleChoiceFilter(
            queryset=CircuitMaintenance.objects.all(), method=of_provider, label="Provider of circuit maintenance"
        ),
    }


filter_extensions = [CircuitFilterExtension]
