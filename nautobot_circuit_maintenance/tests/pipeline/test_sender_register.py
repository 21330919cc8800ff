"""Addresses that belong to no provider are stored with the number of their emails, and forgotten once they do."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from nautobot.apps.change_logging import web_request_context
from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Provider
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.models import Notification, NotificationSource, UnknownSender
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, sender_addresses
from nautobot_circuit_maintenance.models.unknown_senders import assign
from nautobot_circuit_maintenance.pipeline import sender_register
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.factories import users
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, FakeMailbox, mail

UNKNOWN = "noc@unknown.example"


class Registered(PipelineTestCase):
    """What a run stores of the senders that it does not know."""

    def counts(self) -> dict[str, int]:
        """Return the emails of each address."""
        return dict(UnknownSender.objects.values_list("address", "count"))

    def test_emails_are_counted_by_address_and_nothing_of_them_is_stored(self):
        self.receive(*(mail(Bcop(f"M-{number}"), sender=UNKNOWN) for number in range(3)))
        first = UnknownSender.objects.get()
        self.receive(mail(Bcop("M-9"), sender=UNKNOWN), mail(sender="other@unknown.example"), mail(Bcop("M-1")))

        self.assertEqual(self.counts(), {UNKNOWN: 4, "other@unknown.example": 1})
        row = UnknownSender.objects.get(address=UNKNOWN)
        self.assertEqual((row.pk, row.source, row.first_seen), (first.pk, self.source, first.first_seen))
        self.assertGreater(row.last_seen, first.last_seen)
        self.assertEqual(Notification.objects.count(), 1)

    def test_a_dismissed_address_stays_dismissed_however_often_it_writes(self):
        self.receive(mail(sender=UNKNOWN))
        UnknownSender.objects.update(dismissed=True)

        self.receive(mail(Bcop("M-2"), sender=UNKNOWN))

        self.assertEqual(self.counts(), {UNKNOWN: 2})
        self.assertFalse(UnknownSender.objects.needing_attention().exists())

    def test_a_dry_run_stores_none(self):
        self.receive(mail(sender=UNKNOWN), dry_run=True)

        self.assertEqual(self.counts(), {})

    def test_an_address_that_a_provider_uses_by_now_is_forgotten_by_the_next_run(self):
        self.receive(mail(Bcop("M-1"), sender=UNKNOWN), mail(sender="noc@other.example"))
        self.provider.cf[EMAILS_FIELD] = "noc@isp.example, @unknown.example"
        self.provider.validated_save()

        self.receive()

        self.assertEqual(list(self.counts()), ["noc@other.example"])


class Bounded(TestCase):
    """Many addresses do not fill the table."""

    def setUp(self):
        super().setUp()
        self.source = NotificationSource.objects.create(name="Flooded")

    def register(self, senders: dict[str, int], minute: int) -> None:
        """Count a batch of that minute."""
        sender_register.register_unknown(self.source, senders, NOON + timedelta(minutes=minute))

    def test_a_source_keeps_a_thousand_addresses_those_that_wrote_last(self):
        self.register({f"first-{number}@a.example": 1 for number in range(600)}, 0)
        self.register({f"second-{number}@b.example": 1 for number in range(600)}, 1)
        self.register({f"huge-{number}@c.example": 1 for number in range(3_000)} | {UNKNOWN: 2}, 2)

        rows = UnknownSender.objects.filter(source=self.source)
        self.assertEqual(rows.count(), sender_register.MOST_PER_SOURCE)
        self.assertFalse(rows.exclude(last_seen=NOON + timedelta(minutes=2)).exists())
        self.assertTrue(rows.filter(address=UNKNOWN).exists())

    def test_a_batch_takes_three_statements_however_many_addresses_it_has(self):
        senders = {f"noc-{number}@a.example": 1 for number in range(200)}
        self.register(senders, 0)

        with CaptureQueriesContext(connection) as queries:
            self.register(senders | {"new@a.example": 1}, 1)
        statements = [each["sql"] for each in queries if "SAVEPOINT" not in each["sql"]]

        self.assertEqual(len(statements), 3, statements)

    def test_a_batch_without_unknown_senders_takes_none(self):
        with self.assertNumQueries(0):
            self.register({"": 7}, 0)

    def test_what_cannot_be_an_address_of_a_provider_is_not_stored(self):
        names = ["no-host", "a b@x.example", '"a,b"@x.example', "a@x_**y", "ä@x.example", f"{'a' * 60}@{'b.' * 120}de"]
        self.register(dict.fromkeys(names, 1), 0)

        self.assertFalse(UnknownSender.objects.exists())


class Assigned(PipelineTestCase):
    """Assigning an address to a provider."""

    def test_its_email_is_read_by_the_next_run_even_what_came_before(self):
        mailbox = FakeMailbox.of([mail(Bcop("M-7"), sender=UNKNOWN), mail(Bcop("M-1"))])
        self.read(mailbox)

        assign(UnknownSender.objects.get(), self.provider, self.user)
        self.read(mailbox)

        self.assertEqual(sender_addresses(Provider.objects.get(pk=self.provider.pk)), ("noc@isp.example", UNKNOWN))
        self.assertFalse(UnknownSender.objects.exists())
        self.assertEqual(self.maintenance("M-7").provider, self.provider)

    def test_a_provider_that_the_source_does_not_search_for_is_added_to_it(self):
        self.receive(mail(sender=UNKNOWN))
        other = create_provider("Other")

        assign(UnknownSender.objects.get(), other, self.user)

        self.assertIn(other, self.source.providers.all())
        self.assertEqual(sender_addresses(Provider.objects.get(pk=other.pk)), (UNKNOWN,))

    def test_who_may_not_change_the_source_cannot_add_a_provider_to_it(self):
        self.receive(mail(sender=UNKNOWN))
        other, viewer = create_provider("Other"), users.viewer(NotificationSource)

        with self.assertRaisesMessage(ValidationError, "may not change the source"):
            assign(UnknownSender.objects.get(), other, viewer)

        self.assertEqual(sender_addresses(Provider.objects.get(pk=other.pk)), ())
        self.assertEqual(UnknownSender.objects.count(), 1)

    def test_an_address_that_another_provider_has_is_refused(self):
        self.receive(mail(sender=UNKNOWN))
        create_provider("Owner", UNKNOWN)

        with self.assertRaisesMessage(ValidationError, "is already used by"):
            assign(UnknownSender.objects.get(), self.provider, self.user)

        self.assertEqual(UnknownSender.objects.count(), 1)

    def test_the_change_of_the_provider_is_in_its_change_log(self):
        self.receive(mail(sender=UNKNOWN))

        with web_request_context(self.user):
            assign(UnknownSender.objects.get(), self.provider, self.user)

        change = ObjectChange.objects.get(changed_object_id=self.provider.pk)
        self.assertIn(UNKNOWN, change.object_data["custom_fields"][EMAILS_FIELD])
