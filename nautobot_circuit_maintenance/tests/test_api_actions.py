"""The REST actions of notifications: reprocess, raw, ingest."""

from unittest import mock

from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from nautobot.extras.models import Job, JobResult

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.jobs import ReprocessNotifications
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD
from nautobot_circuit_maintenance.pipeline.run import RunOptions
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.factories.mail import Bcop, mail
from nautobot_circuit_maintenance.tests.test_api_content import ApiTestCase

_NOTIFICATION = "nautobot_circuit_maintenance.{}_notification"
_MESSAGE = "message/rfc822"


def have_a_worker(test, count=1):
    """Enable the job, with this number of workers."""
    Job.objects.filter(job_class_name="ReprocessNotifications").update(enabled=True)
    workers = mock.patch("nautobot_circuit_maintenance.pipeline.enqueue.get_worker_count", return_value=count)
    broker = mock.patch("nautobot.extras.jobs.run_job.apply_async")
    workers.start()
    test.addCleanup(workers.stop)
    test.addCleanup(broker.stop)
    return broker.start()


class ReprocessTest(ApiTestCase):
    """POST notification/<id>/reprocess/."""

    def setUp(self):
        super().setUp()
        self.notification = models.Notification.objects.get(state=State.FAILED)
        models.Notification.objects.update(attempts=3)

    def post(self, notification=None):
        """Send the request."""
        url = self.url("notification-reprocess", pk=(notification or self.notification).pk)
        return self.client.post(url, format="json", **self.header)

    def test_notification_is_queued_and_not_processed_in_the_request(self):
        self.permit("change_notification")
        parsed = models.ParsedNotification.objects.count()

        response = self.post()

        self.assertHttpStatus(response, 202)
        self.notification.refresh_from_db()
        self.assertEqual(
            (self.notification.state, self.notification.attempts, self.notification.error), (State.RECEIVED, 0, "")
        )
        self.assertEqual(response.json()["state"], State.RECEIVED)
        self.assertNotIn("raw", response.json())
        self.assertEqual(models.ParsedNotification.objects.count(), parsed)

    def test_permission_to_change_is_required(self):
        self.assertEqual(self.post().status_code, 403)
        for name in ("view", "add", "delete"):
            self.permit(f"{name}_notification")
            self.assertEqual(self.post().status_code, 403, name)

        self.permit("change_notification")

        self.assertEqual(self.post().status_code, 202)

    def test_constraints_of_the_permission_are_enforced(self):
        self.add_permissions(_NOTIFICATION.format("change"), constraints={"state": State.FAILED})
        other = models.Notification.objects.get(state=State.IGNORED)

        self.assertEqual(self.post(other).status_code, 404)
        other.refresh_from_db()
        self.assertEqual(other.state, State.IGNORED)

    def test_get_is_not_allowed(self):
        self.permit("view_notification", "change_notification")

        url = self.url("notification-reprocess", pk=self.notification.pk)

        self.assertEqual(self.client.get(url, **self.header).status_code, 405)

    def test_missing_original_message_is_reported(self):
        self.permit("change_notification")
        models.Notification.objects.update(raw=None)

        response = self.post()

        self.assertHttpStatus(response, 400)
        self.assertIn("is not stored", response.json()["detail"])
        self.notification.refresh_from_db()
        self.assertEqual(self.notification.state, State.FAILED)

    def test_one_job_is_enqueued_for_several_notifications(self):
        self.permit("change_notification")
        broker = have_a_worker(self)

        with self.captureOnCommitCallbacks(execute=True):
            self.post()
            self.post()

        self.assertEqual(broker.call_count, 1)
        self.assertEqual(broker.call_args.kwargs["kwargs"], {"which": State.RECEIVED})
        self.assertEqual(JobResult.objects.get().user, self.user)

    def test_notification_waits_without_a_worker_or_an_enabled_job(self):
        self.permit("change_notification")
        have_a_worker(self, count=0)
        self.assertHttpStatus(self.post(), 202)
        have_a_worker(self)
        Job.objects.update(enabled=False)
        self.assertHttpStatus(self.post(), 202)

        self.assertFalse(JobResult.objects.exists())


class RawTest(ApiTestCase):
    """GET notification/<id>/raw/."""

    def setUp(self):
        super().setUp()
        self.notification = models.Notification.objects.get(state=State.FAILED)
        self.raw_url = self.url("notification-raw", pk=self.notification.pk)

    def test_download_is_the_exact_message(self):
        self.permit("view_notification")
        for accept in ("*/*", _MESSAGE, "application/json"):
            with self.subTest(accept):
                response = self.client.get(self.raw_url, headers={"Accept": accept}, **self.header)

                self.assertHttpStatus(response, 200)
                self.assertEqual(response.content, app.RAW)
                self.assertEqual(response["Content-Type"], _MESSAGE)
                self.assertIn("attachment", response["Content-Disposition"])
                self.assertEqual(response["X-Content-Type-Options"], "nosniff")

    def test_permission_to_view_is_required(self):
        self.assertEqual(self.client.get(self.raw_url, **self.header).status_code, 403)
        for name in ("add", "change", "delete"):
            self.permit(f"{name}_notification")
            self.assertEqual(self.client.get(self.raw_url, **self.header).status_code, 403, name)
        self.add_permissions(_NOTIFICATION.format("view"), constraints={"state": State.PARSED})
        self.assertEqual(self.client.get(self.raw_url, **self.header).status_code, 404)

    def test_purged_message_is_not_found_and_the_error_is_json(self):
        self.permit("view_notification")
        models.Notification.objects.update(raw=None)
        for accept in ("*/*", _MESSAGE):
            with self.subTest(accept):
                response = self.client.get(self.raw_url, headers={"Accept": accept}, **self.header)

                self.assertHttpStatus(response, 404)
                self.assertIn("is not stored", response.json()["detail"])


