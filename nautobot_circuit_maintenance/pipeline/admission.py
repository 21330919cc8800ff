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
from nautobot_circuit_maintenance.mail.dkim.fallback import SignatureCheck, Verifier, new_verifier
from nautobot_circuit_maintenance.mail.headers import parse_header
from nautobot_circuit_maintenance.models import Notification, NotificationSource

SOURCE_GONE = (
    "AUTH-04: This notification was refused and its source is no longer configured, or its settings have an error, so it "
    "cannot be verified. Configure the source again, then reprocess, or import the file with `ingest_notifications`."
)

UNANSWERED = "AUTH-06"
"""Code of the reason of messages that are judged again as soon as the DNS answers."""

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
    is_temporary: bool = False
    """Whether another attempt may have another result."""

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
        self._verifying = settings.verifying_sources
        self._verifier: Verifier | None = None
        self._known = known_policies(settings)

    def is_known(self, source: NotificationSource | None) -> bool:
        """Return whether the settings say what this source requires; a message without a source requires nothing."""
        return source is None or source.name in self._known

    @property
    def verifies_signatures(self) -> bool:
        """Return whether the settings let the app verify signatures of any source itself."""
        return not self._verifying.isdisjoint(self._trusted_hosts)

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
            verdict = self._judge(notification, source, fields)
            if verdict.is_temporary and notification.state == State.RECEIVED:
                # It waits without a verdict, and is judged once more when it is digested.
                verdict = Verdict(None, True)
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
        return self._judge(notification, source, authentication_results(header))

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

    def _judge(self, notification: Notification, source: NotificationSource, fields: Sequence[str]) -> Verdict:
        trusted = self._trusted_hosts[source.name]
        sender = notification.sender
        check = check_sender(fields, sender, trusted)
        if check.finding is Finding.CONFIRMED:
            return Verdict(True, True)
        if check.finding is Finding.NO_FIELD and source.name in self._verifying:
            return self._by_signature(notification)
        reason = _reason(check, sender.rpartition("@")[2], ", ".join(sorted(trusted)) or "none")
        return Verdict(False, True, reason)

    def _by_signature(self, notification: Notification) -> Verdict:
        """Return the verdict on a message that no trusted server has judged."""
        try:
            self._verifier = self._verifier or new_verifier()
        except ImportError as error:  # new_verifier
            return Verdict(False, True, _NO_LIBRARY.format(error.name))
        if notification.raw is None:
            return Verdict(False, True, _unsigned(notification, SignatureCheck(False, "it is not stored as a whole")))
        check = self._verifier.check(bytes(notification.raw), notification.sender)
        if check.is_valid:
            return Verdict(True, True)
        return Verdict(False, True, _unsigned(notification, check), check.is_temporary)


_NOT_REQUIRED = Verdict(None, False)
_NO_LIBRARY = (
    "AUTH-07: The libraries that verify signatures are not installed ({}): install the app's extra 'dkim' (pip install dkimpy "
    "publicsuffixlist) for web server and workers, restart both, then reprocess."
)


def _unsigned(notification: Notification, check: SignatureCheck) -> str:
    """Return why the signatures of a message do not confirm its sender, and what to do."""
    domain = notification.sender.rpartition("@")[2]
    if check.is_temporary:
        return storable(
            f"{UNANSWERED}: The signature for {domain} could not be verified ({check.reason}). The next runs try again; check "
            "that the worker can ask the DNS about outside names."
        )
    return storable(
        f"AUTH-05: No trusted server reports on this message, and no signature (DKIM) confirms {domain} ({check.reason}). If "
        "genuine, ask the provider to sign its email, or add your mail server to 'trusted_authserv_ids', then reprocess."
    )


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
