"""The content and actions of the REST API."""

import json

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from nautobot.apps.testing import APITestCase
from nautobot.circuits.models import Provider
from rest_framework import status

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.factories.mail import NOON

_API = "plugins-api:nautobot_circuit_maintenance-api:{}"


class ApiTestCase(APITestCase):
    """A user without permissions, and three objects of each model."""

    def setUp(self):
        super().setUp()
        app.create_world()

    def url(self, route, **kwargs):
        """Return the URL of an endpoint of the app."""
        return reverse(_API.format(route), kwargs=kwargs or None)

    def permit(self, *names):
        """Give the user permissions of the app."""
        self.add_permissions(*(f"nautobot_circuit_maintenance.{name}" for name in names))


class MaintenanceContentTest(ApiTestCase):
    """A maintenance at depth 0."""

    def test_maintenance_has_its_windows_impacts_and_counts(self):
        self.permit("view_circuitmaintenance", "view_circuitimpact")
        maintenance = models.CircuitMaintenance.objects.get(name="M-1")

        data = self.client.get(self.url("circuitmaintenance-detail", pk=maintenance.pk), **self.header).json()

        self.assertEqual(data["windows"], [{"start_time": "2026-11-21T12:00:00Z", "end_time": "2026-11-21T13:00:00Z"}])
        self.assertEqual(
            [(each["cid"], each["impact"], bool(each["circuit"])) for each in data["impacts"]],
            [("C-1", Impact.OUTAGE, True), ("UNKNOWN-1", Impact.REDUCED_REDUNDANCY, False)],
        )
        self.assertEqual((data["circuit_count"], data["unmatched_count"], data["worst_impact"]), (2, 1, Impact.OUTAGE))
        self.assertEqual(data["impacts"][0]["circuit"]["object_type"], "circuits.circuit")
        self.assertIn("/api/circuits/circuits/", data["impacts"][0]["circuit"]["url"])

    def test_impacts_require_their_own_permission(self):
        self.permit("view_circuitmaintenance")

        data = self.client.get(self.url("circuitmaintenance-list"), **self.header).json()["results"]

        self.assertEqual(
            {(len(each["impacts"]), each["circuit_count"], each["worst_impact"]) for each in data}, {(0, 0, "")}
        )

    def test_start_and_end_move_the_window(self):
        self.permit("view_circuitmaintenance", "change_circuitmaintenance")
        maintenance = models.CircuitMaintenance.objects.get(name="M-1")

        response = self.client.patch(
            self.url("circuitmaintenance-detail", pk=maintenance.pk),
            {"end_time": "2026-11-21T20:00:00Z"},
            format="json",
            **self.header,
        )

        self.assertHttpStatus(response, status.HTTP_200_OK)
        self.assertEqual(response.json()["windows"][0]["end_time"], "2026-11-21T20:00:00Z")

    def test_end_before_start_is_rejected(self):
        self.permit("view_circuitmaintenance", "change_circuitmaintenance")
        maintenance = models.CircuitMaintenance.objects.get(name="M-1")

        response = self.client.patch(
            self.url("circuitmaintenance-detail", pk=maintenance.pk),
            {"end_time": "2020-01-01T00:00:00Z"},
            format="json",
            **self.header,
        )

        self.assertHttpStatus(response, status.HTTP_400_BAD_REQUEST)
        self.assertIn("end_time", response.json())

    def test_patching_ack_records_user_and_time(self):
        self.permit("view_circuitmaintenance", "change_circuitmaintenance")
        maintenance = models.CircuitMaintenance.objects.get(name="M-2")
        url = self.url("circuitmaintenance-detail", pk=maintenance.pk)

        self.client.patch(url, {"ack": True}, format="json", **self.header)
        maintenance.refresh_from_db()
        self.assertEqual((maintenance.ack, maintenance.acknowledged_by), (True, self.user))
        self.assertIsNotNone(maintenance.acknowledged_at)

        self.client.patch(url, {"ack": False}, format="json", **self.header)
        maintenance.refresh_from_db()
        self.assertEqual((maintenance.acknowledged_by, maintenance.acknowledged_at), (None, None))

    def test_queries_do_not_grow_with_rows(self):
        self.permit("view_circuitmaintenance", "view_circuitimpact")
        url = self.url("circuitmaintenance-list") + "?limit=0"
        self.client.get(url, **self.header)
        counts = []
        for rows in (4, 16):
            for number in range(models.CircuitMaintenance.objects.count(), rows):
                provider = core.create_provider(f"Another {number}")
                maintenance = app.create_maintenance(f"X-{number}", provider)
                app.create_impact(maintenance, core.create_circuit(provider, f"X-{number}"))
            with CaptureQueriesContext(
                connection,
            ) as queries:
                self.assertEqual(len(self.client.get(url, **self.header).json()["results"]), rows)
            counts.append(len(queries))

        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 20)


