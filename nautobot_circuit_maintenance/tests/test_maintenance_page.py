"""The page of one maintenance."""

from datetime import timedelta

import icalendar
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags
from nautobot.apps.change_logging import web_request_context
from nautobot.circuits.models import CircuitTermination, ProviderNetwork
from nautobot.dcim.models import Location

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.factories.core import create_device, create_sites, terminate
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of


class MaintenancePageTest(PageTestCase):
    """The panels of one maintenance."""

    def setUp(self):
        super().setUp()
        self.maintenance = models.CircuitMaintenance.objects.get(name="M-2")

    def test_page_shows_affected_objects_and_notifications(self):
        self.become_superuser()

        page = self.page("circuitmaintenance", self.maintenance)

        for text in ("C-2", "UNKNOWN-2", "Unknown Circuit ID", "Note 2", "Country", "2 h"):
            self.assertIn(text, page)
        notification = models.Notification.objects.get(parsed_notifications__maintenance=self.maintenance)
        self.assertIn(url_of("notification", notification), page)

    def test_affected_objects_are_restricted_by_permissions(self):
        self.permit("view_circuitmaintenance", "view_circuitimpact")
        self.add_permissions("circuits.view_circuit", "circuits.view_circuittermination", "tenancy.view_tenant")
        place = Location.objects.get(name="Country")

        self.assertNotIn(place.get_absolute_url(), self.scope())
        self.assertIn(">Tenant</a>", self.scope())

        self.add_permissions("dcim.view_location")

        self.assertIn(place.get_absolute_url(), self.scope())

    def scope(self):
        """Return the panel of the affected objects."""
        page = self.page("circuitmaintenance", self.maintenance)
        panel = page[page.index("AFFECTED OBJECTS") :]
        return panel[: panel.index("</table>")]

    def test_only_what_there_is_is_listed_and_hidden_is_no_zero(self):
        self.permit("view_circuitmaintenance")
        self.assertIn("Hidden by your permissions", self.scope())
        self.become_superuser()
        self.assertNotIn("Devices", self.scope())
        models.CircuitImpact.objects.all().delete()
        self.assertIn("No circuit is affected.", self.scope())

    def test_the_number_of_circuits_is_the_same_everywhere(self):
        """Unknown circuit IDs are among the affected circuits, and named as unknown."""
        self.become_superuser()
        models.CircuitImpact.objects.filter(maintenance=self.maintenance).delete()
        provider = self.maintenance.provider
        core.create_circuit(provider, "KNOWN-1")
        for cid in ("KNOWN-1", "UNKNOWN-1"):
            app.create_impact(self.maintenance, cid)
        linked = models.CircuitImpact.objects.filter(maintenance=self.maintenance, circuit__isnull=False)
        self.assertEqual([each.cid for each in linked], ["KNOWN-1"])

        self.assertIn("2 circuits", self.page("circuitmaintenance", self.maintenance))
        shown = " ".join(strip_tags(self.scope().replace("</td>", " ")).split())
        self.assertIn("Circuits 2: KNOWN-1, 1 unknown circuit ID", shown)

    def test_the_line_under_the_title_says_when_what_and_who(self):
        self.become_superuser()
        now = timezone.now()
        for start, status, words in (
            (
                now + timedelta(hours=5, minutes=45, seconds=30),
                Status.CONFIRMED,
                "Starts in 5 h 45 min \u00b7 1 circuit \u00b7 unacknowledged",
            ),
            (now - timedelta(hours=1), Status.IN_PROCESS, "Ends in 3 h"),
            (now - timedelta(days=3), Status.CONFIRMED, "Ended 2 d 20 h ago"),
            (now + timedelta(days=3), Status.CANCELLED, "Cancelled \u00b7"),
        ):
            with self.subTest(words):
                row = app.create_maintenance(f"LINE {words[:9]}", start=start, status=status)
                app.create_impact(row, "C-9")
                self.assertIn(words, self.page("circuitmaintenance", row))

    def test_what_is_over_asks_for_nothing_and_what_runs_says_when_it_ends(self):
        self.become_superuser()
        hour = timedelta(hours=1)
        over = app.create_maintenance("OVER", start=timezone.now() + hour, status=Status.COMPLETED)
        page = self.page("circuitmaintenance", over)
        self.assertRegex(page, r'id="maintenance-line">Completed \u00b7 0 circuits<')
        self.assertNotIn(f"{over.get_absolute_url()}acknowledge/", page)

        running = app.create_maintenance("RUNS", start=timezone.now() - hour, status=Status.IN_PROCESS)
        page = self.page("circuitmaintenance", running)
        self.assertRegex(page, r">ends in [^<]+</small></div>")
        self.assertIn(f"{running.get_absolute_url()}acknowledge/", page)

    def test_several_windows_are_drawn_as_a_strip(self):
        self.become_superuser()
        self.assertNotIn("2 windows in", self.page("circuitmaintenance", self.maintenance))
        app.add_window(self.maintenance, NOON + timedelta(days=9), hours=1)

        page = self.page("circuitmaintenance", self.maintenance)

        self.assertIn('aria-label="2 windows in 7 d 1 h"', page)
        self.assertIn("left: 0.00%", page)

    def test_calendar_file_has_an_event_for_each_window(self):
        self.permit("view_circuitmaintenance")
        self.maintenance.description = "Line one\nDTSTART:19700101T000000Z; ends, " + "\u00e4" * 80
        self.maintenance.save()
        app.add_window(self.maintenance, NOON + timedelta(days=9), hours=1)

        response = self.client.get(url_of("circuitmaintenance_ics", self.maintenance))
        calendar = icalendar.Calendar.from_ical(response.content)

        events = [(each.decoded("dtstart"), str(each["description"])) for each in calendar.walk("VEVENT")]
        self.assertEqual([start for start, _ in events], [NOON + timedelta(days=2), NOON + timedelta(days=9)])
        self.assertEqual({text for _, text in events}, {self.maintenance.description})
        self.assertLessEqual(max(map(len, response.content.split(b"\r\n"))), 75)

    def test_queries_do_not_grow_with_circuits(self):
        self.become_superuser()
        (site,) = create_sites("Site 1")
        device = create_device("edge-1", site)
        self.page("circuitmaintenance", self.maintenance)
        counts = []
        for circuits in (4, 40):
            for number in range(self.maintenance.impacts.count(), circuits):
                circuit = core.create_circuit(self.maintenance.provider, f"MORE-{number}")
                terminate(circuit, "A", site, device)
                app.create_impact(self.maintenance, circuit)
                self.notify(number, f"MORE-{number}")
            with CaptureQueriesContext(connection) as queries:
                self.page("circuitmaintenance", self.maintenance)
            counts.append(len(queries))

        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 73)  # a table reads the keys of its page before the rows

    def test_unknown_circuit_has_a_link_to_add_it(self):
        self.become_superuser()

        page = self.page("circuitmaintenance", self.maintenance)

        self.assertIn(f"/circuits/circuits/add/?provider={self.maintenance.provider_id}&amp;cid=UNKNOWN-2", page)

    def test_windows_require_no_further_permission(self):
        app.add_window(self.maintenance, NOON + timedelta(days=40), hours=1.5)
        self.permit("view_circuitmaintenance")

        self.assertIn("1 h 30 min", self.page("circuitmaintenance", self.maintenance))

    def test_panels_are_restricted_by_permissions(self):
        self.permit("view_circuitmaintenance")

        page = self.page("circuitmaintenance", self.maintenance)

        for text in ("UNKNOWN-2", "Note 2", "Planned work"):
            self.assertNotIn(text, page)

    def test_url_must_contain_a_primary_key(self):
        self.become_superuser()

        self.assertHttpStatus(self.client.get("/plugins/circuit-maintenance/maintenances/nonsense/"), 404)

    def notify(self, hour, *cids, subject="", late=0, **fields):
        """Create a notification issued this many hours after noon."""
        issued = NOON + timedelta(days=1, hours=hour)
        mail = app.create_notification(
            self.maintenance.provider,
            received_at=issued + timedelta(hours=late),
            subject=subject or f"Mail {hour}",
        )
        circuits = [{"cid": cid, "impact": "OUTAGE"} for cid in cids]
        values = {"circuits": circuits, "start": 1_800_000_000, "end": 1_800_014_400, **fields}
        evidence = app.evidence(self.maintenance.name, issued, **values)
        app.create_parsed(mail, self.maintenance, issued_at=issued, json=evidence)
        return mail

    def timeline(self):
        """Return the timeline as text, and as HTML."""
        page = self.page("circuitmaintenance", self.maintenance)
        panel = page[
            page.index('<ol class="list-unstyled') : page.index("</ol>", page.index('<ol class="list-unstyled'))
        ]
        return " ".join(strip_tags(panel).split()), panel

    def test_the_timeline_lists_what_each_notification_changed(self):
        self.become_superuser()
        self.notify(1, "C-1")
        self.notify(5, "C-1", "C-2", status="RE-SCHEDULED", start=1_800_086_400, end=1_800_100_800)

        text, panel = self.timeline()

        self.assertIn("CONFIRMED to RE-SCHEDULED", text)
        self.assertIn("Window moved 24 h later", text)
        self.assertIn("Circuit added: C-2 OUTAGE", text)
        self.assertLess(text.index("RE-SCHEDULED"), text.index("Mail 1,"))
        mail = models.Notification.objects.get(subject="Mail 5")
        self.assertIn(url_of("notification", mail), panel)

    def test_the_timeline_groups_repeats_and_marks_late_notifications(self):
        self.become_superuser()
        for hour in (1, 2, 3):
            self.notify(hour, "C-1")
        self.notify(4, "C-1", "LATE", late=9, subject="Came late")
        self.notify(6, "C-1", status="CANCELLED")

        text, panel = self.timeline()

        self.assertIn("2 notifications without changes", text)
        self.assertIn("Received after a newer notification.", text[text.index("Came late") :])
        self.assertIn("text-secondary", panel[: panel.index("Came late")].rsplit("<li", 1)[1])

    def test_timeline_shows_notes_and_the_acknowledgement(self):
        self.become_superuser()
        self.maintenance.acknowledge(self.user, NOON)
        self.maintenance.save()

        text, _ = self.timeline()

        self.assertIn("note Note 2", text)
        self.assertIn(f"Acknowledged by {self.user}", text)
        self.assertIn(f"acknowledged by {self.user}", self.page("circuitmaintenance", self.maintenance))

    def test_timeline_shows_manual_edits(self):
        self.become_superuser()
        for status in (Status.CONFIRMED, Status.COMPLETED):
            with web_request_context(self.user):
                self.maintenance.status = status
                self.maintenance.save()

        text, _ = self.timeline()

        self.assertRegex(text, rf"Edited by {self.user}, [^,]+ UTC CONFIRMED to COMPLETED Edited by {self.user}")
        self.user.is_superuser = False
        self.user.save()
        self.permit("view_circuitmaintenance")
        self.assertNotIn("Edited by", self.timeline()[0])
        self.add_permissions("extras.view_objectchange")
        self.assertIn("Edited by", self.timeline()[0])

    def test_timeline_shows_the_impacts_that_people_edit(self):
        self.become_superuser()
        with web_request_context(self.user):
            impact = app.create_impact(self.maintenance, "BY-HAND", Impact.DEGRADED)
        impact.impact = Impact.OUTAGE
        for _ in range(2):  # the second one changes nothing
            with web_request_context(self.user):
                impact.save()
        with web_request_context(self.user):
            impact.delete()
        app.create_impact(self.maintenance, "BY-MAIL")

        text, _ = self.timeline()

        self.assertRegex(text, rf"Circuit BY-HAND removed by {self.user}, [^,]+ UTC OUTAGE Circuit BY-HAND changed by")
        self.assertRegex(text, rf"changed by {self.user}, [^,]+ UTC DEGRADED \u2192 OUTAGE Circuit BY-HAND added by")
        self.assertEqual(text.count("BY-HAND"), 3)
        self.assertNotIn("BY-MAIL", text)
        self.user.is_superuser = False
        self.user.save()
        self.permit("view_circuitmaintenance")
        self.add_permissions("extras.view_objectchange")
        self.assertNotIn("BY-HAND", self.timeline()[0])  # impacts may not be viewed

    def test_timeline_shows_other_circuit_ids_and_other_windows(self):
        """Either may bring another site into play, though the impact stays the same."""
        self.become_superuser()
        with web_request_context(self.user):
            impact = app.create_impact(self.maintenance, "FIRST-ID", Impact.OUTAGE)
        impact.cid = "SECOND-ID"
        with web_request_context(self.user):
            impact.save()
        impact.in_all_windows = False
        with web_request_context(self.user):
            impact.save()

        text, _ = self.timeline()

        self.assertRegex(
            text, rf"Circuit SECOND-ID changed by {self.user}, [^,]+ UTC Affected in other windows Circuit"
        )
        self.assertRegex(text, r"changed by \w+, [^,]+ UTC Circuit ID FIRST-ID \u2192 SECOND-ID Circuit FIRST-ID added")

    def test_timeline_is_restricted_by_permissions(self):
        mail = self.notify(1, "SECRET-CID", subject="Secret subject")
        self.permit("view_circuitmaintenance")
        text, _ = self.timeline()
        for secret in ("SECRET-CID", "Secret subject", "Note 2"):
            self.assertNotIn(secret, text)

        self.permit("view_parsednotification")

        text, panel = self.timeline()
        self.assertIn("SECRET-CID", text)
        self.assertNotIn(url_of("notification", mail), panel)

    def test_hostile_text_is_escaped(self):
        self.become_superuser()
        self.maintenance.description = app.HOSTILE
        self.maintenance.save()
        models.Note.objects.create(maintenance=self.maintenance, title=app.HOSTILE)
        app.create_impact(self.maintenance, app.HOSTILE)
        self.notify(1, app.HOSTILE, subject=app.HOSTILE, description=app.HOSTILE)
        self.notify(5, "C-1", subject=app.HOSTILE, status=app.HOSTILE)

        page = self.page("circuitmaintenance", self.maintenance)

        self.assertNotIn(app.HOSTILE, page)
        self.assertNotIn("&amp;lt;script", page)

    def test_circuit_is_shown_with_both_ends_status_bandwidth_and_source(self):
        self.become_superuser()
        here, there = create_sites("Here", "There")
        circuit = core.create_circuit(self.maintenance.provider, "BOTH-ENDS")
        circuit.commit_rate = 10_000_000
        circuit.save()
        terminate(circuit, "A", here, create_device("edge-1", here))
        terminate(circuit, "Z", there)
        app.create_impact(self.maintenance, circuit)
        self.assertIn("manual", self.row("BOTH-ENDS"))

        self.notify(1, "both-ends")

        row = self.row("BOTH-ENDS")
        for text in ("Here", "edge-1", "to BOTH-ENDS", "There", "10 Gbps", str(circuit.status), "ISP 2"):
            self.assertIn(text, row)
        self.assertNotIn("manual", row)

    def test_end_in_a_network_of_the_provider_is_linked(self):
        self.become_superuser()
        network = ProviderNetwork.objects.create(name="MPLS core", provider=self.maintenance.provider)
        circuit = core.create_circuit(self.maintenance.provider, "TO-NETWORK")
        CircuitTermination.objects.create(circuit=circuit, term_side="Z", provider_network=network)
        app.create_impact(self.maintenance, circuit)

        self.assertIn(f'<a href="{network.get_absolute_url()}">MPLS core</a>', self.row("TO-NETWORK"))

    def test_empty_table_of_circuits_mentions_a_missing_permission(self):
        note = "You may not have permission to view them."
        self.permit("view_circuitmaintenance")
        self.assertIn(note, self.page("circuitmaintenance", self.maintenance))

        self.permit("view_circuitimpact")
        self.maintenance.impacts.all().delete()
        page = self.page("circuitmaintenance", self.maintenance)
        self.assertIn("No circuits found", page)
        self.assertNotIn(note, page)

    def test_ends_of_a_circuit_are_restricted_by_permissions(self):
        here, _ = create_sites("Here", "There")
        circuit = core.create_circuit(self.maintenance.provider, "BOTH-ENDS")
        terminate(circuit, "A", here, create_device("edge-1", here))
        app.create_impact(self.maintenance, circuit)
        self.permit("view_circuitmaintenance", "view_circuitimpact")
        self.assertNotIn(circuit.get_absolute_url(), self.row("BOTH-ENDS"))

        self.add_permissions("circuits.view_circuit", "circuits.view_circuittermination", "dcim.view_location")
        self.assertIn("Here", self.row("BOTH-ENDS"))
        self.assertNotIn("edge-1", self.row("BOTH-ENDS"))

        self.add_permissions("dcim.view_device", "dcim.view_interface")
        self.assertIn("edge-1", self.row("BOTH-ENDS"))

    def row(self, cid):
        """Return the row of a circuit as HTML."""
        page = self.page("circuitmaintenance", self.maintenance)
        rows = page[: page.index('<ol class="list-unstyled')].split("<tr")
        return [row for row in rows if f">{cid}<" in row][-1]

    def test_page_shows_advance_notice_and_worst_impact(self):
        self.become_superuser()
        models.ParsedNotification.objects.all().delete()
        self.maintenance.start_time = NOON + timedelta(days=4)
        self.maintenance.end_time = NOON + timedelta(days=4, hours=3)
        self.maintenance.save()
        self.notify(0)
        self.notify(20)
        app.create_impact(self.maintenance, "WORST")

        page = self.page("circuitmaintenance", self.maintenance)

        self.assertIn(">3 d<", page)
        title = page[: page.index('class="nav nav-tabs"')]
        for badge in ("TENTATIVE", "OUTAGE"):
            self.assertIn(badge, title)

    def test_buttons_require_the_permission_to_change(self):
        self.permit("view_circuitmaintenance", "view_note", "view_circuitimpact")

        page = self.page("circuitmaintenance", self.maintenance)

        for route in ("acknowledge", "unacknowledge", "edit"):
            self.assertNotIn(url_of(f"circuitmaintenance_{route}", self.maintenance), page)
        self.assertNotIn("/notes/add/", page)
        self.assertNotIn("/circuits/circuits/add/", page)

    def test_page_has_a_link_to_add_a_note(self):
        self.become_superuser()

        page = self.page("circuitmaintenance", self.maintenance)

        self.assertIn(f"{url_of('note_add')}?maintenance={self.maintenance.pk}", page)

    def test_several_windows_make_start_and_end_read_only(self):
        self.become_superuser()
        app.add_window(self.maintenance, NOON + timedelta(days=40), hours=1)

        response = self.client.post(
            url_of("circuitmaintenance_edit", self.maintenance),
            {
                "name": "M-2",
                "provider": self.maintenance.provider_id,
                "status": Status.CONFIRMED,
                "start_time": "2026-01-01 00:00:00",
                "end_time": "2026-01-01 01:00:00",
            },
        )

        self.assertIn("This maintenance has several windows", response.content.decode())
