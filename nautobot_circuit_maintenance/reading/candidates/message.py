"""All candidates of a message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from nautobot_circuit_maintenance.mail.blocks import MailText, mail_text
from nautobot_circuit_maintenance.mail.parts import MailContent
from nautobot_circuit_maintenance.mail.quotes import is_forward
from nautobot_circuit_maintenance.reading.candidates.circuits import CircuitCandidate, Inventory
from nautobot_circuit_maintenance.reading.candidates.durations import Duration, durations_in
from nautobot_circuit_maintenance.reading.candidates.ids import IdCandidate, ids_in
from nautobot_circuit_maintenance.reading.candidates.impacts import ImpactWord, impacts_in
from nautobot_circuit_maintenance.reading.candidates.statuses import StatusWord, statuses_in
from nautobot_circuit_maintenance.reading.candidates.windows import Found, windows_in

_LONGEST_ATTACHMENT = 32_000
_UNNAMED = "application/octet-stream"
"""The type that many give to a CSV file; files with NUL characters are left out."""
_ENCODINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


@dataclass(frozen=True)
class Candidates:
    """What stands in a message."""

    mail: MailText
    moments: Found
    ids: tuple[IdCandidate, ...]
    circuits: tuple[CircuitCandidate, ...]
    """Those of the inventory, in what the message says itself; in a forward also in what it forwards."""
    statuses: tuple[StatusWord, ...]
    attached: str
    """The text of attached tables, for circuits only."""
    attached_circuits: tuple[CircuitCandidate, ...]
    """Those of the inventory in attached tables; their offsets are of ``attached``."""
    is_forward: bool

    @cached_property
    def durations(self) -> tuple[Duration, ...]:
        """The durations of the whole text; they matter only where it states no pair of times."""
        return durations_in(self.mail.text)

    @cached_property
    def impacts(self) -> tuple[ImpactWord, ...]:
        """The words of impact of the whole text; no gate looks at them, the prefilled form does."""
        return impacts_in(self.mail.text)


def candidates_of(
    content: MailContent, received: datetime, inventory: Inventory, maintenance_ids: Sequence[str] = ()
) -> Candidates:
    """Return the candidates of a message that was received at this time."""
    plain, html = _texts(content.parts, "text/plain"), _texts(content.parts, "text/html")
    mail = mail_text(content.subject, plain, html, is_reply=content.is_reply)
    forwarded = is_forward(content.subject) or not any(line.is_quoted for line in mail.lines)
    attached = "\n".join(_attached(content.parts))
    own = mail.text if forwarded else mail.own
    return Candidates(
        mail,
        windows_in(mail, received),
        ids_in(mail),
        inventory.find(own, unless=maintenance_ids) if inventory else (),
        statuses_in(mail),
        attached,
        inventory.find(attached) if inventory and attached else (),
        forwarded,
    )


def _texts(parts: Mapping[str, tuple[bytes, ...]], kind: str) -> list[str]:
    return [content.decode("utf-8", "replace").removeprefix("\ufeff") for content in parts.get(kind, ())]


def _attached(parts: Mapping[str, tuple[bytes, ...]]) -> list[str]:
    """Return the texts of attached tables: Colt sends its circuits as CSV in UTF-16, whatever type it names."""
    found = []
    for kind, contents in parts.items():
        if kind == _UNNAMED or kind.startswith("text/") and kind not in ("text/plain", "text/html", "text/calendar"):
            for content in contents:
                start = content[: 2 * _LONGEST_ATTACHMENT]
                encoding = next((name for mark, name in _ENCODINGS.items() if start.startswith(mark)), "utf-8")
                if kind == _UNNAMED and encoding == "utf-8" and b"\0" in start:
                    continue
                found.append(start.decode(encoding, "replace").replace("\0", "")[:_LONGEST_ATTACHMENT])
    return found
