"""What must be true: of the messages that arrived, of the silences, and of the circuits."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import requests

from development.sending_chaos.ledger import Ledger
from development.sending_chaos.services import INSTANCE
from development.sending_chaos.world import LEAD
from nautobot_circuit_maintenance.models import CircuitMaintenance, Delivery, MaintenanceChange, Thread
from nautobot_circuit_maintenance.outbound.state import MaintenanceState, from_json
from nautobot_circuit_maintenance.tests.outbound.mail_server import MailServer

AHEAD = timedelta(minutes=30)
"""How long before it begins a silence is made."""
Span = tuple[str, datetime]
"""A circuit, and until when its alerts are silent."""


def wrong_messages(server: MailServer, addresses: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with what arrived, once everything was sent."""
    for rows in (
        Delivery.objects.filter(state__in=("waiting", "unsure")),
        Thread.objects.exclude(open=None),
        MaintenanceChange.objects.filter(dispatched=None),
    ):
        if rows.exists():
            yield f"{rows.count()} left open: {list(rows.values()[:2])}"
    stated = dict(Delivery.objects.values_list("key", "data"))
    texts = _texts_by_key(server)
    for address in addresses:
        yield from (f"{address}: {key} arrived with two texts" for key, ones in texts[address].items() if len(ones) > 1)
        states = [from_json(stated[key]["now"]) for key in texts[address]]
        for row in CircuitMaintenance.objects.all():
            said = [each for each in states if isinstance(each, MaintenanceState) and each.id == str(row.pk)]
            yield from (f"{address}, {row.name}: {problem}" for problem in _wrong_story(row, said))


def _texts_by_key(server: MailServer) -> dict[str, dict[str, set[bytes]]]:
    """Return by address and by Message-ID, in the order of the first arrival, what the messages said."""
    found: dict[str, dict[str, set[bytes]]] = defaultdict(dict)
    for each in server.received:
        key = each.email["Message-ID"].strip("<>").partition("@")[0]
        text = next(part for part in each.email.walk() if part.get_content_type() == "text/plain")
        content = text.get_payload(decode=True)
        found[each.recipients[0]].setdefault(key, set()).add(content if isinstance(content, bytes) else b"")
    return found


def _wrong_story(row: CircuitMaintenance, said: list[MaintenanceState]) -> Iterator[str]:
    """Yield what is wrong with the messages to one recipient about one maintenance."""
    if not said:
        yield "lost: nothing was said"
        return
    if (said[-1].status, said[-1].windows) != (row.status, ((row.start_time, row.end_time),)):
        yield f"lost: {row.status} {row.start_time} - {row.end_time}; last said: {said[-1].status} {said[-1].windows}"
    for one, other in zip(said, said[1:]):
        if one.fact == other.fact:
            yield f"doubled: {one.status} was said under two Message-IDs"


def wrong_silences(url: str, now: datetime) -> str:
    """Return how Alertmanager differs from what should be silent at this time; empty if it does not."""
    wanted, found = _wanted_silences(now), _silences(url)
    return f"silent: {sorted(found)}, wanted: {sorted(wanted)}" if found != sorted(wanted) else ""


def _wanted_silences(now: datetime) -> set[Span]:
    spans: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    rows = CircuitMaintenance.objects.exclude(status__in=("CANCELLED", "COMPLETED"))
    for cid, start, end in rows.values_list("impacts__cid", "start_time", "end_time").order_by("start_time"):
        if start - LEAD > now + AHEAD or end <= now:
            continue
        if spans[cid] and start - LEAD <= spans[cid][-1][1]:
            first, last = spans[cid].pop()
            spans[cid].append((first, max(last, end)))
        else:
            spans[cid].append((start - LEAD, end))
    return {(cid, end) for cid, each in spans.items() for _, end in each}


def _silences(url: str) -> list[Span]:
    """Return the silences of ours that are on or to come; one that is there twice is there twice."""
    found = requests.get(f"{url}/api/v2/silences", timeout=30).json()
    ours = [each for each in found if each["createdBy"].endswith(f" {INSTANCE}/Alerts")]
    return sorted(
        (each["matchers"][0]["value"], datetime.fromisoformat(each["endsAt"].replace("Z", "+00:00")))
        for each in ours
        if each["status"]["state"] != "expired"
    )


def wrong_circuits(ledger: Ledger) -> str:
    """Return which circuits are left drained when everything is over; empty if none is."""
    left = ledger.drained()
    return f"left drained: {', '.join(left)}" if left else ""
