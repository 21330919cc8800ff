"""What becomes of a maintenance whose notifications, read again, name another one or none."""

from collections.abc import Callable

from django.db.models import Q
from django.utils import timezone
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status, NoteLevelChoices
from nautobot_circuit_maintenance.compat import unlogged
from nautobot_circuit_maintenance.models import CircuitMaintenance, Note, ParsedNotification
from nautobot_circuit_maintenance.pipeline.apply.revision import CONCLUDED, Revision

_LINKS_OF_PEOPLE = (
    "associated_contacts",
    "associated_object_metadata",
    "source_for_associations",
    "destination_for_associations",
    "static_group_association_set",
)
"""What Nautobot lets people hang on a maintenance, beside notes and tags."""


def withdraw(revision: Revision, named: str, keep_record: Callable[[ObjectChange], None]) -> None:
    """Delete a maintenance that no notification names any more; flag one that a person has worked on.

    The sentence about it says what the notification names that was the last to name it.
    """
    maintenance = revision.maintenance
    if not _was_touched(revision):
        keep_record(revision.record("delete"))
        with unlogged():  # One record, and none for each impact.
            CircuitMaintenance.objects.filter(pk=maintenance.pk).delete()
        return
    if revision.stored.evidence:
        ParsedNotification.objects.filter(pk__in=revision.stored.evidence).delete()
    if maintenance.status == revision.conclusion.status:
        maintenance.status = Status.UNKNOWN
        maintenance.last_updated = timezone.now()
        CircuitMaintenance.objects.bulk_update([maintenance], ["status", "last_updated"])
    _warn(
        maintenance,
        "No notification names this maintenance any more",
        f"Its notifications were read again; the last of them names {named} now. "
        "If that is the same work, take ticket and notes over and delete this one.",
    )
    keep_record(revision.record("update"))


def has_purged_evidence(revision: Revision) -> bool:
    """Tell whether some of what it is concluded from cannot be read again: retention has emptied it, or it is gone.

    Then what is left may be the announcement, while the cancellation goes by another name now.
    """
    left = ParsedNotification.objects.filter(pk__in=[row.pk for row in revision.evidence.values()])
    emptied: bool = left.filter(Q(notification=None) | Q(notification__raw=None)).exists()
    return emptied


def warn_about_purged_evidence(revision: Revision, named: str) -> None:
    """Say on the maintenance why nothing certain is known of it."""
    _warn(
        revision.maintenance,
        "Some notifications of this maintenance name another one now",
        f"A notification was read again and names {named} now. Others that named this one have no raw bytes any more, so "
        "they could not be read again. Ask the provider, or compare the two and set the status by hand.",
    )


def _warn(maintenance: CircuitMaintenance, title: str, comment: str) -> None:
    """Leave a warning, once."""
    if not maintenance.maintenance_notes.filter(title=title).exists():
        note = Note(maintenance=maintenance, title=title, level=NoteLevelChoices.WARNING, comment=comment)
        Note.objects.bulk_create([note])


def _was_touched(revision: Revision) -> bool:
    """Tell whether a person acknowledged, edited, noted, tagged or ticketed what was concluded."""
    maintenance, concluded = revision.maintenance, revision.conclusion
    return (
        maintenance.ack
        or maintenance.provider_id is None
        or bool(maintenance.ticket)
        or any(getattr(maintenance, name) != getattr(concluded, name) for name in CONCLUDED)
        or revision.windows != set(concluded.windows)
        or set(revision.stored.impacts.values()) != set(concluded.impacts)
        or any(maintenance._custom_field_data.values())  # pylint: disable=protected-access  # core's name for a field
        or maintenance.maintenance_notes.exists()
        or maintenance.notes.exists()
        or bool(revision.tags)
        or any(getattr(maintenance, name).exists() for name in _LINKS_OF_PEOPLE)
    )
