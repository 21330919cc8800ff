"""What lists are sorted by is stored; pages of impacts are read from an index alone."""

from typing import Any

from django.db import migrations, models
from django.db.models import Case, Count, IntegerField, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

_MILDEST_FIRST = ("NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE")


def count_impacts(apps: Any, _schema_editor: Any) -> None:
    """Store the figures of what is there."""
    maintenances = apps.get_model("nautobot_circuit_maintenance", "CircuitMaintenance").objects
    impacts = apps.get_model("nautobot_circuit_maintenance", "CircuitImpact").objects
    in_no_window = impacts.filter(in_all_windows=False, windows=None).order_by().values("pk")
    affected = impacts.filter(~Q(pk__in=in_no_window), maintenance=OuterRef("pk")).order_by().values("maintenance")
    order = [When(impact=impact, then=Value(place)) for place, impact in enumerate(_MILDEST_FIRST, start=1)]
    severity = Max(Case(*order, default=Value(0), output_field=IntegerField()))
    figures = {"sort_circuits": Count("pk"), "sort_severity": severity}
    maintenances.update(
        **{
            name: Coalesce(Subquery(affected.annotate(figure=figure).values("figure")), Value(0))
            for name, figure in figures.items()
        }
    )


class Migration(migrations.Migration):
    """Two columns, their indexes, and a wider index of impacts."""

    dependencies = [("nautobot_circuit_maintenance", "0019_mail_layouts")]

    operations = [
        migrations.AddField(
            model_name="circuitmaintenance",
            name="sort_circuits",
            field=models.PositiveIntegerField(
                default=0, editable=False, help_text="Number of affected circuits, by which lists are sorted."
            ),
        ),
        migrations.AddField(
            model_name="circuitmaintenance",
            name="sort_severity",
            field=models.PositiveSmallIntegerField(
                default=0, editable=False, help_text="Severity of the worst impact, by which lists are sorted."
            ),
        ),
        migrations.RunPython(count_impacts, migrations.RunPython.noop, elidable=False),
        migrations.AlterModelOptions(
            name="circuitimpact",
            options={"ordering": ("cid", "id")},
        ),
        migrations.RemoveIndex(
            model_name="circuitimpact",
            name="cm_impact_cid",
        ),
        migrations.AddIndex(
            model_name="circuitimpact",
            index=models.Index(fields=["cid", "id"], name="cm_impact_cid"),
        ),
        migrations.AddIndex(
            model_name="circuitmaintenance",
            index=models.Index(fields=["sort_circuits", "start_time", "name", "id"], name="cm_maintenance_circuits"),
        ),
        migrations.AddIndex(
            model_name="circuitmaintenance",
            index=models.Index(fields=["sort_severity", "start_time", "name", "id"], name="cm_maintenance_severity"),
        ),
    ]
