"""Pages of notifications, the menu and the search."""

import html
import re
from datetime import timedelta

from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.templatetags import placeholder
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models.providers import PARSERS_FIELD
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.mail.test_rendering import MAIL
from nautobot_circuit_maintenance.tests.page_case import HTMX, PageTestCase, url_of
from nautobot_circuit_maintenance.tests.statements import statements
from nautobot_circuit_maintenance.tests.test_api_actions import have_a_worker

_HOSTILE = b"<script>alert(1)</script><img src=x onerror=alert(1)>"
_HOSTILE_MAIL = (
    b"From: " + _HOSTILE + b" <noc@isp.example>\r\nSubject: " + _HOSTILE + b"\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=m\r\n\r\n"
    b"--m\r\nContent-Type: text/plain\r\n\r\n" + _HOSTILE + b"\r\n"
    b'--m\r\nContent-Type: text/html\r\n\r\n<body onload=alert(1)>"><b>Work</b>'
    + _HOSTILE
    + b"<a href=javascript:x>x</a>"
    b"<style>@import url(//evil.example)</style><img src=//evil.example/p><form action=//evil.example><input></form>\r\n"
    b"--m\r\nContent-Type: x/" + _HOSTILE + b"\r\nContent-Disposition: attachment; filename*=utf-8''"
    b"%3Cscript%3Ealert(1)%3C%2Fscript%3E%3Cimg%20src=x%3E\r\n\r\nx\r\n--m--\r\n"
)


class NotificationPageTest(PageTestCase):
    """One notification."""

    def setUp(self):
        super().setUp()
        self.notification = models.Notification.objects.get(state=State.FAILED)

    def test_page_links_to_the_maintenances_and_shows_the_reason(self):
        self.become_superuser()

        page = self.page("notification", self.notification)

        self.assertIn(models.CircuitMaintenance.objects.get(name="M-2").get_absolute_url(), page)
        self.assertIn("Reason 2", page)

    def test_original_message_is_loaded_only_where_it_is_shown(self):
        self.become_superuser()
        with CaptureQueriesContext(connection) as queries:
            self.assertNotIn(
                "the-raw-bytes", self.page("parsednotification", models.ParsedNotification.objects.first())
            )
            for route in ("notification", "parsednotification"):
                self.page(f"{route}_list", **HTMX)
        # Whether there are any is a question that reads none.
        loaded = [sql for sql in statements(queries) if '"raw"' in sql.replace('"raw" IS NOT NULL', "")]
        self.assertFalse(loaded)

        self.assertIn("the-raw-bytes &lt;b&gt;of the mail&lt;/b&gt;", self.page("notification", self.notification))
        self.assertIn(
            "the-raw-bytes &lt;b&gt;of the mail&lt;/b&gt;", self.page("notification_source", self.notification)
        )

    def test_download_is_the_exact_message_and_not_rendered(self):
        self.permit("view_notification")

        response = self.client.get(url_of("notification_raw", self.notification))

        self.assertEqual(response.content, app.RAW)
        self.assertEqual(response["Content-Type"], "message/rfc822")
        self.assertIn("attachment", response["Content-Disposition"])
        self.assertEqual(response["X-Content-Type-Options"], "nosniff")

    def test_download_requires_the_permission_to_view(self):
        self.assertHttpStatus(self.client.get(url_of("notification_raw", self.notification)), 403)
        self.permit("view_notification", constraints={"state": State.PARSED})
        self.assertHttpStatus(self.client.get(url_of("notification_raw", self.notification)), 404)

    def test_missing_original_message_is_reported(self):
        self.become_superuser()
        models.Notification.objects.filter(pk=self.notification.pk).update(raw=None)

        self.assertHttpStatus(self.client.get(url_of("notification_raw", self.notification)), 404)
        self.assertIn("is not stored", self.page("notification_source", self.notification))


