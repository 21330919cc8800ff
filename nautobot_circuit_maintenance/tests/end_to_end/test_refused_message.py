"""A message that the mail server cannot read itself: the run says so, reads all else, and gets it once it can."""

import ssl
from datetime import timedelta

from django.utils import timezone
from nautobot.apps.testing import TransactionTestCase

from development.services.imap import ImapServer
from nautobot_circuit_maintenance.models import CircuitMaintenance, NotificationSource
from nautobot_circuit_maintenance.tests.cases import create_provider
from nautobot_circuit_maintenance.tests.end_to_end.world import configured, new_folder, prepare_job, reading, run_job
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail
from nautobot_circuit_maintenance.tests.mailboxes.tcp_proxy import proxy_to


class TestRefusedMessage(TransactionTestCase):
    """Three mails; the server hangs up on the second."""

    server: ImapServer

    def setUp(self):
        """Deliver them."""
        super().setUp()
        prepare_job()
        create_provider("ISP", "noc@isp.example")
        self.folder = new_folder()
        texts = ("fine", "rotten", "fine too")
        mails = [(mail(Bcop(f"M-{n}"), subject=f"Work {n}", text=text), NOON) for n, text in enumerate(texts)]
        self.server.deliver_all(mails, self.folder)

    def names(self) -> list[str]:
        """Return the maintenances that are known."""
        return list(CircuitMaintenance.objects.order_by("name").values_list("name", flat=True))

    def test_the_source_was_read_and_names_what_it_could_not_get(self):
        """The error stays until the message can be had; it costs no one else anything."""
        context = ssl.create_default_context(cafile=str(self.server.ca_file))
        with proxy_to(self.server.tls_port, context) as proxy:
            proxy.cut_at = b"rotten"
            plain = {"url": f"imap://localhost:{proxy.port}", "tls": False}
            with configured(reading(self.server, self.folder, **plain)):
                first = run_job()
        source = NotificationSource.objects.get()
        self.assertEqual((first.status, self.names()), ("FAILURE", ["M-0", "M-2"]))
        self.assertIn("does not return the message with UID 102 ", source.last_error)  # its UIDs begin at 101
        self.assertLess(timezone.now() - source.last_fetched_at, timedelta(minutes=1))

        with configured(reading(self.server, self.folder)):
            second = run_job()

        source.refresh_from_db()
        self.assertEqual((second.status, self.names()), ("SUCCESS", ["M-0", "M-1", "M-2"]))
        self.assertEqual(source.last_error, "")
