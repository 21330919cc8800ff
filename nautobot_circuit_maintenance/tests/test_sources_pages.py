"""Pages of the notification sources."""

import socket
import tempfile
from datetime import timedelta
from pathlib import Path
from unittest import mock

from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from nautobot.circuits.models import Provider

from development.services.graph.server import graph_server
from development.services.graph.tenant import Tenant
from development.services.imap import imap_server, make_certificates
from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.page_case import HTMX, PageTestCase, url_of


def configured(test, **entry):
    """Configure "Source 1" with these settings."""
    source = {"name": "Source 1", "account": "ops", "secret": "hunter2", **entry}
    settings = test.settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"notification_sources": [source]}})
    settings.enable()
    test.addCleanup(settings.disable)


def closed_port():
    """Return a port without a listener."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class NotificationSourceTest(PageTestCase):
    """Sources come from the settings; users choose their providers."""

    def setUp(self):
        super().setUp()
        self.become_superuser()
        self.source = models.NotificationSource.objects.get(name="Source 1")

    def test_sources_cannot_be_added_deleted_or_renamed(self):
        for route in ("add", "delete", "import", "bulk_edit", "bulk_delete", "bulk_rename"):
            with self.subTest(route), self.assertRaises(NoReverseMatch):
                url_of(f"notificationsource_{route}", self.source if route == "delete" else None)
        for path in ("add/", f"{self.source.pk}/delete/", "import/", "edit/", "delete/", "rename/"):
            response = self.client.post(f"{url_of('notificationsource_list')}{path}", {"pk": [self.source.pk]})
            self.assertIn(response.status_code, (404, 405), path)

        self.assertEqual(models.NotificationSource.objects.count(), 3)

    def test_form_changes_only_the_providers(self):
        provider = Provider.objects.get(name="ISP 3")
        data = {"providers": [provider.pk], "name": "Renamed", "last_error": "x", "attach_all_providers": "on"}

        self.client.post(url_of("notificationsource_edit", self.source), data)

        self.source.refresh_from_db()
        self.assertEqual(list(self.source.providers.all()), [provider])
        self.assertEqual((self.source.name, self.source.attach_all_providers), ("Source 1", False))

    def test_page_shows_the_settings_without_the_secret(self):
        entry = {"name": "Source 1", "url": "imap://mail.example", "account": "ops", "secret": "hunter2"}
        with self.settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"notification_sources": [entry]}}):
            pages = self.page("notificationsource", self.source), self.page("notificationsource_list", **HTMX)

        self.assertIn("mail.example", pages[0])
        for page in pages:
            self.assertIn("ops", page)
            self.assertNotIn("hunter2", page)

    def test_page_shows_folder_port_and_encryption_if_the_kind_has_them(self):
        configured(self, url="imap://mail.example", starttls=True, folder="Carriers")
        page = self.page("notificationsource", self.source)
        for shown in ("Carriers", "143", "STARTTLS"):
            self.assertIn(shown, page)

        configured(self, url="https://accounts.google.com", credentials_file="/key.json", folder="Carriers")
        page = self.page("notificationsource", self.source)
        self.assertIn("Carriers", page)
        self.assertNotIn("Encryption", page)

    def test_page_shows_the_trusted_servers(self):
        configured(self, url="imap://mail.example")
        self.assertIn("not required", self.page("notificationsource", self.source))

        configured(
            self,
            url="imap://mail.example",
            require_authentication=True,
            trusted_authserv_ids=["mx.example", "b.example"],
        )

        self.assertIn("required (trusted: mx.example, b.example)", self.page("notificationsource", self.source))

    def test_removed_source_is_shown_as_not_configured(self):
        self.assertIn("no longer in PLUGINS_CONFIG", self.page("notificationsource", self.source))
        self.assertIn("Not Configured", self.page("notificationsource_list", **HTMX))


class ValidateTest(PageTestCase):
    """The button Test Connection."""

    def setUp(self):
        super().setUp()
        cache.clear()
        self.source = models.NotificationSource.objects.get(name="Source 1")
        self.validate_url = url_of("notificationsource_validate", self.source)

    def verdict(self, **data):
        """Click the button and return the next page."""
        response = self.client.post(self.validate_url, data)
        self.assertRedirects(response, self.source.get_absolute_url(), fetch_redirect_response=False)
        return self.page("notificationsource", self.source)

    def test_successful_connection_keeps_email_unread(self):
        self.permit("view_notificationsource", "change_notificationsource")
        with imap_server() as server:
            configured(
                self,
                url=f"imap://localhost:{server.tls_port}",
                account=server.username,
                secret=server.password,
                ca_file=str(server.ca_file),
            )

            self.assertIn("Connection successful.", self.verdict())

        self.source.refresh_from_db()
        self.assertIsNone(self.source.last_fetched_at)

    def test_the_right_to_set_tags_is_tested_where_there_are_tags(self):
        self.permit("view_notificationsource", "change_notificationsource")
        certificates = Path(self.enterContext(tempfile.TemporaryDirectory()))
        make_certificates(certificates)
        tenant = self.enterContext(graph_server(Tenant(may_write=False), certificates))
        application = {"tenant": tenant.id, "client_id": tenant.client_id, "client_secret": tenant.client_secret}
        server = {"url": f"{tenant.url}/v1.0", "login_url": tenant.url, "ca_file": tenant.ca_file}
        for tags, verdict in (({}, "Connection successful."), ({"parsed": "Maintenance"}, "GRAPH-15")):
            cache.clear()
            configured(self, account=tenant.address, **application, **server, tags=tags)
            self.assertIn(verdict, self.verdict())

    def test_refused_login_is_shown_without_the_secret(self):
        self.permit("view_notificationsource", "change_notificationsource")
        with imap_server() as server:
            configured(self, url=f"imap://localhost:{server.tls_port}", ca_file=str(server.ca_file))

            page = self.verdict()

        self.assertIn("Login refused for", page)
        self.assertNotIn("hunter2", page)

    def test_refused_connection_is_shown(self):
        self.permit("view_notificationsource", "change_notificationsource")
        configured(self, url=f"imap://127.0.0.1:{closed_port()}")

        self.assertIn("refused the connection", self.verdict())

    def test_removed_source_is_reported(self):
        self.permit("view_notificationsource", "change_notificationsource")

        self.assertIn("no longer in PLUGINS_CONFIG", self.verdict())

    def test_button_always_returns_to_the_source(self):
        self.become_superuser()
        for query in ("?return_url=/logout/", "?next=https://evil.example/"):
            cache.clear()
            response = self.client.post(self.validate_url + query, {"return_url": "https://evil.example/"})
            self.assertRedirects(response, self.source.get_absolute_url())

    def test_second_click_within_seconds_does_not_log_in(self):
        self.become_superuser()
        configured(self, url=f"imap://127.0.0.1:{closed_port()}")
        self.verdict()

        with mock.patch("socket.create_connection", side_effect=AssertionError("connected")):
            page = self.verdict()

        self.assertIn("before testing again", page)
        cache.clear()
        self.assertIn("refused the connection", self.verdict())

    def test_get_is_not_allowed(self):
        self.become_superuser()

        self.assertHttpStatus(self.client.get(self.validate_url), 405)

    def test_button_requires_the_permission_to_change(self):
        for name in (None, "view", "add", "delete"):
            if name:
                self.permit(f"{name}_notificationsource")
            self.assertHttpStatus(self.client.post(self.validate_url), 403)
        self.assertNotIn(self.validate_url, self.page("notificationsource", self.source))

        self.permit("change_notificationsource")

        self.assertIn(self.validate_url, self.page("notificationsource", self.source))
        self.verdict()

    def test_constraints_of_the_permission_are_enforced(self):
        self.permit("view_notificationsource")
        self.permit("change_notificationsource", constraints={"name": "Source 2"})

        self.assertNotIn(self.validate_url, self.page("notificationsource", self.source))
        self.assertHttpStatus(self.client.post(self.validate_url), 404)


class SourcePageTest(PageTestCase):
    """Counts and buttons on the page of a source."""

    def setUp(self):
        super().setUp()
        self.source = models.NotificationSource.objects.get(name="Source 1")
        self.provider = self.source.providers.get()

    def test_run_job_selects_the_source_in_the_form_of_the_job(self):
        self.become_superuser()
        job = "nautobot_circuit_maintenance.jobs.HandleCircuitMaintenanceNotifications"
        url = reverse("extras:job_run_by_class_path", kwargs={"class_path": job}) + f"?sources={self.source.pk}"

        self.assertIn(f'href="{url}"', self.page("notificationsource", self.source))
        form = self.client.get(url)

        self.assertHttpStatus(form, 200)
        self.assertRegex(form.content.decode(), rf'<option value="{self.source.pk}"\s+selected')

    def test_run_job_requires_the_permission_to_run_jobs(self):
        self.permit("view_notificationsource")

        self.assertNotIn("Run Job", self.page("notificationsource", self.source))

    def test_provider_without_an_address_is_marked_with_a_link_to_its_form(self):
        self.permit("view_notificationsource")
        self.add_permissions("circuits.view_provider")
        edit = reverse("circuits:provider_edit", kwargs={"pk": self.provider.pk})

        page = self.page("notificationsource", self.source)
        self.assertIn("No Email Address", page)
        self.assertNotIn(edit, page)
        self.add_permissions("circuits.change_provider")
        self.assertIn(edit, self.page("notificationsource", self.source))

        self.provider.cf[EMAILS_FIELD] = "noc@isp.example"
        self.provider.validated_save()
        page = self.page("notificationsource", self.source)
        self.assertIn("noc@isp.example", page)
        self.assertNotIn("No Email Address", page)

    def test_counts_cover_30_days_and_link_to_their_rows(self):
        self.permit("view_notificationsource", "view_notification")
        now = timezone.now()
        models.Notification.objects.update(received_at=now - timedelta(days=31))
        for _ in range(2):
            app.create_notification(self.provider, self.source, state=State.FAILED, received_at=now)

        page = self.page("notificationsource", self.source)

        link = f"{url_of('notification_list')}?source={self.source.pk}&amp;state=failed"
        self.assertRegex(page, rf'<a href="{link.replace("?", "[?]")}[^"]*">2</a>')
        self.assertNotIn(f"{url_of('notification_list')}?source={self.source.pk}&amp;state=parsed&amp;received", page)

    def test_counts_are_restricted_by_permissions(self):
        self.permit("view_notificationsource")
        now = timezone.now()
        app.create_notification(self.provider, self.source, state=State.FAILED, received_at=now)
        self.assertNotIn("state=failed", self.page("notificationsource", self.source))

        self.permit("view_notification", constraints={"state": State.PARSED})

        self.assertNotIn("state=failed", self.page("notificationsource", self.source))

    def test_list_shows_latest_and_waiting_notifications(self):
        self.become_superuser()
        last = timezone.now() - timedelta(hours=3)
        app.create_notification(self.provider, self.source, state=State.RECEIVED, received_at=last)

        page = self.page("notificationsource_list", **HTMX)

        self.assertIn("3 h ago", page)
        self.assertIn(f"source={self.source.pk}&amp;state=received", page.replace("&state", "&amp;state"))

    def test_list_is_restricted_by_permissions(self):
        self.permit("view_notificationsource")
        last = timezone.now() - timedelta(hours=3)
        app.create_notification(self.provider, self.source, state=State.RECEIVED, received_at=last)

        self.assertNotIn("3 h ago", self.page("notificationsource_list", **HTMX))

    def test_queries_do_not_grow_with_rows(self):
        self.become_superuser()
        pages = (("notificationsource_list", None, HTMX), ("notificationsource", self.source, {}))
        counts = []
        for rows in (0, 20):
            for number in range(rows):
                provider = core.create_provider(f"Another {number}")
                self.source.providers.add(provider)
                models.NotificationSource.objects.create(name=f"Another {number}").providers.add(provider)
                app.create_notification(provider, self.source, received_at=timezone.now())
            for route, instance, options in pages:
                self.page(route, instance, **options)
                with CaptureQueriesContext(connection) as queries:
                    self.page(route, instance, **options)
                counts.append(len(queries))

        self.assertEqual(counts[:2], counts[2:])
        self.assertLessEqual(counts[0], 15)
        self.assertLessEqual(counts[1], 50)  # core asks about thirty for any page of an object
