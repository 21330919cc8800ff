"""What changed lately in words: the page, and the card of the dashboard."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags
from nautobot.apps.change_logging import web_request_context

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.tests import fixtures
from nautobot_circuit_maintenance.tests.analysis import world
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.ui.periods import start_of_day

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class ChangesPageTest(PageTestCase):
    """An operator on Monday morning."""

    def setUp(self):
        """Let everything that is there be old."""
        super().setUp()
        long_ago = timezone.now() - 90 * DAY
        models.ParsedNotification.objects.update(received_at=long_ago, issued_at=long_ago)
        models.Note.objects.update(created=long_ago)
        models.CircuitMaintenance.objects.update(acknowledged_at=long_ago)
        self.maintenance = models.CircuitMaintenance.objects.get(name="M-2")

    def tell(self, ago, *cids, maintenance=None, subject="Planned work", **words):
        """Let the provider write so long ago."""
        at = timezone.now() - ago
        maintenance = maintenance or self.maintenance
        mail = fixtures.create_notification(maintenance.provider, received_at=at, subject=subject, sender="noc@isp.net")
        circuits = [{"circuit_id": cid, "impact": "OUTAGE"} for cid in cids]
        words = {"circuits": circuits, "start": 1_800_000_000, "end": 1_800_014_400, **words}
        item = fixtures.parser_item(maintenance.name, at, **words)
        return fixtures.create_parsed(mail, maintenance, issued_at=at, json=[item])

    def tell_that_it_moved(self):
        """Let the provider announce a maintenance long ago, and move it an hour ago."""
        models.ParsedNotification.objects.all().delete()
        self.tell(30 * DAY, "GONE", "TURNED", summary="Work")
        turned = [{"circuit_id": "TURNED", "impact": "DEGRADED"}, {"circuit_id": "ADDED", "impact": "OUTAGE"}]
        moved = {"start": 1_800_086_400, "end": 1_800_100_800, "circuits": turned, "summary": "More work"}
        return self.tell(HOUR, status="RE-SCHEDULED", **moved)

    def edit(self, **fields):
        """Let a person save the maintenance in the web UI."""
        maintenance = models.CircuitMaintenance.objects.get(pk=self.maintenance.pk)
        with web_request_context(self.user):
            for name, value in fields.items():
                setattr(maintenance, name, value)
            maintenance.validated_save()

    def shown(self, route="changes", query=""):
        """Return the table without markup, and with it."""
        response = self.client.get(url_of(route) + query)
        self.assertHttpStatus(response, 200)
        page = response.content.decode()
        table = page[page.index(">What changed since" if route == "dashboard" else "<strong>Since") :]
        table = table[table.index("<table") :] if "<table" in table else table
        table = table[: table.index("</table>")]
        return " ".join(strip_tags(table).split()), table

    def test_it_says_what_a_provider_changed_and_links_to_the_mail(self):
        self.become_superuser()
        row = self.tell_that_it_moved()

        text, table = self.shown()

        for words in (
            "1 h ago ISP 2 M-2 CONFIRMED to RE-SCHEDULED",
            "window moved 24 h later to Sat 16 Jan 2027 08:00",
            "circuit added: ADDED OUTAGE",
            "circuit removed: GONE",
            "impact of TURNED: OUTAGE to DEGRADED",
            "description changed noc@isp.net",
        ):
            with self.subTest(words=words):
                self.assertIn(words, text)
        for instance in (self.maintenance, self.maintenance.provider, row.notification):
            self.assertIn(f'href="{instance.get_absolute_url()}"', table)

    def test_it_says_what_is_new(self):
        self.become_superuser()
        models.ParsedNotification.objects.all().delete()
        self.tell(HOUR, "C-1")

        text, _ = self.shown()

        self.assertIn("ISP 2 M-2 announced as CONFIRMED window Fri 15 Jan 2027 08:00", text)
        self.assertIn("circuit hit: C-1 OUTAGE", text)

    def test_it_says_what_people_did(self):
        self.become_superuser()
        self.edit(status=Status.CONFIRMED, description="Work")
        self.edit(status=Status.COMPLETED, ticket="T-9", description="Done", provider=None)
        self.edit(ack=True)
        with web_request_context(self.user):
            models.Note.objects.create(maintenance=self.maintenance, title="Customers told", level="WARNING")

        text, _ = self.shown()

        for words in (
            f"M-2 CONFIRMED to COMPLETED description changed provider changed ticket TICKET-2 to T-9 {self.user}",
            f"M-2 acknowledged {self.user}",
            f"M-2 WARNING note Customers told {self.user}",
            f"M-2 edited {self.user}",
        ):
            with self.subTest(words=words):
                self.assertIn(words, text)
        self.assertLess(text.index("Customers told"), text.index("COMPLETED"))
        self.edit(ack=False)
        self.assertIn("M-2 acknowledgement withdrawn", self.shown()[0])

    def test_the_days_can_be_chosen(self):
        self.become_superuser()
        self.maintenance.parsed_notifications.all().delete()
        self.tell(6 * DAY, "C-1")

        self.assertIn(f"since {start_of_day(timezone.now(), 3):%a}", self.shown()[0])
        for query, is_there in (("", False), ("?days=1", False), ("?days=7", True), ("?days=30", True)):
            with self.subTest(query=query):
                self.assertEqual("announced" in self.shown(query=query)[0], is_there)
        self.assertEqual(self.shown(query="?days=nonsense"), self.shown())

    def test_where_nothing_changed_it_says_so(self):
        self.become_superuser()

        self.assertIn("Nothing that you may see has changed since", self.shown()[0])

    def test_the_dashboard_has_the_newest_ten_and_a_link_to_all(self):
        self.become_superuser()
        for number in range(12):
            maintenance = fixtures.create_maintenance(f"NEW-{number}", self.maintenance.provider)
            self.tell((number + 1) * HOUR / 60, "C-1", maintenance=maintenance)

        text, table = self.shown("dashboard")

        self.assertIn("All 12 changes", text)
        self.assertIn(f'href="{url_of("changes")}?days=3"', table)
        self.assertIn("NEW-9", text)
        self.assertNotIn("NEW-10", text)

    def test_acknowledging_many_hides_nothing_on_the_dashboard(self):
        self.become_superuser()
        self.maintenance.parsed_notifications.all().delete()
        self.tell(HOUR, "C-1")
        for number in range(12):
            fixtures.create_maintenance(f"NEW-{number}", self.maintenance.provider, ack=True)

        text, _ = self.shown("dashboard")

        self.assertIn("M-2 announced as CONFIRMED", text)
        self.assertEqual(text.count(" acknowledged "), 9)
        self.assertIn("All 13 changes", text)

    def tell_of_every_kind(self):
        """Let one maintenance change in each way, and a person edit one; return the counts that this makes."""
        models.ParsedNotification.objects.all().delete()
        words = {
            "cancelled": {"status": "CANCELLED"},
            "moved": {"start": 1_800_086_400, "end": 1_800_100_800},
            "impact": {"circuits": [{"circuit_id": "C-1", "impact": "DEGRADED"}]},
            "status": {"status": "IN-PROCESS"},
            "words": {"summary": "Other words"},
        }
        for kind, change in words.items():
            maintenance = fixtures.create_maintenance(f"WORK-{kind}", self.maintenance.provider)
            self.tell(30 * DAY, "C-1", maintenance=maintenance, summary="Work")
            self.tell(HOUR, "C-1", maintenance=maintenance, **{"summary": "Work", **change})
        self.tell(HOUR, "C-1", maintenance=fixtures.create_maintenance("WORK-new", self.maintenance.provider))
        self.edit(ticket="T-people")
        return ["cancelled", "moved", "new", "impact", "status", "people", "words"]

    def test_the_summary_counts_each_kind_worst_first_and_leads_to_its_rows(self):
        self.become_superuser()
        kinds = self.tell_of_every_kind()

        page = self.client.get(url_of("changes"))

        self.assertEqual([part["count"] for part in page.context["summary"]], [1] * 7)
        self.assertEqual(sum(part["count"] for part in page.context["summary"]), page.context["count"])
        self.assertEqual(len(page.context["changes"]), page.context["count"])
        for kind, part in zip(kinds, page.context["summary"]):
            with self.subTest(kind=kind):
                self.assertContains(page, f'href="{part["url"].replace("&", "&amp;")}"')
                (row,) = self.client.get(part["url"]).context["changes"]
                name = "M-2" if kind == "people" else f"WORK-{kind}"
                self.assertEqual(row["maintenance"].name, name)
        names = [row["maintenance"].name for row in page.context["changes"]]
        self.assertEqual(names[0], "WORK-cancelled")
        self.assertEqual(names[-1], "WORK-words")
        dashboard = self.client.get(url_of("dashboard"))
        self.assertContains(dashboard, "<strong>1</strong>&nbsp;cancelled")

    def test_a_row_says_how_many_mails_there_were_and_leads_to_the_timeline(self):
        self.become_superuser()
        self.tell_that_it_moved()
        text, table = self.shown()
        self.assertIn("1 mail since", text)
        self.tell(HOUR / 2, "TURNED", status="CANCELLED")

        text, table = self.shown()

        self.assertIn("2 mails since", text)
        self.assertIn(f'href="{self.maintenance.get_absolute_url()}#timeline"', table)
        self.assertContains(self.client.get(self.maintenance.get_absolute_url()), 'id="timeline"')

    def test_who_may_view_no_maintenance_is_turned_away(self):
        self.assertHttpStatus(self.client.get(url_of("changes")), 403)
        self.client.logout()
        self.assertHttpStatus(self.client.get(url_of("changes")), 302)

    def test_whoever_sees_one_provider_sees_nothing_of_the_others(self):
        ours = models.CircuitMaintenance.objects.get(name="M-1")
        models.ParsedNotification.objects.all().delete()
        for maintenance in (ours, self.maintenance):
            self.tell(HOUR, f"{maintenance}-CID", maintenance=maintenance, subject=f"{maintenance} subject")
        self.client.force_login(world.viewer(*world.ALL, models.Note, constraints=world.BY_PROVIDER))

        for route in ("changes", "dashboard"):
            text, table = self.shown(route)
            self.assertIn("ISP 1 M-1", text)
            for secret in ("ISP 2", "M-2", str(self.maintenance.pk)):
                self.assertNotIn(secret, table)

    def test_hostile_words_are_only_words(self):
        self.become_superuser()
        models.ParsedNotification.objects.all().delete()
        words = {"summary": fixtures.HOSTILE, "status": fixtures.HOSTILE, "subject": fixtures.HOSTILE}
        self.tell(HOUR, fixtures.HOSTILE, **words)
        models.Note.objects.create(maintenance=self.maintenance, title=fixtures.HOSTILE)
        self.edit(ticket="T")
        self.edit(ticket=fixtures.HOSTILE)

        _, table = self.shown()

        self.assertNotIn(fixtures.HOSTILE, table)
        self.assertGreaterEqual(table.count("&lt;script&gt;"), 4)

    def test_ten_times_the_changes_take_as_many_queries(self):
        self.become_superuser()
        counts = []
        for size in (8, 80):
            for number in range(models.CircuitMaintenance.objects.count(), size):
                maintenance = fixtures.create_maintenance(f"NEW-{number}", self.maintenance.provider, ack=True)
                self.tell(HOUR, "C-1", maintenance=maintenance)
                models.Note.objects.create(maintenance=maintenance, title="Hello")
                self.edit(ticket=f"T-{number}")
            self.edit(ticket=f"T-{size}")
            self.shown()
            with CaptureQueriesContext(connection) as queries:
                self.shown()
            counts.append(len(queries))

        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 20)
