"""Pages of what we concluded: what is ours alone."""

from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from nautobot.circuits.models import Provider
from nautobot.dcim.models import Location
from nautobot.extras.models import CustomField, Tag

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.tests import fixtures
from nautobot_circuit_maintenance.tests.page_case import HTMX, PageTestCase, url_of


class MaintenanceListTest(PageTestCase):
    """The list of maintenances."""

    def test_what_is_urgent_comes_first(self):
        self.become_superuser()
        models.CircuitMaintenance.objects.all().delete()
        now = timezone.now()
        for name, start in (("long-ago", -20), ("yesterday", -1), ("soon", 1), ("later", 9)):
            fixtures.create_maintenance(name, start=now + timedelta(days=start))
        fixtures.create_maintenance("running", start=now - timedelta(hours=1))
        models.CircuitMaintenance.objects.create(name="timeless")

        page = self.page("circuitmaintenance_list", **HTMX)

        names = ["running", "soon", "later", "timeless", "yesterday", "long-ago"]
        self.assertEqual(sorted(names, key=lambda name: page.index(f">{name}<")), names)

    def test_it_shows_worst_impact_and_what_nautobot_does_not_know(self):
        self.become_superuser()

        page = self.page("circuitmaintenance_list", **HTMX)

        self.assertIn('<span class="badge bg-danger">OUTAGE</span>', page)
        self.assertIn("1 unknown", page)

    def test_every_column_sorts(self):
        self.become_superuser()
        for column in (
            "name",
            "provider",
            "status",
            "start_time",
            "worst_impact",
            "circuits",
            "ack",
            "acknowledged_by",
        ):
            for sign in ("", "-"):
                response = self.client.get(url_of("circuitmaintenance_list") + f"?sort={sign}{column}", **HTMX)
                self.assertHttpStatus(response, 200)

    def test_the_yellow_button_leads_to_the_sources(self):
        self.permit("view_circuitmaintenance")
        self.assertNotIn("Notification Sources</a>", " ".join(self.page("circuitmaintenance_list").split()))

        self.permit("view_notificationsource")

        self.assertIn(
            f'href="{url_of("notificationsource_list")}" class="btn btn-warning"', self.page("circuitmaintenance_list")
        )

    def test_fifty_rows_take_as_many_queries_as_twelve(self):
        self.become_superuser()
        self.create_rows(12)
        self.page("circuitmaintenance_list", **HTMX)
        counts = []
        for rows in (12, 50):
            self.create_rows(rows)
            with CaptureQueriesContext(connection) as queries:
                response = self.client.get(url_of("circuitmaintenance_list") + "?per_page=50", **HTMX)
            self.assertEqual(response.content.decode().count('name="pk"'), rows)
            counts.append(len(queries))

        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 35)

    @staticmethod
    def create_rows(wanted):
        """Fill up to so many maintenances, each with a provider, a circuit, a tag and a custom field."""
        field, _ = CustomField.objects.get_or_create(key="priority", defaults={"label": "Priority", "type": "text"})
        field.content_types.add(ContentType.objects.get_for_model(models.CircuitMaintenance))
        tag = Tag.objects.get(name="Alpha")
        for number in range(models.CircuitMaintenance.objects.count(), wanted):
            provider, _ = Provider.objects.get_or_create(name=f"Row {number % 20}")
            maintenance = fixtures.create_maintenance(f"ROW-{number}", provider, ack=True)
            maintenance.cf["priority"] = "high"
            maintenance.save()
            maintenance.tags.add(tag)
            fixtures.create_impact(maintenance, fixtures.create_circuit(provider, f"ROW-{number}"))

    def test_ticked_maintenances_can_be_acknowledged(self):
        chosen = models.CircuitMaintenance.objects.filter(name__in=["M-2", "M-3"])
        data = {"pk": [str(each.pk) for each in chosen]}
        url = url_of("circuitmaintenance_bulk_acknowledge")
        self.permit("view_circuitmaintenance")
        self.assertHttpStatus(self.client.post(url, data), 403)

        self.permit("change_circuitmaintenance", constraints={"name": "M-2"})

        self.assertHttpStatus(self.client.post(url, data), 302)
        self.assertEqual(set(chosen.filter(ack=True).values_list("name", flat=True)), {"M-2"})