class MessageTabsTest(PageTestCase):
    """The tabs Text, HTML, Attachments and Source."""

    TABS = ("notification_text", "notification_html", "notification_attachments", "notification_source")

    def setUp(self):
        super().setUp()
        self.notification = models.Notification.objects.get(state=State.FAILED)
        self.store(_HOSTILE_MAIL)

    def store(self, raw):
        """Store this as the original message."""
        models.Notification.objects.filter(pk=self.notification.pk).update(raw=raw)

    def test_each_tab_shows_its_part(self):
        self.become_superuser()
        self.store(MAIL)
        for tab, words in (
            ("text", ["Grüße"]),
            ("html", ["&lt;p&gt;Grüße&lt;/p&gt;"]),
            ("attachments", ["ä.pdf", "application/pdf", "3\xa0bytes", "log.txt"]),
        ):
            page = self.page(f"notification_{tab}", self.notification)
            for word in words:
                with self.subTest(tab):
                    self.assertIn(word, page)

    def test_frame_can_neither_run_nor_load_anything(self):
        self.become_superuser()

        frame = re.search(r"<iframe[^>]*>", self.page("notification_html", self.notification)).group()
        self.assertRegex(frame, r"height: min\(70vh, \d+rem\)")

        sandbox = re.search(r'sandbox="([^"]*)"', frame).group(1)
        self.assertNotRegex(sandbox, "allow-(scripts|same-origin|forms|top-navigation)")
        self.assertNotRegex(frame.replace("srcdoc=", ""), r"\bsrc=")
        document = html.unescape(re.search(r'srcdoc="([^"]*)"', frame).group(1))
        self.assertIn("Content-Security-Policy\" content=\"default-src 'none'", document)
        for word in ("evil.example", "<script", "onerror", "onload", "<img", "<form", "<style>@", "javascript:"):
            self.assertNotIn(word, document)
        self.assertIn("<b>Work</b>", document)

    def test_message_is_never_part_of_the_page(self):
        self.become_superuser()
        for tab in ("notification", *self.TABS):
            with self.subTest(tab):
                self.assertNotIn("<script>alert", self.page(tab, self.notification))
                self.assertNotIn("<img src=x", self.page(tab, self.notification))

    def test_each_tab_requires_the_permission_to_view(self):
        for tab in self.TABS:
            self.assertHttpStatus(self.client.get(url_of(tab, self.notification)), 403)
        self.permit("view_notification", constraints={"state": State.PARSED})
        for tab in self.TABS:
            self.assertHttpStatus(self.client.get(url_of(tab, self.notification)), 404)

    def test_long_messages_are_truncated_with_a_remark(self):
        self.become_superuser()
        for kind in (b"text/plain", b"text/html", b"image/png"):
            self.store(b"Content-Type: " + kind + b"\r\n\r\n" + b"x\n" * 500_000)
            for tab in self.TABS[:3]:
                with self.subTest(tab, kind=kind):
                    self.assertIn("Truncated.", self.page(tab, self.notification))

    def test_missing_parts_are_reported(self):
        self.become_superuser()
        empty = b"From: x@isp.example\r\nContent-Type: image/png\r\n\r\n"
        has_no = ("The message has no text.", "The message has no HTML.", "\u2014 No attachments \u2014")
        for raw, sentences in ((None, ("is not stored",) * 3), (empty, has_no)):
            self.store(raw)
            for tab, words in zip(self.TABS, sentences):
                with self.subTest(f"{tab} {words}"):
                    page = self.page(tab, self.notification)
                    self.assertIn(words, page)
                    self.assertNotIn("<iframe", page)


class AdviceTest(PageTestCase):
    """The suggested action."""

    def test_failed_notification_links_to_the_provider(self):
        self.permit("view_notification", "change_notification")
        notification = models.Notification.objects.get(state=State.FAILED)
        edit = reverse("circuits:provider_edit", kwargs={"pk": notification.provider_id})

        page = self.page("notification", notification)
        self.assertIn("has no parser configured", page)
        self.assertNotIn(edit, page)
        self.add_permissions("circuits.change_provider")
        self.assertIn(edit, self.page("notification", notification))

        notification.provider.cf[PARSERS_FIELD] = "ntt"
        notification.provider.validated_save()
        page = self.page("notification", notification)
        self.assertNotIn("has no parser configured", page)
        self.assertIn("set the correct parser on", page)

    def test_each_state_has_its_sentence(self):
        self.become_superuser()
        notification = models.Notification.objects.get(state=State.FAILED)
        for state, words in (
            (State.IGNORED, "No action needed unless it announces maintenance"),
            (State.REFUSED, "the sender authentication of this source"),
            (State.RECEIVED, "Waiting to be processed."),
        ):
            models.Notification.objects.filter(pk=notification.pk).update(state=state)
            self.assertIn(words, self.page("notification", notification), state)

        models.Notification.objects.filter(pk=notification.pk).update(state=State.FAILED, raw=None)

        self.assertIn("cannot be reprocessed", self.page("notification", notification))

    def test_reason_of_a_refusal_is_on_the_page_in_the_list_and_in_rest(self):
        self.become_superuser()
        notification = models.Notification.objects.get(state=State.FAILED)
        reason = "AUTH-03: No DKIM, SPF or DMARC pass for isp.example (mx.example reports: spf=pass for <b>.example)."
        models.Notification.objects.filter(pk=notification.pk).update(state=State.REFUSED, error=reason)

        answer = self.client.get("/api/plugins/circuit-maintenance/notification/?state=refused").json()
        self.assertEqual([each["error"] for each in answer["results"]], [reason])
        for page in (self.page("notification", notification), self.page("notification_list", **HTMX)):
            self.assertIn(html.escape(reason), page)
            self.assertNotIn("<b>.example", page)


