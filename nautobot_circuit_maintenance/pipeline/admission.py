"""Admission: whether the sender of a message is confirmed as its source requires.

What its source requires is decided once, when a message is recorded, and stored on its row together with the verdict
(``Notification.requires_confirmation`` and ``sender_confirmed``). Reprocess clears the verdict, so that the message is
judged by the settings of today. A waiting row without a valid verdict is judged when it is digested. Nothing is parsed
because a verdict, a source or its settings are missing: the settings of the process that happens to digest a row may
not name its source, and then they allow nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from nautobot_circuit_maintenance.app_settings import AppSettings, get_app_settings
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
    "AUTH-04: This notification was refused and its source is no longer configured, or its settings have an error, so it "
    "cannot be verified. Configure the source again, then reprocess, or import the file with `ingest_notifications`."
)

_LISTED_RESULTS = 5


@dataclass(frozen=True)
class Verdict:
    """Whether a message is admitted, and why not."""

    sender_confirmed: bool | None
    """None if the source does not require it."""
    requires_confirmation: bool | None
    """Whether the source requires it; None if that is not known."""
    reason: str = ""
    """Why the message is refused; empty if it is admitted."""

    @property
    def is_admitted(self) -> bool:
        """Whether the message may be parsed."""
        return self.sender_confirmed is not False


def known_policies(settings: AppSettings) -> set[str]:
    """Return the names of the sources of which the settings say whether they require authentication.

    Settings with an error say it only if they require it: the error may be a misspelled "require_authentication".
    """
    return {source.name for source in settings.sources} | settings.trusted_hosts.keys()


class Admission:
    """What the sources require of senders, as of now."""

    def __init__(self) -> None:
        """Read the settings once."""
        settings = get_app_settings()
        self._trusted_hosts = settings.trusted_hosts
        self._known = known_policies(settings)

    def is_known(self, source: NotificationSource | None) -> bool:
        """Return whether the settings say what this source requires; a message without a source requires nothing."""
        return source is None or source.name in self._known

    @property
    def undecided(self) -> Q:
        """The condition of waiting notifications without a valid verdict; see ``verdict_on``."""
        requires = Q(source__name__in=list(self._trusted_hosts))
        return Q(sender_confirmed=False) | Q(sender_confirmed__isnull=True) & (
            ~Q(requires_confirmation=False) | requires
        )

    def admit(self, notification: Notification, fields: Sequence[str]) -> None:
        """Set the verdict on a row that is about to be recorded; ``fields`` are its Authentication-Results.

        Its source was opened with the settings of this process. A message without a source was handed in by a person.
        """
        source = notification.source
        verdict = _NOT_REQUIRED
        if source and source.name in self._trusted_hosts:
            verdict = self._judge(source, notification.sender, fields)
        _store(verdict, notification)
        if notification.state == State.RECEIVED and not verdict.is_admitted:
            notification.state, notification.error = State.REFUSED, verdict.reason

    def verdict_on(self, notification: Notification) -> Verdict:
        """Return the verdict on a recorded notification: the one on its row if that is valid, else a new one."""
        confirmed, required = notification.sender_confirmed, notification.requires_confirmation
        source = notification.source
        requires_today = source is not None and source.name in self._trusted_hosts
        if confirmed or (confirmed is None and required is False and not requires_today):
            return Verdict(confirmed, required)
        if source is None or not self.is_known(source):
            return Verdict(False, required, SOURCE_GONE)
        if not requires_today:
            return _NOT_REQUIRED
        header = parse_header(bytes(notification.raw or b""))
        return self._judge(source, notification.sender, authentication_results(header))

    def decide(self, waiting: Iterable[Notification]) -> dict[Notification, str]:
        """Give each waiting row a valid verdict, stored where it changes; return the refused ones with the reason."""
        refused: dict[Notification, str] = {}
        changed: dict[tuple[bool | None, bool | None], list[Notification]] = {}
        for row in waiting:
            verdict = self.verdict_on(row)
            if not verdict.is_admitted:
                refused[row] = verdict.reason
            before = (row.sender_confirmed, row.requires_confirmation)
            _store(verdict, row)
            after = (row.sender_confirmed, row.requires_confirmation)
            if after != before:
                changed.setdefault(after, []).append(row)
        for (confirmed, required), rows in changed.items():
            Notification.objects.filter(pk__in=[row.pk for row in rows]).update(
                sender_confirmed=confirmed, requires_confirmation=required
            )
        return refused

    def _judge(self, source: NotificationSource, sender: str, fields: Sequence[str]) -> Verdict:
        trusted = self._trusted_hosts[source.name]
        check = check_sender(fields, sender, trusted)
        if check.finding is Finding.CONFIRMED:
            return Verdict(True, True)
        reason = _reason(check, sender.rpartition("@")[2], ", ".join(sorted(trusted)) or "none")
        return Verdict(False, True, reason)


_NOT_REQUIRED = Verdict(None, False)


def _store(verdict: Verdict, notification: Notification) -> None:
    notification.sender_confirmed = verdict.sender_confirmed
    notification.requires_confirmation = verdict.requires_confirmation


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