class MaintenancePageTest(PageTestCase):
    """One maintenance."""

    def setUp(self):
        super().setUp()
        self.maintenance = models.CircuitMaintenance.objects.get(name="M-2")

    def test_it_shows_what_it_hits_and_where_it_is_from(self):
        self.become_superuser()

        page = self.page("circuitmaintenance", self.maintenance)

        for text in ("C-2", "UNKNOWN-2", "not in Nautobot", "Note 2", "Country", "2 h"):
            self.assertIn(text, page)
        notification = models.Notification.objects.get(parsed_notifications__maintenance=self.maintenance)
        self.assertIn(url_of("notification", notification), page)

    def test_where_it_hurts_keeps_to_the_permissions(self):
        self.permit("view_circuitmaintenance", "view_circuitimpact")
        self.add_permissions("circuits.view_circuit", "circuits.view_circuittermination", "tenancy.view_tenant")
        place = Location.objects.get(name="Country")

        self.assertNotIn(place.get_absolute_url(), self.reach())
        self.assertIn(">Tenant</a>", self.reach())

        self.add_permissions("dcim.view_location")

        self.assertIn(place.get_absolute_url(), self.reach())

    def reach(self):
        """Return the panel that says what is hit."""
        page = self.page("circuitmaintenance", self.maintenance)
        return page[page.index(">Locations<") : page.index(">Tenants<") + 300]

    def test_the_page_takes_as_many_queries_for_ten_times_the_circuits(self):
        self.become_superuser()
        self.page("circuitmaintenance", self.maintenance)
        counts = []
        for circuits in (4, 40):
            for number in range(self.maintenance.impacts.count(), circuits):
                circuit = fixtures.create_circuit(self.maintenance.provider, f"MORE-{number}")
                fixtures.create_impact(self.maintenance, circuit)
            with CaptureQueriesContext(connection) as queries:
                self.page("circuitmaintenance", self.maintenance)
            counts.append(len(queries))

        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 70)

    def test_an_unknown_circuit_can_be_added_with_one_click(self):
        self.become_superuser()

        page = self.page("circuitmaintenance", self.maintenance)

        self.assertIn(f"/circuits/circuits/add/?provider={self.maintenance.provider_id}&amp;cid=UNKNOWN-2", page)

    def test_all_windows_are_shown_whoever_may_see_the_maintenance(self):
        fixtures.add_window(self.maintenance, fixtures.NOON + timedelta(days=40), hours=1.5)
        self.permit("view_circuitmaintenance")

        self.assertIn("1 h 30 min", self.page("circuitmaintenance", self.maintenance))

    def test_panels_keep_to_the_permissions(self):
        self.permit("view_circuitmaintenance")

        page = self.page("circuitmaintenance", self.maintenance)

        for text in ("UNKNOWN-2", "Note 2", "Planned work"):
            self.assertNotIn(text, page)

    def test_no_page_for_something_else_than_a_primary_key(self):
        self.become_superuser()

        self.assertHttpStatus(self.client.get("/plugins/circuit-maintenance/maintenances/nonsense/"), 404)

    def test_several_windows_make_start_and_end_read_only(self):
        self.become_superuser()
        fixtures.add_window(self.maintenance, fixtures.NOON + timedelta(days=40), hours=1)

        response = self.client.post(
            url_of("circuitmaintenance_edit", self.maintenance),
            {
                "name": "M-2",
                "provider": self.maintenance.provider_id,
                "status": Status.CONFIRMED,
                "start_time": "2026-01-01 00:00:00",
                "end_time": "2026-01-01 01:00:00",
            },
        )

        self.assertIn("With several windows", response.content.decode())


class AcknowledgeTest(PageTestCase):
    """Acknowledge and Withdraw, in one click."""

    def setUp(self):
        super().setUp()
        self.maintenance = models.CircuitMaintenance.objects.get(name="M-2")
        self.url = url_of("circuitmaintenance_acknowledge", self.maintenance)

    def test_it_notes_who_and_when_and_can_be_withdrawn(self):
        self.permit("view_circuitmaintenance", "change_circuitmaintenance")

        self.assertRedirects(self.client.post(self.url), self.maintenance.get_absolute_url())
        self.maintenance.refresh_from_db()
        self.assertEqual((self.maintenance.ack, self.maintenance.acknowledged_by), (True, self.user))
        self.assertIsNotNone(self.maintenance.acknowledged_at)

        self.client.post(url_of("circuitmaintenance_withdraw", self.maintenance))
        self.maintenance.refresh_from_db()
        self.assertEqual(
            (self.maintenance.ack, self.maintenance.acknowledged_by, self.maintenance.acknowledged_at),
            (False, None, None),
        )

    def test_the_first_one_counts(self):
        self.maintenance.acknowledge(None, fixtures.NOON)
        self.maintenance.save()
        self.permit("change_circuitmaintenance")

        self.client.post(self.url)

        self.maintenance.refresh_from_db()
        self.assertEqual((self.maintenance.acknowledged_by, self.maintenance.acknowledged_at), (None, fixtures.NOON))

    def test_only_the_permission_to_change_opens_it(self):
        self.assertHttpStatus(self.client.post(self.url), 403)
        for name in ("view", "add", "delete"):
            self.permit(f"{name}_circuitmaintenance")
            self.assertHttpStatus(self.client.post(self.url), 403)

        self.permit("change_circuitmaintenance")

        self.assertHttpStatus(self.client.post(self.url), 302)

    def test_the_constraints_of_the_permission_hold(self):
        self.permit("view_circuitmaintenance")
        self.permit("change_circuitmaintenance", constraints={"provider__name": "ISP 1"})

        self.assertHttpStatus(self.client.post(self.url), 404)
        self.assertNotIn(self.url, self.page("circuitmaintenance", self.maintenance))

    def test_it_is_no_link(self):
        self.permit("view_circuitmaintenance", "change_circuitmaintenance")

        self.assertHttpStatus(self.client.get(self.url), 405)
        self.assertFalse(models.CircuitMaintenance.objects.get(name="M-2").ack)

    def test_it_leads_nowhere_else(self):
        self.permit("view_circuitmaintenance", "change_circuitmaintenance")

        response = self.client.post(self.url, {"return_url": "https://elsewhere.example/"})

        self.assertRedirects(response, self.maintenance.get_absolute_url())

    def test_editing_ack_in_the_form_notes_who_and_when_too(self):
        self.become_superuser()
        data = {"name": "M-2", "provider": self.maintenance.provider_id, "status": Status.CONFIRMED, "ack": "on"}

        self.client.post(url_of("circuitmaintenance_edit", self.maintenance), data)

        self.maintenance.refresh_from_db()
        self.assertEqual((self.maintenance.ack, self.maintenance.acknowledged_by), (True, self.user))
        self.assertIsNotNone(self.maintenance.acknowledged_at)