class ReprocessTest(PageTestCase):
    """The buttons on the page and in the list."""

    def setUp(self):
        super().setUp()
        self.notification = models.Notification.objects.get(state=State.FAILED)

    def states(self):
        """Return the states of all notifications, oldest first."""
        return list(models.Notification.objects.order_by("received_at").values_list("state", flat=True))

    def post(self, **data):
        """Click the button in the list, and return the list."""
        query = data.pop("query", "")
        self.client.post(url_of("notification_bulk_reprocess") + query, data)
        return self.page("notification_list", **HTMX)

    def test_notification_is_queued_and_not_processed_in_the_request(self):
        self.permit("view_notification", "change_notification")

        response = self.client.post(url_of("notification_reprocess", self.notification))

        self.assertRedirects(response, self.notification.get_absolute_url(), fetch_redirect_response=False)
        self.notification.refresh_from_db()
        self.assertEqual((self.notification.state, self.notification.error), (State.RECEIVED, ""))
        self.assertIn(
            "1 notification queued for the next job run. To process immediately",
            self.page("notification", self.notification),
        )

    def test_job_is_enqueued_if_a_worker_is_running(self):
        self.permit("view_notification", "change_notification")
        broker = have_a_worker(self)

        with self.captureOnCommitCallbacks(execute=True):
            self.client.post(url_of("notification_reprocess", self.notification))

        self.assertEqual(broker.call_count, 1)
        self.notification.refresh_from_db()
        self.assertEqual(self.notification.state, State.RECEIVED)
        self.assertIn("Reprocessing started.", self.page("notification", self.notification))

    def test_buttons_require_the_permission_to_change(self):
        url = url_of("notification_reprocess", self.notification)
        for name in (None, "view", "add", "delete"):
            if name:
                self.permit(f"{name}_notification")
            self.assertHttpStatus(self.client.post(url), 403)
            self.assertHttpStatus(self.client.post(url_of("notification_bulk_reprocess")), 403)
        self.assertNotIn(url, self.page("notification", self.notification))
        self.assertNotIn("Reprocess Selected", self.page("notification_list", **HTMX))

        self.permit("change_notification")

        self.assertIn(url, self.page("notification", self.notification))
        self.assertIn("Reprocess Selected", self.page("notification_list"))
        self.assertHttpStatus(self.client.post(url), 302)

    def test_constraints_of_the_permission_are_enforced(self):
        self.permit("view_notification")
        self.permit("change_notification", constraints={"state": State.IGNORED})
        url = url_of("notification_reprocess", self.notification)

        self.assertNotIn(url, self.page("notification", self.notification))
        self.assertHttpStatus(self.client.post(url), 404)
        self.post(pk=[row.pk for row in models.Notification.objects.all()])

        self.assertEqual(self.states(), [State.PARSED, State.FAILED, State.RECEIVED])

    def test_get_is_not_allowed(self):
        self.become_superuser()
        for url in (url_of("notification_reprocess", self.notification), url_of("notification_bulk_reprocess")):
            self.assertHttpStatus(self.client.get(url), 405)

    def test_bulk_action_takes_the_selected_rows(self):
        self.become_superuser()

        page = self.post(pk=[self.notification.pk, "nonsense"])

        self.assertIn("1 notification queued", page)
        self.assertEqual(self.states(), [State.PARSED, State.RECEIVED, State.IGNORED])
        self.assertIn("No notifications were selected.", self.post())

    def test_bulk_action_on_all_applies_the_filters(self):
        self.become_superuser()

        self.post(query="?state=failed&state=ignored", _all="on")
        self.assertEqual(self.states(), [State.PARSED, State.RECEIVED, State.RECEIVED])
        self.post(query="?state=nonsense", _all="on")
        self.assertEqual(self.states(), [State.PARSED, State.RECEIVED, State.RECEIVED])

    def test_notification_without_original_message_is_reported(self):
        self.become_superuser()
        models.Notification.objects.filter(pk=self.notification.pk).update(raw=None)

        response = self.client.post(url_of("notification_reprocess", self.notification), follow=True)

        self.assertContains(response, "is not stored")
        self.notification.refresh_from_db()
        self.assertEqual(self.notification.state, State.FAILED)


