"""Local times in calendars around daylight saving changes; all expected values were calculated manually.

2026: Europe/Berlin goes from 02:00 to 03:00 on 29 March and from 03:00 back to 02:00 on 25 October, both at 01:00 UTC;
America/New_York from 02:00 EST to 03:00 EDT on 8 March (07:00 UTC), from 02:00 EDT to 01:00 EST on 1 November (06:00 UTC).
"""

import re
from datetime import datetime, timezone

import pytest
from django.test import override_settings

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.tests.reading.parser_mails import (
    ParseTestCase,
    calendar,
    event,
    mail,
    read,
    windstream,
)

pytestmark = pytest.mark.slow  # loads the library's table of cities


def utc(text: str) -> datetime:
    """Read "10-25 01:30" of the year 2026 as UTC."""
    return datetime.strptime(f"2026-{text} +0000", "%Y-%m-%d %H:%M %z").astimezone(timezone.utc)


def zone(name: str, offset: str) -> str:
    """Define a time zone without daylight saving time."""
    lines = ("BEGIN:VTIMEZONE", f"TZID:{name}", "BEGIN:STANDARD", "DTSTART:19700101T000000")
    return "\r\n".join((*lines, f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}", "END:STANDARD", "END:VTIMEZONE"))


def announcing(start: str, end: str, *zones: str) -> bytes:
    """Return a message with a window; times include the parameters of their property (";TZID=Europe/Berlin:...")."""
    text = re.sub(r"DTSTART:\S+", f"DTSTART{start}", event())
    return mail(calendar(*zones, re.sub(r"DTEND:\S+", f"DTEND{end}", text)))


def window(start: str, end: str, *zones: str) -> Window:
    """Return the window that is read from such a message."""
    [update] = read(announcing(start, end, *zones), "genericprovider")
    [found] = update.windows
    return found


class WinterAndSummer(ParseTestCase):
    """Windows of nights in which an hour is missing or occurs twice."""

    def assert_window(self, zone_name: str, start: str, end: str, expected: tuple[str, str]) -> None:
        """Check local times of the year 2026, such as "1025T013000", in UTC."""
        found = window(f";TZID={zone_name}:2026{start}", f";TZID={zone_name}:2026{end}")
        self.assertEqual(found, Window(utc(expected[0]), utc(expected[1])))

    def test_a_window_over_the_hour_that_comes_twice_is_an_hour_longer_than_it_looks(self) -> None:
        self.assert_window("Europe/Berlin", "1025T013000", "1025T040000", ("10-24 23:30", "10-25 03:00"))
        self.assert_window("America/New_York", "1101T003000", "1101T030000", ("11-01 04:30", "11-01 08:00"))

    def test_a_window_over_the_hour_that_is_missing_is_an_hour_shorter_than_it_looks(self) -> None:
        self.assert_window("Europe/Berlin", "0329T013000", "0329T040000", ("03-29 00:30", "03-29 02:00"))
        self.assert_window("America/New_York", "0308T013000", "0308T033000", ("03-08 06:30", "03-08 07:30"))

    def test_a_start_in_the_missing_hour_counts_with_the_offset_before_it(self) -> None:
        """RFC 5545 section 3.3.5: 02:30 that night is 03:30 summer time."""
        self.assert_window("Europe/Berlin", "0329T023000", "0329T050000", ("03-29 01:30", "03-29 03:00"))

    def test_the_zone_names_of_windows_are_known(self) -> None:
        self.assert_window("W. Europe Standard Time", "1025T013000", "1025T040000", ("10-24 23:30", "10-25 03:00"))

    def test_an_html_mail_in_eastern_time_follows_the_season(self) -> None:
        for day, expected in (
            ("02/10/26", ("02-10 06:00", "02-10 10:00")),
            ("06/10/26", ("06-10 05:00", "06-10 09:00")),
        ):
            with self.subTest(day):
                [update] = read(mail(("text/html", windstream().replace("03/10/26", day))), "windstream")
                self.assertEqual(update.windows, (Window(utc(expected[0]), utc(expected[1])),))

    def test_times_without_a_zone_are_those_of_nautobot(self) -> None:
        """RFC 5545 section 3.3.5 calls them floating: local time, wherever the reader is."""
        for time_zone, expected in (
            ("UTC", ("10-25 01:30", "10-25 04:00")),
            ("Europe/Berlin", ("10-24 23:30", "10-25 03:00")),
            ("America/New_York", ("10-25 05:30", "10-25 08:00")),
        ):
            with self.subTest(time_zone), override_settings(TIME_ZONE=time_zone):
                found = window(":20261025T013000", ":20261025T040000")
                self.assertEqual(found, Window(utc(expected[0]), utc(expected[1])))


class ZonesOfACalendar(ParseTestCase):
    """Zones that only the calendar defines."""

    local = (";TZID=Local:20261025T013000", ";TZID=Local:20261025T040000")

    def test_a_zone_is_as_the_calendar_defines_it(self) -> None:
        found = window(*self.local, zone("Local", "+0900"))

        self.assertEqual(found, Window(utc("10-24 16:30"), utc("10-24 19:00")))

    def test_a_zone_may_be_defined_after_the_event_that_uses_it(self) -> None:
        """RFC 5545 section 3.6 sets no order for the components of a calendar."""
        end = b"END:VCALENDAR"
        raw = announcing(*self.local).replace(end, zone("Local", "+0900").encode() + b"\r\n" + end)

        [update] = read(raw, "genericprovider")

        self.assertEqual(update.windows, (Window(utc("10-24 16:30"), utc("10-24 19:00")),))

    def test_a_zone_of_the_same_name_in_the_next_mail_is_another(self) -> None:
        """Otherwise one provider's mail would move the windows of all others by hours, for the life of a worker."""
        window(*self.local, zone("Local", "+0900"))

        found = window(*self.local, zone("Local", "+0100"))

        self.assertEqual(found, Window(utc("10-25 00:30"), utc("10-25 03:00")))

    def test_an_undefined_zone_is_an_error(self) -> None:
        """Even if an earlier mail defined it; the worker's own zone would be wrong by hours."""
        window(*self.local, zone("Local", "+0900"))

        reason = self.reason(announcing(*self.local), "genericprovider")

        self.assertEqual(reason, 'READ-30: Event CHG-1 was not read: it uses the undefined time zone "Local".')

    def test_a_calendar_cannot_redefine_a_known_zone(self) -> None:
        berlin = (";TZID=Europe/Berlin:20261025T013000", ";TZID=Europe/Berlin:20261025T040000")

        found = window(*berlin, zone("Europe/Berlin", "+0900"))

        self.assertEqual(found, Window(utc("10-24 23:30"), utc("10-25 03:00")))

    def test_an_all_day_event_is_an_error(self) -> None:
        reason = self.reason(announcing(";VALUE=DATE:20261025", ";VALUE=DATE:20261026"), "genericprovider")

        self.assertIn("Event CHG-1 was not read: DTSTART is a whole day, without a time.", reason)
