"""Numbers of the charts."""

from datetime import date, timedelta

from django.test import TestCase

from nautobot_circuit_maintenance.analysis import trends
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.factories.mail import NOON

NOON = NOON  # Friday, 20 November 2026
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class TrendsTest(TestCase):
    """Numbers of the charts and figures."""

    @classmethod
    def setUpTestData(cls):
        cls.user = users.superuser()
        cls.isps = [core.create_provider(name) for name in ("ISP 1", "ISP 2")]

    def plan(self, name, days, isp=0, **fields):
        return app.create_maintenance(name, self.isps[isp], start=NOON + days * DAY, **fields)

    def test_weeks_are_counted_by_the_worst_impact(self):
        now = self.plan("now", 0)
        app.create_impact(now, "X-1", Impact.NO_IMPACT)
        app.create_impact(now, "X-2", Impact.OUTAGE)
        app.create_impact(self.plan("next week", 4), "X-1", Impact.DEGRADED)
        self.plan("without impacts", -7)
        self.plan("off", 0, status=Status.CANCELLED)
        self.plan("long ago", -100)
        weeks = trends.by_week(Visibility.of(self.user), NOON)

        self.assertEqual((weeks.mondays[0], weeks.mondays[-1]), (date(2026, 8, 24), date(2026, 12, 14)))
        counts = {
            (weeks.mondays[place], impact): count
            for impact, numbers in weeks.counts.items()
            for place, count in enumerate(numbers)
            if count
        }
        self.assertEqual(
            counts,
            {
                (date(2026, 11, 16), Impact.OUTAGE): 1,
                (date(2026, 11, 23), Impact.DEGRADED): 1,
                (date(2026, 11, 9), ""): 1,
            },
        )

    def test_providers_with_the_most_maintenances_first(self):
        for number in range(3):
            self.plan(f"M-{number}", -number - 1, isp=1 if number else 0)
        self.plan("ahead", 1)
        self.plan("last year", -366)

        self.assertEqual(trends.by_provider(Visibility.of(self.user), NOON), [("ISP 2", 2), ("ISP 1", 1)])

    def test_notice_counts_from_the_first_announcement_to_the_start(self):
        for name, notice in (("late", -1 * HOUR), ("day", 30 * HOUR), ("weeks", 20 * DAY)):
            maintenance = self.plan(name, -1)
            for again in (timedelta(), 30 * DAY):
                app.create_parsed(
                    app.create_notification(self.isps[0]),
                    maintenance,
                    issued_at=maintenance.start_time - notice + again,
                )
        self.plan("added manually", -1)

        self.assertEqual(
            [count for _, count in trends.notice_given(Visibility.of(self.user), NOON)], [1, 0, 1, 0, 0, 1]
        )

    def test_hours_by_month_add_up_windows(self):
        app.add_window(self.plan("now", 0, hours=4), NOON + 30 * DAY, hours=1.5)
        self.plan("off", 0, status=Status.CANCELLED)
        hours = trends.hours_by_month(Visibility.of(self.user), NOON)

        self.assertEqual(len(hours), 13)
        self.assertEqual(hours[0], (date(2025, 12, 1), 0))
        self.assertEqual(hours[-2:], [(date(2026, 11, 1), 4), (date(2026, 12, 1), 1.5)])

    def test_figures_count_what_started_in_the_last_year(self):
        for days, hours in ((-1, 2), (-20, 4), (-200, 6), (-400, 100), (1, 100)):
            self.plan(f"M {days}", days, hours=hours)
        figures = trends.figures(Visibility.of(self.user), NOON)

        self.assertEqual((figures.last_week, figures.last_month, figures.last_year), (1, 2, 3))
        self.assertEqual((figures.mean_duration, figures.mean_per_month), (4 * HOUR, 0.25))

    def test_an_average_is_of_the_time_in_which_there_were_maintenances(self):
        """Four days of email do not make a year."""
        for days in (-1, -2, -4):
            self.plan(f"M {days}", days)
        self.assertIsNone(trends.figures(Visibility.of(self.user), NOON).mean_per_month)

        self.plan("earlier", -73)
        figures = trends.figures(Visibility.of(self.user), NOON)

        self.assertEqual((figures.since, round(figures.mean_per_month, 2)), (NOON - 73 * DAY, round(4 * 5 / 12, 2)))

    def test_notice_counts_from_the_receipt_if_the_timestamp_is_later(self):
        """Some providers write the start of the work as the time of the message."""
        maintenance = self.plan("M", -1)
        mail = app.create_notification(self.isps[0], received_at=maintenance.start_time - 8 * DAY)
        app.create_parsed(mail, maintenance, issued_at=maintenance.start_time)

        self.assertEqual(
            [count for _, count in trends.notice_given(Visibility.of(self.user), NOON)], [0, 0, 0, 0, 1, 0]
        )

    def test_nothing_is_counted_without_permissions(self):
        app.create_parsed(app.create_notification(self.isps[0]), self.plan("M", -1))
        nothing = Visibility.of(users.viewer())

        self.assertEqual(trends.figures(nothing, NOON), trends.Figures(0, 0, 0, None, NOON, NOON))
        self.assertFalse(trends.by_provider(nothing, NOON))
        self.assertFalse(sum(count for _, count in trends.notice_given(nothing, NOON)))
        self.assertFalse(sum(count for _, count in trends.hours_by_month(nothing, NOON)))
        self.assertFalse(any(map(any, trends.by_week(nothing, NOON).counts.values())))
