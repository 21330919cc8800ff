"""The account of a provider's maintenances in a quarter."""

import unittest
from datetime import datetime, timedelta, timezone

from nautobot_circuit_maintenance.domain.ledger import Announcement, Figures, Quarter, Work, account

START = datetime(2026, 11, 20, 22, tzinfo=timezone.utc)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NIGHT = (START, START + 4 * HOUR)


def said(before: timedelta, status: str = "CONFIRMED", first: str = "20T22") -> Announcement:
    """Return what was announced this long before the start."""
    return Announcement(START - before, status, first)


def work(*announcements: Announcement, status: str = "CONFIRMED", **fields) -> Work:
    """Return a night of four hours."""
    return Work(**{"status": status, "start": START, "windows": [NIGHT], "announcements": announcements, **fields})


def figures(*works: Work, now: datetime = START + DAY) -> Figures:
    """Return the account a day later."""
    return account(works, now)


class AccountTest(unittest.TestCase):
    """What each figure counts."""

    def test_planned_and_outage_minutes_count_shared_time_once(self):
        windows = [NIGHT, (START + 2 * HOUR, START + 6 * HOUR), (START + DAY, START + DAY + HOUR)]
        found = figures(work(windows=windows, outages=[NIGHT, NIGHT]))

        self.assertEqual((found.maintenances, found.minutes_planned, found.outage_minutes), (1, 7 * 60, 4 * 60))

    def test_a_cancelled_maintenance_counts_as_cancelled_only(self):
        found = figures(work(said(9 * DAY), said(5 * DAY, "CANCELLED"), status="CANCELLED", outages=[NIGHT]))

        self.assertEqual(found, Figures(cancelled=1))

    def test_late_are_changes_less_than_72_hours_before_the_start(self):
        for change, late in (
            (said(73 * HOUR, "CANCELLED"), 0),
            (said(71 * HOUR, "CANCELLED"), 1),
            (said(71 * HOUR, "RE-SCHEDULED"), 1),
            (said(71 * HOUR, first="21T22"), 1),
            (said(71 * HOUR), 0),
            (said(71 * HOUR, first=""), 0),
        ):
            with self.subTest(change):
                self.assertEqual(figures(work(said(9 * DAY), change)).late_changes, late)
        self.assertEqual(figures(work(said(HOUR))).late_changes, 0)  # a late announcement changes nothing

    def test_moved_are_those_whose_first_window_changed(self):
        self.assertEqual(figures(work(said(9 * DAY), said(8 * DAY, first="21T22"))).moved, 1)
        self.assertEqual(figures(work(said(9 * DAY), said(8 * DAY, "RE-SCHEDULED"))).moved, 1)
        self.assertEqual(figures(work(said(9 * DAY), said(8 * DAY), said(7 * DAY, first=""))).moved, 0)
        self.assertEqual(figures(work(said(9 * DAY, "RE-SCHEDULED"))).moved, 0)

    def test_minutes_used_are_from_start_to_completion_where_both_were_sent(self):
        started, completed = said(-HOUR, "IN-PROCESS"), said(-3 * HOUR, "COMPLETED")

        found = figures(work(started, completed), work(completed), work(started))
        self.assertEqual((found.minutes_used, found.with_minutes_used), (120, 1))

    def test_notice_is_from_the_first_notification(self):
        found = figures(work(said(3 * DAY), said(DAY)), work(said(DAY)), work())

        self.assertEqual((found.with_notice, found.average_notice), (2, 2 * DAY))
        self.assertIsNone(Figures().average_notice)

    def test_past_windows_without_a_completion(self):
        self.assertEqual(figures(work(said(DAY))).windows_without_completion, 1)
        self.assertEqual(figures(work(said(DAY)), now=START).windows_without_completion, 0)
        self.assertEqual(figures(work(said(DAY), said(-HOUR, "COMPLETED"))).windows_without_completion, 0)
        self.assertEqual(figures(work(status="COMPLETED")).windows_without_completion, 0)

    def test_quarters(self):
        self.assertEqual(Quarter.of(START), (2026, 4))
        self.assertEqual(Quarter.of(datetime(2027, 1, 1, 1, tzinfo=timezone(2 * HOUR))), (2026, 4))
        self.assertEqual((Quarter(2026, 4).end, Quarter(2026, 1).earlier(1)), (Quarter(2027, 1).start, (2025, 4)))

    def test_stored_figures_of_an_older_release_have_zeros_for_new_ones(self):
        self.assertEqual(Figures.from_json({"moved": 2, "gone": 3}), Figures(moved=2))
        self.assertEqual(Figures.from_json(Figures(moved=2).as_json()), Figures(moved=2))
