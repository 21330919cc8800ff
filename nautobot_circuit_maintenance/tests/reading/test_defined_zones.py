"""Zones that calendars define: their times are those of the tz database, summer and winter."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st

from nautobot_circuit_maintenance.reading.ical.definitions import defined_zone
from nautobot_circuit_maintenance.reading.ical.libraries import CalendarError
from nautobot_circuit_maintenance.reading.ical.lines import Component, calendars
from nautobot_circuit_maintenance.tests.reading.parser_mails import ParseTestCase, calendar, event, mail, read


def observance(kind: str, start: str, before: str, after: str, *others: str) -> tuple[str, ...]:
    """Return the lines of STANDARD or DAYLIGHT."""
    return (
        f"BEGIN:{kind}",
        f"DTSTART:{start}",
        f"TZOFFSETFROM:{before}",
        f"TZOFFSETTO:{after}",
        *others,
        f"END:{kind}",
    )


def lines_of(*observances: tuple[str, ...], tzid: str = "Customized Time Zone") -> tuple[str, ...]:
    """Return the lines of a VTIMEZONE."""
    return ("BEGIN:VTIMEZONE", f"TZID:{tzid}", *(line for each in observances for line in each), "END:VTIMEZONE")


def definition(*observances: tuple[str, ...]) -> Component:
    """Return a VTIMEZONE."""
    lines = lines_of(*observances)
    [found] = calendars("\r\n".join(("BEGIN:VCALENDAR", *lines, "END:VCALENDAR")))
    return found.components[0]


BERLIN = (  # as Outlook writes it
    observance("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"),
    observance("DAYLIGHT", "16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"),
)
NEW_YORK = (  # as Google writes it, the rules before 2007 included
    observance("DAYLIGHT", "19870405T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060402T070000Z"),
    observance("STANDARD", "19871025T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20061029T060000Z"),
    observance("DAYLIGHT", "20070311T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"),
    observance("STANDARD", "20071104T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=1,2,3,4,5,6,7;BYDAY=SU"),
)  # fmt: skip
LORD_HOWE = (
    observance("STANDARD", "20080406T020000", "+1100", "+1030", "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU"),
    observance("DAYLIGHT", "20081005T020000", "+1030", "+1100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=SU;BYSETPOS=1"),
)
SAO_PAULO = (  # dates instead of rules
    observance("DAYLIGHT", "20171015T000000", "-0300", "-0200", "RDATE:20181104T000000"),
    observance("STANDARD", "20180218T000000", "-0200", "-0300", "RDATE:20190217T000000"),
)
ZONES = {
    "Europe/Berlin": BERLIN,
    "America/New_York": NEW_YORK,
    "Australia/Lord_Howe": LORD_HOWE,
    "America/Sao_Paulo": SAO_PAULO,
}
CLOCK_CHANGES = tuple(
    datetime.fromisoformat(day)
    for day in ("2005-04-03", "2018-02-18", "2018-11-04", "2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25")
)  # fmt: skip


class DefinedZones(ParseTestCase):
    """VTIMEZONE and the tz database."""

    @given(
        st.sampled_from(sorted(ZONES)),
        st.one_of(
            st.datetimes(datetime(2018, 3, 1), datetime(2040, 1, 1)),
            st.builds(
                lambda day, minutes: day + timedelta(minutes=minutes),
                st.sampled_from(CLOCK_CHANGES),
                st.integers(-60, 27 * 60),
            ),
        ),
    )
    @settings(max_examples=1_000, deadline=None)
    def test_each_time_has_the_offset_of_the_tz_database(self, name: str, local: datetime) -> None:
        """Also a time that the clocks skip (the offset before) or that comes twice (the first): RFC 5545 3.3.5."""
        local = local.replace(fold=0)  # which Hypothesis chooses, and no calendar can say
        if name in ("America/Sao_Paulo", "Australia/Lord_Howe") and local.year < 2018:
            return  # Their definitions begin later.
        own = local.replace(tzinfo=defined_zone(definition(*ZONES[name])))

        self.assertEqual(
            own.astimezone(timezone.utc), local.replace(tzinfo=ZoneInfo(name)).astimezone(timezone.utc), (name, local)
        )

    def test_a_window_in_winter_and_one_in_summer(self) -> None:
        """A zone that has no other name than its definition."""
        for month, hour in ((12, 21), (7, 20)):
            times = {
                f"DT{end};TZID=Customized Time Zone": f"2026{month:02}03T{clock}0000"
                for end, clock in (("START", 22), ("END", 23))
            }
            text = "\r\n".join(
                line for line in event(**times).split("\r\n") if not line.startswith(("DTSTART:", "DTEND:"))
            )

            [update] = read(mail(calendar(*lines_of(*BERLIN), text)))

            self.assertEqual([(start.hour, start.minute) for start, _ in update.windows], [(hour, 0)])

    def test_what_is_no_definition(self) -> None:
        for observances in (
            (),
            (observance("STANDARD", "nonsense", "+0200", "+0100"),),
            (observance("STANDARD", "20200101T000000", "+2500", "+0100"),),
            (observance("STANDARD", "99990101T000000", "+0200", "+0100"),),
            (observance("STANDARD", "20200101T000000", "+0200", "+0100", "RRULE:FREQ=SECONDLY"),),
            (observance("STANDARD", "20200101T000000", "+0200", "+0100", "RRULE:FREQ=YEARLY;INTERVAL=2"),),
            (observance("STANDARD", "20200101T000000", "+0200", "+0100", "RDATE:20210101T000000," * 2_000),),
        ):
            with self.subTest(observances), self.assertRaises(CalendarError):
                defined_zone(definition(*observances))
