"""Copies sources and messages: what the older package kept of each, cut at 8 or 16 KiB."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.takeover.tables import (
    Entry,
    OlderParsed,
    OlderRaw,
    OlderSource,
    OlderSourceProvider,
)
from nautobot_circuit_maintenance.takeover.world import World, derived, keeping_times, pages

_AT_ONCE = 200
_COLUMN = 255

AUTHORIZE_AGAIN = (
    "TAKE-04: The access token of the older package was not taken over. Authorize this source again: see its settings."
)
NOT_PARSED = "TAKE-02: The older package could not parse this message."
NOTHING_ON_RECORD = "TAKE-03: The older package parsed this message, but kept nothing that it announced."
WHOLE, CUT = "whole", "cut"
"""What the older package kept of a message."""


def copy_sources(world: World) -> None:
    """Copy the sources with their providers; of a token only that there was one."""
    source = world.model("NotificationSource")
    with keeping_times(source):
        for row in OlderSource.objects.order_by("pk"):
            had_token = bool(bytes(row.token))
            source.objects.create(
                pk=row.pk,
                name=row.name,
                attach_all_providers=row.attach_all_providers,
                last_error=AUTHORIZE_AGAIN if had_token else "",
                _custom_field_data=row.custom_fields,
                created=row.created,
                last_updated=row.last_updated,
            )
            reason = "Its access token was dropped: authorize it again." if had_token else ""
            world.note("notificationsource", row.pk, Entry.MOVED, reason=reason)
    through = source.providers.through
    links = list(OlderSourceProvider.objects.order_by("pk"))
    through.objects.bulk_create(
        through(notificationsource_id=each.notificationsource_id, provider_id=each.provider_id) for each in links
    )
    for each in links:
        world.note("notificationsource_providers", each.pk, Entry.MOVED)


def copy_messages(world: World, sizes: Sequence[int]) -> None:
    """Copy the messages; one whose size is one of these numbers of bytes was cut there."""
    notification = world.model("Notification")
    keys = list(OlderRaw.objects.order_by("stamp", "pk").values_list("pk", flat=True))
    known: set[str] = set()
    evidence = Exists(OlderParsed.objects.filter(raw_notification_id=OuterRef("pk")))
    with keeping_times(notification):
        for page in pages(keys, _AT_ONCE):
            rows = OlderRaw.objects.filter(pk__in=page).annotate(has_evidence=evidence).order_by("stamp", "pk")
            copied = [_notification(notification, row, known, sizes) for row in rows]
            notification.objects.bulk_create(copied)
            for row in copied:
                world.note("rawnotification", row.pk, Entry.MOVED, reason=row.error)


def mark_without_evidence(world: World, keys: Sequence[UUID]) -> None:
    """Mark the messages as failed of which nothing readable is on record."""
    for page in pages(keys, 1_000):
        rows = world.model("Notification").objects.filter(pk__in=page)
        rows.update(
            state="failed",
            error=NOTHING_ON_RECORD,
            dismissed_at=None,
            dismissed_reason="",
            dismissed_state="",
            dismissed_error="",
        )


def _notification(model: Any, row: OlderRaw, known: set[str], sizes: Sequence[int]) -> Any:
    """Return the notification of a message."""
    raw = bytes(row.raw)
    message = MailMessage.from_bytes(raw, received_at=row.stamp)
    is_cut = len(raw) in sizes
    state, error = _result(row, len(raw), is_cut=is_cut)
    values = {
        "state": state,
        "error": error,
        "fingerprint": _unique(message.fingerprint, row.pk, known),
        "message_id": message.message_id,
        "sender": storable(row.sender or message.sender)[:_COLUMN],
        "subject": (message.subject or storable(row.subject))[:_COLUMN],
        "sent_at": row.stamp,
        "received_at": row.stamp,
        "size": len(raw),
        "raw": raw,
        "taken_over": CUT if is_cut else WHOLE,
        "requires_confirmation": False,  # the older package took every message
    }
    if state == "parsed" and error:  # known, and no one can change it: it needs no attention
        values |= {
            "dismissed_at": row.last_updated or row.stamp,
            "dismissed_reason": "Taken over from the older package.",
            "dismissed_state": state,
            "dismissed_error": error,
        }
    return model(pk=row.pk, source_id=row.source_id, provider_id=row.provider_id, **values)


def _result(row: Any, size: int, *, is_cut: bool) -> tuple[str, str]:
    """Return state and reason of a message."""
    if not row.parsed and not row.has_evidence:
        return "failed", NOT_PARSED
    return "parsed", f"TAKE-01: Cut at {size:,} bytes by the older package." if is_cut else ""


def _unique(fingerprint: str, pk: UUID, known: set[str]) -> str:
    """Return a fingerprint that no other row has: the older package kept some messages twice, and empty ones."""
    if fingerprint in known:
        fingerprint = hashlib.sha256(f"{fingerprint}{derived(pk)}".encode()).hexdigest()
    known.add(fingerprint)
    return fingerprint
