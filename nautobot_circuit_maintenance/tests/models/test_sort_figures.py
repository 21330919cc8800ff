"""What lists of maintenances are sorted by is true, by whatever way impacts and windows were changed."""

import csv
import io
from datetime import timedelta
from importlib import import_module

from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from nautobot.core.testing import post_data

from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, MaintenanceWindow
from nautobot_circuit_maintenance.models.sort_figures import count_again
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.factories.figures import counted_figures, stored_figures
from nautobot_circuit_maintenance.tests.factories.mail import START
from nautobot_circuit_maintenance.tests.page_case import HTMX, PageTestCase, url_of

DAY = timedelta(days=1)
NO_CIRCUIT = {"kind": "no-circuit", "sentence": "No circuit is named.", "fingerprint": "a"}
ENDPOINT = "plugins-api:nautobot_circuit_maintenance-api:circuitimpact-{}"


class SortFiguresTest(PageTestCase):
    """A maintenance with two nights and two circuits, beside others."""

    def setUp(self):
        """Create them; a superuser works on them."""
        super().setUp()
        self.become_superuser()
        self.provider = core.create_provider("ISP")
        self.circuit = core.create_circuit(self.provider, "C-1")
        self.work = app.create_maintenance("WORK", self.provider, start=START)
        self.second_night = app.add_window(self.work, START + DAY)
        self.impact = app.create_impact(self.work, self.circuit, Impact.OUTAGE)
        self.other = app.create_impact(self.work, "C-2", Impact.DEGRADED)

    def assert_sorted_by(self, circuits: int, impact: str) -> None:
        """Check the figures of the maintenance, and that all others are true too."""
        severity = Impact.values().index(impact) + 1 if impact else 0
        self.assertEqual(stored_figures()["ISP", "WORK"], (circuits, severity))
        self.assertEqual(stored_figures(), counted_figures())

    def test_new_impact(self):
        self.assert_sorted_by(2, Impact.OUTAGE)

    def test_changed_and_deleted_impact(self):
        self.impact.impact = Impact.NO_IMPACT
        self.impact.save()
        self.assert_sorted_by(2, Impact.DEGRADED)

        self.other.delete()
        self.assert_sorted_by(1, Impact.NO_IMPACT)

    def test_the_first_circuit_ends_the_doubt_that_none_is_named_and_no_other(self):
        others = [{"kind": "second-window", "sentence": "A second night?", "fingerprint": "b"}]
        empty = app.create_maintenance("EMPTY", self.provider, start=START, doubts=[NO_CIRCUIT, *others])
        self.other.maintenance = empty
        self.other.save()

        empty.refresh_from_db()
        self.assertEqual(empty.doubts, others)

    def test_impact_that_moves_to_another_maintenance(self):
        target = app.create_maintenance("TARGET", self.provider)
        self.impact.maintenance = target
        self.impact.save()

        self.assertEqual(stored_figures()["ISP", "TARGET"], (1, 4))
        self.assert_sorted_by(1, Impact.DEGRADED)

    def test_impact_in_no_window(self):
        self.impact.limit_to([])
        self.assert_sorted_by(1, Impact.DEGRADED)

        self.impact.limit_to([self.second_night])
        self.assert_sorted_by(2, Impact.OUTAGE)

    def test_impact_that_loses_its_window(self):
        changes = {
            "the window is deleted": lambda: MaintenanceWindow.objects.get(pk=self.second_night.pk).delete(),
            "windows are deleted at once": lambda: MaintenanceWindow.objects.filter(pk=self.second_night.pk).delete(),
            "from the side of the window": lambda: self.second_night.impacts.clear(),
            "by an edit of the maintenance": self.remove_second_night,
        }
        for name, change in changes.items():
            with self.subTest(name):
                self.second_night.save()
                self.impact.limit_to([self.second_night])
                self.assert_sorted_by(2, Impact.OUTAGE)

                change()

                self.assert_sorted_by(1, Impact.DEGRADED)

    def remove_second_night(self) -> None:
        """Edit the windows."""
        work = CircuitMaintenance.objects.get(pk=self.work.pk)
        first = work.windows.order_by("start_time").first()
        work.set_windows([(first.start_time, first.end_time)])
        work.save()

    def test_impacts_deleted_at_once_and_with_their_circuit(self):
        self.circuit.delete()
        self.assert_sorted_by(2, Impact.OUTAGE)

        CircuitImpact.objects.filter(maintenance=self.work).delete()
        self.assert_sorted_by(0, "")

    def test_copy_of_the_maintenance_that_was_read_before(self):
        """A form reads it, an impact is deleted, the form saves."""
        copy = CircuitMaintenance.objects.get(pk=self.work.pk)
        self.impact.delete()
        copy.ticket = "INC1"
        copy.save()

        self.assert_sorted_by(1, Impact.DEGRADED)

    def test_rest(self):
        url = reverse(ENDPOINT.format("detail"), kwargs={"pk": self.impact.pk})
        data = {"impact": Impact.NO_IMPACT}
        self.assertHttpStatus(self.client.patch(url, data, content_type="application/json"), 200)
        self.assert_sorted_by(2, Impact.DEGRADED)

        body = {"maintenance": str(self.work.pk), "cid": "C-3", "impact": Impact.OUTAGE}
        self.assertHttpStatus(
            self.client.post(reverse(ENDPOINT.format("list")), body, content_type="application/json"), 201
        )
        self.assert_sorted_by(3, Impact.OUTAGE)

        self.assertHttpStatus(self.client.delete(url), 204)
        self.assert_sorted_by(2, Impact.OUTAGE)

    def test_csv(self):
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerows([["maintenance__id", "cid", "impact"], [self.work.pk, "C-4", Impact.OUTAGE]])
        response = self.client.post(reverse(ENDPOINT.format("list")), text.getvalue(), content_type="text/csv")
        self.assertEqual(response.status_code, 201, response.content)
        self.assert_sorted_by(3, Impact.OUTAGE)

    def test_page_of_the_impact(self):
        url = url_of("circuitimpact_delete", self.impact)
        self.assertHttpStatus(self.client.post(url, post_data({"confirm": True})), 302)
        self.assert_sorted_by(1, Impact.DEGRADED)

    def test_migration_counts_what_is_there(self):
        self.impact.limit_to([])
        CircuitMaintenance.objects.update(sort_circuits=77, sort_severity=7)

        import_module("nautobot_circuit_maintenance.migrations.0020_sort_figures").count_impacts(apps, None)

        self.assert_sorted_by(1, Impact.DEGRADED)

    def test_nothing_is_written_where_nothing_changed(self):
        with CaptureQueriesContext(connection) as queries:
            count_again([self.work.pk])
        self.assertEqual([each["sql"] for each in queries if each["sql"].startswith("UPDATE")], [])