class AcknowledgeTest(ApiTestCase):
    """POST maintenance/<id>/acknowledge and /unacknowledge."""

    def send(self, action, maintenance, body=None):
        """Send the action and return its response."""
        url = self.url(f"circuitmaintenance-{action}", pk=maintenance.pk)
        return self.client.post(url, body, format="json", **self.header)

    def post(self, action, maintenance):
        """Send the action and return its status."""
        return self.send(action, maintenance).status_code

    def test_user_and_time_are_recorded_and_removed_again(self):
        self.permit("change_circuitmaintenance")
        maintenance = models.CircuitMaintenance.objects.get(name="M-2")

        response = self.send("acknowledge", maintenance)
        self.assertEqual((response.status_code, response.json()["ack"]), (200, True))
        maintenance.refresh_from_db()
        self.assertEqual((maintenance.ack, maintenance.acknowledged_by), (True, self.user))
        self.assertIsNotNone(maintenance.acknowledged_at)

        response = self.send("unacknowledge", maintenance)
        self.assertEqual((response.status_code, response.json()["ack"]), (200, False))
        maintenance.refresh_from_db()
        self.assertEqual(
            (maintenance.ack, maintenance.acknowledged_by, maintenance.acknowledged_at), (False, None, None)
        )

    def test_change_after_seen_prevents_the_acknowledgement(self):
        self.permit("change_circuitmaintenance")
        maintenance = models.CircuitMaintenance.objects.get(name="M-2")
        seen = maintenance.last_updated.isoformat()
        maintenance.ticket = "T-1"
        maintenance.save()

        response = self.send("acknowledge", maintenance, {"seen": seen})

        self.assertEqual(response.status_code, 409)
        self.assertIn("was changed after it was read", response.json()["detail"])
        maintenance.refresh_from_db()
        self.assertFalse(maintenance.ack)
        newest = {"seen": maintenance.last_updated.isoformat()}
        self.assertEqual(self.send("acknowledge", maintenance, newest).status_code, 200)

    def test_seen_must_be_a_time(self):
        self.permit("change_circuitmaintenance")
        maintenance = models.CircuitMaintenance.objects.get(name="M-2")

        self.assertEqual(self.send("acknowledge", maintenance, {"seen": "yesterday"}).status_code, 400)

    def test_first_acknowledgement_is_kept(self):
        self.permit("change_circuitmaintenance")
        maintenance = models.CircuitMaintenance.objects.get(name="M-2")
        maintenance.acknowledge(None, NOON)
        maintenance.save()

        self.assertEqual(self.post("acknowledge", maintenance), 200)

        maintenance.refresh_from_db()
        self.assertEqual((maintenance.acknowledged_by, maintenance.acknowledged_at), (None, NOON))

    def test_former_name_withdraw_is_deprecated(self):
        self.permit("change_circuitmaintenance")
        maintenance = models.CircuitMaintenance.objects.get(name="M-1")
        maintenance.acknowledge(self.user, NOON)
        maintenance.save()

        response = self.send("withdraw", maintenance)

        self.assertEqual((response.status_code, response.json()["ack"]), (200, False))
        self.assertRegex(response["Deprecation"], r"^@\d+$")
        self.assertIn(self.url("circuitmaintenance-unacknowledge", pk=maintenance.pk), response["Link"])
        self.assertNotIn("Deprecation", self.send("unacknowledge", maintenance))

    def test_openapi_marks_withdraw_as_deprecated(self):
        paths = SchemaGenerator().get_schema(public=True)["paths"]
        route = "/plugins/circuit-maintenance/maintenance/{id}/"

        self.assertTrue(paths[f"{route}withdraw/"]["post"]["deprecated"])
        self.assertNotIn("deprecated", paths[f"{route}unacknowledge/"]["post"])

    def test_permission_to_change_is_required(self):
        maintenance = models.CircuitMaintenance.objects.get(name="M-2")
        self.assertEqual(self.post("acknowledge", maintenance), 403)
        for name in ("view", "add", "delete"):
            self.permit(f"{name}_circuitmaintenance")
            for action in ("acknowledge", "unacknowledge", "withdraw"):
                self.assertEqual(self.post(action, maintenance), 403, (name, action))

        self.permit("change_circuitmaintenance")

        self.assertEqual(self.post("acknowledge", maintenance), 200)

    def test_constraints_of_the_permission_are_enforced(self):
        self.add_permissions(
            "nautobot_circuit_maintenance.change_circuitmaintenance", constraints={"provider__name": "ISP 1"}
        )

        self.assertEqual(self.post("unacknowledge", models.CircuitMaintenance.objects.get(name="M-1")), 200)
        for action in ("acknowledge", "unacknowledge", "withdraw"):
            self.assertEqual(self.post(action, models.CircuitMaintenance.objects.get(name="M-2")), 404)

    def test_get_is_not_allowed(self):
        self.permit("view_circuitmaintenance", "change_circuitmaintenance")
        maintenance = models.CircuitMaintenance.objects.get(name="M-2")
        url = self.url("circuitmaintenance-acknowledge", pk=maintenance.pk)

        self.assertEqual(self.client.get(url, **self.header).status_code, 405)


