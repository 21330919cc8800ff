"""Stores which addresses wrote without belonging to a provider, so that a person can assign or dismiss them."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from nautobot_circuit_maintenance.models import NotificationSource, UnknownSender
from nautobot_circuit_maintenance.models.providers import split_addresses
from nautobot_circuit_maintenance.models.unknown_senders import LONGEST_ADDRESS
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory

MOST_PER_SOURCE = 1_000
"""Rows of a source; many new addresses push out the oldest, and the table does not grow."""
_UPDATED_AT_ONCE = 200
"""Time grows with the square of it, for the CASE expressions that Django writes."""


def register_unknown(source: NotificationSource, senders: Mapping[str, int], now: datetime) -> None:
    """Count the emails of a batch: three statements for up to 200 addresses, none without unknown senders.

    The caller has locked the source, so that no other run counts at the same time.
    """
    usable = Counter({sender: count for sender, count in senders.items() if _is_usable(sender)})
    counts = dict(usable.most_common(MOST_PER_SOURCE))
    if not counts:
        return
    rows = {row.address: row for row in UnknownSender.objects.filter(source=source)}
    known = [rows[address] for address in counts if address in rows]
    for row in known:
        row.count, row.last_seen = row.count + counts[row.address], now
    UnknownSender.objects.bulk_update(known, ["count", "last_seen"], batch_size=_UPDATED_AT_ONCE)
    fresh = [
        UnknownSender(source=source, address=address, count=count, first_seen=now, last_seen=now)
        for address, count in counts.items()
        if address not in rows
    ]
    UnknownSender.objects.bulk_create(fresh)
    newest = sorted([*rows.values(), *fresh], key=lambda row: row.last_seen, reverse=True)
    if pushed_out := [row.pk for row in newest[MOST_PER_SOURCE:]]:
        UnknownSender.objects.filter(pk__in=pushed_out).delete()


def forget_known(source: NotificationSource, directory: SenderDirectory) -> None:
    """Delete the addresses that belong to a provider of the source by now: one statement if there are none."""
    rows = UnknownSender.objects.filter(source=source).order_by().values_list("pk", "address")
    if known := [pk for pk, address in rows if directory.identify(address)]:
        UnknownSender.objects.filter(pk__in=known).delete()


def _is_usable(sender: str) -> bool:
    """Return whether an address can be one of a provider; ASCII, because MySQL's unique keys take "é" for "e"."""
    if len(sender) > LONGEST_ADDRESS or not sender.isascii() or split_addresses(sender) != (sender,):
        return False
    try:
        validate_email(sender)
    except ValidationError:
        return False
    return True
