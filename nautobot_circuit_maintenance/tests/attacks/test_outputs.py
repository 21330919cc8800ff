"""Words of unknown senders in every output: none of them is a link, an image, a tag or a formula there."""

import csv
import io
import re
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock
from urllib.parse import quote

from django.contrib.contenttypes.models import ContentType
from django.test import SimpleTestCase
from django.urls import reverse
from nautobot.apps.templatetags import render_markdown
from nautobot.apps.testing import TestCase, create_job_result_and_run_job

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.domain.escaping import from_csv, in_csv, in_markdown
from nautobot_circuit_maintenance.models.layouts import LONGEST_NAME
from nautobot_circuit_maintenance.models.unknown_senders import LONGEST_ADDRESS
from nautobot_circuit_maintenance.tests.end_to_end.world import configured, prepare_job, run_job
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.factories.app import create_unknown_sender
from nautobot_circuit_maintenance.tests.page_case import HTMX, url_of
from nautobot_circuit_maintenance.tests.test_permission_walk import REST, ROUTES, UI
from nautobot_circuit_maintenance.tests.two_providers import OF_THE_APP

EVIL = "evil.example"
MARKDOWN = (
    f"![x](http://{EVIL}/t.png)",
    f"<img src=http://{EVIL}/u.png>",
    f"[Login](http://{EVIL})",
    f"<http://{EVIL}>",
    f"`</code><a href=//{EVIL}>x</a>",
    f"\n\n# [x]: http://{EVIL}\n\n![x]",
    f"\\`<script src=//{EVIL}></script>",
)
FORMULAS = (
    "=cmd|' /C calc'!A0",
    f'=HYPERLINK("http://{EVIL}")',
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
    "  =1",
)


class Elements(HTMLParser):
    """What of a page leads to, or loads from, the sender."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        """Keep elements that name the sender's host in what they load or link."""
        for name, value in attrs:
            is_url = name in ("src", "href", "srcset", "action", "formaction", "data")
            # A path of this site may have the words in its query, escaped.
            if is_url and EVIL in (value or "") and not re.match("/[^/\\\\]|[?#]", value):
                self.found.append(f"{tag} {name}={value}")


def elements(html: str) -> list[str]:
    """Return the elements of a page that lead to the sender."""
    parser = Elements()
    parser.feed(html)
    return parser.found


class EscapingTest(SimpleTestCase):
    """The functions alone."""

    def test_markdown_renders_words_as_they_are(self):
        for words in MARKDOWN:
            with self.subTest(words):
                html = str(render_markdown(f"Refers to {in_markdown(words)}. {in_markdown(words)}"))
                self.assertEqual(elements(html), [])
                self.assertNotIn("<img", html)
                self.assertIn(EVIL, html)
        self.assertEqual(in_markdown(" \n"), "")

    def test_no_cell_begins_a_formula_and_others_stay(self):
        for words in FORMULAS:
            self.assertTrue(in_csv(words).startswith("'"), words)
            self.assertEqual(in_csv({"name": [words]}), {"name": [f"'{words}"]})
        for value in ("M-1", "", 5, None, True, "a=b"):
            self.assertEqual(in_csv(value), value)

    def test_what_was_escaped_is_read_as_it_was(self):
        for words in (*FORMULAS, "M-1", "'", "'a'", "5"):
            for value in (words, f"'{words}", f"''{words}", f"' {words}"):
                self.assertEqual(from_csv(in_csv(value)), value)
                self.assertEqual(from_csv(in_csv({"a": [value, 5, None]})), {"a": [value, 5, None]})


