"""The providers' ledger: the page, CSV, REST, and quarters that are closed."""

import csv
import io
from datetime import timedelta

from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis.ledger import read_circuits, read_ledger
from nautobot_circuit_maintenance.analysis.ledger_closing import GRACE, close_daily, close_quarters
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.domain.ledger import Quarter
from nautobot_circuit_maintenance.tests.factories import app, core, users

PAGE = reverse("plugins:nautobot_circuit_maintenance:providers")
REST = reverse("plugins-api:nautobot_circuit_maintenance-api:ledger")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALL = Visibility.everything()


class LedgerTest(TestCase):
    """A provider with work in the last quarter."""

    def setUp(self):
        super().setUp()
        self.everyone = users.superuser()
        self.client.force_login(self.everyone)
        self.quarter = Quarter.of(timezone.now()).earlier(1)
        self.closing = self.quarter.end + GRACE
        self.start = self.quarter.start + 40 * DAY
        self.isp = core.create_provider("ISP")
        self.work = app.create_maintenance("M-1", self.isp, start=self.start)
        app.create_impact(self.work, "C-1", Impact.OUTAGE)
        app.create_impact(self.work, "C-2", Impact.DEGRADED)
        mail = app.create_notification(self.isp, received_at=self.start - 5 * DAY)
        app.create_parsed(mail, self.work)

    def row(self, visibility=ALL):
        """Return the row of the provider."""
        (row,) = read_ledger(visibility, self.quarter, timezone.now())
        return row

    def test_figures_come_from_windows_impacts_and_notifications(self):
        app.add_window(self.work, self.start + DAY, hours=2)
        app.create_maintenance("OFF", self.isp, start=self.start, status=Status.CANCELLED)
        app.create_maintenance("NEXT", self.isp, start=self.quarter.end)
        figures = self.row().figures

        self.assertEqual(
            (figures.maintenances, figures.cancelled, figures.minutes_planned, figures.outage_minutes),
            (1, 1, 6 * 60, 6 * 60),
        )
        self.assertEqual(figures.average_notice, 5 * DAY)
        circuits = {row.cid: row.figures for row in read_circuits(ALL, self.quarter, timezone.now(), self.isp.pk)}
        self.assertEqual({cid: each.outage_minutes for cid, each in circuits.items()}, {"C-1": 360, "C-2": 0})
        self.assertEqual({cid: each.minutes_planned for cid, each in circuits.items()}, {"C-1": 360, "C-2": 360})

    def test_a_timestamp_after_the_receipt_makes_no_late_change_and_no_notice_of_zero(self):
        """Some providers write the start of the work as the time of the message."""
        models.ParsedNotification.objects.update(issued_at=self.start + DAY, json=self.announced(self.start + DAY))
        mail = app.create_notification(self.isp, received_at=self.start - 4 * DAY)
        app.create_parsed(mail, self.work, issued_at=self.start, json=self.announced(self.start))
        figures = self.row().figures

        self.assertEqual((figures.moved, figures.late_changes, figures.average_notice), (1, 0, 5 * DAY))

    def announced(self, start):
        """Return the evidence of one window."""
        return app.evidence("M-1", start, start=int(start.timestamp()), end=int((start + HOUR).timestamp()))

    def test_a_circuit_counts_in_its_own_windows(self):
        second = app.add_window(self.work, self.start + DAY, hours=2)
        self.work.impacts.get(cid="C-1").limit_to([second])
        circuits = {row.cid: row.figures for row in read_circuits(ALL, self.quarter, timezone.now(), self.isp.pk)}

        self.assertEqual((self.row().figures.outage_minutes, circuits["C-1"].minutes_planned), (120, 120))

    def test_a_closed_quarter_stays_and_a_later_edit_shows_as_a_correction(self):
        close_quarters(self.closing)
        self.assertEqual((self.row().closed_at, self.row().corrected), (self.closing, None))
        app.create_maintenance("LATE", self.isp, start=self.start)

        self.assertEqual((self.row().figures.maintenances, self.row().corrected), (1, None))
        close_quarters(self.closing + DAY)

        row = self.row()
        self.assertEqual((row.figures.maintenances, row.corrected.maintenances), (1, 2))
        self.assertEqual(row.closed_at, self.closing)
        page = self.client.get(PAGE, {"quarter": f"{self.quarter.year}-{self.quarter.number}"})
        self.assertContains(page, "correction +1")
        models.CircuitMaintenance.objects.filter(name="LATE").delete()
        close_quarters(self.closing + 2 * DAY)
        self.assertIsNone(self.row().corrected)

    def test_a_quarter_is_closed_a_week_after_its_end_even_if_all_was_deleted_since(self):
        close_quarters(self.closing - HOUR)
        self.assertFalse(
            models.ProviderQuarter.objects.filter(year=self.quarter.year, quarter=self.quarter.number).exists()
        )
        close_quarters(self.closing)
        self.work.delete()
        close_quarters(self.closing + DAY)

        self.assertEqual((self.row().figures.maintenances, self.row().corrected.maintenances), (1, 0))

    def test_the_job_closes_once_a_day(self):
        cache.clear()
        close_daily(self.closing)
        self.assertEqual(models.ProviderQuarter.objects.count(), 1)
        models.ProviderQuarter.objects.all().delete()
        close_daily(self.closing + HOUR)
        self.assertEqual(models.ProviderQuarter.objects.count(), 0)

    def test_who_may_view_some_maintenances_gets_the_account_of_these(self):
        """Closed figures would disclose the others."""
        app.create_maintenance("SECRET", self.isp, start=self.start)
        close_quarters(self.closing)
        mine = {models.CircuitMaintenance: {"name": "M-1"}}
        user = users.viewer(models.CircuitMaintenance, models.ParsedNotification, Provider, constraints=mine)
        row = self.row(Visibility.of(user))

        self.assertEqual((row.figures.maintenances, row.closed_at, row.figures.outage_minutes), (1, None, 0))
        self.assertEqual(self.row(Visibility.of(self.everyone)).figures.maintenances, 2)
        self.client.force_login(user)
        query = {"quarter": f"{self.quarter.year}-{self.quarter.number}"}
        self.assertContains(self.client.get(PAGE, query), "Hidden by your permissions")
        self.assertIsNone(self.client.get(REST, query).json()[0]["figures"]["outage_minutes"])

    def test_rest_and_csv_have_the_same_figures(self):
        query = {"quarter": f"{self.quarter.year}-{self.quarter.number}"}
        (row,) = self.client.get(REST, query).json()
        file = self.client.get(PAGE, {**query, "export": "csv"})
        (line,) = csv.DictReader(io.StringIO(file.content.decode()))

        self.assertEqual((row["provider"], row["figures"]["minutes_planned"]), (str(self.isp.pk), 240))
        self.assertEqual((line["provider"], line["kind"], line["minutes_planned"]), ("ISP", "open", "240"))
        circuits = self.client.get(REST, {**query, "provider": "ISP", "circuits": "true"}).json()
        self.assertEqual([each["cid"] for each in circuits], ["C-1", "C-2"])

    def test_requests_that_make_no_sense_are_refused(self):
        for query in ({"quarter": "2026-5"}, {"quarter": "x"}, {"provider": "UNKNOWN"}, {"circuits": "true"}):
            with self.subTest(query):
                self.assertEqual(self.client.get(REST, query).status_code, 400)
        self.assertEqual(self.client.get(PAGE, {"quarter": "x"}).status_code, 200)
        self.client.force_login(users.viewer())
        self.assertEqual(self.client.get(REST).status_code, 403)
