"""CSV of the REST API and of Nautobot's export job: complete, in chunks, and with windows and figures."""

import csv
import io
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from nautobot.apps.testing import TestCase
from nautobot.core.api.renderers import NautobotCSVRenderer

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.api.csv_files import CHUNK
from nautobot_circuit_maintenance.api.serializers import CircuitMaintenanceSerializer
from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact
from nautobot_circuit_maintenance.tests.factories import app, core, users

HERE = "plugins-api:nautobot_circuit_maintenance-api:circuitmaintenance-list"
FIGURES = ("windows", "duration_minutes", "circuits", "circuit_count", "unmatched_count", "worst_impact")


class CSVTest(TestCase):
    """A maintenance with two circuits, and many more."""

    @classmethod
    def setUpTestData(cls):
        cls.everything = users.superuser()
        cls.isp = core.create_provider("ISP 1")
        cls.first = app.create_maintenance("FIRST", cls.isp, start=app.NOON)
        app.create_impact(cls.first, core.create_circuit(cls.isp, "C-1"), Impact.OUTAGE)
        app.create_impact(cls.first, "UNKNOWN", Impact.DEGRADED)

    def add(self, count: int) -> None:
        """Create maintenances without impacts."""
        models.CircuitMaintenance.objects.bulk_create(
            models.CircuitMaintenance(name=f"MORE-{number}", provider=self.isp) for number in range(count)
        )

    def rows(self, user=None, query: str = "") -> list[dict[str, str]]:
        """Return the rows of a file."""
        response = self.response(user, query)
        self.assertIn("attachment", response["Content-Disposition"])
        return list(csv.DictReader(io.StringIO(response.getvalue().decode())))

    def response(self, user=None, query: str = ""):
        """Request a file."""
        self.client.force_login(user or self.everything)
        return self.client.get(f"{reverse(HERE)}?format=csv{query}")

    def test_a_file_of_more_than_one_chunk_is_streamed(self):
        self.assertFalse(self.response().streaming)
        self.add(CHUNK)
        self.assertTrue(self.response().streaming)

    def test_figures_and_windows_are_in_the_file(self):
        row = self.rows()[0]

        windows = "2026-11-20T12:00:00Z/2026-11-20T16:00:00Z"
        self.assertEqual([row[name] for name in FIGURES], [windows, "240", "C-1, UNKNOWN", "2", "1", "OUTAGE"])
        self.assertNotIn("impacts", row)

    def test_minutes_are_those_of_the_windows_not_of_the_time_between(self):
        app.add_window(self.first, app.NOON + timedelta(days=1), hours=2)

        row = self.rows()[0]

        self.assertEqual((row["duration_minutes"], row["windows"].count("/")), ("360", 2))

    def test_figures_are_those_of_visible_impacts(self):
        only_degraded = {models.CircuitImpact: {"impact": Impact.DEGRADED}}
        user = users.viewer(models.CircuitMaintenance, models.CircuitImpact, constraints=only_degraded)

        self.assertEqual([self.rows(user)[0][name] for name in FIGURES[2:]], ["UNKNOWN", "1", "1", "DEGRADED"])

    def test_all_chunks_are_one_table(self):
        self.add(2 * CHUNK)
        rows = self.rows()

        self.assertEqual({row["name"] for row in rows}, {"FIRST", *(f"MORE-{number}" for number in range(2 * CHUNK))})
        self.assertEqual(len(rows), 2 * CHUNK + 1)
        self.assertEqual(self.rows(query="&name=MORE-7")[0]["name"], "MORE-7")
        self.assertEqual(self.rows(query="&name=NOTHING"), [])

    def test_a_row_costs_no_query(self):
        self.add(CHUNK)
        few = self.queries("&name=FIRST")
        self.assertLessEqual(self.queries("&name__isw=MORE"), few + 2)

    def queries(self, query: str) -> int:
        """Return how many queries a file takes, once the caches are filled."""
        self.rows(query=query)
        with CaptureQueriesContext(connection) as queries:
            self.rows(query=query)
        return len(queries)

    def test_export_job_has_the_same_columns_and_asks_by_chunk(self):
        """It serializes without a request, and without the view that prefetches."""
        self.add(CHUNK - 1)
        queryset = models.CircuitMaintenance.objects.order_by("name")
        with CaptureQueriesContext(connection) as queries:
            serializer = CircuitMaintenanceSerializer(queryset, many=True, context={"request": None}, force_csv=True)
            text = NautobotCSVRenderer().render(serializer.data)
        row = next(csv.DictReader(io.StringIO(text)))

        self.assertEqual([row[name] for name in FIGURES[1:]], ["240", "C-1, UNKNOWN", "2", "1", "OUTAGE"])
        self.assertLessEqual(len(queries), 15)
