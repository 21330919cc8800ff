"""Pages of maintenances, impacts and notes."""

import re
from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags
from nautobot.circuits.models import Provider
from nautobot.extras.models import CustomField, Tag

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.page_case import HTMX, PageTestCase, url_of


class MaintenanceListTest(PageTestCase):
    """The list of maintenances."""

    def test_most_urgent_maintenances_come_first(self):
        self.become_superuser()
        models.CircuitMaintenance.objects.all().delete()
        now = timezone.now()
        for name, start in (("long-ago", -20), ("yesterday", -1), ("soon", 1), ("later", 9)):
            app.create_maintenance(name, start=now + timedelta(days=start))
        app.create_maintenance("running", start=now - timedelta(hours=1))
        models.CircuitMaintenance.objects.create(name="timeless")

        page = self.page("circuitmaintenance_list", **HTMX)

        names = ["running", "soon", "later", "timeless", "yesterday", "long-ago"]
        self.assertEqual(sorted(names, key=lambda name: page.index(f">{name}<")), names)

    def test_list_shows_worst_impact_and_unknown_circuit_ids(self):
        self.become_superuser()
        over = models.CircuitMaintenance.objects.get(name="M-1")
        tonight = app.create_maintenance("TONIGHT", over.provider, start=timezone.now() + timedelta(hours=9))
        app.create_impact(tonight, over.impacts.get(cid="C-1").circuit)

        page = self.page("circuitmaintenance_list", **HTMX)

        self.assertEqual(page.count('<span class="badge bg-danger">OUTAGE</span>'), 1)
        self.assertIn('<span class="badge border text-body">OUTAGE</span>', page)  # red is what is not over
        self.assertIn("1 unknown", page)

    def test_a_row_has_window_and_sites_on_one_line(self):
        self.become_superuser()
        start = timezone.now() + timedelta(hours=9)
        place = core.create_sites("Athens")[0]
        circuit = core.create_circuit(Provider.objects.first(), "C-A", location=place)
        core.terminate(circuit, "Z", core.create_sites("Berlin")[0])
        app.create_impact(app.create_maintenance("TONIGHT", circuit.provider, start=start), circuit)

        page = self.page("circuitmaintenance_list", **HTMX)

        self.assertIn(f">{timezone.localtime(start):%a %d %b %H:%M}</time>", page)
        more = '<span class="text-nowrap" title="Berlin">+ 1</span>'
        self.assertIn(
            f'<a href="{place.get_absolute_url()}" class="text-truncate" title="Athens">Athens</a>{more}', page
        )

    def test_stacked_cells_keep_the_names_of_their_columns_and_their_roles(self):
        """On a phone, where the heads of the columns are hidden."""
        self.become_superuser()
        for model in (
            *("circuitmaintenance", "circuitimpact", "note", "notification", "notificationsource", "maillayout"),
            *("unknownsender", "subscription", "delivery"),
        ):
            with self.subTest(model=model):
                page = self.page(f"{model}_list", **HTMX)
                table = page[page.index("<table") : page.index("</table>")]
                self.assertRegex(table, r'<table[^>]*class="[^"]*ncm-stacked')
                cells = re.findall(r'<td(?! class="nb-w-0"></td>)[^>]*>', table)  # core's, where there are no actions
                self.assertTrue(cells)
                for cell in cells:
                    self.assertIn('role="cell"', cell)
                    self.assertTrue("data-label=" in cell or "ncm-side" in cell, cell)
                self.assertNotIn("<table", self.page(f"{model}_list").partition(".ncm-stacked thead")[0])

    def test_tickets_take_no_room_where_there_are_none(self):
        self.become_superuser()
        models.CircuitMaintenance.objects.update(ticket="")
        self.assertNotIn("?sort=ticket", self.page("circuitmaintenance_list", **HTMX))
        app.create_maintenance("M-9", ticket="T-9")
        self.assertIn("?sort=ticket", self.page("circuitmaintenance_list", **HTMX))

    def test_what_a_user_may_not_see_is_no_zero(self):
        self.permit("view_circuitmaintenance")

        page = self.page("circuitmaintenance_list", **HTMX)

        self.assertEqual(page.count("Hidden by your permissions"), 3 * models.CircuitMaintenance.objects.count())

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

    def test_button_to_the_sources_requires_their_permission(self):
        self.permit("view_circuitmaintenance")
        self.assertNotIn("Notification Sources</a>", " ".join(self.page("circuitmaintenance_list").split()))

        self.permit("view_notificationsource")

        self.assertIn(
            f'href="{url_of("notificationsource_list")}" class="btn btn-secondary"',
            self.page("circuitmaintenance_list"),
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
        """Create maintenances up to a number, each with a provider, a circuit, a tag and a custom field."""
        field, _ = CustomField.objects.get_or_create(key="priority", defaults={"label": "Priority", "type": "text"})
        field.content_types.add(ContentType.objects.get_for_model(models.CircuitMaintenance))
        tag = Tag.objects.get(name="Alpha")
        for number in range(models.CircuitMaintenance.objects.count(), wanted):
            provider, _ = Provider.objects.get_or_create(name=f"Row {number % 20}")
            maintenance = app.create_maintenance(f"ROW-{number}", provider, ack=True)
            maintenance.cf["priority"] = "high"
            maintenance.save()
            maintenance.tags.add(tag)
            app.create_impact(maintenance, core.create_circuit(provider, f"ROW-{number}"))

    def test_selected_maintenances_can_be_acknowledged(self):
        chosen = models.CircuitMaintenance.objects.filter(name__in=["M-2", "M-3"])
        data = {"pk": [str(each.pk) for each in chosen]}
        url = url_of("circuitmaintenance_bulk_acknowledge")
        self.permit("view_circuitmaintenance")
        self.assertHttpStatus(self.client.post(url, data), 403)

        self.permit("change_circuitmaintenance", constraints={"name": "M-2"})

        self.assertHttpStatus(self.client.post(url, data), 302)
        self.assertEqual(set(chosen.filter(ack=True).values_list("name", flat=True)), {"M-2"})


class NoteListTest(PageTestCase):
    """The list of notes."""

    def test_title_is_maintenance_notes(self):
        self.become_superuser()

        headings = re.findall(r"<h1[^>]*>(.*?)</h1>", self.page("note_list"), re.DOTALL)

        self.assertIn("Maintenance Notes", [" ".join(strip_tags(each).split()) for each in headings])


class AcknowledgeInTheListTest(PageTestCase):
    """The button in each unacknowledged row."""

    def setUp(self):
        super().setUp()
        models.CircuitMaintenance.objects.all().delete()
        now = timezone.now()
        self.coming = app.create_maintenance("coming", start=now + timedelta(days=1))
        self.timeless = models.CircuitMaintenance.objects.create(name="timeless")
        for name, start, fields in (
            ("acknowledged", 1, {"ack": True}),
            ("ended", -2, {}),
            ("cancelled", 1, {"status": Status.CANCELLED}),
        ):
            app.create_maintenance(name, start=now + timedelta(days=start), **fields)

    def offered(self, query=""):
        """Return the names of the maintenances whose row has the button."""
        response = self.client.get(url_of("circuitmaintenance_list") + query, **HTMX)
        page = response.content.decode()
        every = models.CircuitMaintenance.objects.all()
        return {each.name for each in every if f'formaction="{url_of("circuitmaintenance_acknowledge", each)}?' in page}

    def test_acknowledged_and_ended_maintenances_have_no_button(self):
        self.become_superuser()

        self.assertEqual(self.offered(), {"coming", "timeless"})

    def test_button_requires_the_permission_to_change_the_row(self):
        self.permit("view_circuitmaintenance", "add_circuitmaintenance", "delete_circuitmaintenance")
        self.assertEqual(self.offered(), set())

        self.permit("change_circuitmaintenance", constraints={"name": "coming"})

        self.assertEqual(self.offered(), {"coming"})

    def test_button_submits_a_form_with_a_token_and_returns_to_the_filtered_list(self):
        self.become_superuser()
        address = url_of("circuitmaintenance_list") + "?ack=False"
        page = self.client.get(address).content.decode()
        form = page[page.index('<form id="object_list_form"') :]
        self.assertIn("csrfmiddlewaretoken", form[: form.index("object_table_wrapper")])
        rows = self.client.get(address, **HTMX).content.decode()
        action = rows[rows.index('formaction="') + len('formaction="') :].split('"')[0]

        response = self.client.post(action.replace("&amp;", "&"))

        self.assertRedirects(response, address, fetch_redirect_response=False)
        self.coming.refresh_from_db()
        self.assertEqual(self.coming.acknowledged_by, self.user)

    def test_confirmation_pages_of_bulk_actions_have_no_button(self):
        self.become_superuser()

        response = self.client.post(
            url_of("circuitmaintenance_bulk_edit"), {"pk": [str(self.coming.pk)], "_edit": "on"}
        )

        self.assertContains(response, "coming")
        self.assertNotContains(response, url_of("circuitmaintenance_acknowledge", self.coming))

    def test_hostile_name_is_escaped(self):
        self.become_superuser()
        app.create_maintenance(f'"{app.HOSTILE}', start=timezone.now() + timedelta(days=1))

        self.assertNotIn(app.HOSTILE, self.page("circuitmaintenance_list", **HTMX))


class AcknowledgeTest(PageTestCase):
    """Acknowledge and Remove Acknowledgement, in one click."""

    def setUp(self):
        super().setUp()
        self.maintenance = models.CircuitMaintenance.objects.get(name="M-2")
        self.url = url_of("circuitmaintenance_acknowledge", self.maintenance)

    def test_user_and_time_are_recorded_and_removed_again(self):
        self.permit("view_circuitmaintenance", "change_circuitmaintenance")

        self.assertRedirects(self.client.post(self.url), self.maintenance.get_absolute_url())
        self.maintenance.refresh_from_db()
        self.assertEqual((self.maintenance.ack, self.maintenance.acknowledged_by), (True, self.user))
        self.assertIsNotNone(self.maintenance.acknowledged_at)

        self.client.post(url_of("circuitmaintenance_unacknowledge", self.maintenance))
        self.maintenance.refresh_from_db()
        self.assertEqual(
            (self.maintenance.ack, self.maintenance.acknowledged_by, self.maintenance.acknowledged_at),
            (False, None, None),
        )

    def test_first_acknowledgement_is_kept(self):
        self.maintenance.acknowledge(None, NOON)
        self.maintenance.save()
        self.permit("change_circuitmaintenance")

        self.client.post(self.url)

        self.maintenance.refresh_from_db()
        self.assertEqual((self.maintenance.acknowledged_by, self.maintenance.acknowledged_at), (None, NOON))

    def test_permission_to_change_is_required(self):
        self.assertHttpStatus(self.client.post(self.url), 403)
        for name in ("view", "add", "delete"):
            self.permit(f"{name}_circuitmaintenance")
            self.assertHttpStatus(self.client.post(self.url), 403)

        self.permit("change_circuitmaintenance")

        self.assertHttpStatus(self.client.post(self.url), 302)

    def test_constraints_of_the_permission_are_enforced(self):
        self.permit("view_circuitmaintenance")
        self.permit("change_circuitmaintenance", constraints={"provider__name": "ISP 1"})

        self.assertHttpStatus(self.client.post(self.url), 404)
        self.assertNotIn(self.url, self.page("circuitmaintenance", self.maintenance))

    def test_get_is_not_allowed(self):
        self.permit("view_circuitmaintenance", "change_circuitmaintenance")

        self.assertHttpStatus(self.client.get(self.url), 405)
        self.assertFalse(models.CircuitMaintenance.objects.get(name="M-2").ack)

    def test_redirect_stays_on_the_site(self):
        self.permit("view_circuitmaintenance", "change_circuitmaintenance")

        response = self.client.post(self.url, {"return_url": "https://elsewhere.example/"})

        self.assertRedirects(response, self.maintenance.get_absolute_url())

    def test_editing_ack_in_the_form_records_user_and_time(self):
        self.become_superuser()
        data = {"name": "M-2", "provider": self.maintenance.provider_id, "status": Status.CONFIRMED, "ack": "on"}

        self.client.post(url_of("circuitmaintenance_edit", self.maintenance), data)

        self.maintenance.refresh_from_db()
        self.assertEqual((self.maintenance.ack, self.maintenance.acknowledged_by), (True, self.user))
        self.assertIsNotNone(self.maintenance.acknowledged_at)
