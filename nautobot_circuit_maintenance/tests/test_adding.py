"""*Add from This Email*: the filled form of a notification, and what comes of it."""

from django.urls import reverse
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.domain.custom_fields import BACKUPS, ORDER, ZONE
from nautobot_circuit_maintenance.models import CircuitMaintenance, ManualReading, Notification
from nautobot_circuit_maintenance.models.windows import END_AFTER_START
from nautobot_circuit_maintenance.tests.factories.mail import Bcop, mail
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.tests.pipeline.test_second_opinion import TextCase

TEXT = "Ticket: W-4711\nStart: 2026-12-01 22:00{zone}\nEnd: 2026-12-02 02:00{zone}\nCircuit: C-1\nThe work was cancelled.\n"
TABLE = """<p>Ticket: W-9</p><table><tr><th>Circuit</th><th>Start (UTC)</th><th>End (UTC)</th></tr>
<tr><td>C-1</td><td>2026-12-01 22:00</td><td>2026-12-02 02:00</td></tr>
<tr><td>C-2, C-3</td><td>2026-12-02 22:00</td><td>2026-12-03 02:00</td></tr></table>"""


class AddingTest(TextCase, PageTestCase):
    """A message that no parser reads."""

    def setUp(self):
        super().setUp()
        self.become_superuser()

    def failed(self, text="", subject="Work W-4711"):
        """Receive a message with this text."""
        self.receive(mail(subject=subject, text=text or TEXT.format(zone=" UTC")))
        return Notification.objects.get(subject=subject)

    def form(self, row, **answers):
        """Return the page with the form."""
        return self.client.get(url_of("notification_add_maintenance", row), answers)

    def entered(self, page, **changes):
        """Return what a browser sends of a form that was filled by the page."""
        form = page.context["form"]
        data = {name: form[name].value() or ([] if name == "circuits" else "") for name in form.fields}
        windows = form.windows
        data |= {f"windows-{name}": value for name, value in windows.management_form.initial.items()}
        for index, row in enumerate(windows):
            for name in ("start_time", "end_time"):
                value = row[name].value()
                data[f"windows-{index}-{name}"] = f"{value:%Y-%m-%d %H:%M:%S}" if value else ""
        data |= dict(page.context["kept"])
        return {**data, **changes}

    def save(self, row, page, **changes):
        """Save the form."""
        return self.client.post(url_of("notification_add_maintenance", row), self.entered(page, **changes), follow=True)

    def test_the_form_is_filled_and_becomes_a_maintenance(self):
        row = self.failed()
        page = self.form(row)
        html = page.content.decode()

        self.assertIn("Add a maintenance from Work W-4711", html.split("<h1")[1].split("</h1>")[0])
        self.assertIn("Stands after &quot;Start:&quot;, zone UTC (in the same line).", html)
        self.assertIn("2026-12-01 22:00 UTC\nEnd: 2026-12-02 02:00</mark>", html)
        self.save(row, page)

        maintenance = self.maintenance("W-4711")
        self.assertEqual(maintenance.status, "CANCELLED")
        self.assertEqual(f"{maintenance.start_time:%d %H:%M}/{maintenance.end_time:%d %H:%M}", "01 22:00/02 02:00")
        self.assertEqual(self.impacts("W-4711"), {"C-1": "OUTAGE"})
        self.assertEqual(maintenance.parsed_notifications.get().notification, row)
        self.assertFalse(Notification.objects.filter(pk=row.pk).needing_attention().exists())

    def partly_read(self, text):
        """Receive a message with two events, of which the second has no start, and this text."""
        raw = mail(Bcop("W-702", circuits=(("C-1", "OUTAGE"),)), Bcop("W-703"), subject="Two", text=text)
        readable, separator, broken = raw.rpartition(b"\r\nDTSTART:")
        self.receive(readable + separator.replace(b"DTSTART", b"X-START") + broken)
        row = Notification.objects.get(subject="Two")
        self.assertIn("W-703", row.error)
        return row

    def test_of_a_partly_read_email_the_unread_id_is_proposed_and_what_was_read_stays(self):
        text = "Ticket: W-702\n" + TEXT.format(zone=" UTC").replace("W-4711", "W-703")
        row = self.partly_read(text)
        page = self.form(row)
        self.assertEqual(page.context["form"].initial["maintenance_id"], "W-703")

        self.save(row, page)

        self.assertEqual(self.maintenance("W-703").status, "CANCELLED")
        self.assertEqual((self.maintenance("W-702").status, self.impacts("W-702")), ("CONFIRMED", {"C-1": "OUTAGE"}))
        row.refresh_from_db()
        self.assertEqual(row.error, "")

    def test_an_id_that_was_read_is_not_proposed_again(self):
        page = self.form(self.partly_read(TEXT.format(zone=" UTC").replace("W-4711", "W-702")))

        self.assertNotIn("maintenance_id", page.context["form"].initial)
        self.assertContains(page, "W-702 was read from this email and is on record.")

    def test_an_email_with_no_circuit_of_the_provider_says_so(self):
        sentence = "No circuit of {} stands in the email. Choose the circuits, or add an ID."
        row = self.failed()
        self.assertNotContains(self.form(row), sentence.format(row.provider))

        row = self.failed(TEXT.format(zone=" UTC").replace("C-1", "OC/44871/HH"), subject="Unknown circuit")

        self.assertContains(self.form(row), sentence.format(row.provider))

    def test_what_is_entered_is_what_is_saved(self):
        row = self.failed()
        changes = {
            "maintenance_id": "OTHER",
            "status": "CONFIRMED",
            "impact": "DEGRADED",
            "other_ids": "X-1, X-2",
            "circuits": [],
            "windows-0-start_time": "2026-12-05 01:00:00",
            "windows-0-end_time": "2026-12-05 02:00:00",
        }

        self.save(row, self.form(row), **changes)

        maintenance = self.maintenance("OTHER")
        self.assertEqual((maintenance.status, f"{maintenance.start_time:%d %H:%M}"), ("CONFIRMED", "05 01:00"))
        self.assertEqual(self.impacts("OTHER"), {"X-1": "DEGRADED", "X-2": "DEGRADED"})

    def test_times_are_in_the_chosen_zone(self):
        row = self.failed()
        times = {"windows-0-start_time": "2026-12-01T22:00", "windows-0-end_time": "2026-12-02T02:00"}

        self.assertIn("Unknown time zone.", self.save(row, self.form(row), time_zone="Mars").content.decode())
        self.save(row, self.form(row), time_zone="Asia/Tokyo", **times)

        self.assertEqual(f"{self.maintenance('W-4711').start_time:%d %H:%M}", "01 13:00")

    def with_two_nights(self, **changes):
        """Save the form with a second night; return the maintenance's windows by circuit, or the page with the error."""
        row = self.failed(
            "Ticket: W-4711\nCircuits: C-1, C-2\nStart: 2026-12-01 22:00 UTC\nEnd: 2026-12-02 02:00 UTC\n"
        )
        second = {"windows-1-start_time": "2026-12-02 22:00:00", "windows-1-end_time": "2026-12-03 02:00:00"}
        page = self.save(row, self.form(row), **{**second, **changes})
        if not CircuitMaintenance.objects.filter(name="W-4711").exists():
            return page.content.decode()
        impacts = self.maintenance("W-4711").impacts.prefetch_related("windows", "maintenance__windows")
        return {
            impact.cid: [
                window.start_time.day
                for window in (impact.maintenance.windows if impact.in_all_windows else impact.windows).all()
            ]
            for impact in impacts
        }

    def test_circuits_are_affected_in_all_windows_or_in_those_that_name_them(self):
        self.assertEqual(self.with_two_nights(), {"C-1": [1, 2], "C-2": [1, 2]})

        only = {"windows-0-circuits": "c-1", "windows-1-circuits": "C-1, C-2"}
        self.assertEqual(self.with_two_nights(**only), {"C-1": [1, 2], "C-2": [2]})

    def test_a_table_with_circuit_and_window_in_each_row_is_filled_in_row_by_row(self):
        self.receive(mail(subject="Work W-9", text=TABLE).replace(b"text/plain", b"text/html"))
        row = Notification.objects.get(subject="Work W-9")
        page = self.form(row)
        filled = [each["circuits"].value() for each in page.context["form"].windows.forms[:2]]
        self.assertEqual(filled, ["C-1", "C-2, C-3"])

        self.save(row, page, **{f"windows-{number}-circuits": cids for number, cids in enumerate(filled)})

        impacts = self.maintenance("W-9").impacts.prefetch_related("windows")
        windows = {each.cid: [window.start_time.day for window in each.windows.all()] for each in impacts}
        self.assertEqual(windows, {"C-1": [1], "C-2": [2], "C-3": [2]})
        proposal = self.client.get(
            reverse("plugins-api:nautobot_circuit_maintenance-api:notification-proposal", args=[row.pk])
        ).json()
        self.assertEqual([each["circuits"] for each in proposal["windows"]["best"]["value"]], [["C-1"], ["C-2", "C-3"]])

    def test_a_circuit_belongs_to_the_circuits_and_to_a_window(self):
        found = self.with_two_nights(**{"windows-1-circuits": "C-9"})
        self.assertIn("C-9 is affected in one window only, and is not among the circuits. Add it there.", found)

        found = self.with_two_nights(**{"windows-0-circuits": "C-1", "windows-1-circuits": "C-1"})
        self.assertIn("C-2 is affected in no window. Add it to a window, or remove it.", found)

    def test_windows_overlap_only_if_circuits_differ(self):
        at_once = {"windows-1-start_time": "2026-12-02 01:00:00"}
        self.assertIn("Maintenance windows overlap. Merge them into one.", self.with_two_nights(**at_once))

        apart = {**at_once, "windows-0-circuits": "C-1", "windows-1-circuits": "C-2"}
        self.assertEqual(self.with_two_nights(**apart), {"C-1": [1], "C-2": [2]})

    def test_a_window_that_is_more_often_a_slip_is_asked_about_once(self):
        for change, question in (
            ({"windows-1-end_time": "2027-01-03 02:00:00"}, "2026-12-02 22:00 lasts 31 d 4 h"),
            (
                {"windows-1-start_time": "2025-12-02 22:00:00", "windows-1-end_time": "2025-12-03 02:00:00"},
                "2025-12-02 22:00 was over 352 d 10 h before the email was received",
            ),
            (
                {"windows-1-start_time": "2036-12-02 22:00:00", "windows-1-end_time": "2036-12-03 02:00:00"},
                "2036-12-02 22:00 is more than 400 days away",
            ),
        ):
            with self.subTest(question):
                self.assertIn(f"{question}. Click Add Maintenance again to confirm.", self.with_two_nights(**change))
                self.assertIn("C-1", self.with_two_nights(**change, confirmed=question))
                for model in (CircuitMaintenance, Notification, ManualReading):
                    model.objects.all().delete()

    def test_an_end_before_the_start_is_refused(self):
        found = self.with_two_nights(**{"windows-1-end_time": "2026-12-02 21:00:00"})
        self.assertIn(END_AFTER_START, found)

    def test_other_work_on_the_same_circuit_at_the_same_time_is_asked_about_once(self):
        other = self.failed(
            TEXT.format(zone=" UTC").replace("4711", "4712").replace("The work was cancelled.", ""), "B"
        )
        self.save(other, self.form(other), status="CONFIRMED")
        question = "W-4712 affects C-1 at the same time; if it is the same work, enter its ID"

        self.assertIn(f"{question}. Click Add Maintenance again to confirm.", self.with_two_nights())
        apart = {"windows-0-circuits": "C-2", "windows-1-circuits": "C-1"}
        self.assertEqual(self.with_two_nights(**apart), {"C-1": [2], "C-2": [1]})

    def test_a_missing_zone_is_asked_once(self):
        row = self.failed(TEXT.format(zone=""))
        page = self.form(row)
        self.assertIn("Which time zone does the provider mean", page.content.decode())
        self.assertEqual(len(page.context["form"].windows.initial), 0)

        answered = self.form(row, **{"answer-zone": "Asia/Tokyo"})
        self.save(row, answered)

        self.assertEqual(f"{self.maintenance('W-4711').start_time:%d %H:%M}", "01 13:00")
        self.assertEqual(Provider.objects.get(pk=self.provider.pk).cf[ZONE.key], "Asia/Tokyo")
        other = self.failed(TEXT.format(zone="").replace("4711", "4712"), "Work W-4712")
        self.assertNotIn("Which time zone", self.form(other).content.decode())

    def test_answers_are_not_kept_by_someone_who_may_not_change_the_provider(self):
        row = self.failed(TEXT.format(zone=""))
        self.user.is_superuser = False
        self.user.save()
        self.permit("change_notification", "view_notification", "add_circuitmaintenance", "view_circuitmaintenance")
        self.add_permissions("circuits.view_circuit")

        page = self.form(
            row, **{"answer-zone": "Asia/Tokyo", "answer-counts_backups": "no", "answer-order": "day first"}
        )
        self.assertHttpStatus(self.save(row, page), 200)

        self.assertTrue(CircuitMaintenance.objects.filter(name="W-4711").exists())
        facts = Provider.objects.get(pk=self.provider.pk).cf
        self.assertEqual([facts.get(field.key) for field in (ZONE, ORDER, BACKUPS)], [None, None, None])

    def test_only_what_is_over_needs_no_window(self):
        row = self.failed("Ticket: W-4711\nCancelled.\n")
        page = self.form(row)

        refused = self.save(row, page, status="CONFIRMED")
        self.assertIn("Enter at least one maintenance window.", refused.content.decode())
        self.save(row, page, status="CANCELLED")

        self.assertEqual(self.maintenance("W-4711").status, "CANCELLED")

    def test_another_result_in_the_meantime_is_not_overwritten(self):
        row = self.failed()
        page = self.form(row)
        Notification.objects.filter(pk=row.pk).update(error="READ-01: Something else.")

        self.assertIn("processed again after this page", self.save(row, page).content.decode())
        self.assertFalse(CircuitMaintenance.objects.filter(name="W-4711").exists())

    def test_circuits_that_the_user_may_not_view_are_neither_filled_in_nor_highlighted(self):
        row = self.failed()
        self.user.is_superuser = False
        self.user.save()
        self.permit("change_notification", "view_notification", "add_circuitmaintenance")

        html = self.form(row).content.decode()

        self.assertNotIn('title="Circuit:', html)

    def test_without_permission_there_is_no_button_and_no_form(self):
        row = self.failed()
        link = url_of("notification_add_maintenance", row)
        self.assertIn(link, self.page("notification", row))
        self.assertIn(link, self.client.get(reverse("plugins:nautobot_circuit_maintenance:inbox")).content.decode())
        self.user.is_superuser = False
        self.user.save()
        self.permit("view_notification", "change_notification")

        self.assertNotIn(link, self.page("notification", row))
        self.assertNotIn(link, self.client.get(reverse("plugins:nautobot_circuit_maintenance:inbox")).content.decode())
        self.assertHttpStatus(self.form(row), 403)

    def test_what_is_refused_or_not_stored_has_no_form(self):
        row = self.failed()
        Notification.objects.filter(pk=row.pk).update(state="refused")
        self.assertHttpStatus(self.form(row), 404)
        Notification.objects.filter(pk=row.pk).update(state="failed", raw=None)
        self.assertHttpStatus(self.form(row), 404)
        self.assertNotIn("Add from This Email", self.page("notification", row))

    def test_a_subject_is_never_a_template(self):
        row = self.failed(subject="{{ request.user.password }}<b>")

        self.assertIn("{{ request.user.password }}&lt;b&gt;", self.form(row).content.decode().split("<h1")[1])

    def test_alternatives_are_one_click_away(self):
        row = self.failed("Change: W-1\nTicket: W-2\nStart: 2026-12-01 22:00 UTC\nEnd: 2026-12-02 02:00 UTC\n", "Work")

        html = self.form(row).content.decode()

        self.assertIn("The email has more than one reference that may be the ID.", html)
        for name in ("W-1", "W-2"):
            self.assertIn(f'data-ncm-field="maintenance_id" data-ncm-value="&quot;{name}&quot;"', html)


