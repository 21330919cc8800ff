"""Forged mail, whatever became of its source since: every state of its row, every change of the settings, every way to
have it digested. Written down before it was run: ``APPLIED`` are the only combinations that may change anything."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test.utils import override_settings
from nautobot.users.models import ObjectPermission, Token
from rest_framework.test import APIClient

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.mailboxes.base import Batch
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, NotificationSource
from nautobot_circuit_maintenance.pipeline.record import record_batch
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.attacks.test_copies import HOST, trusting
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail, message

FORGED = mail(Bcop("M-1", status="CANCELLED", issued=NOON + timedelta(hours=1)), subject="Cancelled")


def settings(*entries: dict[str, object]) -> override_settings:
    """Configure these sources."""
    return override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"notification_sources": list(entries)}})


ENTRY = {"name": "Mail", "url": "imap://localhost", "account": "ops", "secret": "x"}

SETTINGS = {
    "the same": lambda: trusting(HOST),
    "another trusted host": lambda: trusting("mx.new.example"),
    "renamed": lambda: trusting(HOST, source="Carrier mail"),
    "renamed, and requires nothing": lambda: settings({**ENTRY, "name": "Carrier mail"}),
    "removed": settings,
    "of another worker": lambda: settings({**ENTRY, "name": "Elsewhere"}),
    "misspelled": lambda: settings({**ENTRY, "require_authentification": True}),
    "no list": lambda: override_settings(
        PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"notification_sources": "Mail"}}
    ),
    "requires nothing any more": lambda: settings(ENTRY),
}

UNDECIDED = {"sender_confirmed": None, "requires_confirmation": None}
ROWS = {
    "new": {},
    "waits, recorded before verdicts were stored": {"state": State.RECEIVED, "error": "", **UNDECIDED},
    "waits after an attempt": {"state": State.RECEIVED, "error": "", "attempts": 1, "sender_confirmed": None},
    "out of time": {"state": State.RECEIVED, "error": "", "attempts": 0, "sender_confirmed": False},
    "set aside before it was judged": {"state": State.FAILED, "attempts": 3, "sender_confirmed": None},
    "set aside by an older release": {"state": State.FAILED, "attempts": 3, **UNDECIDED},
    "refused before verdicts were stored": {"state": State.REFUSED, **UNDECIDED},
}

APPLIED = {
    # The operator decided that this source requires nothing. What was refused waits for Reprocess.
    *product(("requires nothing any more",), ROWS, ("reprocess all", "reprocess one")),
    *product(
        ("requires nothing any more",),
        ("waits, recorded before verdicts were stored", "waits after an attempt", "out of time"),
        ("digest", "send again", "ingest"),
    ),
    # The mailbox delivers it again, and its source requires nothing now: that copy is admitted.
    *product(("requires nothing any more",), ("new", "refused before verdicts were stored"), ("send again",)),
}


class ForgedMail(PipelineTestCase):
    """A cancellation that no trusted server has confirmed."""

    def setUp(self):
        """Announce the maintenance that is to be cancelled; prepare someone who may add mail of another provider."""
        super().setUp()
        with settings(ENTRY):
            self.deliver(mail(Bcop("M-1"), subject="Genuine"), self.source)
            self.digest()
        other = create_provider("Other", "noc@other.example")
        self.clerk = get_user_model().objects.create_user(username="clerk")
        permission = ObjectPermission.objects.create(
            name="add", actions=["add"], constraints={"provider": str(other.pk)}
        )
        permission.object_types.add(ContentType.objects.get_for_model(Notification))
        permission.users.add(self.clerk)

    @staticmethod
    def deliver(raw: bytes, source: NotificationSource) -> None:
        """Record a mail of this source, an hour later."""
        late = replace(message(raw), received_at=NOON + timedelta(hours=1))
        record_batch(source, SenderDirectory.of_all_providers(), Batch((late,), {}))

    @staticmethod
    def digest() -> None:
        """Digest what waits."""
        drain_waiting(RunOptions(now=NOON + timedelta(days=1)))

    def ingest(self) -> None:
        """Post the same bytes to the REST API, as no one and as someone who may not."""
        for user in (AnonymousUser(), self.clerk):
            client = APIClient(SERVER_NAME="nautobot.example.com")
            if user.is_authenticated:
                client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.get_or_create(user=user)[0].key}")
            url = "/api/plugins/circuit-maintenance/notification/ingest/"
            response = client.post(url, data=FORGED, content_type="message/rfc822")
            self.assertIn(
                response.status_code, (400, 401, 403)
            )  # 400: the provider is hidden, like one that is unknown

    def act(self, way: str) -> None:
        """Have the forged mail digested in one of the ways."""
        forged = Notification.objects.filter(subject="Cancelled")
        if way == "reprocess one":
            requeue(Notification.objects.filter(pk=forged.get().pk))
        elif way == "reprocess all":
            requeue(Notification.objects.all())
        elif way == "send again":
            for source in NotificationSource.objects.all():
                self.deliver(FORGED, source)
        elif way == "ingest":
            self.ingest()
        self.digest()

    def is_applied(self, setting: str, row: str, way: str, *, is_row_deleted: bool) -> bool:
        """Return whether the forged cancellation is applied; leave everything as it was."""
        with transaction.atomic():
            with trusting(HOST):
                self.deliver(FORGED, self.source)
            forged = Notification.objects.filter(subject="Cancelled")
            self.assertEqual(forged.get().state, State.REFUSED)
            forged.update(**ROWS[row])
            if is_row_deleted:
                NotificationSource.objects.all().delete()
            with SETTINGS[setting]():
                self.act(way)
            is_parsed = forged.filter(state=State.PARSED).exists()
            self.assertEqual(CircuitMaintenance.objects.get().status, "CANCELLED" if is_parsed else "CONFIRMED")
            transaction.set_rollback(True)
        return is_parsed

    def test_nothing_is_applied_unless_the_operator_decided_so(self):
        """The settings name the source and require nothing: only then, and what was refused only after Reprocess."""
        ways = ("digest", "reprocess one", "reprocess all", "send again", "ingest")
        found = {each for each in product(SETTINGS, ROWS, ways) if self.is_applied(*each, is_row_deleted=False)}

        self.assertEqual(found, APPLIED)

    @pytest.mark.nightly  # half a minute; the matrix above has the other states of a source
    def test_without_the_row_of_its_source_nothing_is_applied(self):
        """Mail that a person handed in has no source either, but this one came from a mailbox."""
        ways = ("digest", "reprocess one", "reprocess all", "ingest")
        found = {each for each in product(SETTINGS, ROWS, ways) if self.is_applied(*each, is_row_deleted=True)}

        self.assertEqual(found, set())
