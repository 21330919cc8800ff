"""The pages: Nautobot's own tests of each model's views, and what is ours alone."""

from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from nautobot.apps.testing import TestCase, ViewTestCases
from nautobot.circuits.models import Provider
from nautobot.extras.models import CustomField, Tag

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
    NoteLevelChoices as Level,
    NotificationStateChoices as State,
)
from nautobot_circuit_maintenance.tests import fixtures

HTMX = {"headers": {"HX-Request": "true"}}


def url_of(route: str, instance=None) -> str:
    """Return the URL of one of our pages."""
    kwargs = {"pk": instance.pk} if instance else None
    return reverse(f"plugins:nautobot_circuit_maintenance:{route}", kwargs=kwargs)


class CircuitMaintenanceViewTest(ViewTestCases.PrimaryObjectViewTestCase):
    """Nautobot's tests; those of renaming in bulk skip themselves, the name is the provider's id."""

    model = models.CircuitMaintenance
    allowed_number_of_tree_queries_per_view_type = {"retrieve": 1}

    @classmethod
    def setUpTestData(cls):
        fixtures.create_world()
        cls.form_data = {
            "name": "NEW",
            "provider": Provider.objects.first().pk,
            "status": Status.CONFIRMED,
            "start_time": fixtures.NOON,
            "end_time": fixtures.NOON + timedelta(hours=1),
            "description": "Work",
            "ticket": "T-1",
            "ack": False,
            "tags": [tag.pk for tag in Tag.objects.get_for_model(models.CircuitMaintenance)],
        }
        cls.bulk_edit_data = {"status": Status.COMPLETED, "ticket": "T-2", "description": "Done"}


class CircuitImpactViewTest(ViewTestCases.PrimaryObjectViewTestCase):
    """Nautobot's tests; those of renaming in bulk skip themselves, an impact has no name."""

    model = models.CircuitImpact
    allowed_number_of_tree_queries_per_view_type = {"retrieve": 1}

    @classmethod
    def setUpTestData(cls):
        fixtures.create_world()
        cls.form_data = {
            "maintenance": models.CircuitMaintenance.objects.get(name="M-3").pk,
            "cid": "NEW",
            "impact": Impact.DEGRADED,
        }
        cls.bulk_edit_data = {"impact": Impact.NO_IMPACT}


class NoteViewTest(ViewTestCases.PrimaryObjectViewTestCase):
    """Nautobot's tests; those of renaming in bulk skip themselves, a note has a title."""

    model = models.Note

    @classmethod
    def setUpTestData(cls):
        fixtures.create_world()
        cls.form_data = {
            "maintenance": models.CircuitMaintenance.objects.get(name="M-1").pk,
            "title": "New",
            "level": Level.WARNING,
            "comment": "Mind the gap",
        }
        cls.bulk_edit_data = {"level": Level.WARNING, "comment": "The same"}


class NotificationViewTest(
    ViewTestCases.GetObjectViewTestCase,
    ViewTestCases.ListObjectsViewTestCase,
    ViewTestCases.DeleteObjectViewTestCase,
    ViewTestCases.BulkDeleteObjectsViewTestCase,
):
    """Nautobot's tests but those of adding and editing, which nobody can; there is no change log and no notes."""

    model = models.Notification

    @classmethod
    def setUpTestData(cls):
        fixtures.create_world()


class ParsedNotificationViewTest(ViewTestCases.GetObjectViewTestCase, ViewTestCases.ListObjectsViewTestCase):
    """Nautobot's tests of reading: nobody writes these."""

    model = models.ParsedNotification

    @classmethod
    def setUpTestData(cls):
        fixtures.create_world()


class NotificationSourceViewTest(
    ViewTestCases.GetObjectViewTestCase,
    ViewTestCases.GetObjectChangelogViewTestCase,
    ViewTestCases.GetObjectNotesViewTestCase,
    ViewTestCases.ListObjectsViewTestCase,
    ViewTestCases.EditObjectViewTestCase,
):
    """Nautobot's tests but those of adding and deleting: sources follow the settings."""

    model = models.NotificationSource

    @classmethod
    def setUpTestData(cls):
        fixtures.create_world()
        cls.form_data = {"providers": [Provider.objects.first().pk]}


