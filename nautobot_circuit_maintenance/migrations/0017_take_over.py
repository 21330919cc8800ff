"""Take over the rows of the older package of this name, whose tables 0001_schema has set aside.

One transaction: a run that is killed begins again. Without such tables it does nothing.
"""

from django.db import migrations, models

from nautobot_circuit_maintenance.takeover.copying import take_over, undo


class Migration(migrations.Migration):
    """Add the mark of messages that are taken over, and copy the rows."""

    dependencies = [("nautobot_circuit_maintenance", "0016_tags")]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="taken_over",
            field=models.CharField(blank=True, editable=False, max_length=10),
        ),
        migrations.RunPython(take_over, undo, elidable=False),
    ]
