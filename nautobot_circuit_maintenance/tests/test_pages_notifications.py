"""Pages of what we received, the menu and the search: what is ours alone."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.tests import fixtures
from nautobot_circuit_maintenance.tests.page_case import HTMX, PageTestCase, url_of


class NotificationPageTest(PageTestCase):
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

        self.assertIn(
            "the-raw-bytes &lt;b&gt;of the mail&lt;/b&gt;", self.page("notification_source", self.notification)
        )

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


class NotificationSourceTest(PageTestCase):
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
        self.assertIn("no more", self.page("notificationsource", self.source))
        self.assertIn("not configured", self.page("notificationsource_list", **HTMX))


class HostileTextTest(PageTestCase):
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
            name = instance._meta.model_name  # pylint: disable=protected-access  # Django's public API
            for page in (self.page(name, instance), self.page(f"{name}_list", **HTMX)):
                with self.subTest(name):
                    self.assertNotIn("<script>alert", page)
        self.assertNotIn("<script>alert", self.page("notification_source", notification))
        response = self.client.post(url_of("circuitmaintenance_acknowledge", maintenance), follow=True)
        self.assertNotIn("<script>alert", response.content.decode())


class NavigationTest(PageTestCase):
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


class SearchTest(PageTestCase):
    """Nautobot's search."""

    def test_it_finds_a_maintenance_by_a_circuit_id(self):
        self.become_superuser()

        query = "?q=UNKNOWN-2&model=nautobot_circuit_maintenance.circuitmaintenance"
        response = self.client.get(reverse("search") + query, **HTMX)

        self.assertHttpStatus(response, 200)
        self.assertIn("M-2", response.content.decode())
