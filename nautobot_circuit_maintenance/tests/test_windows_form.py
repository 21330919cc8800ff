"""Editing windows in the form of a maintenance, with the data that a browser sends."""

import re
from datetime import timedelta

from django.utils import timezone
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.tests.factories import app
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of


def rows(*spans, removed=()) -> dict[str, str]:
    """Return the form data of windows."""
    data = {"windows-TOTAL_FORMS": str(len(spans)), "windows-INITIAL_FORMS": "0"}
    for number, (start, end) in enumerate(spans):
        data |= {f"windows-{number}-start_time": start, f"windows-{number}-end_time": end}
    return data | {f"windows-{number}-DELETE": "on" for number in removed}


MONDAY = ("2026-11-30 01:00:00", "2026-11-30 03:00:00")
TUESDAY = ("2026-12-01 01:00:00", "2026-12-01 03:00:00")
EMPTY = ("", "")


class WindowsFormTest(PageTestCase):
    """A maintenance with several windows."""

    def setUp(self):
        super().setUp()
        self.become_superuser()
        self.maintenance = models.CircuitMaintenance.objects.get(name="M-2")

    def post(self, times=EMPTY, url="", **data):
        """Submit the form."""
        url = url or url_of("circuitmaintenance_edit", self.maintenance)
        known = {"name": "M-2", "provider": self.maintenance.provider_id, "status": Status.CONFIRMED}
        times = {"start_time": times[0], "end_time": times[1]}
        return self.client.post(url, {**known, **times, **data})

    def spans(self):
        """Return the stored windows as the form shows them."""
        form = "%Y-%m-%d %H:%M:%S"
        windows = models.MaintenanceWindow.objects.filter(maintenance=self.maintenance)
        return [(window.start_time.strftime(form), window.end_time.strftime(form)) for window in windows]

    def whole(self):
        """Return the stored start and end."""
        self.maintenance.refresh_from_db()
        return tuple(f"{when:%Y-%m-%d %H:%M:%S}" for when in (self.maintenance.start_time, self.maintenance.end_time))

    def have_several(self):
        """Give the maintenance a second window."""
        app.add_window(self.maintenance, NOON + timedelta(days=40), hours=1)

    def test_start_and_end_are_derived_from_the_windows(self):
        self.have_several()

        self.assertHttpStatus(self.post(**rows(TUESDAY, MONDAY, EMPTY)), 302)

        self.assertEqual(self.spans(), [MONDAY, TUESDAY])
        self.assertEqual(self.whole(), (MONDAY[0], TUESDAY[1]))

    def test_unchanged_window_keeps_its_row(self):
        self.have_several()
        self.post(**rows(MONDAY, TUESDAY))
        row = self.maintenance.windows.first().pk

        self.post(**rows(MONDAY, ("2026-12-02 01:00:00", "2026-12-02 03:00:00")))

        self.assertEqual(self.maintenance.windows.first().pk, row)

    def test_removing_all_windows_but_one_makes_start_and_end_editable(self):
        self.have_several()

        self.post(**rows(MONDAY, TUESDAY, EMPTY, removed=[1]))

        self.assertEqual((self.spans(), self.whole()), ([MONDAY], MONDAY))
        self.assertHttpStatus(self.post(TUESDAY, **rows(EMPTY)), 302)
        self.assertEqual((self.spans(), self.whole()), ([TUESDAY], TUESDAY))

    def test_second_window_is_added_to_start_and_end(self):
        self.assertHttpStatus(self.post(MONDAY, **rows(TUESDAY)), 302)

        self.assertEqual(self.spans(), [MONDAY, TUESDAY])
        self.assertEqual(self.whole(), (MONDAY[0], TUESDAY[1]))

    def test_new_maintenance_can_have_several_windows(self):
        data = {"name": "NEW", "status": Status.CONFIRMED, "start_time": MONDAY[0], "end_time": MONDAY[1]}

        response = self.client.post(url_of("circuitmaintenance_add"), {**data, **rows(TUESDAY, EMPTY)})

        self.assertHttpStatus(response, 302)
        self.maintenance = models.CircuitMaintenance.objects.get(name="NEW")
        self.assertEqual(self.spans(), [MONDAY, TUESDAY])

    def test_one_change_record_contains_the_windows(self):
        self.have_several()
        ObjectChange.objects.all().delete()

        self.post(**rows(MONDAY, TUESDAY))

        change = ObjectChange.objects.get(changed_object_id=self.maintenance.pk)
        self.assertEqual(
            change.object_data_v2["windows"],
            [
                ["2026-11-30T01:00:00Z", "2026-11-30T03:00:00Z"],
                ["2026-12-01T01:00:00Z", "2026-12-01T03:00:00Z"],
            ],
        )
        self.assertEqual(change.object_data_v2["end_time"], "2026-12-01T03:00:00Z")

    def test_errors_are_shown_and_nothing_is_saved(self):
        self.have_several()
        before = self.spans()
        for windows, message in (
            ([MONDAY[::-1]], "End time must be after start time."),
            ([("", MONDAY[1])], "Enter a start time."),
            ([(MONDAY[0], "")], "Enter an end time."),
            ([MONDAY, MONDAY], "Duplicate maintenance window."),
            ([("tomorrow", MONDAY[1])], "Enter a valid date/time."),
        ):
            with self.subTest(message):
                response = self.post(**rows(*windows))
                self.assertContains(response, message)
                self.assertEqual(self.spans(), before)

    def test_duplicate_of_start_and_end_is_rejected(self):
        self.assertContains(self.post(MONDAY, **rows(MONDAY)), "Duplicate maintenance window.")

    def test_start_without_end_is_rejected(self):
        response = self.post((MONDAY[0], ""), **rows(TUESDAY))

        self.assertContains(response, "Enter both a start and an end time, or leave both empty.")

    def test_invalid_time_causes_one_error_only(self):
        """It is not reported as missing, neither by the form nor, for a new maintenance, by the model."""
        for address in (url_of("circuitmaintenance_edit", self.maintenance), url_of("circuitmaintenance_add")):
            with self.subTest(address):
                response = self.post(("tomorrow", MONDAY[1]), address, **rows(), name="M-9")

                self.assertContains(response, "Enter a valid date/time.")
                self.assertNotContains(response, "Enter both a start and an end time, or leave both empty.")

    def test_form_shows_the_windows_however_many_there_are(self):
        for count in (1, 2):
            page = self.page("circuitmaintenance_edit", self.maintenance)
            self.assertNotIn('name="start_time"', page)
            self.assertIn('name="windows-0-start_time" value="2026-11-22T12:00"', page)
            self.assertEqual(
                page.count('type="datetime-local"'), (count + 2) * 2
            )  # an empty row, and the template of one
            if count == 1:
                self.have_several()

        self.assertIn('name="windows-1-start_time" value="2026-12-30T12:00"', page)
        self.assertNotIn('value="', self.inputs(self.page("circuitmaintenance_add"))[0])

    @staticmethod
    def inputs(page):
        """Return the inputs of times."""
        return re.findall(r'<input type="datetime-local"[^>]*>', page)

    def test_a_clone_offers_the_window(self):
        page = self.client.get(url_of("circuitmaintenance_add"), {"start_time": MONDAY[0], "end_time": MONDAY[1]})

        self.assertContains(page, 'name="windows-0-start_time" value="2026-11-30T01:00"')

    def test_windows_that_overlap_are_rejected(self):
        overlapping = ("2026-11-30 02:00:00", "2026-11-30 04:00:00")
        for windows in ((MONDAY, overlapping), (overlapping, MONDAY)):
            self.assertContains(self.post(**rows(*windows)), "Maintenance windows overlap.")
        self.assertHttpStatus(self.post(**rows(MONDAY, (MONDAY[1], "2026-11-30 04:00:00"))), 302)

    def test_a_very_long_or_distant_window_asks_for_confirmation(self):
        far = f"{timezone.now() + timedelta(days=401):%Y-%m-%d}"
        for window, message in (
            (("2026-11-30 01:00:00", "2026-12-07 01:00:01"), "lasts 7 d"),
            ((f"{far} 01:00:00", f"{far} 02:00:00"), "is more than 400 days away"),
        ):
            with self.subTest(message):
                before = self.spans()
                first = self.post(**rows(window))
                self.assertContains(first, "Save again to confirm.")
                self.assertContains(first, message)
                self.assertEqual(self.spans(), before)
                asked = re.search(r'name="confirmed" value="([^"]+)"', first.content.decode())[1]

                # Another slip is asked about too; what is stored is not asked about again.
                self.assertContains(
                    self.post(**rows(("2026-11-29 01:00:00", "2026-12-08 01:00:00")), confirmed=asked), "Save again"
                )
                self.assertHttpStatus(self.post(**rows(window), confirmed=asked), 302)
                self.assertEqual(self.spans(), [window])
                self.assertHttpStatus(self.post(**rows(window)), 302)

    def test_a_start_and_an_end_of_a_script_are_asked_about_too(self):
        self.assertContains(self.post(("2026-11-01 01:00:00", "2026-11-30 01:00:00")), "Save again to confirm.")

    def test_what_is_not_understood_is_rejected_never_replaced(self):
        before = self.spans()
        for typed in ("10.12.2026 22:00", "10 Dec 2026 22:00", "2026-12-10 22:00 CET", "22:00", "2026-13-10 22:00"):
            with self.subTest(typed):
                self.assertContains(self.post(**rows((typed, "2026-12-11 22:00"))), "valid date")
                self.assertEqual(self.spans(), before)

    def test_times_are_in_the_zone_that_is_chosen(self):
        for zone, shown in (
            ("", MONDAY),
            ("UTC", MONDAY),
            ("Asia/Tokyo", ("2026-11-29 16:00:00", "2026-11-29 18:00:00")),
        ):
            with self.subTest(zone):
                self.assertHttpStatus(self.post(**rows(MONDAY), time_zone=zone), 302)
                self.assertEqual(self.spans(), [shown])
        self.assertContains(self.post(**rows(MONDAY), time_zone="../etc"), "Unknown time zone.")

    def test_the_page_names_the_zone_and_offers_all_others(self):
        self.user.set_config("timezone", "America/New_York", commit=True)
        page = self.page("circuitmaintenance_edit", self.maintenance)

        self.assertIn('name="time_zone" value="America/New_York"', page)
        self.assertIn('<option value="Europe/Oslo">', page)
        self.assertIn('name="windows-0-start_time" value="2026-11-22T07:00"', page)

    def test_no_id_is_there_twice(self):
        page = self.page("circuitmaintenance_edit", self.maintenance)
        own = [each for each in re.findall(r' id="(id_[^"]*)"', page) if each not in ("id_columns",)]
        self.assertEqual(sorted(own), sorted(set(own)))

    def test_windows_require_the_permission_to_change_the_maintenance(self):
        self.user.is_superuser = False
        self.user.save()
        self.permit("view_circuitmaintenance")
        before = self.spans()

        self.assertHttpStatus(self.post(MONDAY, **rows(TUESDAY)), 403)

        self.assertEqual(self.spans(), before)
