"""What a run costs in which there is nothing to send."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from nautobot_circuit_maintenance.models import (
    CircuitMaintenance,
    MaintenanceChange,
    MaintenanceWindow,
    Subscription,
    Thread,
)
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.outbound.post_office import SendingTestCase

HOUR = timedelta(hours=1)
MOST_QUERIES = 26


class NothingNew(SendingTestCase):
    """10,000 maintenances and 500 subscriptions."""

    def fill(self, maintenances: int, subscriptions: int) -> None:
        """Add that many, none of which has a moment in the next hour."""
        start = NOON + timedelta(minutes=30)
        rows = CircuitMaintenance.objects.bulk_create(
            CircuitMaintenance(
                name=f"M-{number}",
                provider=self.provider,
                status="CONFIRMED",
                start_time=start + timedelta(hours=number % 2_000 - 1_000),
                end_time=start + timedelta(hours=number % 2_000 - 997),
            )
            for number in range(maintenances)
        )
        MaintenanceWindow.objects.bulk_create(
            MaintenanceWindow(maintenance=row, start_time=row.start_time, end_time=row.end_time, created=NOON)
            for row in rows
        )
        MaintenanceChange.objects.bulk_create(
            MaintenanceChange(maintenance_id=row.pk, kind="created", at=NOON, dispatched=NOON) for row in rows
        )
        events = ["new", "changed", "cancelled", "starts-soon", "started", "ended", "overdue"]
        subscribed = Subscription.objects.bulk_create(
            Subscription(
                name=f"Subscription {number}",
                owner=self.user,
                channel="mail",
                events=events,
                lead_time=(4, 12, 24, 48)[number % 4],
                maintenance_filter={"status": ["CONFIRMED"]} if number % 2 else {},
                begun=NOON,
                clock=NOON,
            )
            for number in range(subscriptions)
        )
        Thread.objects.bulk_create(
            Thread(subscription=one, subject_type="maintenance", subject_id=row.pk)
            for one in subscribed[:20]
            for row in rows[:200]
        )

    def queries(self) -> int:
        """Return the number of statements of a run."""
        with CaptureQueriesContext(connection) as queries:
            self.send(timedelta(minutes=1))
        return len(queries)

    def test_the_number_of_queries_does_not_grow(self):
        self.fill(50, 20)
        self.send(timedelta(minutes=1))

        self.assertLessEqual(self.queries(), MOST_QUERIES)

    @pytest.mark.nightly
    def test_under_a_second_and_a_bounded_number_of_queries(self):
        self.fill(10_000, 500)
        self.send(timedelta(minutes=1))
        started = time.process_time()
        queries = self.queries()
        seconds = time.process_time() - started

        self.assertEqual(self.office.attempts, 0)
        self.assertLess(seconds, 1.0)
        self.assertLessEqual(queries, MOST_QUERIES)
