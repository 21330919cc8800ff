"""Answers that would disclose hidden objects, and questions that would end in a server error."""

import json
from datetime import timedelta
from urllib.parse import quote

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from nautobot.circuits.models import Circuit, Provider
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance import filters, models
from nautobot_circuit_maintenance.domain.custom_fields import EMAILS
from nautobot_circuit_maintenance.tests.factories import app, users
from nautobot_circuit_maintenance.tests.page_case import HTMX
from nautobot_circuit_maintenance.tests.test_permission_walk import REST, UI, BothSidesCase
from nautobot_circuit_maintenance.tests.two_providers import OF_THE_APP, OURS, SHARED, THEIRS

NAMES = [model._meta.model_name for model in OF_THE_APP]
MESSAGE = (
    "From: {}\r\nSubject: Work\r\nDate: Fri, 20 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{}@isp.example>\r\n\r\ntext\r\n"
)


class AnswersTest(BothSidesCase):
    """Someone who may do everything with what is ours."""

    def setUp(self):
        """Give their provider an address."""
        super().setUp()
        self.provider = self.ours.of(Provider)[0]
        self.hidden = self.theirs.of(Provider)[0]
        self.hidden.cf[EMAILS.key] = "noc@hidden.example"
        self.hidden.save()

    def patch(self, address):
        """Give our provider an address."""
        url = reverse("circuits-api:provider-detail", kwargs={"pk": self.provider.pk})
        return self.client.patch(url, {"custom_fields": {EMAILS.key: address}}, content_type="application/json")

    def test_an_address_of_a_hidden_provider_is_refused_without_its_name(self):
        response = self.patch("noc@hidden.example")

        self.assertEqual(response.status_code, 400)
        self.assertIn("another provider", response.content.decode())
        self.assert_silent(response)

    def ingest(self, sender):
        """Upload a message."""
        body = MESSAGE.format(sender, sender.replace("@", ".")).encode()
        url = reverse(f"{REST}:notification-ingest")
        response = self.client.post(url, body, content_type="message/rfc822")
        return response.status_code, response.content.decode().replace(sender, "SENDER")

    def test_ingest_answers_alike_for_the_address_of_a_hidden_provider_and_of_nobody(self):
        before = models.Notification.objects.count()

        self.assertEqual(self.ingest("noc@hidden.example"), self.ingest("noc@nobody.example"))
        self.assertEqual(models.Notification.objects.count(), before)

    def delete(self, provider):
        """Delete a provider with REST; return the answer and the number of queries."""
        url = reverse("circuits-api:provider-detail", kwargs={"pk": provider.pk})
        with CaptureQueriesContext(connection) as queries:
            response = self.client.delete(url)
        return response, len(queries)

    def test_deleting_a_provider_takes_as_many_queries_for_many_maintenances_and_names_visible_ones_only(self):
        for number in range(3):
            app.create_maintenance(f"{OURS} more {number}", self.provider)
        self.delete(self.provider)  # fills core's caches
        _, few = self.delete(self.provider)
        for number in range(20):
            start = app.NOON + timedelta(days=number)
            app.create_maintenance(f"{THEIRS} of ours {number}", self.provider, start=start)

        users.permit(self.user, models.CircuitMaintenance, constraints={models.CircuitMaintenance: {"pk": None}})
        response, many = self.delete(self.provider)

        self.assertEqual(response.status_code, 409)
        self.assertLessEqual(many, few)
        self.assertTrue(Provider.objects.filter(pk=self.provider.pk).exists())

    def test_characters_that_the_database_refuses_are_no_server_error(self):
        for name in NAMES:
            for asked in ("q", "name", "provider", "providers", "maintenance", "subject", "cid", "sort"):
                for value in ("%00", "a%00b"):
                    with self.subTest(model=name, filter=asked):
                        query = f"?{asked}={value}"
                        self.assertEqual(self.client.get(reverse(f"{REST}:{name}-list") + query).status_code, 400)
                        page = self.client.get(reverse(f"{UI}:{name}_list") + query, **HTMX)
                        self.assertEqual(page.status_code, 400)

    def test_every_text_filter_refuses_them(self):
        for filter_set in (getattr(filters, name) for name in filters.__all__):
            for value in ("a\0b", "\ud800"):
                with self.subTest(filter_set=filter_set.__name__):
                    every = {name: [value] for name in filter_set.base_filters}
                    asked = filter_set(every, filter_set._meta.model.objects.all())
                    self.assertFalse(asked.is_valid())
                    self.assertEqual(set(asked.errors), set(every))
            if filter_set is not filters.CircuitMaintenanceFilterSet:
                continue
            query = '{ circuit_maintenances(q: "a\\u0000b") { name } }'
            response = self.client.post(reverse("graphql-api"), {"query": query}, content_type="application/json")
            self.assertLess(response.status_code, 500)

    def test_a_return_url_that_is_no_path_leads_back_to_the_maintenance(self):
        maintenance = self.ours.of(models.CircuitMaintenance)[2]
        for action in ("acknowledge", "unacknowledge"):
            for url in ("nowhere", "a b", "//evil.example", "\\evil", "javascript:x", "/plugins/"):
                with self.subTest(action=action, url=url):
                    route = reverse(f"{UI}:circuitmaintenance_{action}", kwargs={"pk": maintenance.pk})
                    response = self.client.post(f"{route}?return_url={quote(url)}")
                    self.assertEqual(response.status_code, 302)
                    self.assertRegex(response["Location"], r"^/(?!/)")

    def test_lists_are_not_ordered_by_rows_that_refer_to_a_row(self):
        for name in NAMES:
            url = reverse(f"{REST}:{name}-list")
            usual = [each["id"] for each in self.client.get(url).json()["results"]]
            for asked in ("providers", "tags", "impacts", "impacts__cid", "parsed_notifications", "maintenance_notes"):
                with self.subTest(model=name, sort=asked):
                    found = self.client.get(url, {"sort": asked}).json()["results"]
                    self.assertEqual(sorted(each["id"] for each in found), sorted(usual))
                    self.assertEqual(len(found), len(usual))


class ChangeRecordsTest(BothSidesCase):
    """Change records of objects of the app, which a reader of the change log sees whole."""

    def test_the_record_of_a_source_has_no_provider_but_its_key_and_neither_cursor_nor_senders(self):
        source = models.NotificationSource.objects.get(name=f"{SHARED} source")
        source.cursor, source.searched_senders = {"uid": 4711}, ["noc@searched.example"]
        record = source.to_objectchange("update")
        text = json.dumps([record.object_data, record.object_data_v2], default=str)
        for secret in (THEIRS, OURS, "4711", "searched"):
            self.assertNotIn(secret, text)
        self.assertIn(str(self.theirs.of(Provider)[0].pk), text)

    def test_no_record_repeats_what_a_related_object_says(self):
        circuit = self.theirs.of(Circuit)[0]
        maintenance = self.ours.of(models.CircuitMaintenance)[0]
        impact = models.CircuitImpact(maintenance=maintenance, cid="A-1")
        impact.save()
        models.CircuitImpact.objects.filter(pk=impact.pk).update(circuit=circuit)
        impact.refresh_from_db()
        note = models.Note.objects.create(maintenance=self.theirs.of(models.CircuitMaintenance)[0], title="A note")
        for row in (impact, note):
            record = row.to_objectchange("update")
            self.assertIsInstance(record, ObjectChange)
            self.assertNotIn(THEIRS, json.dumps([record.object_data, record.object_data_v2], default=str))
