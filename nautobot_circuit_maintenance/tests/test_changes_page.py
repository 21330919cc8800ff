"""Recent changes: the page, and the card of the dashboard."""

from datetime import datetime, timedelta, timezone as fixed_zones

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags
from nautobot.apps.change_logging import web_request_context

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.tests.factories import app, users
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.ui.periods import days_since_friday, start_of_day, usual_days

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class ChangesPageTest(PageTestCase):
    """An operator on Monday morning."""

    def setUp(self):
        """Make all existing rows old."""
        super().setUp()
        long_ago = timezone.now() - 90 * DAY
        models.ParsedNotification.objects.update(received_at=long_ago, issued_at=long_ago)
        models.Note.objects.update(created=long_ago)
        models.CircuitMaintenance.objects.update(acknowledged_at=long_ago)
        self.maintenance = models.CircuitMaintenance.objects.get(name="M-2")

    def notify(self, ago, *cids, maintenance=None, subject="Planned work", **values):
        """Create a notification received this long ago."""
        at = timezone.now() - ago
        maintenance = maintenance or self.maintenance
        mail = app.create_notification(maintenance.provider, received_at=at, subject=subject, sender="noc@isp.net")
        circuits = [{"cid": cid, "impact": "OUTAGE"} for cid in cids]
        values = {"circuits": circuits, "start": 1_800_000_000, "end": 1_800_014_400, **values}
        evidence = app.evidence(maintenance.name, at, **values)
        return app.create_parsed(mail, maintenance, issued_at=at, json=evidence)

    def create_moved(self):
        """Create a maintenance announced long ago and moved an hour ago."""
        models.ParsedNotification.objects.all().delete()
        self.notify(30 * DAY, "GONE", "TURNED", description="Work")
        turned = [{"cid": "TURNED", "impact": "DEGRADED"}, {"cid": "ADDED", "impact": "OUTAGE"}]
        moved = {"start": 1_800_086_400, "end": 1_800_100_800, "circuits": turned, "description": "More work"}
        return self.notify(HOUR, status="RE-SCHEDULED", **moved)

    def edit(self, **fields):
        """Save the maintenance like a person in the web UI."""
        maintenance = models.CircuitMaintenance.objects.get(pk=self.maintenance.pk)
        with web_request_context(self.user):
            for name, value in fields.items():
                setattr(maintenance, name, value)
            maintenance.validated_save()

    def shown(self, query=""):
        """Return the table as text, and as HTML."""
        response = self.client.get(url_of("changes") + query)
        self.assertHttpStatus(response, 200)
        page = response.content.decode()
        table = page[page.index('aria-level="2">Since') :]
        table = table[table.index("<table") :] if "<table" in table else table
        table = table[: table.index("</table>")]
        return " ".join(strip_tags(table).split()), table

    def test_changes_by_a_provider_are_listed_with_a_link_to_the_notification(self):
        self.become_superuser()
        row = self.create_moved()

        text, table = self.shown()

        for phrase in (
            "1 h ago ISP 2 M-2 CONFIRMED to RE-SCHEDULED",
            "Window moved 24 h later to Sat 16 Jan 2027 08:00",
            "Circuit added: ADDED OUTAGE",
            "Circuit removed: GONE",
            "Impact changed: TURNED OUTAGE to DEGRADED",
            "Description changed noc@isp.net",
        ):
            with self.subTest(phrase=phrase):
                self.assertIn(phrase, text)
        for instance in (self.maintenance, self.maintenance.provider, row.notification):
            self.assertIn(f'href="{instance.get_absolute_url()}"', table)

    def test_a_new_maintenance_is_announced(self):
        self.become_superuser()
        models.ParsedNotification.objects.all().delete()
        self.notify(HOUR, "C-1")

        text, _ = self.shown()

        self.assertIn("ISP 2 M-2 Announced: CONFIRMED Window: Fri 15 Jan 2027 08:00", text)
        self.assertIn("Affected circuit: C-1 OUTAGE", text)

    def test_edits_notes_and_acknowledgements_are_listed(self):
        self.become_superuser()
        self.edit(status=Status.CONFIRMED, description="Work")
        self.edit(status=Status.COMPLETED, ticket="T-9", description="Done", provider=None)
        self.edit(ack=True)
        with web_request_context(self.user):
            models.Note.objects.create(maintenance=self.maintenance, title="Customers informed", level="WARNING")

        text, _ = self.shown()

        for phrase in (
            f"M-2 CONFIRMED to COMPLETED Description changed Provider changed Ticket: TICKET-2 to T-9 {self.user}",
            f"M-2 WARNING note Customers informed {self.user}",
            f"M-2 Edited {self.user}",
        ):
            with self.subTest(phrase=phrase):
                self.assertIn(phrase, text)
        self.assertLess(text.index("Customers informed"), text.index("COMPLETED"))
        self.assertIn(f"M-2 Acknowledged {self.user}", self.shown("?kind=acknowledgement")[0])
        self.edit(ack=False)
        self.assertIn("M-2 Acknowledgement removed", self.shown()[0])

    def test_the_days_can_be_chosen(self):
        self.become_superuser()
        self.maintenance.parsed_notifications.all().delete()
        self.notify(20 * DAY, "C-1")

        self.assertIn(f"since {start_of_day(timezone.now(), usual_days(timezone.now())):%a}", self.shown()[0])
        for query, is_there in (("", False), ("?days=1", False), ("?days=7", False), ("?days=30", True)):
            with self.subTest(query=query):
                self.assertEqual("Announced" in self.shown(query)[0], is_there)
        self.assertEqual(self.shown(query="?days=nonsense"), self.shown())

    def test_the_last_friday_is_offered(self):
        self.become_superuser()
        page = self.client.get(url_of("changes"))
        days = next(days for days, label in page.context["choices"] if label.startswith("Since Fri "))

        friday = self.client.get(url_of("changes"), {"days": days}).context["since"]
        self.assertEqual((friday.weekday(), friday.hour), (4, 0))
        self.assertTrue(timedelta(days=1) <= timezone.now() - friday < timedelta(days=8, hours=1))

    def test_an_address_from_another_day_keeps_its_days(self):
        """The link "since Friday" of a Tuesday has four days on a Wednesday too."""
        self.become_superuser()
        now = timezone.now()
        for days in (2, 4, 5, 6, 29):
            page = self.client.get(url_of("changes"), {"days": days})
            self.assertIn(page.context["since"], (start_of_day(now, days), start_of_day(timezone.now(), days)))
            self.assertContains(page, f'href="?days={days}" class="btn btn-sm btn-primary" aria-current="true"')
        for days in ("0", "31", "-4", "4.5", "٤", "1000000"):
            page = self.client.get(url_of("changes"), {"days": days})
            self.assertEqual(page.context["days"], usual_days(now), days)

    def test_the_usual_period_begins_on_the_last_friday_and_has_three_days_at_least(self):
        for day, days in ((27, 7), (28, 3), (29, 3), (30, 3)):
            self.assertEqual(usual_days(datetime(2026, 11, day, 12, tzinfo=fixed_zones.utc)), days)
        self.assertEqual(usual_days(datetime(2026, 12, 1, 12, tzinfo=fixed_zones.utc)), 4)

    def test_days_since_friday(self):
        for day, days in ((27, 7), (28, 1), (29, 2), (30, 3)):
            self.assertEqual(days_since_friday(datetime(2026, 11, day, 12, tzinfo=fixed_zones.utc)), days)

    def test_the_number_on_the_tab_is_that_of_the_usual_days_whichever_are_shown(self):
        self.become_superuser()
        self.notify(20 * DAY, "C-1")
        numbers = {}
        for query in ("", "?days=1", "?days=30"):
            page = self.client.get(url_of("changes") + query)
            numbers[query] = next(tab.count for tab in page.context["tabs"] if tab.label == "Changes")
        shown = page.context["count"]

        self.assertEqual(set(numbers.values()), {self.client.get(url_of("changes")).context["count"]})
        self.assertNotIn(shown, numbers.values())

    def test_without_changes_the_table_is_empty(self):
        self.become_superuser()

        self.assertIn("No changes since", self.shown()[0])

    def test_acknowledgements_are_counted_apart(self):
        self.become_superuser()
        self.maintenance.parsed_notifications.all().delete()
        self.notify(HOUR, "C-1")
        for number in range(12):
            app.create_maintenance(f"NEW-{number}", self.maintenance.provider, ack=True)

        text, _ = self.shown()
        self.assertIn("M-2 Announced: CONFIRMED", text)
        self.assertNotIn(" Acknowledged ", text)
        self.assertEqual(self.shown("?kind=acknowledgement")[0].count(" Acknowledged "), 12)
        page = self.client.get(url_of("changes"))
        self.assertEqual(
            [(part["label"], part["count"]) for part in page.context["summary"]], [("new", 1), ("acknowledged", 12)]
        )
        self.assertContains(page, "All (1)")
        self.assertContains(self.client.get(url_of("dashboard")), 'Changes <span class="badge border text-body">1<span')

    def create_every_kind(self):
        """Create one change of each kind; return the kinds in their order."""
        models.ParsedNotification.objects.all().delete()
        values = {
            "cancelled": {"status": "CANCELLED"},
            "moved": {"start": 1_800_086_400, "end": 1_800_100_800},
            "impact": {"circuits": [{"cid": "C-1", "impact": "DEGRADED"}]},
            "status": {"status": "IN-PROCESS"},
            "description": {"description": "Other work"},
        }
        for kind, change in values.items():
            maintenance = app.create_maintenance(f"WORK-{kind}", self.maintenance.provider)
            self.notify(30 * DAY, "C-1", maintenance=maintenance, description="Work")
            self.notify(HOUR, "C-1", maintenance=maintenance, **{"description": "Work", **change})
        self.notify(HOUR, "C-1", maintenance=app.create_maintenance("WORK-new", self.maintenance.provider))
        self.edit(ticket="T-edit")
        return ["cancelled", "moved", "new", "impact", "status", "edit", "description"]

    def test_the_summary_counts_each_kind_and_links_to_its_rows(self):
        self.become_superuser()
        kinds = self.create_every_kind()

        page = self.client.get(url_of("changes"))

        self.assertEqual([part["count"] for part in page.context["summary"]], [1] * 7)
        self.assertEqual(sum(part["count"] for part in page.context["summary"]), page.context["count"])
        self.assertEqual(len(page.context["changes"]), page.context["count"])
        for kind, part in zip(kinds, page.context["summary"]):
            with self.subTest(kind=kind):
                self.assertContains(page, f'href="{part["url"].replace("&", "&amp;")}"')
                (row,) = self.client.get(part["url"]).context["changes"]
                name = "M-2" if kind == "edit" else f"WORK-{kind}"
                self.assertEqual(row["maintenance"].name, name)
        names = [row["maintenance"].name for row in page.context["changes"]]
        self.assertEqual(names[0], "WORK-cancelled")
        self.assertEqual(names[-1], "WORK-description")

    def test_a_row_counts_emails_and_links_to_the_timeline(self):
        self.become_superuser()
        self.create_moved()
        text, table = self.shown()
        self.assertIn("1 email, timeline", text)
        self.notify(HOUR / 2, "TURNED", status="CANCELLED")

        text, table = self.shown()

        self.assertIn("2 emails, timeline", text)
        self.assertIn(f'href="{self.maintenance.get_absolute_url()}#timeline"', table)
        self.assertContains(self.client.get(self.maintenance.get_absolute_url()), 'id="timeline"')

    def test_viewing_maintenances_is_required(self):
        self.assertHttpStatus(self.client.get(url_of("changes")), 403)
        self.client.logout()
        self.assertHttpStatus(self.client.get(url_of("changes")), 302)

    def test_permissions_for_one_provider_hide_the_others(self):
        ours = models.CircuitMaintenance.objects.get(name="M-1")
        models.ParsedNotification.objects.all().delete()
        for maintenance in (ours, self.maintenance):
            self.notify(HOUR, f"{maintenance}-CID", maintenance=maintenance, subject=f"{maintenance} subject")
        self.client.force_login(users.viewer(*users.ALL, models.Note, constraints=users.BY_PROVIDER))

        text, table = self.shown()
        self.assertIn("ISP 1 M-1", text)
        for secret in ("ISP 2", "M-2", str(self.maintenance.pk)):
            self.assertNotIn(secret, table)

    def test_hostile_text_is_escaped(self):
        self.become_superuser()
        models.ParsedNotification.objects.all().delete()
        values = {"description": app.HOSTILE, "status": app.HOSTILE, "subject": app.HOSTILE}
        self.notify(HOUR, app.HOSTILE, **values)
        models.Note.objects.create(maintenance=self.maintenance, title=app.HOSTILE)
        self.edit(ticket="T")
        self.edit(ticket=app.HOSTILE)

        _, table = self.shown()

        self.assertNotIn(app.HOSTILE, table)
        self.assertGreaterEqual(table.count("&lt;script&gt;"), 4)

    def test_ten_times_the_changes_take_as_many_queries(self):
        self.become_superuser()
        counts = []
        for size in (8, 80):
            for number in range(models.CircuitMaintenance.objects.count(), size):
                maintenance = app.create_maintenance(f"NEW-{number}", self.maintenance.provider, ack=True)
                self.notify(HOUR, "C-1", maintenance=maintenance)
                models.Note.objects.create(maintenance=maintenance, title="Hello")
                self.edit(ticket=f"T-{number}")
            self.edit(ticket=f"T-{size}")
            self.shown()
            with CaptureQueriesContext(connection) as queries:
                self.shown()
            counts.append(len(queries))

        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 24)  # with the numbers on the tabs, those of subscriptions too
