"""Replies whose own text announces nothing: they are ignored as soon as the notice that they quote is on record."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from uuid import UUID

from nautobot_circuit_maintenance.choices import MaintenanceKeyChoices, NotificationStateChoices as State
from nautobot_circuit_maintenance.domain.text import shortened
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.models.keys import MaintenanceKey, id_key
from nautobot_circuit_maintenance.pipeline.apply.apply import NotificationUpdates
from nautobot_circuit_maintenance.pipeline.apply.keys import ids_of
from nautobot_circuit_maintenance.reading.base import Reading

_CODE = "READ-33"
_MOST_ROWS = 1_000
_MOST_REPLIES = 20
"""Replies that are read again for one chunk; further ones are answered by later notices of the same maintenance."""


def missing_notice(row: Notification, reading: Reading, earlier: Iterable[NotificationUpdates] = ()) -> str:
    """Return why a reply that only quotes notices failed: one of them is not on record; empty if all are.

    ``earlier``: what was read in the same chunk and may not be stored yet.
    """
    wanted = {id_key(name) for name in reading.quoted}
    if wanted <= _ids_on_record(row, wanted, earlier):
        return ""
    return (
        f"{_CODE}: The message announces nothing itself, and the notice about {_names(reading)} that it quotes is not on "
        "record. If that is genuine, add the maintenance manually."
    )


def quoting(reading: Reading) -> str:
    """Return why a reply that only quotes notices on record is ignored."""
    return f"The message announces nothing itself; it quotes a notice about {_names(reading)}."


def settle_replies(read: Iterable[NotificationUpdates], parse: Callable[[Notification], Reading | None]) -> None:
    """Ignore the replies that failed because the notice that they quote had not arrived, if it has now.

    ``read`` has just been stored. ``parse`` reads a reply again: its error names what it quotes in short only.
    """
    ids: dict[UUID, set[str]] = {}
    for each in read:
        for update in each.updates:
            ids.setdefault(each.notification.provider_id, set()).update(ids_of(update))
    if not ids:
        return
    for row in _replies_about(ids):
        reading = parse(row)
        if reading is not None and reading.quoted and not missing_notice(row, reading):
            Notification.objects.filter(pk=row.pk, state=State.FAILED).update(
                state=State.IGNORED, error=quoting(reading)
            )


def _replies_about(ids: Mapping[UUID, set[str]]) -> Iterator[Notification]:
    """Yield the replies that failed for a notice with one of these maintenance IDs, of each provider; newest first."""
    failed = Notification.objects.filter(
        state=State.FAILED, error__startswith=_CODE, provider__in=ids, raw__isnull=False
    )
    found = []
    for pk, provider, error in failed.values_list("pk", "provider", "error")[:_MOST_ROWS]:
        names = error.lower()
        if "..." in names or any(" ".join(each.split()) in names for each in ids[provider]):
            found.append(pk)
    for pk in found[:_MOST_REPLIES]:
        yield from Notification.objects.defer(None).filter(pk=pk)


def _names(reading: Reading) -> str:
    return shortened(", ".join(reading.quoted), 300)


def _ids_on_record(row: Notification, wanted: set[str], earlier: Iterable[NotificationUpdates]) -> set[str]:
    """Return which of these maintenance IDs the provider has, stored or in the same chunk."""
    keys = MaintenanceKey.objects.filter(provider=row.provider_id, kind=MaintenanceKeyChoices.ID, value__in=wanted)
    same_chunk = {
        each
        for other in earlier
        if other.notification.provider_id == row.provider_id
        for update in other.updates
        for each in ids_of(update)
    }
    return {*keys.values_list("value", flat=True), *same_chunk}
