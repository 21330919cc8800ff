"""The tables of the older package, where they are set aside, and the account of what became of each row."""

import json
from typing import Any

from django.apps.registry import Apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

APP = "nautobot_circuit_maintenance"
PREFIX = "older_"

_REGISTRY = Apps()
"""A registry of its own: these models are not the app's, and migrations must not see them."""


def original(name: str) -> str:
    """Return the name that the older package gave a table."""
    return f"{APP}_{name}"


def aside(name: str) -> str:
    """Return the name of a table that is set aside; the longest has 63 characters, all that PostgreSQL takes."""
    return f"{PREFIX}{APP}_{name}"


LEDGER_TABLE = f"{PREFIX}circuit_maintenance_ledger"


class _Decoded(models.JSONField):
    """JSON whatever its shape: the older package stored a string that holds JSON."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Decode a string once more; what is not JSON stays a string."""
        value = super().from_db_value(value, expression, connection)
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            return value


class OlderTable(models.Model):
    """A table that is set aside."""

    objects = models.Manager()

    class Meta:
        abstract, managed = True, False
        apps, app_label = _REGISTRY, APP


class OlderRow(OlderTable):
    """What all tables but one have."""

    id = models.UUIDField(primary_key=True)
    created = models.DateTimeField(null=True)
    last_updated = models.DateTimeField(null=True)
    custom_fields = models.JSONField(db_column="_custom_field_data")

    class Meta(OlderTable.Meta):
        abstract = True


class OlderMaintenance(OlderRow):
    """A maintenance: provider and maintenance ID are one text, its name."""

    name = models.CharField(max_length=100)
    start_time = models.DateTimeField()
    end_time = models.DateTimeField()
    description = models.TextField()
    status = models.CharField(max_length=50)
    ack = models.BooleanField()

    class Meta(OlderTable.Meta):
        db_table = aside("circuitmaintenance")


class OlderImpact(OlderRow):
    """The impact on a circuit."""

    impact = models.CharField(max_length=50)
    circuit_id = models.UUIDField()
    maintenance_id = models.UUIDField()

    class Meta(OlderTable.Meta):
        db_table = aside("circuitimpact")


class OlderNote(OlderRow):
    """A note."""

    level = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    comment = models.TextField()
    maintenance_id = models.UUIDField()

    class Meta(OlderTable.Meta):
        db_table = aside("note")


class OlderSource(OlderRow):
    """A source. Its token is a pickle and never decoded."""

    name = models.CharField(max_length=100)
    token = models.BinaryField(db_column="_token")
    attach_all_providers = models.BooleanField()

    class Meta(OlderTable.Meta):
        db_table = aside("notificationsource")


class OlderSourceProvider(OlderTable):
    """A provider of a source."""

    id = models.BigIntegerField(primary_key=True)
    notificationsource_id = models.UUIDField()
    provider_id = models.UUIDField()

    class Meta(OlderTable.Meta):
        db_table = aside("notificationsource_providers")


class OlderRaw(OlderRow):
    """A message, cut at a number of bytes."""

    subject = models.CharField(max_length=200)
    sender = models.CharField(max_length=200)
    parsed = models.BooleanField()
    provider_id = models.UUIDField()
    source_id = models.UUIDField(null=True)
    raw = models.BinaryField()
    stamp = models.DateTimeField()

    class Meta(OlderTable.Meta):
        db_table = aside("rawnotification")


class OlderParsed(OlderRow):
    """What was read from a message about a maintenance, as the parser library's JSON."""

    json = _Decoded()
    maintenance_id = models.UUIDField()
    raw_notification_id = models.UUIDField()

    class Meta(OlderTable.Meta):
        db_table = aside("parsednotification")


class Entry(models.Model):
    """What became of a row: one entry for each row of the older tables, and for each value elsewhere that was rewritten."""

    MOVED, MERGED, LISTED, REWRITTEN, ADDED, REMOVED = "moved", "merged", "listed", "rewritten", "added", "removed"
    """The last three are of other models: what the way back undoes."""

    id = models.BigAutoField(primary_key=True)
    table = models.CharField(max_length=100, db_index=True)
    """One of ``NAMES``, or the label of another model."""
    row = models.CharField(max_length=36)
    """Its primary key."""
    outcome = models.CharField(max_length=10)
    into = models.CharField(max_length=36, default="")
    """What it was merged into."""
    reason = models.TextField(default="")
    """Why it was not moved as it is, or what is left for a person; empty if there is neither."""
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    """The values of another model's row before they were rewritten, by attribute."""

    objects = models.Manager()

    class Meta:
        apps, app_label, db_table = _REGISTRY, APP, LEDGER_TABLE


OLDER = {
    "circuitimpact": OlderImpact,
    "note": OlderNote,
    "parsednotification": OlderParsed,
    "notificationsource_providers": OlderSourceProvider,
    "circuitmaintenance": OlderMaintenance,
    "notificationsource": OlderSource,
    "rawnotification": OlderRaw,
}
"""The model of each older table, referring tables first. We have no table with the name of the last one."""

NAMES = tuple(OLDER)
