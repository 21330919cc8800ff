"""Thousands of emails, the same for the same seed: maintenances that are announced, moved and completed.

Each maintenance has three notifications, and each changes something, which is the most expensive case: the first
announces it, the second moves it and changes an impact, the third ends it. They arrive days apart, between those
of other maintenances. Independent of Nautobot.
"""

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

PROVIDERS, CIRCUITS = 20, 2_000
NOTIFICATIONS = 3
UNKNOWN = 0.05
"""Share of unknown circuit IDs."""

Delivery = tuple[bytes, datetime]
"""An email and its time of arrival."""


@dataclass(frozen=True)
class Notice:
    """The content of one email."""

    name: str
    provider: int
    status: str
    circuits: tuple[tuple[str, str], ...]
    """Ids and impacts."""
    issued: datetime
    start: datetime
    sequence: int

    @property
    def end(self) -> datetime:
        """Return the end of the work."""
        return self.start + timedelta(hours=5)


def address_of(provider: int) -> str:
    """Return the address of a provider."""
    return f"noc@isp{provider:02}.example"


def circuits_of(provider: int) -> list[str]:
    """Return the IDs of a provider's circuits in Nautobot."""
    return [f"C-{number:05}" for number in range(provider, CIRCUITS, PROVIDERS)]


def bcop_mails(count: int, seed: int, now: datetime) -> list[Delivery]:
    """Return emails with an iCalendar part, in the order of arrival."""
    return _mails(count, seed, now, _bcop)


def html_mails(count: int, seed: int, now: datetime) -> list[Delivery]:
    """Return emails in Zayo's layout, in the order of arrival."""
    return _mails(count, seed, now, _html)


