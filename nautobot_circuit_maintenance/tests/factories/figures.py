"""By what lists of maintenances are sorted: as it is stored, and as it is."""

from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance

Figures = dict[tuple[str, str], tuple[int, int]]
"""Number of affected circuits and severity of the worst impact, by provider and name of the maintenance."""


def stored_figures() -> Figures:
    """Return the figures by which maintenances are sorted."""
    rows = CircuitMaintenance.objects.values_list("provider__name", "name", "sort_circuits", "sort_severity")
    return {(provider or "", name): (circuits, severity) for provider, name, circuits, severity in rows}


def counted_figures() -> Figures:
    """Return the same, counted now."""
    rows = CircuitMaintenance.objects.select_related("provider").with_impact_summary(CircuitImpact.objects.all())
    return {(str(row.provider or ""), row.name): (row.circuit_count, row.worst_severity) for row in rows}