class _PageTestCase(TestCase):
    def setUp(self):
        super().setUp()
        fixtures.create_world()

    def permit(self, *names, **kwargs):
        """Give the user permissions of our app."""
        self.add_permissions(*(f"nautobot_circuit_maintenance.{name}" for name in names), **kwargs)

    def become_superuser(self):
        """Let the user do everything."""
        self.user.is_superuser = True
        self.user.save()

    def page(self, route, instance=None, **kwargs):
        """Return the text of a page."""
        response = self.client.get(url_of(route, instance), **kwargs)
        self.assertHttpStatus(response, 200)
        return response.content.decode()


class MaintenanceListTest(_PageTestCase):
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
        for column in ("name", "provider", "status", "start_time", "worst_impact", "circuits", "ack", "acknowledged_by"):
            for sign in ("", "-"):
                response = self.client.get(url_of("circuitmaintenance_list") + f"?sort={sign}{column}", **HTMX)
                self.assertHttpStatus(response, 200)

    def test_the_yellow_button_leads_to_the_sources(self):
        self.permit("view_circuitmaintenance")
        self.assertNotIn("Notification Sources</a>", " ".join(self.page("circuitmaintenance_list").split()))

        self.permit("view_notificationsource")

        self.assertIn(f'href="{url_of("notificationsource_list")}" class="btn btn-warning"', self.page("circuitmaintenance_list"))

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


class MaintenancePageTest(_PageTestCase):
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


class AcknowledgeTest(_PageTestCase):
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


class NotificationPageTest(_PageTestCase):
    """One notification."""

    def setUp(self):
        super().setUp()
        self.notification = models.Notification.objects.get(state=State.FAILED)

    def test_it_leads_to_the_maintenances_and_says_why(self):
        self.become_superuser()

        page = self.page("notification", self.notification)

        self.assertIn(models.CircuitMaintenance.objects.get(name="M-2").get_absolute_url(), page)
        self.assertIn("Reason 2", page)

    def test_the_raw_bytes_are_loaded_only_where_they_are_asked_for(self):
        self.become_superuser()
        for route in ("notification", "parsednotification"):
            instance = models.ParsedNotification.objects.first() if route != "notification" else self.notification
            with CaptureQueriesContext(connection) as queries:
                self.assertNotIn("the-raw-bytes", self.page(route, instance))
                self.page(f"{route}_list", **HTMX)
            self.assertFalse([each["sql"] for each in queries if '"raw"' in each["sql"]])

        self.assertIn("the-raw-bytes &lt;b&gt;of the mail&lt;/b&gt;", self.page("notification_source", self.notification))

    def test_the_download_is_the_exact_message_and_no_page(self):
        self.permit("view_notification")

        response = self.client.get(url_of("notification_raw", self.notification))

        self.assertEqual(response.content, fixtures.RAW)
        self.assertEqual(response["Content-Type"], "message/rfc822")
        self.assertIn("attachment", response["Content-Disposition"])
        self.assertEqual(response["X-Content-Type-Options"], "nosniff")

    def test_the_download_needs_the_permission_to_view(self):
        self.assertHttpStatus(self.client.get(url_of("notification_raw", self.notification)), 403)
        self.permit("view_notification", constraints={"state": State.PARSED})
        self.assertHttpStatus(self.client.get(url_of("notification_raw", self.notification)), 404)

    def test_a_message_without_its_bytes_says_so(self):
        self.become_superuser()
        models.Notification.objects.filter(pk=self.notification.pk).update(raw=None)

        self.assertHttpStatus(self.client.get(url_of("notification_raw", self.notification)), 404)
        self.assertIn("not on record", self.page("notification_source", self.notification))


