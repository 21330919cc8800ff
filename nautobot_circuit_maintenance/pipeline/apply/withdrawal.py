"""Withdraws maintenances whose notifications, after reprocessing, name another one or none."""

from collections.abc import Callable

from django.db.models import Q
from django.utils import timezone

from nautobot_circuit_maintenance.choices import (
    CircuitMaintenanceStatusChoices as Status,
    MatchedByChoices,
    NoteLevelChoices,
)
from nautobot_circuit_maintenance.compat import unlogged
from nautobot_circuit_maintenance.domain.escaping import in_markdown
from nautobot_circuit_maintenance.models import CircuitMaintenance, Note, Notification, ParsedNotification
from nautobot_circuit_maintenance.models.changes import ChangedMaintenance, sent_by_caller
from nautobot_circuit_maintenance.models.maintenance_changes import recorded_by_caller
from nautobot_circuit_maintenance.models.sort_figures import counted_by_caller
from nautobot_circuit_maintenance.pipeline.apply.custom_fields import default_values
from nautobot_circuit_maintenance.pipeline.apply.revision import CONCLUDED, Revision

_LINKS_OF_PEOPLE = (
    "associated_contacts",
    "associated_object_metadata",
    "source_for_associations",
    "destination_for_associations",
    "static_group_association_set",
)
"""What Nautobot lets people attach to a maintenance, other than notes and tags."""


def withdraw(revision: Revision, notification: Notification, named: str) -> ChangedMaintenance:
    """Delete a maintenance that no notification names any more, or flag it if a person has worked on it.

    ``named``: the maintenances that the last reprocessed notification names now, for the note.
    """
    maintenance, before = revision.maintenance, revision.snapshot()
    if not was_touched(revision):
        with (
            unlogged(),
            sent_by_caller(),
            counted_by_caller(),
            recorded_by_caller(),
        ):  # One change record, and none for each impact.
            CircuitMaintenance.objects.filter(pk=maintenance.pk).delete()
        return ChangedMaintenance(maintenance, before, None, notification)
    if revision.stored.evidence:
        ParsedNotification.objects.filter(pk__in=revision.stored.evidence).delete()
    if maintenance.status == revision.baseline.status:
        maintenance.status = Status.UNKNOWN
        maintenance.last_updated = timezone.now()
        maintenance.revision += 1
        CircuitMaintenance.objects.bulk_update([maintenance], ["status", "last_updated", "revision"])
    others = in_markdown(named)
    comment = f"After reprocessing, its notifications refer to {others or 'no maintenance'}."
    if others:
        comment += f" If this is the same work, copy ticket and notes to {others} and delete this maintenance."
    _warn(maintenance, "No longer referenced by any notification", comment)
    return ChangedMaintenance(maintenance, before, revision.snapshot(), notification)


def has_purged_evidence(revision: Revision) -> bool:
    """Return whether some of its evidence cannot be read again, because its raw bytes or its notification are gone.

    What is left may then be the announcement, while the cancellation is stored under another name.
    """
    left = ParsedNotification.objects.filter(pk__in=[row.pk for row in revision.evidence.values()])
    is_purged: bool = left.filter(Q(notification=None) | Q(notification__raw=None)).exists()
    return is_purged


def warn_about_purged_evidence(revision: Revision, named: str) -> None:
    """Add a note to the maintenance that says why its status is unknown."""
    _warn(
        revision.maintenance,
        "Some notifications now refer to another maintenance",
        f"After reprocessing, a notification refers to {in_markdown(named) or 'no maintenance'}. "
        "Others that refer to this maintenance could not be re-read "
        "because the original messages are no longer stored. Contact the provider, or compare the two and set the status "
        "manually.",
    )


def _warn(maintenance: CircuitMaintenance, title: str, comment: str) -> None:
    """Add a warning, once."""
    if not maintenance.maintenance_notes.filter(title=title).exists():
        note = Note(maintenance=maintenance, title=title, level=NoteLevelChoices.WARNING, comment=comment)
        Note.objects.bulk_create([note])


def was_touched(revision: Revision) -> bool:
    """Return whether a person has worked on the maintenance; the cheap questions come first."""
    return any(is_true(revision) for is_true in _SIGNS_OF_WORK)


def _is_acknowledged(revision: Revision) -> bool:
    return bool(revision.maintenance.ack)


def _lost_its_provider(revision: Revision) -> bool:
    return revision.maintenance.provider_id is None


def _has_ticket(revision: Revision) -> bool:
    return bool(revision.maintenance.ticket)


def _is_edited(revision: Revision) -> bool:
    """Return whether name, fields, windows or impacts differ from what notifications last made of them."""
    maintenance, baseline = revision.maintenance, revision.baseline
    fields = [getattr(maintenance, name) for name in CONCLUDED]
    return (
        fields != [getattr(baseline, name) for name in CONCLUDED]
        or maintenance.name != maintenance.provider_maintenance_id
        or revision.windows != baseline.windows
        or revision.impacts.states != set(baseline.impacts.values())
    )


def _has_another_provider(revision: Revision) -> bool:
    """Return whether a person gave it to another provider than the one that announced it."""
    announcing = {provider for provider, _, _ in revision.stored.keys}
    return bool(announcing) and revision.maintenance.provider_id not in announcing


def _has_links_by_hand(revision: Revision) -> bool:
    """Return whether a person selected the circuit of an impact."""
    return any(row.matched_by == MatchedByChoices.MANUAL for row in revision.impacts.rows)


def _has_custom_fields(revision: Revision) -> bool:
    """Return whether a custom field has another value than its default."""
    # pylint: disable-next=protected-access  # core's name for a field
    values = {key: value for key, value in revision.maintenance._custom_field_data.items() if value}
    defaults = default_values() if values else {}
    return any(value != defaults.get(key) for key, value in values.items())


def _has_tags(revision: Revision) -> bool:
    return bool(revision.tags)


def _has_notes(revision: Revision) -> bool:
    return bool(revision.maintenance.maintenance_notes.exists() or revision.maintenance.notes.exists())


def _has_links(revision: Revision) -> bool:
    """Return whether people attached contacts, metadata, relationships or groups."""
    return any(getattr(revision.maintenance, name).exists() for name in _LINKS_OF_PEOPLE)


_SIGNS_OF_WORK: tuple[Callable[[Revision], bool], ...] = (
    _is_acknowledged,
    _lost_its_provider,
    _has_ticket,
    _is_edited,
    _has_another_provider,
    _has_links_by_hand,
    _has_custom_fields,
    _has_tags,
    _has_notes,
    _has_links,
)
