"""Secrets are in no error, no log, no page and no answer, whatever goes wrong."""

import base64
import io
import json
import logging
import sys
from unittest import mock

from django.core.cache import cache
from django.core.signals import got_request_exception
from django.urls import reverse
from django.utils import timezone
from django.views.debug import ExceptionReporter
from nautobot.dcim.models import Location
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.mailboxes.kinds import source_settings
from nautobot_circuit_maintenance.pipeline import run
from nautobot_circuit_maintenance.tests.attacks.odd_imap import odd_server, repeating
from nautobot_circuit_maintenance.tests.factories import core
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.tests.test_permission_walk import REST, ROUTES
from nautobot_circuit_maintenance.tests.test_sources_pages import closed_port, configured

SECRETS = ("hunter2-hunter2", "hun\"ter2\\hun'ter2", 'hunter2 \\" hünter2', "two  blanks  hunter2", "hunter2's cat")
_CORE = "ter2"
"""In each of them, however quotation marks and backslashes around it are spelt."""
REPETITIONS = (
    (b"LOGIN", b"%t NO I was told %l"),
    (b"LOGIN", b"%t BAD %l"),
    (b"LOGIN", b"* BYE %l"),
    (b"LOGIN", b"%%% %l"),
    (b"EXAMINE", b"%t NO %l"),
    (b"EXAMINE", b"%t BAD %l"),
    (b"EXAMINE", b"* BYE %l"),
    # At most 300 characters of a server's message are stored: here they end within the secret.
    *((b"EXAMINE", b"%t NO " + b"x" * length + b" %l") for length in range(245, 285, 5)),
)


def spelt_in(text: str, secret: str) -> bool:
    """Return whether a string contains the secret, or its base64."""
    coded = base64.b64encode(f"\0ops\0{secret}".encode()).decode()
    return _CORE in text or coded in text


class RepeatingServerTest(PageTestCase):
    """A mail server that repeats the login in what it says."""

    def setUp(self):
        super().setUp()
        self.become_superuser()
        self.source = models.NotificationSource.objects.get(name="Source 1")

    def reported(self) -> str:
        """Return everything that pages and APIs show about the source, by page."""
        self.source.refresh_from_db()
        rest = reverse(f"{REST}:notificationsource-detail", kwargs={"pk": self.source.pk})
        answers = [
            self.source.last_error,
            self.page("notificationsource", self.source),
            self.client.get(rest).content.decode(),
            repr(get_app_settings()),
        ]
        return "\n".join(answers)

    def test_neither_validate_nor_a_run_repeats_it(self):
        self.enterContext(self.assertLogs(level="INFO"))  # asserts nothing here: keeps the console quiet
        for secret in SECRETS:
            for when, answer in REPETITIONS:
                with self.subTest(secret, answer=answer), odd_server(repeating(when, answer)) as server:
                    configured(self, url=f"imap://127.0.0.1:{server.port}", tls=False, secret=secret)
                    cache.clear()
                    self.client.post(url_of("notificationsource_validate", self.source))
                    report = run.run([self.source], run.RunOptions(now=timezone.now()))
                    reported = self.reported() + json.dumps(report.as_json()) + "".join(map(str, report.sources))
                    self.assertEqual(server.connections, 2)
                    self.assertTrue(report.failed_sources)
                    self.assertFalse(spelt_in(reported, secret))

    def test_no_log_has_it_at_any_level(self):
        stream = io.StringIO()
        handler, root = logging.StreamHandler(stream), logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        self.addCleanup(root.setLevel, level)
        self.addCleanup(root.removeHandler, handler)
        for secret in SECRETS:
            for when, answer in REPETITIONS:
                with self.subTest(secret, answer=answer), odd_server(repeating(when, answer)) as server:
                    configured(self, url=f"imap://127.0.0.1:{server.port}", tls=False, secret=secret)
                    run.run([self.source], run.RunOptions(now=timezone.now()))
                    self.assertIn("Source 1", stream.getvalue())
                    self.assertFalse(spelt_in(stream.getvalue(), secret))

    def test_words_without_the_secret_stay_as_they_are(self):
        for secret in ("", "hunter2"):
            settings = source_settings(
                {"name": "Mail", "url": "imap://mail.example", "account": "ops", "secret": secret}
            )
            self.assertEqual(settings.secret.value(), secret)

            self.assertEqual(settings.redact("Login refused."), "Login refused.")


