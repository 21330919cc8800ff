"""The job *Send Circuit Maintenance Updates* as Nautobot runs it: outside a transaction, by a real mail server."""

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.test import TransactionTestCase, override_settings
from django.utils import timezone
from nautobot.apps.testing import run_job_for_testing
from nautobot.extras.models import Contact, Job

from nautobot_circuit_maintenance.models import Delivery, Subscription
from nautobot_circuit_maintenance.tests.factories.app import create_maintenance
from nautobot_circuit_maintenance.tests.outbound.mail_server import mail_server


class SendingJob(TransactionTestCase):
    """From a change to an email."""

    databases = ("default", "job_logs")

    def test_a_maintenance_is_sent(self):
        owner = get_user_model().objects.create_superuser(username="operator")
        subscription = Subscription.objects.create(name="All", owner=owner, channel="Email")
        subscription.contacts.add(Contact.objects.create(name="NOC", email="noc@example.net"))
        create_maintenance("M-1", start=timezone.now() + timedelta(days=9), status="CONFIRMED")
        with mail_server(auth_required=False) as server:
            url = f"smtp://127.0.0.1:{server.port}"
            channel = {"name": "Email", "kind": "email", "url": url, "sender": "n@example.com", "tls": False}
            settings = {"instance": "test", "channels": [channel]}
            with override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": settings}):
                job = Job.objects.get(job_class_name="SendCircuitMaintenanceUpdates")
                results = [run_job_for_testing(job, username="operator", job_kwargs={}) for _ in range(2)]

        self.assertEqual([each.status for each in results], ["SUCCESS", "SUCCESS"], results[0].traceback)
        self.assertEqual([each.result.get("sent") for each in results], [1, None])
        (received,) = server.received
        key = Delivery.objects.get(state="sent").key
        self.assertEqual(
            (received.recipients, received.email["Message-ID"]), (("noc@example.net",), f"<{key}@example.com>")
        )