class NotificationSourceTest(_PageTestCase):
    """Sources follow the settings; people choose their providers."""

    def setUp(self):
        super().setUp()
        self.become_superuser()
        self.source = models.NotificationSource.objects.get(name="Source 1")

    def test_there_is_no_way_to_add_delete_or_rename(self):
        for route in ("add", "delete", "import", "bulk_edit", "bulk_delete", "bulk_rename"):
            with self.subTest(route), self.assertRaises(NoReverseMatch):
                url_of(f"notificationsource_{route}", self.source if route == "delete" else None)
        for path in ("add/", f"{self.source.pk}/delete/", "import/", "edit/", "delete/", "rename/"):
            response = self.client.post(f"{url_of('notificationsource_list')}{path}", {"pk": [self.source.pk]})
            self.assertIn(response.status_code, (404, 405), path)

        self.assertEqual(models.NotificationSource.objects.count(), 3)

    def test_the_form_changes_the_providers_only(self):
        provider = Provider.objects.get(name="ISP 3")
        data = {"providers": [provider.pk], "name": "Renamed", "last_error": "x", "attach_all_providers": "on"}

        self.client.post(url_of("notificationsource_edit", self.source), data)

        self.source.refresh_from_db()
        self.assertEqual(list(self.source.providers.all()), [provider])
        self.assertEqual((self.source.name, self.source.attach_all_providers), ("Source 1", False))

    def test_the_page_shows_the_settings_and_no_secret(self):
        entry = {"name": "Source 1", "url": "imap://mail.example", "account": "ops", "secret": "hunter2"}
        with self.settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"notification_sources": [entry]}}):
            pages = self.page("notificationsource", self.source), self.page("notificationsource_list", **HTMX)

        self.assertIn("mail.example", pages[0])
        for page in pages:
            self.assertIn("ops", page)
            self.assertNotIn("hunter2", page)

    def test_a_source_that_left_the_settings_says_so(self):
        self.assertIn("Not configured", self.page("notificationsource", self.source))
        self.assertIn("not configured", self.page("notificationsource_list", **HTMX))


class HostileTextTest(_PageTestCase):
    """What strangers write by mail is text."""

    def test_no_page_runs_it(self):
        self.become_superuser()
        provider = fixtures.create_provider("Hostile")
        maintenance = fixtures.create_maintenance(
            fixtures.HOSTILE, provider, description=fixtures.HOSTILE, ticket=fixtures.HOSTILE
        )
        impact = fixtures.create_impact(maintenance, fixtures.HOSTILE)
        note = models.Note.objects.create(maintenance=maintenance, title=fixtures.HOSTILE, comment=fixtures.HOSTILE)
        source = models.NotificationSource.objects.create(name="Bad", last_error=fixtures.HOSTILE)
        notification = fixtures.create_notification(
            provider,
            source,
            state=State.FAILED,
            subject=fixtures.HOSTILE,
            sender=fixtures.HOSTILE,
            error=fixtures.HOSTILE,
            message_id=fixtures.HOSTILE,
            raw=fixtures.HOSTILE.encode(),
        )
        parsed = fixtures.create_parsed(
            notification, maintenance, json=[{"x": fixtures.HOSTILE}], status="<script>alert", parser=fixtures.HOSTILE
        )
        for instance in (maintenance, impact, note, source, notification, parsed):
            name = instance._meta.model_name
            for page in (self.page(name, instance), self.page(f"{name}_list", **HTMX)):
                with self.subTest(name):
                    self.assertNotIn("<script>alert", page)
        self.assertNotIn("<script>alert", self.page("notification_source", notification))
        response = self.client.post(url_of("circuitmaintenance_acknowledge", maintenance), follow=True)
        self.assertNotIn("<script>alert", response.content.decode())


class NavigationTest(_PageTestCase):
    """The menu."""

    def test_each_item_needs_its_own_permission(self):
        items = {
            "circuitmaintenance": "Circuit Maintenances",
            "circuitimpact": "Circuit Impacts",
            "note": "Maintenance Notes",
            "notification": "Notifications",
            "notificationsource": "Notification Sources",
        }
        for model in items:
            self.assertNotIn(f'href="{url_of(f"{model}_list")}"', self.client.get(reverse("home")).content.decode())
        for model in items:
            self.permit(f"view_{model}")
            self.assertIn(f'href="{url_of(f"{model}_list")}"', self.client.get(reverse("home")).content.decode())


class SearchTest(_PageTestCase):
    """Nautobot's search."""

    def test_it_finds_a_maintenance_by_a_circuit_id(self):
        self.become_superuser()

        response = self.client.get(reverse("search") + "?q=UNKNOWN-2")

        self.assertHttpStatus(response, 200)
        self.assertIn("M-2", response.content.decode())
