"""Chaos over sending: real workers, killed at any moment, and a real mail server that refuses, hangs up, and drops lines.

``NCM_SENDING_FAULTS`` sets how many faults strike, 60 if it is not set.
"""

import os
import random
import signal
import time
import traceback
from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import TransactionTestCase
from nautobot.extras.models import Contact

from nautobot_circuit_maintenance.channel_settings.email import EmailSettings
from nautobot_circuit_maintenance.models import CircuitMaintenance, Delivery, MaintenanceChange, Subscription, Thread
from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.run import send_updates
from nautobot_circuit_maintenance.tests.factories.app import create_maintenance
from nautobot_circuit_maintenance.tests.factories.core import create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.outbound.mail_server import HANG_UP, MailServer, mail_server

FAULTS = int(os.environ.get("NCM_SENDING_FAULTS", "60"))
REPLIES = (
    *(("MAIL", "421 closing"), ("MAIL", "450 later"), ("MAIL", HANG_UP), ("RCPT", "451 greylisted")),
    *(("RCPT", "550 no such user"), ("RCPT", HANG_UP), ("DATA", "451 later"), ("DATA", "554 no")),
    *(("END", "451 later"), ("END", HANG_UP), ("END", HANG_UP), ("END", HANG_UP)),
)
"""What the server replies instead; where it hangs up at the end, it has taken the message."""
STATUSES = ("TENTATIVE", "CONFIRMED", "RE-SCHEDULED", "CANCELLED")


@pytest.mark.nightly
class SendingChaos(TransactionTestCase):
    """Two recipients, four maintenances, up to three workers at once."""

    def setUp(self):
        """Subscribe."""
        super().setUp()
        self.dice = random.Random(19)  # nosec B311 # a story, not a secret
        self.struck: Counter[str] = Counter()
        self.now = NOON
        owner = get_user_model().objects.create_superuser(username="operator")
        self.subscription = Subscription.objects.create(
            name="All", owner=owner, channel="mail", begun=NOON, clock=NOON, events=["new", "changed", "cancelled"]
        )
        for address in ("a@example.net", "b@example.net"):
            self.subscription.contacts.add(Contact.objects.create(name=address, email=address))
        provider = create_provider("ISP", "noc@isp.example")
        self.rows = [
            create_maintenance(f"M-{number}", provider, start=NOON + timedelta(days=900), status="CONFIRMED")
            for number in range(4)
        ]

    def test_nothing_is_lost_and_nothing_is_sent_under_a_second_message_id(self):
        with mail_server(auth_required=False) as server:
            settings = EmailSettings(
                name="mail", instance="chaos", sender="n@example.com", url=f"smtp://127.0.0.1:{server.port}", tls=False
            )
            self.channels = MessageChannels("chaos", {"mail": settings}, frozenset({"mail"}))
            while self.struck.total() < FAULTS:
                self.step(server)
            server.replies.clear()
            self.settle()
            for row in self.rows:
                self.edit(row, "COMPLETED")
            self.settle()
            print(dict(self.struck), len(server.received), "messages")  # figures for docs/dev/reliability.md
            self.check(server)

    def step(self, server: MailServer) -> None:
        """Edit, plan faults, and let workers run; some are killed."""
        for _ in range(self.dice.randrange(4)):
            self.edit(self.dice.choice(self.rows), self.dice.choice(STATUSES))
        planned = [self.dice.choice(REPLIES) for _ in range(self.dice.randrange(4))]
        for stage, reply in planned:
            server.replies.setdefault(stage, []).append(reply)
        before = sum(map(len, server.replies.values()))
        self.now += timedelta(minutes=self.dice.choice((-60, 5, 5, 35, 130, 800)))
        self.run_workers(self.dice.randint(1, 3), kill=self.dice.random() < 0.6)
        self.struck["refused, hung up or dropped by the server"] += before - sum(map(len, server.replies.values()))

    def run_workers(self, count: int, *, kill: bool) -> None:
        """Run the job in some processes at once; kill one of them at any moment."""
        connections.close_all()
        workers = [self.fork() for _ in range(count)]
        if kill:
            time.sleep(self.dice.uniform(0.0, 0.5))
            victim = workers.pop()
            os.kill(victim, signal.SIGKILL)
            _, status = os.waitpid(victim, 0)
            self.struck["killed"] += os.WIFSIGNALED(status)
        for worker in workers:
            _, status = os.waitpid(worker, 0)
            self.assertEqual(status, 0)
        self.struck["two workers at once"] += count > 1

    def fork(self) -> int:
        """Start a process that runs the job once."""
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            send_updates(self.channels, lambda: self.now, lambda: True)
            code = 0
        except BaseException:  # pylint: disable=broad-exception-caught  # the process ends here, whatever it was
            traceback.print_exc()
        finally:
            os._exit(code)

    def edit(self, row: CircuitMaintenance, status: str) -> None:
        """Change a maintenance."""
        row = CircuitMaintenance.objects.get(pk=row.pk)
        row.status = status
        row.save()

    def settle(self) -> None:
        """Let everything end without faults."""
        for _ in range(8):
            self.now += timedelta(hours=13)
            self.run_workers(1, kill=False)

    def check(self, server: MailServer) -> None:
        """Compare what arrived with what is true."""
        self.assertEqual(Delivery.objects.filter(state__in=("waiting", "unsure")).count(), 0)
        self.assertEqual(Thread.objects.exclude(open=None).count(), 0)
        self.assertEqual(MaintenanceChange.objects.filter(dispatched=None).count(), 0)
        arrived: dict[str, dict[str, set[bytes]]] = {}
        for each in server.received:
            key = each.email["Message-ID"].strip("<>").partition("@")[0]
            texts = [part for part in each.email.walk() if part.get_content_type() == "text/plain"]
            messages = arrived.setdefault(each.recipients[0], {})
            messages.setdefault(key, set()).add(texts[0].get_payload(decode=True))
        stated = dict(Delivery.objects.values_list("key", "data"))
        for address, messages in arrived.items():
            self.assertEqual([key for key, texts in messages.items() if len(texts) > 1], [])
            for row in self.rows:
                said = [stated[key]["now"]["status"] for key in messages if stated[key]["now"]["id"] == str(row.pk)]
                with self.subTest(recipient=address, maintenance=row.name):
                    self.assertEqual(said[-1], "COMPLETED")
                    self.assertEqual([one for one, other in zip(said, said[1:]) if one == other], [])
        self.assertEqual(sorted(arrived), ["a@example.net", "b@example.net"])