class AddingByRestTest(TextCase, PageTestCase):
    """The same by REST."""

    def setUp(self):
        super().setUp()
        self.receive(mail(subject="Work W-4711", text=TEXT.format(zone=" UTC")))
        self.row = Notification.objects.get(subject="Work W-4711")
        self.client.force_login(self.user)

    def url(self, name):
        """Return the URL of an action."""
        return reverse(f"plugins-api:nautobot_circuit_maintenance-api:notification-{name}", args=[self.row.pk])

    def post(self, **changes):
        """Add the proposed maintenance, with changes."""
        body = {"maintenance_id": "W-4711", "status": "CANCELLED", "windows": [], "circuits": ["C-1"], **changes}
        return self.client.post(self.url("add-maintenance"), body, content_type="application/json")

    def test_the_proposal_can_be_sent_back(self):
        self.become_superuser()
        proposal = self.client.get(self.url("proposal")).json()
        values = {
            name: proposal[name]["best"]["value"]
            for name in ("maintenance_id", "windows", "circuits", "status", "impact")
        }
        self.assertEqual(values["circuits"], ["C-1"])
        self.assertEqual(
            values["windows"], [{"start_time": "2026-12-01T22:00:00Z", "end_time": "2026-12-02T02:00:00Z"}]
        )

        response = self.post(**values, seen=proposal["seen"])

        self.assertEqual((response.status_code, response.json()["state"]), (200, "parsed"))
        self.assertEqual(f"{self.maintenance('W-4711').start_time:%d %H:%M}", "01 22:00")

    def test_circuits_may_be_affected_in_some_windows_only(self):
        self.become_superuser()
        nights = [
            {"start_time": f"2026-12-0{day}T22:00:00Z", "end_time": f"2026-12-0{day}T23:00:00Z", "circuits": cids}
            for day, cids in ((1, ["C-1"]), (2, ["C-1", "C-2"]))
        ]
        self.assertEqual(self.post(windows=nights).status_code, 400)

        self.assertEqual(self.post(windows=nights, circuits=["C-1", "C-2"]).status_code, 200)

        second = self.maintenance("W-4711").impacts.get(cid="C-2")
        self.assertEqual([window.start_time.day for window in second.windows.all()], [2])

    def test_what_is_refused(self):
        self.become_superuser()
        self.assertEqual(self.post(seen="other").status_code, 409)
        self.assertEqual(self.post(status="CONFIRMED").status_code, 400)
        window = {"start_time": "2026-12-02T02:00:00Z", "end_time": "2026-12-01T02:00:00Z"}
        self.assertEqual(self.post(windows=[window]).status_code, 400)
        Notification.objects.filter(pk=self.row.pk).update(state="refused", raw=None)
        self.assertEqual((self.post().status_code, self.client.get(self.url("proposal")).status_code), (400, 400))
        self.assertFalse(CircuitMaintenance.objects.filter(name="W-4711").exists())

    def test_it_needs_both_permissions(self):
        self.permit("add_circuitmaintenance", "view_notification")
        self.assertEqual(self.post().status_code, 403)
        self.permit("change_notification")
        self.assertEqual(self.post().status_code, 200)
        self.assertEqual(self.post(status="COMPLETED").status_code, 403)
        self.assertEqual(self.maintenance("W-4711").status, "CANCELLED")
