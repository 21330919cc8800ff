"""The first and the last permitted time, and times beyond, on every page and endpoint in zones east and west."""

from datetime import timedelta
from email import message_from_string

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import SimpleTestCase
from django.urls import reverse
from nautobot.apps.testing import TestCase

from nautobot_circuit_maintenance import filters, models
from nautobot_circuit_maintenance.domain.calendar import EARLIEST, LATEST
from nautobot_circuit_maintenance.mail.headers import sent_date, stated_date
from nautobot_circuit_maintenance.models.windows import as_rest
from nautobot_circuit_maintenance.tests import two_providers
from nautobot_circuit_maintenance.tests.page_case import HTMX
from nautobot_circuit_maintenance.tests.test_permission_walk import REST, ROUTES, UI

ZONES = ("Asia/Tokyo", "America/Los_Angeles")
LAST = LATEST - timedelta(seconds=1)
OUTSIDE = ("0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z", "9999-12-31T23:59:59Z")


class PagesTest(TestCase):
    """Everything of the app, with the extreme times in every column."""

    @classmethod
    def setUpTestData(cls):
        """Create objects, and give them the extreme times."""
        two_providers.create_shared()
        cls.side = two_providers.create_side("ends")
        models.CircuitMaintenance.objects.update(
            start_time=EARLIEST, end_time=LAST, acknowledged_at=LAST, ack=True, issued_at=EARLIEST
        )
        models.MaintenanceWindow.objects.update(start_time=EARLIEST, end_time=LAST)
        models.Notification.objects.update(sent_at=EARLIEST, received_at=LAST)
        models.ParsedNotification.objects.update(sent_at=LAST, received_at=LAST, issued_at=EARLIEST)
        models.NotificationSource.objects.update(last_fetched_at=LAST)

    def setUp(self):
        """Log in as someone who sees everything."""
        super().setUp()
        self.user.is_superuser = True
        self.user.save()

    def choose(self, zone):
        """Choose a zone in the user's settings."""
        self.user.config_data = {"timezone": zone}
        self.user.save()

    def ask(self, route, instance, headers):
        """Request a page; pages for several objects are asked by POST, with all of them."""
        if "_bulk_" in route.name:
            return self.client.post(route.url(), {"pk": [str(each.pk) for each in self.side.of(route.model)]})
        return self.client.get(route.url(instance), **headers)

    def test_every_page_and_endpoint_shows_the_extreme_times(self):
        for zone in ZONES:
            self.choose(zone)
            for each in self.side.of(models.Notification):  # the walk before queued them again
                models.Notification.objects.filter(pk=each.pk).update(state=each.state)
            for route in ROUTES:
                instance = (self.side.of(route.model) or [None])[0] if route.needs_pk else None
                if route.needs_pk and instance is None:
                    continue
                for headers in ({}, HTMX) if route.namespace == UI and route.name.endswith("_list") else ({},):
                    with self.subTest(zone=zone, route=route.name, headers=headers):
                        self.assertIn(self.ask(route, instance, headers).status_code, (200, 302, 403, 405))

    def test_filters_reject_times_beyond_and_take_the_extreme_ones(self):
        for zone in ZONES:
            self.choose(zone)
            for name, filter_set in (
                ("circuitmaintenance", filters.CircuitMaintenanceFilterSet),
                ("circuitimpact", filters.CircuitImpactFilterSet),
                ("notification", filters.NotificationFilterSet),
            ):
                for asked in ("active_at", "overlaps_from", "overlaps_until", "start_time__gte", "received_at__lt"):
                    if asked not in filter_set.base_filters:
                        continue
                    for text, expected in [(each, 400) for each in OUTSIDE] + [(as_rest(LAST), 200)]:
                        with self.subTest(zone=zone, model=name, filter=asked, value=text):
                            response = self.client.get(reverse(f"{REST}:{name}-list"), {asked: text})
                            self.assertEqual(response.status_code, expected)
                            page = self.client.get(reverse(f"{UI}:{name}_list"), {asked: text}, **HTMX)
                            self.assertEqual(page.status_code, 200)

    def test_rest_and_form_reject_times_beyond(self):
        for text in OUTSIDE:
            start, end = ("2026-11-20T12:00:00Z", text) if text > "2026" else (text, "2026-11-20T12:00:00Z")
            body = {"name": "X", "status": "CONFIRMED", "start_time": start, "end_time": end}
            with self.subTest(text, by="REST"):
                response = self.client.post(
                    reverse(f"{REST}:circuitmaintenance-list"), body, content_type="application/json"
                )
                self.assertEqual(response.status_code, 400)
                self.assertIn("1970 and 9998", response.content.decode())
            with self.subTest(text, by="form"):
                form = {key: value.rstrip("Z").replace("T", " ") for key, value in body.items()}
                response = self.client.post(reverse(f"{UI}:circuitmaintenance_add"), {**body, **form, "name": "X"})
                self.assertEqual(response.status_code, 200)
        self.assertFalse(models.CircuitMaintenance.objects.filter(name="X").exists())

    def test_models_and_database_reject_times_beyond(self):
        maintenance = self.side.of(models.CircuitMaintenance)[0]
        window = maintenance.windows.get()
        for row in (maintenance, window):
            row.end_time = LATEST
            with self.assertRaises(ValidationError):
                row.full_clean()
            with self.assertRaises(IntegrityError), transaction.atomic():
                type(row).objects.filter(pk=row.pk).update(end_time=LATEST)
            with self.assertRaises(IntegrityError), transaction.atomic():
                type(row).objects.filter(pk=row.pk).update(start_time=EARLIEST - timedelta(seconds=1))


class HeaderTest(SimpleTestCase):
    """The Date field, which a sender writes."""

    def test_a_date_that_some_zone_cannot_show_is_none(self):
        for year in ("1969", "9999"):
            header = message_from_string(f"Date: Mon, 01 Jan {year} 00:00:00 +0000\r\n\r\ntext")
            self.assertIsNone(sent_date(header))
            self.assertIsNone(stated_date(header))
