"""Pages, forms and figures around daylight saving changes.

In 2026 Europe/Berlin has 23 hours on Sunday, 29 March (02:00 becomes 03:00) and 25 on Sunday, 25 October (03:00 becomes
02:00 again); both happen at 01:00 UTC.
"""

from datetime import date, datetime, timedelta, timezone as fixed_zones

from django.test import SimpleTestCase, TestCase
from django.utils import timezone
from django.utils.html import strip_tags

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis import dashboard, trends
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.periods import start_of_day

BERLIN = "Europe/Berlin"
HOUR = timedelta(hours=1)


def utc(text: str) -> datetime:
    """Read "2026-10-25 01:30" as UTC."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=fixed_zones.utc)


class FormattingTest(SimpleTestCase):
    """Windows as pages show them in Berlin."""

    def shown(self, start: str, end: str) -> str:
        """Return the text of a window."""
        with timezone.override(BERLIN):
            return " ".join(strip_tags(formatting.window(utc(start), utc(end))).replace("&ndash;", "-").split())

    def test_window_over_the_change_shows_both_zones_and_its_length(self):
        """01:30 to 04:00 takes three and a half hours in October, and one and a half in March."""
        text = self.shown("2025-10-25 23:30", "2025-10-26 03:00")
        self.assertEqual(text, "Sun 26 Oct 2025 01:30 CEST - 04:00 CET 3 h 30 min")
        self.assertEqual(
            self.shown("2025-03-30 00:30", "2025-03-30 02:00"), "Sun 30 Mar 2025 01:30 CET - 04:00 CEST 1 h 30 min"
        )

    def test_windows_in_the_repeated_hour_can_be_distinguished(self):
        """Without their zones, all three would read 02:15 to 02:45."""
        self.assertEqual(
            self.shown("2025-10-26 00:15", "2025-10-26 00:45"), "Sun 26 Oct 2025 02:15 - 02:45 CEST 30 min"
        )
        self.assertEqual(self.shown("2025-10-26 01:15", "2025-10-26 01:45"), "Sun 26 Oct 2025 02:15 - 02:45 CET 30 min")
        self.assertEqual(
            self.shown("2025-10-26 00:15", "2025-10-26 01:45"), "Sun 26 Oct 2025 02:15 CEST - 02:45 CET 1 h 30 min"
        )

    def test_window_on_an_ordinary_night_shows_its_zone_once(self):
        self.assertEqual(self.shown("2025-11-12 00:00", "2025-11-12 04:00"), "Wed 12 Nov 2025 01:00 - 05:00 CET 4 h")

    def test_three_days_before_monday_is_friday_after_a_change(self):
        """72 hours before Monday may be a Saturday, or a Thursday."""
        with timezone.override(BERLIN):
            for now, morning in (
                ("2026-10-25 23:30", "2026-10-22 22:00"),  # Monday 00:30 CET; Friday 00:00 CEST
                ("2026-10-26 22:30", "2026-10-22 22:00"),  # Monday 23:30 CET
                ("2026-03-29 22:30", "2026-03-26 23:00"),  # Monday 00:30 CEST; Friday 00:00 CET
                ("2026-03-30 21:30", "2026-03-26 23:00"),  # Monday 23:30 CEST
            ):
                with self.subTest(now):
                    self.assertEqual(start_of_day(utc(now), 3), utc(morning))


class FiguresTest(TestCase):
    """Counts and charts in Berlin."""

    @classmethod
    def setUpTestData(cls):
        cls.user = users.superuser()
        cls.isp = core.create_provider("ISP 1")

    def plan(self, name: str, start: str, hours: float = 1) -> None:
        """Create a maintenance that starts at a time in UTC."""
        app.create_maintenance(name, self.isp, start=utc(start), hours=hours, status=Status.CONFIRMED)

    def test_next_24_hours_are_24_hours(self):
        """Not until the same time tomorrow."""
        self.plan("after 23.5 hours", "2026-10-25 10:30")
        self.plan("after 24.5 hours, though the clock says 23.5", "2026-10-25 11:30")

        self.assertEqual(dashboard.count_maintenances(Visibility.of(self.user), utc("2026-10-24 11:00")).next_day, 1)

    def test_week_starts_on_monday_at_midnight_with_the_offset_of_that_day(self):
        """Sunday 23:30 CET is 22:30 UTC, Monday 00:30 CET is 23:30 UTC; before the change it was an hour earlier."""
        self.plan("Sunday", "2026-10-25 22:30")
        self.plan("Monday", "2026-10-25 23:30")
        self.plan("Monday of the week before", "2026-10-18 22:30")
        with timezone.override(BERLIN):
            weeks = trends.by_week(Visibility.of(self.user), utc("2026-10-20 12:00"))

        counts = dict(zip(weeks.mondays, weeks.counts[""]))
        self.assertEqual(
            {day: count for day, count in counts.items() if count}, {date(2026, 10, 19): 2, date(2026, 10, 26): 1}
        )

    def test_hours_of_a_month_are_elapsed_hours(self):
        """A window over the change counts with its real length, in the month in which it starts in Berlin."""
        self.plan("over the change", "2026-10-24 23:30", hours=3.5)
        self.plan("31 October 23:30", "2026-10-31 22:30")
        self.plan("1 November 00:30", "2026-10-31 23:30", hours=2)
        self.plan("1 October 00:30", "2026-09-30 22:30", hours=4)
        with timezone.override(BERLIN):
            hours = dict(trends.hours_by_month(Visibility.of(self.user), utc("2026-10-20 12:00")))

        self.assertEqual((hours[date(2026, 9, 1)], hours[date(2026, 10, 1)], hours[date(2026, 11, 1)]), (0, 8.5, 2))


class FormTest(PageTestCase):
    """The form of a maintenance, for a user in Berlin."""

    def setUp(self):
        super().setUp()
        self.become_superuser()
        self.user.set_config("timezone", BERLIN, commit=True)
        self.maintenance = models.CircuitMaintenance.objects.get(name="M-2")

    def post(self, start: str, end: str, **data):
        """Submit the form."""
        known = {"name": "M-2", "provider": self.maintenance.provider_id, "status": Status.CONFIRMED}
        url = url_of("circuitmaintenance_edit", self.maintenance)
        return self.client.post(url, {**known, "start_time": start, "end_time": end, **data})

    def stored(self) -> tuple[datetime, datetime]:
        """Return the stored start and end."""
        self.maintenance.refresh_from_db()
        return self.maintenance.start_time, self.maintenance.end_time

    def store(self, *spans: tuple[datetime, datetime]) -> None:
        """Store these windows."""
        self.maintenance.set_windows(spans)
        self.maintenance.save()

    def test_times_are_in_the_time_zone_of_the_user(self):
        """Two hours ahead of UTC in summer, one in winter."""
        self.assertHttpStatus(self.post("2026-10-24 23:00:00", "2026-10-25 04:00:00"), 302)

        self.assertEqual(self.stored(), (utc("2026-10-24 21:00"), utc("2026-10-25 03:00")))

    def test_year_out_of_range_is_rejected(self):
        """In UTC it would be in the year 0."""
        answer = self.post("0001-01-01 00:00:00", "2026-10-25 04:00:00")

        self.assertContains(answer, "Times must be between the years 1970 and 9998.")

    def test_repeated_times_make_the_longer_window(self):
        """The start is the earlier 02:30, the end the later 02:45."""
        self.assertHttpStatus(self.post("2026-10-25 02:30:00", "2026-10-25 02:45:00"), 302)

        self.assertEqual(self.stored(), (utc("2026-10-25 00:30"), utc("2026-10-25 01:45")))

    def test_end_with_an_earlier_clock_time_may_be_later(self):
        """02:30 CEST to 02:15 CET is 45 minutes."""
        self.assertHttpStatus(self.post("2026-10-25 02:30:00", "2026-10-25 02:15:00"), 302)

        self.assertEqual(self.stored(), (utc("2026-10-25 00:30"), utc("2026-10-25 01:15")))

    def test_nonexistent_time_is_rejected(self):
        before = self.stored()
        response = self.post("2026-03-29 02:30:00", "2026-03-29 05:00:00")

        self.assertContains(response, "02:30 does not exist on that day in Europe/Berlin (daylight saving change).")
        self.assertEqual(self.stored(), before)

    def test_unchanged_start_in_the_repeated_hour_is_kept(self):
        """The form shows 02:30 for both hours; the stored one is kept."""
        second = (utc("2026-10-25 01:30"), utc("2026-10-25 04:00"))
        self.store(second)

        response = self.post("2026-10-25 02:30:00", "2026-10-25 05:00:00", ticket="T-1")

        self.assertHttpStatus(response, 302)
        self.assertEqual((self.stored(), self.maintenance.ticket), (second, "T-1"))

    def test_unchanged_windows_are_kept(self):
        """The second one is changed, to the longer interpretation."""
        spans = [
            (utc("2026-10-25 01:30"), utc("2026-10-25 01:45")),
            (utc("2026-10-27 01:00"), utc("2026-10-27 02:00")),
        ]
        self.store(*spans)
        rows = {"windows-TOTAL_FORMS": "2", "windows-INITIAL_FORMS": "0"}
        for number, (start, end) in enumerate(
            [("2026-10-25 02:30:00", "2026-10-25 02:45:00"), ("2026-10-27 02:30:00", "2026-10-27 03:00:00")]
        ):
            rows |= {f"windows-{number}-start_time": start, f"windows-{number}-end_time": end}

        self.assertHttpStatus(self.post("", "", **rows), 302)

        windows = list(self.maintenance.windows.values_list("start_time", "end_time"))
        self.assertEqual(windows, [spans[0], (utc("2026-10-27 01:30"), utc("2026-10-27 02:00"))])