class IngestTest(ApiTestCase):
    """POST notification/ingest/."""

    def setUp(self):
        super().setUp()
        self.provider = core.create_provider("Wire")
        self.provider.cf.update({EMAILS_FIELD: "noc@isp.example", PARSERS_FIELD: "genericprovider"})
        self.provider.validated_save()
        self.raw = mail(Bcop("W-1"))

    def post(self, raw, content_type=_MESSAGE):
        """Send one message."""
        return self.client.post(self.url("notification-ingest"), raw, content_type=content_type, **self.header)

    def test_new_message_is_stored_and_not_processed_in_the_request(self):
        self.permit("add_notification")

        response = self.post(self.raw)

        self.assertHttpStatus(response, 201)
        row = models.Notification.objects.defer(None).get(pk=response.json()["id"])
        self.assertEqual(
            (bytes(row.raw), row.state, row.provider, row.source), (self.raw, State.RECEIVED, self.provider, None)
        )
        self.assertFalse(models.CircuitMaintenance.objects.filter(name="W-1").exists())
        self.assertNotIn("raw", response.json())

    def test_job_processes_the_message(self):
        self.permit("add_notification")
        row = models.Notification.objects.get(pk=self.post(self.raw).json()["id"])
        models.Notification.objects.filter(state=State.FAILED).update(attempts=2)
        job = ReprocessNotifications()

        options = RunOptions(now=timezone.now(), user=self.user)
        with mock.patch.object(ReprocessNotifications, "options", return_value=options):
            job.run(which=State.RECEIVED)

        row.refresh_from_db()
        self.assertEqual(row.state, State.PARSED)
        self.assertTrue(models.CircuitMaintenance.objects.filter(name="W-1").exists())
        self.assertEqual(models.Notification.objects.get(state=State.FAILED).attempts, 2)

    def test_known_message_is_not_stored_again(self):
        self.permit("add_notification")
        first = self.post(self.raw)

        again = self.post(self.raw)

        self.assertHttpStatus(again, 200)
        self.assertEqual(again.json()["id"], first.json()["id"])
        self.assertEqual(models.Notification.objects.filter(provider=self.provider).count(), 1)

    def test_invalid_message_is_rejected_with_the_reason(self):
        self.permit("add_notification")
        before = models.Notification.objects.count()
        for raw, reason in (
            (b"", "empty"),
            (b" \r\n\r\n", "empty"),
            (b"hello, no headers", "From"),
            (b"Subject: x\r\n\r\nx", "From"),
            (b"From: a@isp.example, b@isp.example\r\n\r\nx", "From"),
            (mail(Bcop(), sender="x@evil.example"), "x@evil.example"),
        ):
            with self.subTest(raw[:40]):
                response = self.post(raw)

                self.assertHttpStatus(response, 400)
                self.assertIn(reason, str(response.json()["detail"]))
        self.assertEqual(models.Notification.objects.count(), before)

    def test_message_over_the_limit_is_rejected(self):
        self.permit("add_notification")
        with override_settings(
            PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"max_message_size": len(self.raw) - 1}}
        ):
            response = self.post(self.raw)
            self.assertHttpStatus(response, 413)
            self.assertIn("max_message_size", response.json()["detail"])
        with override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"max_message_size": len(self.raw)}}):
            self.assertHttpStatus(self.post(self.raw), 201)

    def test_other_content_types_are_rejected(self):
        self.permit("add_notification")
        for content_type in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
            self.assertEqual(self.post(b"{}", content_type).status_code, 415, content_type)

    def test_permission_to_add_is_required(self):
        self.assertEqual(self.post(self.raw).status_code, 403)
        for name in ("view", "change", "delete"):
            self.permit(f"{name}_notification")
            self.assertEqual(self.post(self.raw).status_code, 403, name)

        self.permit("add_notification")

        self.assertEqual(self.post(self.raw).status_code, 201)

    def test_constraints_of_the_permission_are_enforced(self):
        self.add_permissions(_NOTIFICATION.format("add"), constraints={"provider__name": "ISP 1"})
        before = models.Notification.objects.count()

        self.assertEqual(self.post(self.raw).status_code, 400)  # as for an unknown address: the provider is hidden
        self.add_permissions("circuits.view_provider")
        self.assertEqual(self.post(self.raw).status_code, 403)
        self.assertEqual(models.Notification.objects.count(), before)

    def test_get_is_not_allowed(self):
        self.permit("view_notification", "add_notification")

        self.assertEqual(self.client.get(self.url("notification-ingest"), **self.header).status_code, 405)

    def test_job_is_enqueued_for_new_messages_only(self):
        self.permit("add_notification")
        broker = have_a_worker(self)

        with self.captureOnCommitCallbacks(execute=True):
            self.post(self.raw)
            JobResult.objects.all().delete()
            self.post(self.raw)

        self.assertEqual(broker.call_count, 1)

    def test_queries_do_not_grow_with_rows(self):
        self.permit("add_notification")
        counts = []
        for number in range(4):
            for _ in range(number * 3):
                app.create_notification(self.provider)
            with CaptureQueriesContext(connection) as queries:
                self.post(mail(Bcop(f"Q-{number}")))
            counts.append(len(queries))

        self.assertEqual(counts[1], counts[3])