class HiddenImpactsTest(PageTestCase):
    """A user may view some of the impacts only: the others do not show in the order."""

    def test_list_is_sorted_by_what_is_visible(self):
        provider = core.create_provider("ISP")
        for name, impact in (("FIRST", Impact.DEGRADED), ("SECOND", Impact.NO_IMPACT)):
            app.create_impact(app.create_maintenance(name, provider), f"{name}-1", impact)
        app.create_impact(CircuitMaintenance.objects.get(name="SECOND"), "SECRET", Impact.OUTAGE)
        self.permit("view_circuitmaintenance")
        self.permit("view_circuitimpact", constraints={"cid__endswith": "-1"})

        listed = self.page("circuitmaintenance_list", data={"sort": "-worst_impact"}, **HTMX)

        self.assertLess(listed.index("FIRST"), listed.index("SECOND"))

    def test_endpoint_neither_shows_nor_sorts_by_them(self):
        self.become_superuser()
        url = reverse("plugins-api:nautobot_circuit_maintenance-api:circuitmaintenance-list")

        default = [each["id"] for each in self.client.get(url).json()["results"]]
        for name in CircuitMaintenance.HIDDEN:
            response = self.client.get(url, {"sort": f"-{name}"}).json()
            self.assertEqual([each["id"] for each in response["results"]], default)
            self.assertNotIn(name, response["results"][0])