class QueryCountTest(PageTestCase):
    """The number of queries does not grow with the rows."""

    def queries(self, *args, **kwargs):
        """Return how many queries a page takes."""
        self.page(*args, **kwargs)
        with CaptureQueriesContext(connection) as queries:
            self.page(*args, **kwargs)
        return len(queries)

    def test_list_and_page(self):
        self.become_superuser()
        notification = models.Notification.objects.get(state=State.FAILED)
        pages = (("notification_list", None, HTMX), ("notification", notification, {}))
        counts = []
        for size in (2, 20):
            # Teaching is offered only where one maintenance is announced, so there are several from the beginning.
            for number in range(size):
                provider = core.create_provider(f"Another {size} {number}")
                source = models.NotificationSource.objects.create(name=f"Another {size} {number}")
                app.create_notification(provider, source)
                app.create_parsed(notification, app.create_maintenance(f"X-{size}-{number}", provider))
            counts.append([self.queries(route, instance, **options) for route, instance, options in pages])

        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(max(counts[0]), 45)  # with the email, what was read and what was announced before


class HostileTextTest(PageTestCase):
    """Text from emails is escaped."""

    def test_pages_escape_hostile_text(self):
        self.become_superuser()
        provider = core.create_provider("Hostile")
        maintenance = app.create_maintenance(app.HOSTILE, provider, description=app.HOSTILE, ticket=app.HOSTILE)
        impact = app.create_impact(maintenance, app.HOSTILE)
        note = models.Note.objects.create(maintenance=maintenance, title=app.HOSTILE, comment=app.HOSTILE)
        source = models.NotificationSource.objects.create(name="Bad", last_error=app.HOSTILE)
        notification = app.create_notification(
            provider,
            source,
            state=State.FAILED,
            subject=app.HOSTILE,
            sender=app.HOSTILE,
            error=app.HOSTILE,
            message_id=app.HOSTILE,
            raw=app.HOSTILE.encode(),
        )
        evidence = app.evidence(
            app.HOSTILE,
            notification.received_at,
            description=app.HOSTILE,
            circuits=[{"cid": app.HOSTILE, "impact": "OUTAGE"}],
        )
        parsed = app.create_parsed(notification, maintenance, json=evidence, status="<script>alert", parser=app.HOSTILE)
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

    def test_each_item_requires_its_own_permission(self):
        items = {
            "circuitmaintenance": "Circuit Maintenances",
            "circuitimpact": "Circuit Impacts",
            "note": "Maintenance Notes",
            "notification": "Notifications",
            "notificationsource": "Notification Sources",
            "unknownsender": "Unknown Senders",
        }
        for model in items:
            self.assertNotIn(f'href="{url_of(f"{model}_list")}"', self.client.get(reverse("home")).content.decode())
        for model in items:
            self.permit(f"view_{model}")
            self.assertIn(f'href="{url_of(f"{model}_list")}"', self.client.get(reverse("home")).content.decode())


class SearchTest(PageTestCase):
    """Nautobot's search."""

    def test_search_finds_a_maintenance_by_circuit_id(self):
        self.become_superuser()

        query = "?q=UNKNOWN-2&model=nautobot_circuit_maintenance.circuitmaintenance"
        response = self.client.get(reverse("search") + query, **HTMX)

        self.assertHttpStatus(response, 200)
        self.assertIn("M-2", response.content.decode())

    def test_search_shows_of_each_model_what_the_list_shows_to_the_same_user(self):
        source, provider = models.NotificationSource.objects.get(name="Source 1"), Provider.objects.get(name="ISP 1")
        source.providers.add(provider)
        source.notifications.all().delete()
        for days in range(60, 85, 5):  # used to write, and is silent
            received = timezone.now() - timedelta(days=days)
            app.create_notification(provider, source, state=State.RECEIVED, received_at=received)
        cache.clear()
        for model in apps.get_app_config("nautobot_circuit_maintenance").searchable_models:
            self.user.object_permissions.all().delete()
            self.permit(f"view_{model}")
            search = reverse("search") + f"?q=1&model=nautobot_circuit_maintenance.{model}"
            with self.subTest(model=model):
                found, listed = self.cells(search), self.cells(url_of(f"{model}_list") + "?q=1")
                self.assertTrue(found)
                self.assertEqual(found, {pk: listed[pk] for pk in found})
        row = found[source.pk]
        self.assertNotIn("ISP 1", row["health"])
        self.assertEqual((row["waiting"], row["latest_notification"]), ("0", placeholder(None)))
        self.assertIn(">0</a>", row["providers"])
        self.permit("view_notification")
        self.add_permissions("circuits.view_provider")
        row = self.cells(search)[source.pk]
        self.assertIn("No email from ISP 1", row["health"])
        self.assertIn(">5</a>", row["waiting"])

    def cells(self, url):
        """Return what a table shows, by row and column, without what selects and changes rows."""
        response = self.client.get(url, **HTMX)
        self.assertHttpStatus(response, 200)
        table = response.context["table"]
        columns = [column.name for column in table.columns.iterall() if column.name not in ("pk", "actions")]
        return {row.record.pk: {name: str(row.get_cell(name)) for name in columns} for row in table.paginated_rows}