class Keeping(logging.Handler):
    """Writes what Django would mail to administrators about each record, variables of all calls and all."""

    def __init__(self):
        super().__init__()
        self.reports: list[str] = []

    def emit(self, record):
        self.reports.append(record.getMessage())
        if record.exc_info:
            reporter = ExceptionReporter(None, *record.exc_info, is_email=True)
            self.reports += [reporter.get_traceback_text(), reporter.get_traceback_html()]


class DefectTest(PageTestCase):
    """A defect of ours, or of a library, in the middle of a login."""

    def setUp(self):
        super().setUp()
        self.become_superuser()
        self.source = models.NotificationSource.objects.get(name="Source 1")
        self.mails = Keeping()
        logging.getLogger().addHandler(self.mails)
        self.addCleanup(logging.getLogger().removeHandler, self.mails)
        got_request_exception.connect(self.note_error)
        self.addCleanup(got_request_exception.disconnect, self.note_error)
        self.client.raise_request_exception = False
        server = self.enterContext(odd_server(repeating(b"", b"")))
        configured(self, url=f"imap://127.0.0.1:{server.port}", tls=False, secret=SECRETS[0])
        # Where the secret is a variable of every call: the library that is asked to send it.
        words = RuntimeError(f"a defect about {SECRETS[0]}")
        self.enterContext(mock.patch("imaplib.IMAP4._command_complete", autospec=True, side_effect=words))
        cache.clear()

    def note_error(self, **_kwargs):
        """Take the error of a page for a record of the log, as Django does."""
        self.mails.emit(logging.LogRecord("django.request", logging.ERROR, "", 0, "", (), sys.exc_info()))

    def test_a_validation_reports_it_without_the_secret(self):
        self.client.post(url_of("notificationsource_validate", self.source))

        page = self.page("notificationsource", self.source)
        self.assertIn("MAILBOX-04: Unexpected RuntimeError: a defect about ***", page)
        self.check_what_is_mailed()

    def test_a_run_reports_it_without_the_secret(self):
        run.run([self.source], run.RunOptions(now=timezone.now()))

        self.source.refresh_from_db()
        self.assertEqual(self.source.last_error, "RUN-03: Unexpected RuntimeError: a defect about ***")
        self.check_what_is_mailed()

    def check_what_is_mailed(self):
        """Check that the defect can be found, and the secret not."""
        reported = "\n".join(self.mails.reports)
        self.assertIn("session.py", reported)
        self.assertFalse(spelt_in(reported, SECRETS[0]))


class EverywhereTest(PageTestCase):
    """Every page and endpoint, with a secret in the settings."""

    def test_no_answer_has_it(self):
        self.become_superuser()
        self.client.raise_request_exception = False
        source = models.NotificationSource.objects.get(name="Source 1")
        configured(self, url=f"imap://127.0.0.1:{closed_port()}", secret=SECRETS[0])
        self.client.post(url_of("notificationsource_validate", source))
        run.run([source], run.RunOptions(now=timezone.now(), user=self.user))
        edit = {"providers": [str(pk) for pk in source.providers.values_list("pk", flat=True)]}
        self.client.post(url_of("notificationsource_edit", source), edit)

        core.create_device("Edge", Location.objects.order_by("pk").last())
        for route in ROUTES:
            url = route.url(route.model.objects.order_by("pk").first() if route.needs_pk else None)
            for parameters in ({}, {"format": "csv"}) if route.namespace == REST else ({},):
                with self.subTest(url, parameters=parameters):
                    self.assertFalse(spelt_in(self.client.get(url, parameters).content.decode("latin-1"), SECRETS[0]))
        records = json.dumps(list(ObjectChange.objects.values("object_data", "object_data_v2")), default=str)
        self.assertIn(source.name, records)
        self.assertFalse(spelt_in(records, SECRETS[0]))
