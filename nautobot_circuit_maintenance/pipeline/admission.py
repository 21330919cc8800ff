"""Admission: whether the sender of a message is confirmed as its source requires.

The verdict is reached once, when a message is recorded, and stored on its row (``Notification.sender_confirmed``).
Reprocess clears it, so that the message is judged by the settings of today. A waiting row without a valid verdict is
judged when it is digested: nothing is parsed on the strength of a verdict that is missing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.mail.authentication import (
    Finding,
    SenderCheck,
    authentication_results,
    check_sender,
)
from nautobot_circuit_maintenance.mail.headers import parse_header
from nautobot_circuit_maintenance.models import Notification, NotificationSource

SOURCE_GONE = (
    "AUTH-04: This notification was refused and its source is no longer configured, so it cannot be verified. "
    "Configure the source again, then reprocess, or import the file with `ingest_notifications`."
)

_LISTED_RESULTS = 5


@dataclass(frozen=True)
class Verdict:
    """Whether a message is admitted, and why not."""

    sender_confirmed: bool | None
    """None if the source does not require it."""
    reason: str = ""
    """Why the message is refused; empty if it is admitted."""

    @property
    def is_admitted(self) -> bool:
        """Whether the message may be parsed."""
        return self.sender_confirmed is not False


class Admission:
    """What the sources require of senders, as of now."""

    def __init__(self) -> None:
        """Read the settings once."""
        settings = get_app_settings()
        self._trusted_hosts = settings.trusted_hosts
        self._configured = settings.source_names

    @property
    def demanding_sources(self) -> list[str]:
        """Names of the sources that require authentication."""
        return list(self._trusted_hosts)

    def admit(self, notification: Notification, fields: Sequence[str]) -> None:
        """Set the verdict on a row that is about to be recorded; ``fields`` are its Authentication-Results."""
        verdict = self._judge(notification.source, notification.sender, fields)
        notification.sender_confirmed = verdict.sender_confirmed
        if notification.state == State.RECEIVED and not verdict.is_admitted:
            notification.state, notification.error = State.REFUSED, verdict.reason

    def verdict_on(self, notification: Notification) -> Verdict:
        """Return the verdict on a recorded notification: the one on its row if that is valid, else a new one."""
        confirmed, source = notification.sender_confirmed, notification.source
        if confirmed or (confirmed is None and not self._requires_authentication(source)):
            return Verdict(confirmed)
        if source is None or source.name not in self._configured:
            return Verdict(False, SOURCE_GONE)
        header = parse_header(bytes(notification.raw or b""))
        return self._judge(source, notification.sender, authentication_results(header))

    def decide(self, waiting: Iterable[Notification]) -> dict[Notification, str]:
        """Give each waiting row a valid verdict, stored where it changes; return the refused ones with the reason."""
        refused: dict[Notification, str] = {}
        changed: dict[bool | None, list[Notification]] = {}
        for row in waiting:
            verdict = self.verdict_on(row)
            if not verdict.is_admitted:
                refused[row] = verdict.reason
            if verdict.sender_confirmed is not row.sender_confirmed:
                row.sender_confirmed = verdict.sender_confirmed
                changed.setdefault(verdict.sender_confirmed, []).append(row)
        for confirmed, rows in changed.items():
            Notification.objects.filter(pk__in=[row.pk for row in rows]).update(sender_confirmed=confirmed)
        return refused

    def _requires_authentication(self, source: NotificationSource | None) -> bool:
        return source is not None and source.name in self._trusted_hosts

    def _judge(self, source: NotificationSource | None, sender: str, fields: Sequence[str]) -> Verdict:
        trusted = self._trusted_hosts.get(source.name) if source else None
        if trusted is None:
            return Verdict(None)
        check = check_sender(fields, sender, trusted)
        if check.finding is Finding.CONFIRMED:
            return Verdict(True)
        return Verdict(False, _reason(check, sender.rpartition("@")[2], ", ".join(sorted(trusted)) or "none"))


def _reason(check: SenderCheck, domain: str, trusted: str) -> str:
    """Return why a sender is not confirmed, and what to do."""
    if check.finding is Finding.NO_FIELD:
        return (
            f"AUTH-01: No Authentication-Results header from a trusted server ({trusted}). If genuine, add your mail "
            "server's authserv-id to 'trusted_authserv_ids' of the source and reprocess."
        )
    if check.finding is Finding.MALFORMED:
        return (
            f"AUTH-02: The topmost Authentication-Results header from {check.host} is malformed (RFC 8601). "
            "Check that mail server, then reprocess."
        )
    results = [f"{each.method}={each.result} for {each.domain or 'no domain'}" for each in check.results]
    reported = ", ".join(results[:_LISTED_RESULTS]) or "nothing"
    return storable(
        f"AUTH-03: No DKIM, SPF or DMARC pass for {domain} ({check.host} reports: {reported}). If genuine, ask the provider "
        "to sign its email, or disable require_authentication for this source, then reprocess."
    )