class OutputsTest(TestCase):
    """Objects that are called by hostile words, in all outputs of the app."""

    def create(self, words):
        """Create one of each, with these words wherever a sender's words end up."""
        provider = core.create_provider("ISP")
        maintenance = app.create_maintenance(words, None, description=words, other_ids=[words], ticket=words)
        maintenance.provider_maintenance_id = words
        maintenance.doubts = [{"kind": "date", "sentence": words, "fingerprint": words}]
        maintenance.save()
        app.create_impact(maintenance, words)
        models.Note.objects.create(maintenance=maintenance, title=words, comment=in_markdown(words))
        source = models.NotificationSource.objects.create(name="Source", last_error=words)
        notification = app.create_notification(
            provider,
            source,
            subject=words,
            sender=words,
            message_id=words,
            error=words,
            state=State.FAILED,
            raw=b"Subject: "
            + words.encode()
            + b'\r\nContent-Disposition: attachment; filename="=x"\r\n\r\n'
            + words.encode(),
        )
        json = app.evidence(
            words,
            app.NOON,
            account=words,
            organizer=words,
            description=words,
            circuits=[{"cid": words, "impact": "OUTAGE"}],
        )
        parsed = app.create_parsed(notification, maintenance, json=json, parser=words)
        subscription = app.create_subscription(self.user, words[:LONGEST_NAME], channel=words, last_error=words)
        delivery = app.create_delivery(
            app.create_thread(subscription, maintenance, words[:LONGEST_ADDRESS]),
            maintenance=maintenance,
            subject=words,
            headline=words,
            text=words,
            html=words,
            error=words,
            data={"now": {"name": words}},
        )
        return (
            maintenance,
            maintenance.impacts.get(),
            maintenance.maintenance_notes.get(),
            source,
            notification,
            parsed,
            create_unknown_sender(source, words[:LONGEST_ADDRESS]),
            app.create_layout(provider, words[:LONGEST_NAME], suspended_because=words[:LONGEST_NAME]),
            subscription,
            delivery,
        )

    def setUp(self):
        """Log in as someone who sees everything."""
        super().setUp()
        self.user.is_superuser = True
        self.user.save()

    def test_pages_and_lists_neither_link_nor_load_what_senders_name(self):
        words = " ".join(MARKDOWN)[:250]
        rows = self.create(words)
        pages = {each._meta.model_name: (url_of(each._meta.model_name, each), {}) for each in rows}
        pages |= {
            f"{each._meta.model_name} list": (url_of(f"{each._meta.model_name}_list"), HTMX) for each in OF_THE_APP
        }
        pages |= {"dashboard": (url_of("dashboard"), {}), "home": (reverse("home"), {})}
        for name, (url, headers) in pages.items():
            with self.subTest(name):
                response = self.client.get(url, **headers)
                self.assertEqual(response.status_code, 200)
                self.assertEqual(elements(response.content.decode()), [])

    def test_no_page_of_one_object_links_or_loads_what_senders_name(self):
        """Every route of the app that is read, whatever it shows: tabs, forms, confirmations, change logs."""
        instances = {type(each): each for each in self.create(" ".join(MARKDOWN)[:250])}
        routes = [route for route in ROUTES if route.namespace == UI and route.needs_pk and route.model in instances]
        self.assertGreater(len(routes), 20)
        for route in routes:
            with self.subTest(route.name):
                response = self.client.get(route.url(instances[route.model]), follow=True)
                html = response.content.decode("utf-8", "replace")
                self.assertEqual(elements(html) if response["Content-Type"].startswith("text/html") else [], [])

    def assert_no_formula(self, text):
        """Check the cells of a CSV file."""
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        self.assertGreater(len(cells), 10)
        self.assertEqual([cell for cell in cells if cell.startswith(("=", "+", "@", "-"))], [])

    def test_no_cell_of_a_csv_file_begins_a_formula(self):
        """REST, and the button Export of the lists, which runs a job of Nautobot."""
        self.create(FORMULAS[0])
        for model in OF_THE_APP:
            with self.subTest(model.__name__):
                url = reverse(f"{REST}:{model._meta.model_name}-list")
                self.assert_no_formula(self.client.get(url, {"format": "csv"}).getvalue().decode("utf-8-sig"))
                self.assert_no_formula(self.exported(model))

    def exported(self, model):
        """Return the file that the button Export makes."""
        with mock.patch("nautobot.extras.models.jobs.JOB_LOGS", None):
            result = create_job_result_and_run_job(
                "nautobot.core.jobs",
                "ExportObjectList",
                username=self.user.username,
                content_type=ContentType.objects.get_for_model(model).pk,
            )
        self.assertEqual(result.status, "SUCCESS", result.traceback)
        with result.files.get().file.open("rb") as file:
            return file.read().decode("utf-8-sig")

    def test_a_download_is_named_by_us(self):
        """Neither subject nor Message-ID nor the name of an attachment gets into a header of a response."""
        notification = self.create('a"; filename="evil.example.html\r\nX: y')[4]
        url = reverse(f"{REST}:notification-raw", args=[notification.pk])
        for each in (url, url_of("notification_raw", notification)):
            with self.subTest(each):
                response = self.client.get(each)
                self.assertEqual(response["Content-Disposition"], f'attachment; filename="{notification.pk}.eml"')
                self.assertEqual(response["X-Content-Type-Options"], "nosniff")
                self.assertNotIn(EVIL, str(response.headers))

    def test_the_log_of_a_job_neither_links_nor_loads_what_senders_and_servers_name(self):
        """Nautobot renders each line as Markdown, and so does the page of the job's result."""
        prepare_job()
        provider = core.create_provider("ISP", "noc@isp.example")
        for words in MARKDOWN:
            with self.subTest(words), tempfile.TemporaryDirectory() as folder:
                sender = "".join(words.split()).replace("<", "").replace(">", "").replace("\\", "")
                mail = f'From: "{sender}"@{EVIL}\r\nSubject: {sender}\r\n\r\n{sender}'
                Path(folder, "1.eml").write_text(mail, encoding="utf-8")
                read = {"name": "Read", "url": f"file://{folder}", "attach_all_providers": True}
                broken = {**read, "name": "Broken", "url": f"file://{folder}/{quote(words)}"}
                with configured(read, broken):
                    result = run_job()
                html = self.log_of(result)
                self.assertIn("DIR-01", html)
                self.assertEqual(elements(html), [])
                self.assertNotIn("<img src=http", html)
        self.assertTrue(provider.notification_sources.exists())

    def log_of(self, result):
        """Return the page of a job's result, its log, and the same of REST as Nautobot's page renders it."""
        urls = (result.get_absolute_url(), reverse("extras:jobresult_log-table", args=[result.pk]))
        return "".join(self.client.get(url).content.decode() for url in urls)