class EvidenceTest(ApiTestCase):
    """Notifications are read-only, without their original messages."""

    def test_original_message_is_in_no_response(self):
        self.permit(
            "view_notification", "view_parsednotification", "view_circuitmaintenance", "view_notificationsource"
        )
        self.add_permissions("circuits.view_provider")
        for model in ("notification", "parsednotification", "circuitmaintenance", "notificationsource"):
            for query in ("", "?depth=2", "?exclude_m2m=false&depth=1", "?format=csv", "?include=raw"):
                with self.subTest(f"{model}{query}"):
                    content = self.client.get(self.url(f"{model}-list") + query, **self.header).getvalue()
                    self.assertNotIn(b"the-raw-bytes", content)
                    self.assertNotIn(b'"raw"', content)

    def test_notifications_are_read_only(self):
        self.user.is_superuser = True
        self.user.save()
        for model in (models.Notification, models.ParsedNotification):
            name = model._meta.model_name  # pylint: disable=protected-access  # Django's public API
            urls = self.url(f"{name}-list"), self.url(f"{name}-detail", pk=model.objects.first().pk)
            for url in urls:
                for method in ("post", "put", "patch", "delete"):
                    with self.subTest(f"{method} {url}"):
                        self.assertEqual(
                            getattr(self.client, method)(url, {}, format="json", **self.header).status_code, 405
                        )


class NotificationSourceTest(ApiTestCase):
    """Sources come from the settings; users choose their providers."""

    def setUp(self):
        super().setUp()
        self.user.is_superuser = True
        self.user.save()
        self.source = models.NotificationSource.objects.get(name="Source 1")

    def test_sources_cannot_be_added_or_deleted(self):
        list_url, url = self.url("notificationsource-list"), self.url("notificationsource-detail", pk=self.source.pk)
        for method, address, data in (
            ("post", list_url, {"name": "New"}),
            ("put", list_url, [{"id": str(self.source.pk), "name": "New"}]),
            ("delete", list_url, [{"id": str(self.source.pk)}]),
            ("put", url, {"name": "New"}),
            ("delete", url, None),
        ):
            with self.subTest(f"{method} {address}"):
                response = getattr(self.client, method)(address, data, format="json", **self.header)
                self.assertEqual(response.status_code, 405)

        self.assertEqual(models.NotificationSource.objects.count(), 3)

    def test_only_providers_can_be_changed(self):
        provider = Provider.objects.get(name="ISP 3")
        data = {
            "providers": [str(provider.pk)],
            "name": "Renamed",
            "attach_all_providers": True,
            "last_error": "none",
            "cursor": {"uid": 1},
        }

        response = self.client.patch(
            self.url("notificationsource-detail", pk=self.source.pk), data, format="json", **self.header
        )

        self.assertHttpStatus(response, status.HTTP_200_OK)
        self.source.refresh_from_db()
        self.assertEqual(list(self.source.providers.all()), [provider])
        self.assertEqual(
            (self.source.name, self.source.attach_all_providers, self.source.cursor), ("Source 1", False, {})
        )

    def test_read_position_is_not_shown(self):
        data = self.client.get(self.url("notificationsource-detail", pk=self.source.pk), **self.header).json()

        self.assertTrue({"cursor", "searched_senders"}.isdisjoint(data), json.dumps(data))
