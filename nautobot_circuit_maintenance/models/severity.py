"""How impacts compare."""

from collections.abc import Iterable

from django.db.models import Case, IntegerField, Value, When

from nautobot_circuit_maintenance.choices import CircuitImpactChoices

SEVERITIES = CircuitImpactChoices.values()
"""The impacts, mildest first; a severity is a position in this list, counted from 1, and 0 without an impact."""


def severity(field: str) -> Case:
    """Return an expression for the severity of the impact in a field."""
    order = [When(**{field: impact, "then": Value(place)}) for place, impact in enumerate(SEVERITIES, start=1)]
    return Case(*order, default=Value(0), output_field=IntegerField())


def impact_of_severity(place: int) -> str:
    """Return the impact with this severity; an empty string for 0."""
    return SEVERITIES[place - 1] if place else ""


def severity_of(impacts: Iterable[str]) -> int:
    """Return the severity of the worst of these impacts; 0 if there are none."""
    return max((SEVERITIES.index(impact) + 1 for impact in impacts), default=0)


def worst_impact(impacts: Iterable[str]) -> str:
    """Return the worst of these impacts; an empty string if there are none."""
    return max(impacts, key=SEVERITIES.index, default="")
