"""Messages about sites at risk, email that needs a person, and sources that fail."""

from datetime import time, timedelta

from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from nautobot.circuits.models import CircuitTermination, ProviderNetwork

from nautobot_circuit_maintenance.models import CircuitImpact, Notification, NotificationSource, Subscription
from nautobot_circuit_maintenance.tests.factories import core
from nautobot_circuit_maintenance.tests.factories.app import create_notification
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.outbound.post_office import SendingTestCase
from nautobot_circuit_maintenance.tests.statements import statements

HOUR = timedelta(hours=1)


class Sites(SendingTestCase):
    """A site with two circuits, C-1 and C-2."""

    @classmethod
    def setUpTestData(cls):
        """Connect the site."""
        super().setUpTestData()
        (cls.site,) = core.create_sites("Athens")
        network = ProviderNetwork.objects.create(name="MPLS", provider=cls.provider)
        for circuit in cls.circuits[:2]:
            core.terminate(circuit, "A", cls.site)
            CircuitTermination.objects.create(circuit=circuit, term_side="Z", provider_network=network)

    def test_an_episode_is_sent_once_until_it_gets_worse_or_does_not_come(self):
        self.subscribe(events=["at-risk"])
        self.send()
        maintenance = self.plan()
        self.send()
        self.assertEqual(len(self.office.arrived), 1)
        self.assertIn("Athens: keeps a single way", self.office.arrived[0].headline)

        self.edit(maintenance, end_time=maintenance.end_time + timedelta(minutes=10))
        self.send(HOUR)
        self.assertEqual(len(self.office.arrived), 1)

        CircuitImpact.objects.create(maintenance=maintenance, cid="C-2", circuit=self.circuits[1])
        self.send()
        self.assertEqual(len(self.office.arrived), 2)
        self.assertIn("has no way left", self.office.arrived[1].headline)

        self.edit(maintenance, status="CANCELLED")
        self.send()
        self.send(HOUR)
        self.assertEqual([each.headline for each in self.office.arrived[2:]], ["Athens is no longer at risk."])

    def test_time_passing_is_not_a_change(self):
        self.subscribe(events=["at-risk"])
        self.plan()
        self.send()
        for _ in range(12):
            self.send(HOUR * 5)

        self.assertEqual(len(self.office.arrived), 1)

    def test_only_sites_of_maintenances_that_the_filter_matches(self):
        subscription = self.subscribe(events=["at-risk"], maintenance_filter={"status": ["TENTATIVE"]})
        self.plan()
        self.send()
        self.assertEqual(self.office.arrived, [])

        subscription.maintenance_filter = {"status": ["CONFIRMED"]}
        subscription.save()
        self.send()

        self.assertEqual(len(self.office.arrived), 1)

    def test_a_site_is_at_risk_no_more_only_if_no_other_work_puts_it_there_at_that_time(self):
        self.subscribe(events=["at-risk"], maintenance_filter={"status": ["CONFIRMED"]})
        maintenance, other = self.plan("M-1"), self.plan("M-2", status="TENTATIVE")
        self.send()
        self.edit(maintenance, status="CANCELLED")
        self.send()
        self.assertEqual(len(self.office.arrived), 1)

        self.edit(other, status="CANCELLED")
        self.send()
        self.assertEqual([each.headline for each in self.office.arrived[1:]], ["Athens is no longer at risk."])

    def test_the_risk_is_assessed_once_for_an_owner_in_each_step(self):
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                self.send(HOUR)
            return sum('FROM "circuits_circuittermination"' in sql for sql in statements(captured))

        self.subscribe(events=["at-risk"])
        self.plan()
        self.send()
        one = queries()
        for _ in range(3):
            self.subscribe(events=["at-risk"])
        self.send()
        self.assertEqual((queries(), len(self.office.arrived)), (one, 4))
        self.assertGreater(one, 0)

    def test_the_risk_for_everyone_is_assessed_once_in_each_step(self):
        def queries(**schedule) -> int:
            """Have all of some subscriptions ask whether a site is at risk for no one; return how often ends are read."""
            for _ in range(1 if Subscription.objects.count() == 0 else 3):
                self.subscribe(events=["at-risk"], **schedule)
            self.send()
            maintenance = self.plan(f"M-{self.now}", days=(self.now - NOON).days + 5)
            self.send(HOUR * 24)
            self.edit(maintenance, status="CANCELLED")
            with CaptureQueriesContext(connection) as captured:
                self.send(HOUR * 24)
            return sum('FROM "circuits_circuittermination"' in sql for sql in statements(captured))

        for schedule in ({}, {"rhythm": "daily", "digest_time": time(8), "time_zone": "UTC"}):
            with self.subTest(schedule):
                Subscription.objects.all().delete()
                self.office.arrived.clear()
                one = queries(**schedule)
                self.assertEqual((queries(**schedule), len(self.office.arrived)), (one, 2 + 8))
                self.assertGreater(one, 0)

    def test_what_needs_a_person_is_sent_though_the_risk_cannot_be_assessed(self):
        self.subscribe(events=["at-risk", "needs-a-person"])
        self.plan()
        create_notification(self.provider, self.source, state="failed", error="Unreadable", received_at=self.now)
        settings = {"nautobot_circuit_maintenance": {"risk_circuits": {"cid": ["of no circuit"]}}}
        with override_settings(PLUGINS_CONFIG=settings):
            self.send()
        self.assertEqual(self.office.events, ["needs-a-person"])


class Mail(SendingTestCase):
    """What the pipeline could not read."""

    def test_a_notification_once_for_each_state(self):
        self.subscribe(events=["needs-a-person"])
        create_notification(self.provider, self.source, state="failed", error="Unreadable", received_at=NOON - HOUR)
        row = create_notification(self.provider, self.source, state="failed", error="Unreadable", received_at=self.now)
        self.send()
        Notification.objects.filter(pk=row.pk).update(error="Unreadable at 12:05")
        self.send()
        self.assertEqual([each.data["now"]["id"] for each in self.office.arrived], [str(row.pk)])

        Notification.objects.filter(pk=row.pk).update(state="refused")
        self.send()
        self.assertEqual([each.data["now"]["state"] for each in self.office.arrived], ["failed", "refused"])

    def test_a_source_after_three_failed_runs_and_once_a_day(self):
        self.subscribe(events=["needs-a-person"])
        source = NotificationSource.objects.filter(pk=self.source.pk)
        source.update(last_error="refused", failing_since=NOON, failed_runs=2)
        self.send()
        self.assertEqual(self.office.arrived, [])

        source.update(failed_runs=3)
        self.send()
        self.send()
        self.assertEqual(len(self.office.arrived), 1)

        source.update(failing_since=NOON + HOUR * 2)
        self.send(HOUR * 3)
        self.assertEqual(len(self.office.arrived), 1)

        self.send(HOUR * 24)
        self.assertEqual(len(self.office.arrived), 2)
