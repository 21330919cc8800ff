"""Mails in any order of arrival come to the same end."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from django.db import transaction

from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import CircuitMaintenance, ParsedNotification
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_circuits, create_provider
from nautobot_circuit_maintenance.tests.domain import oracle
from nautobot_circuit_maintenance.tests.end_to_end import corpus, mails
from nautobot_circuit_maintenance.tests.end_to_end.world import CENTURY, Rows, comparable_rows
from nautobot_circuit_maintenance.tests.factories.mail import FakeMailbox

ORDERS = 20
GENERATED = 30


def mails_about_the_same_maintenances() -> list[corpus.Sample]:
    """Return the mails of the corpus that share a maintenance with another, and one of each other outcome."""
    samples = corpus.samples() if corpus.FOLDER.is_dir() else []
    about = defaultdict(list)
    for sample in samples:
        for name in sample.items_by_id():
            about[sample.parser, name].append(sample.path)
    shared = {path for paths in about.values() if len(paths) > 1 for path in paths}
    others = {sample.folder: sample.path for sample in samples if sample.folder != "parsable"}
    return [sample for sample in samples if sample.path in shared | set(others.values())]


@contextmanager
def undone() -> Iterator[None]:
    """Forget afterwards what the block wrote."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class TestOrder(PipelineTestCase):
    """Providers that contradict themselves: their last word counts, however late the others arrive."""

    maxDiff = None

    @classmethod
    def setUpTestData(cls):
        """Add the senders of all mails to the world."""
        super().setUpTestData()
        providers = [create_provider(name, address) for name, address in mails.ISPS.items()]
        for provider in providers:
            create_circuits(provider, *mails.CIDS[::2])
        cls.messages = mails.contradicting_mails(GENERATED, seed=7)
        if samples := mails_about_the_same_maintenances():
            cls.messages += [MailMessage.from_bytes(each.raw, received_at=each.received_at) for each in samples]
            for parsers, addresses in corpus.addresses_by_parser().items():
                providers.append(create_provider(f"Carrier {parsers[0]}", ",".join(addresses), ",".join(parsers)))
        cls.source.providers.add(*providers)

    def outcome_of(self, seed: int) -> Rows:
        """Let the mails arrive in a random order, a few with each run; return the rows that they leave."""
        random, mailbox = Random(seed), FakeMailbox()
        waiting = random.sample(self.messages, len(self.messages))
        with (
            undone(),
            self.settings(
                PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"raw_notification_initial_days_since": CENTURY}}
            ),
        ):
            while waiting:
                size = random.randint(1, 8)
                mailbox.messages += waiting[:size]
                waiting = waiting[size:]
                self.read(mailbox)
            return comparable_rows()

    def test_twenty_random_orders_leave_the_same_rows(self):
        """Maintenances, windows, impacts, parsed notifications and notifications are equal, row by row."""
        first = self.outcome_of(0)
        self.assertEqual(len(first["Notification"]), len(self.messages))
        self.assertGreater(len(first["CircuitMaintenance"]), 3)
        for seed in range(1, ORDERS):
            with self.subTest(order=seed):
                self.assertEqual(self.outcome_of(seed), first)

    def test_the_rows_follow_the_rules(self):
        """The result that all orders share is that of the rules, worked out by an oracle of another construction."""
        self.read(FakeMailbox(list(self.messages), batch_size=50))
        updates = defaultdict(list)
        for row in ParsedNotification.objects.all():
            updates[row.maintenance_id].append(row.as_update())
        for maintenance in CircuitMaintenance.objects.all():
            with self.subTest(str(maintenance)):
                expected = oracle.outcome_of(updates[maintenance.pk])
                impacts = {cid.casefold(): impact for cid, impact in maintenance.impacts.values_list("cid", "impact")}
                self.assertEqual(maintenance.status, expected.status)
                self.assertEqual(maintenance.description, expected.description)
                self.assertEqual(
                    [(w.start_time, w.end_time) for w in maintenance.windows.all()],
                    [tuple(window) for window in expected.windows],
                )
                self.assertEqual(impacts, {cid: impact for cid, (impact, _) in expected.circuits.items()})
