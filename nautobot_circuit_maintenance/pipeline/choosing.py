"""A person chooses what a doubtful reading is instead: that is what the message announces from then on."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from nautobot_circuit_maintenance.domain.alternatives import Alternative, alternatives, beside_others
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification
from nautobot_circuit_maintenance.pipeline.manual import apply_by_person, by_person


def alternatives_to(
    maintenance: CircuitMaintenance, doubts: Iterable[Mapping[str, str]]
) -> dict[tuple[str, str], tuple[Alternative, ...]]:
    """Return what else the messages of doubts may announce, by fingerprint and sentence; by one query."""
    wanted = {(doubt["fingerprint"], doubt["sentence"]) for doubt in doubts}
    rows = maintenance.parsed_notifications.filter(
        fingerprint__in={fingerprint for fingerprint, _ in wanted}, notification__isnull=False
    )
    updates = {row.fingerprint: row.as_update() for row in rows.order_by()}
    return {
        (fingerprint, sentence): _alternatives(updates[fingerprint], sentence)
        for fingerprint, sentence in wanted
        if fingerprint in updates
    }


def _alternatives(update: MaintenanceUpdate, sentence: str) -> tuple[Alternative, ...]:
    findings = update.opinion.findings if update.opinion else ()
    finding = next((each for each in findings if each.sentence == sentence), None)
    return alternatives(update, finding or beside_others(sentence))


def choose(
    maintenance: CircuitMaintenance, fingerprint: str, sentence: str, label: str, user: Any, now: datetime
) -> tuple[Notification, Alternative] | None:
    """Apply the alternative with this label on behalf of a user; return it, or None if it does not exist.

    Raises what ``apply_by_person`` raises.
    """
    found = alternatives_to(maintenance, [{"fingerprint": fingerprint, "sentence": sentence}])
    offered = found.get((fingerprint, sentence), ())
    chosen = next((each for each in offered if each.label == label), None)
    if chosen is None:
        return None
    row = Notification.objects.get(fingerprint=fingerprint)
    updates = [
        by_person(chosen.update, user) if each.maintenance_id == maintenance.pk else each.as_update()
        for each in row.parsed_notifications.order_by("maintenance__name", "pk")
    ]
    apply_by_person(row, updates, user, now)
    return row, chosen
