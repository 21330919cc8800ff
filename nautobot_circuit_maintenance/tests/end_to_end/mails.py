"""Generated mails that contradict each other: what a few providers might write about a few maintenances, seeded."""

from datetime import datetime, timedelta
from random import Random

from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail

ISPS = {f"ISP {number}": f"noc@isp{number}.example" for number in range(1, 4)}
"""Names of providers, and the address of each; all of them use the same maintenance ids."""
CIDS = [f"C-{number}" for number in range(1, 7)]
_STATUSES = ["TENTATIVE", "CONFIRMED", "CONFIRMED", "IN-PROCESS", "COMPLETED", "CANCELLED", "RE-SCHEDULED", ""]
_IMPACTS = ["NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE"]
_MINUTES = [0, 0, 20, 45, 59, 61, 300, 1500, 100_000]
"""After noon: some at once, some within the hour that makes several mails one announcement, one in the future."""


def contradicting_mails(count: int, seed: int, maintenances: int = 3) -> list[MailMessage]:
    """Return this many mails, each with the time of its arrival, in the order of arrival."""
    random = Random(seed)
    found = [_mail(random, number, maintenances) for number in range(count)]
    return sorted(found, key=lambda each: each.received_at)


def _mail(random: Random, number: int, maintenances: int) -> MailMessage:
    issued = NOON + timedelta(minutes=random.choice(_MINUTES))
    received = min(issued, NOON + timedelta(days=2)) + timedelta(seconds=random.choice([1, 60, 86_400]))
    # Often one maintenance, sometimes two in one mail, sometimes several windows of one.
    ids = random.choice([["M-1"], [f"M-{random.randint(1, maintenances)}"], ["M-2", "M-3"]])
    events = [event for name in ids for event in _events(random, name, issued)]
    raw = mail(
        *events,
        sender=random.choice(list(ISPS.values())),
        subject=f"Notice {number}",
        sent=min(issued, received) - timedelta(seconds=random.choice([0, 30])),
    )
    return MailMessage.from_bytes(raw, received_at=received)


def _events(random: Random, name: str, issued: datetime) -> list[Bcop]:
    """Return one event, or one for each of two windows."""
    status, sequence = random.choice(_STATUSES), random.randint(0, 3)
    circuits = [(cid, random.choice(_IMPACTS)) for cid in random.sample(CIDS, random.randint(1, 3))]
    days = random.choice([[0], [0], [1], [0, 1], [2, 5]])
    return [
        Bcop(name, status, circuits, issued, START + timedelta(days=day), sequence=sequence, summary=f"Work {status}")
        for day in days
    ]