def _mails(count: int, seed: int, now: datetime, write: Callable[[Notice], str]) -> list[Delivery]:
    dice = random.Random(seed)  # nosec B311 # sample data
    notices = [notice for number in range(-(-count // NOTIFICATIONS)) for notice in _notices(dice, number, now)]
    notices.sort(key=lambda notice: notice.issued)
    return [
        (write(notice).replace("\n", "\r\n").encode(), notice.issued + timedelta(minutes=1))
        for notice in notices[:count]
    ]


def _notices(dice: random.Random, number: int, now: datetime) -> Iterator[Notice]:
    """Yield the notices about one maintenance."""
    provider = number % PROVIDERS
    announced = now.replace(microsecond=0) - timedelta(minutes=dice.randrange(20 * 1440, 365 * 1440))
    circuits = [
        (f"X-{number}-{cid}" if dice.random() < UNKNOWN else cid, dice.choice(("OUTAGE", "DEGRADED")))
        for cid in dice.sample(circuits_of(provider), dice.randint(1, 9))
    ]
    start = announced.replace(minute=0, second=0, microsecond=0) + timedelta(days=14)
    moved = start + timedelta(days=dice.randint(1, 3))
    others = [*circuits[:-1], (circuits[-1][0], "REDUCED-REDUNDANCY")]
    last_word = dice.choice(("COMPLETED", "COMPLETED", "CANCELLED"))
    first = Notice(f"CHG{number:07}", provider, "CONFIRMED", tuple(circuits), announced, start, 0)
    later = announced + timedelta(days=dice.randint(2, 8))
    second = replace(first, status="RE-SCHEDULED", circuits=tuple(others), issued=later, start=moved, sequence=1)
    yield from (first, second, replace(second, status=last_word, issued=announced + timedelta(days=19), sequence=2))


def _head(notice: Notice, subject: str) -> str:
    return f"""From: Network Operations <{address_of(notice.provider)}>
To: Notices <maintenance@customer.example>
Subject: {subject}
Date: {format_datetime(notice.issued)}
Message-ID: <{notice.name}.{notice.sequence}@isp{notice.provider:02}.example>
MIME-Version: 1.0
"""


def _bcop(notice: Notice) -> str:
    circuits = "\n".join(
        f"X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT={impact}:{cid}" for cid, impact in notice.circuits
    )
    head = _head(notice, f"{notice.name}: line card exchange, {notice.status.lower()}")
    return f"""{head}Content-Type: multipart/mixed; boundary="=-notice"

--=-notice
Content-Type: text/plain; charset="utf-8"

Dear customer,

we have to exchange a line card of the router that carries some of your ports. The times are in the attachment.
Please write to us about anything that stands in the way of these hours. Your change desk

--=-notice
Content-Type: text/calendar; charset="utf-8"

BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Change Desk//Maintenance Note//EN
BEGIN:VEVENT
SUMMARY:Line card exchange ({notice.status.lower()})
DTSTART:{_ical(notice.start)}
DTEND:{_ical(notice.end)}
DTSTAMP:{_ical(notice.issued)}
UID:{notice.name}@isp{notice.provider:02}.example
SEQUENCE:{notice.sequence}
X-MAINTNOTE-PROVIDER:isp{notice.provider:02}.example
X-MAINTNOTE-ACCOUNT:HVL-2207
X-MAINTNOTE-MAINTENANCE-ID:{notice.name}
{circuits}
X-MAINTNOTE-IMPACT:{notice.circuits[0][1]}
X-MAINTNOTE-STATUS:{notice.status}
ORGANIZER;CN="Change Desk":mailto:{address_of(notice.provider)}
END:VEVENT
END:VCALENDAR

--=-notice--
"""


def _ical(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}"


_ZAYO_SUBJECTS = {
    "CONFIRMED": "MAINTENANCE NOTIFICATION",
    "RE-SCHEDULED": "RESCHEDULE NOTIFICATION",
    "COMPLETED": "END OF WINDOW NOTIFICATION",
    "CANCELLED": "CANCELLED NOTIFICATION",
}
_ZAYO_WORDS = {
    "CONFIRMED": "This message serves as official notification that Zayo will be performing maintenance.",
    "RE-SCHEDULED": "Zayo has rescheduled the work below. The earlier date is void.",
    "COMPLETED": "The work below has been completed. Thank you for bearing with us.",
    "CANCELLED": "This message serves as official notification that Zayo has cancelled the work below.",
}
_ZAYO_IMPACTS = {
    "OUTAGE": "Hard Down - up to 5 hours",
    "DEGRADED": "Hard Down - less than 50 ms",
    "REDUCED-REDUNDANCY": "No Expected Impact",
}
# Real emails are mostly layout: style sheets and nested tables around a few words.
_STYLE = "\n".join(f".cell{number} {{ font-family: Arial, sans-serif; padding: {number}px; }}" for number in range(6))


def _html(notice: Notice) -> str:
    rows = "\n".join(
        f"<tr><td>{cid}</td><td>{_ZAYO_IMPACTS[impact]}</td><td>Red Hook</td><td>Platte Yard</td><td>N/A</td></tr>"
        for cid, impact in notice.circuits
    )
    html = f"""<html><head><style>
{_STYLE}
</style></head><body>
<p><b>{_ZAYO_WORDS[notice.status]}</b></p>
<p><b>Maintenance Ticket #: </b>{notice.name}</p>
<p><b>Customer: </b>Harbour &amp; Vale</p>
<p><b>Date Notice Sent: </b>{_zayo(notice.issued)}</p>
<p><b>1st Activity Date</b><br/>
{_zayo(notice.start)} to {_zayo(notice.end)} ( GMT )<br/>
{_zayo(notice.start)} to {_zayo(notice.end)} ( GMT )</p>
<p><b>Reason for Maintenance: </b>Relocation of a cable ahead of road works.</p>
<table border="1">
<tr><th>Circuit Id</th><th>Expected Impact</th><th>A Location Address</th><th>Z Location Address</th>
<th>Legacy Circuit Id</th></tr>
{rows}
</table>
<p>Write to us about anything that stands in the way of these hours – we are here at any time.</p>
</body></html>
"""
    head = _head(notice, f"{_ZAYO_SUBJECTS[notice.status]}***Harbour & Vale***ZAYO {notice.name} Planned***")
    return f"""{head}Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64

{base64.encodebytes(html.encode()).decode()}"""


def _zayo(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%d-%b-%Y %H:%M}"


COGENT = """From: Cogent Customer Support <support@cogent.example>
To: Notices <maintenance@customer.example>
Subject: 03/14/2026 SN88213 Planned Network Maintenance - Singapore, Singapore 1-300880117
Date: Mon, 09 Mar 2026 04:00:00 +0000
Message-ID: <sn88213-01@cogent.example>
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"

Dear Harbour and Vale,

a router of ours needs new memory. Your port goes down with it.

Start time: 01:00 AM (Singapore local time) 03/14/2026
End time: 05:00 AM (Singapore local time) 03/14/2026
Work order number: SN88213
Order ID(s) impacted: 1-300880117
Expected downtime: 1 hour

Cogent customers receiving service in Singapore, Singapore will be affected by this work.
""".replace("\n", "\r\n").encode()
"""Reading an email of Cogent makes the parser load its tables of cities and time zones: the memory of an idle worker."""
