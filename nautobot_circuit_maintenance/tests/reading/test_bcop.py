"""BCOP calendars: what is read, whatever parser the provider has, and what is reported as not read."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.evidence import to_json
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceUpdate, Window
from nautobot_circuit_maintenance.reading.base import Reading
from nautobot_circuit_maintenance.reading.parse import parse
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below
from nautobot_circuit_maintenance.tests.reading.parser_mails import (
    ParseTestCase,
    calendar,
    event,
    mail,
    names_in,
    provenance,
    read,
    windstream,
)

NIGHT = Window(datetime(2026, 3, 10, 1, tzinfo=timezone.utc), datetime(2026, 3, 10, 3, tzinfo=timezone.utc))
OBJECT = "X-MAINTNOTE-OBJECT-ID"
_LITTLE = 0.5
"""Seconds of CPU that a hostile message may cost; it costs a tenth of that, most of it for its size."""


def reading(raw: bytes, *names: str) -> Reading:
    """Return all that is read from a message."""
    return parse(raw, names, provenance(raw))


def one(text: str, method: str = "") -> MaintenanceUpdate:
    """Return the update of a calendar with one event."""
    kind, content = calendar(text)
    [update] = read(
        mail((kind, content.replace("VERSION:2.0", f"METHOD:{method}\r\nVERSION:2.0" if method else "VERSION:2.0")))
    )
    return update


def without(*fields: str, text: str = "") -> str:
    """Return an event without these properties."""
    return "\r\n".join(line for line in (text or event()).split("\r\n") if not line.startswith(fields))


class AnyProvider(ParseTestCase):
    """The parser of the provider does not matter."""

    @pytest.mark.slow
    def test_a_calendar_is_read_whatever_the_parser_and_its_filters_are(self) -> None:
        raw = mail(("text/html", "<p>Hello"), calendar(event()), Subject="Disturbance Information")
        for names in ((), ("zayo",), ("windstream",), ("nonsense",), ("arelion", "lumen")):
            with self.subTest(names):
                self.assertEqual(names_in(list(reading(raw, *names).updates)), ["CHG-1"])

    def test_the_parser_is_not_asked_where_a_calendar_was_read(self) -> None:
        raw = mail(("text/html", windstream("WMT-9")), calendar(event()))

        self.assertEqual(names_in(read(raw, "windstream")), ["CHG-1"])

    def test_a_message_with_a_maintenance_id_is_never_ignored(self) -> None:
        lost = mail(("text/html", "<p>X-MAINTNOTE-MAINTENANCE-ID:CHG-1"))

        self.assertIn("READ-32", self.reason(lost, "zayo"))
        marked = "\r\n".join(f"> {line}" for line in calendar(event())[1].splitlines())
        self.assertIn("READ-32", self.reason(mail(("text/html", f"<pre>{marked}</pre>")), "zayo"))

    def test_a_calendar_that_a_gateway_made_html_of_is_read(self) -> None:
        lines = calendar(event(SUMMARY="Fibre &amp; ca\r\n rd"))[1].splitlines()
        for body in (
            "<br>\r\n".join(lines),
            f"<p>{'</p><p>'.join(lines)}</p>",
            "<pre>" + "\r\n".join(lines) + "</pre>",
        ):
            [update] = read(mail(("text/html", f"<html><body>{body}</body></html>")), "zayo")
            self.assertEqual((update.maintenance_id, update.description), ("CHG-1", "Fibre & card"))

    def test_the_method_may_stand_in_the_type_only(self) -> None:
        """RFC 6047 section 2.4: both say the same, so one is enough; the calendar's own goes first."""
        kind, content = calendar(without("X-MAINTNOTE-STATUS"))
        [cancelled] = read(mail((f"{kind}; method=CANCEL", content)))
        self.assertEqual(cancelled.status, "CANCELLED")
        self.assertIn("REPLY", reading(mail((f"{kind}; method=REPLY", content))).ignored)
        stated = content.replace("VERSION:2.0", "METHOD:PUBLISH")
        self.assertEqual(read(mail((f"{kind}; method=REPLY", stated)))[0].events[0].method, "PUBLISH")

    def test_a_calendar_of_an_attached_message_was_written_when_that_was_sent(self) -> None:
        """An old notice that a reply attaches must not undo what was said since."""
        inner = mail(calendar(without("DTSTAMP")), Date="Sun, 01 Mar 2026 09:00:00 +0000")
        [update] = read(mail(("message/rfc822", inner.replace(b"==", b"=-"))))

        self.assertEqual(update.events[0].issued_at, datetime(2026, 3, 1, 9, tzinfo=timezone.utc))

    def test_methods_that_announce_nothing_are_ignored_and_named(self) -> None:
        for method in ("REPLY", "counter", "REFRESH", "DECLINECOUNTER"):
            kind, content = calendar(event())
            raw = mail((kind, content.replace("VERSION:2.0", f"METHOD:{method}")))
            found = reading(raw, "genericprovider")
            self.assertEqual(found.updates, ())
            self.assertIn(method.upper(), found.ignored)

    def test_an_automatic_reply_counts_only_with_a_calendar(self) -> None:
        marks = {"Auto-Submitted": "auto-replied"}

        self.assertTrue(reading(mail(calendar(event()), **marks), "genericprovider"))
        found = reading(mail(("text/html", windstream()), **marks), "windstream")
        self.assertEqual((found.updates, found.ignored), ((), "Automatic reply (Auto-Submitted: auto-replied)."))

    def test_what_the_app_sent_itself_is_ignored_even_with_a_calendar(self) -> None:
        marks = {"X-Nautobot-Circuit-Maintenance": "live", "Auto-Submitted": "auto-generated"}
        for part, parser in ((calendar(event()), "genericprovider"), (("text/html", windstream()), "windstream")):
            found = reading(mail(part, **marks), parser)
            self.assertEqual((found.updates, found.ignored), ((), "Sent by the app itself (live)."))


class Words(ParseTestCase):
    """Status, method, ids and impacts."""

    def test_the_status(self) -> None:
        for fields, method, expected in (
            ({"X_MAINTNOTE_STATUS": " Canceled "}, "", ("CANCELLED", None)),
            ({"X_MAINTNOTE_STATUS": "in progress"}, "", ("IN-PROCESS", None)),
            ({"X_MAINTNOTE_STATUS": ""}, "CANCEL", ("CANCELLED", None)),
            ({"X_MAINTNOTE_STATUS": "", "STATUS": "CANCELLED"}, "REQUEST", ("CANCELLED", None)),
            ({"X_MAINTNOTE_STATUS": "", "STATUS": "TENTATIVE"}, "", ("NO-CHANGE", "TENTATIVE")),
            ({"X_MAINTNOTE_STATUS": "", "STATUS": "NEEDS-ACTION"}, "", ("NO-CHANGE", None)),
        ):
            with self.subTest(fields=fields, method=method):
                [found] = one(event(**fields), method).events
                self.assertEqual((found.status, found.default_status), expected)

    def test_words_that_contradict_or_are_unknown_are_doubts(self) -> None:
        for fields, method, status in (
            ({}, "CANCEL", "CONFIRMED"),
            ({"STATUS": "CANCELLED"}, "", "CONFIRMED"),
            ({"X_MAINTNOTE_STATUS": "X-SOON"}, "", "UNKNOWN"),
        ):
            with self.subTest(fields=fields, method=method):
                update = one(event(**fields), method)
                self.assertEqual(update.status, status)
                self.assertEqual(len(update.doubts), 1)

    def test_of_several_ids_the_primary_one_counts(self) -> None:
        first = event("CHG-0")
        second = first.replace(
            "END:VEVENT", "X-MAINTNOTE-MAINTENANCE-ID;X-MAINTNOTE-PRECEDENCE=primary:CHG-9\r\nEND:VEVENT"
        )

        self.assertEqual((one(second).maintenance_id, one(second).other_ids), ("CHG-9", ("CHG-0",)))

    def test_each_object_has_its_own_impact(self) -> None:
        own = f'{OBJECT};X-MAINTNOTE-OBJECT-IMPACT="degraded":C-2\r\n{OBJECT};X-MAINTNOTE-OBJECT-IMPACT=X-NEW:C\\, 3,C-4\r\nEND:VEVENT'
        text = event(X_MAINTNOTE_IMPACT="no impact").replace("END:VEVENT", own)

        self.assertEqual(
            one(text).circuits,
            (
                AnnouncedImpact("C-1", "NO-IMPACT"),
                AnnouncedImpact("C-2", "DEGRADED"),
                AnnouncedImpact("C, 3", "OUTAGE"),
                AnnouncedImpact("C-4", "OUTAGE"),
            ),
        )


class Times(ParseTestCase):
    """Windows of events and of series."""

    def test_a_duration_takes_the_place_of_an_end(self) -> None:
        text = without("DTEND").replace("END:VEVENT", "DURATION:PT2H\r\nEND:VEVENT")

        self.assertEqual(one(text).windows, (NIGHT,))

    def test_a_series_has_a_window_each_without_the_dates_that_are_left_out(self) -> None:
        rule = "RRULE:FREQ=DAILY;COUNT=3\r\nEXDATE:20260311T010000Z\r\nRDATE:20260320T010000Z\r\nEND:VEVENT"

        windows = one(event().replace("END:VEVENT", rule)).windows

        self.assertEqual([window.start.day for window in windows], [10, 12, 20])

    def test_a_moved_night_leaves_the_series(self) -> None:
        series = event(RRULE="FREQ=DAILY;COUNT=2")
        moved = event(day=15, RECURRENCE_ID="20260311T010000Z")

        [update] = read(mail(calendar(series, moved)))

        self.assertEqual([window.start.day for window in update.windows], [10, 15])

    def test_blanks_before_a_colon_and_a_zone_without_quotation_marks(self) -> None:
        text = event(X_MAINTNOTE_STATUS="CANCELLED").replace("STATUS:", "STATUS :")
        self.assertEqual(one(text).status, "CANCELLED")
        for zone, start, end in (
            ("(UTC+01:00) Amsterdam, Berlin, Bern", "20260310T020000", "20260310T040000"),
            ("UTC-05:30", "20260309T193000", "20260309T213000"),
        ):
            text = event().replace("DTSTART:20260310T010000Z", f"DTSTART;TZID={zone}:{start}")
            text = text.replace("DTEND:20260310T030000Z", f"DTEND;TZID={zone}:{end}")
            self.assertEqual(one(text).windows, (NIGHT,))

    def test_an_ending_word_needs_neither_times_nor_circuits(self) -> None:
        text = without("DTSTART", "DTEND", OBJECT, text=event(X_MAINTNOTE_STATUS="COMPLETED"))

        self.assertEqual((one(text).windows, one(text).circuits), ((), ()))


class PartlyRead(ParseTestCase):
    """Each event is read for itself."""

    def test_what_can_be_read_is_and_the_rest_is_named_once_by_code(self) -> None:
        broken = without("DTSTART", text=event("CHG-2")), event("CHG-3", DTEND="20260310T000000Z")

        found = reading(mail(calendar(event(), *broken)))

        self.assertEqual(names_in(list(found.updates)), ["CHG-1"])
        self.assertEqual(
            found.error,
            "READ-30: Event CHG-2 was not read: it has no DTSTART. "
            "Event CHG-3 was not read: its end is not after its start.",
        )

    def test_the_notice_beside_an_unreadable_calendar_is_read(self) -> None:
        raw = mail(("text/html", windstream()), calendar(without("DTSTART")))

        found = reading(raw, "windstream")

        self.assertEqual(names_in(list(found.updates)), ["WMT-1"])
        self.assertIn("READ-30: Event CHG-1", found.error)

    def test_an_event_that_is_cut_off_is_read_and_told(self) -> None:
        kind, whole = calendar(event(), event("CHG-2", circuits=("C-1", "C-2")))
        found = reading(mail((kind, whole[: whole.rindex("X-MAINTNOTE-OBJECT-ID")])))

        self.assertEqual([[cid for cid, _ in each.circuits] for each in found.updates], [["C-1"], ["C-1"]])
        self.assertIn("READ-30: Event CHG-2 is cut off", found.error)
        for harmless in (whole.replace("END:VCALENDAR", ""), whole.replace("END:VCALENDAR", "END:X-CALENDAR")):
            self.assertEqual(reading(mail((kind, harmless))).error, "")
        unclosed = whole.replace("END:VEVENT\r\nEND:VCALENDAR", "END:VCALENDAR")
        self.assertIn("Event CHG-2 is cut off", reading(mail((kind, unclosed))).error)

    def test_if_nothing_can_be_read_the_reason_is_that_of_the_calendar(self) -> None:
        reason = self.reason(mail(calendar(without("DTSTART"))), "genericprovider")

        self.assertEqual(reason, "READ-30: Event CHG-1 was not read: it has no DTSTART.")

    def test_what_cannot_be_read(self) -> None:
        for fields, reason in (
            ({"RRULE": "FREQ=DAILY"}, "repeats without end"),
            ({"RRULE": "FREQ=SECONDLY;COUNT=9"}, "is not supported"),
            ({"RRULE": "FREQ=DAILY;COUNT=99999"}, "repeats 99999 times"),
            ({"RRULE": "nonsense"}, "RRULE"),
            ({"RRULE": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31;COUNT=3"}, "names no day within two years"),
            ({"RRULE": "FREQ=MONTHLY;BYDAY=6MO;UNTIL=20270310T000000Z"}, "names no day within two years"),
            ({"RRULE": "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=10;COUNT=4"}, "repeats for more than two years"),
            ({"RRULE": "FREQ=DAILY;COUNT=x"}, "cannot be read"),
            ({"RRULE": "FREQ=WEEKLY;BYDAY=2MO;COUNT=2"}, "is not supported"),
            ({"RRULE": "FREQ=DAILY;COUNT=0"}, "repeats 0 times"),
            ({"RECURRENCE-ID;RANGE=THISANDFUTURE": "20260310T010000Z"}, "RANGE"),
            ({"EXDATE": "20260310T010000Z", "RDATE": "20260310T010000Z"}, "leaves no window"),
            ({"RDATE": "20260310T010000Z/20260310T010000Z"}, "does not end after its start"),
        ):
            with self.subTest(fields):
                self.assertIn(reason, self.reason(mail(calendar(event(**fields))), "genericprovider"))


class Replies(ParseTestCase):
    """What a reply quotes is not announced again."""

    headers = {"Subject": "Re: Planned work", "In-Reply-To": "<1@x>"}

    def reply(self, text: str, quoted: str = "") -> bytes:
        """Return a reply above a quoted notice."""
        quote = f"<blockquote type='cite'>{quoted or windstream()}</blockquote>"
        return mail(("text/html", f"<html><body>{text}{quote}</body></html>"), **self.headers)

    def test_a_reply_that_announces_nothing_names_what_it_quotes(self) -> None:
        found = reading(self.reply("<p>Thanks.</p>"), "windstream")

        self.assertEqual((found.updates, found.quoted), ((), ("WMT-1",)))

    def test_the_notice_above_a_quote_counts(self) -> None:
        self.assertEqual(names_in(read(self.reply(windstream("WMT-2")), "windstream")), ["WMT-2"])

    def test_a_cancellation_above_the_old_notice_takes_id_and_window_from_it(self) -> None:
        [update] = read(self.reply("<p>This maintenance has been cancelled.</p>"), "windstream")

        self.assertEqual((update.maintenance_id, update.status, len(update.windows)), ("WMT-1", "CANCELLED", 1))
        self.assertEqual(len(update.doubts), 1)

    def test_a_condition_or_a_question_is_no_cancellation(self) -> None:
        for text in (
            "If it is cancelled, we will write.",
            "Was it cancelled?",
            "It is not cancelled.",
            "Once completed, we write.",
        ):
            with self.subTest(text):
                self.assertEqual(reading(self.reply(f"<p>{text}</p>"), "windstream").quoted, ("WMT-1",))

    def test_a_forward_and_a_mere_quote_are_read(self) -> None:
        forward = mail(
            ("text/html", f"<p>FYI</p><blockquote type='cite'>{windstream()}</blockquote>"), Subject="Fwd: Work"
        )

        self.assertEqual(names_in(read(forward, "windstream")), ["WMT-1"])
        self.assertEqual(names_in(read(self.reply(""), "windstream")), ["WMT-1"])


@pytest.mark.slow
class Bounds(ParseTestCase):
    """Hostile calendars cost little CPU time."""

    def assert_quick(self, raw: bytes, seconds: float) -> Reading | None:
        """Read a message within this time; what it announces, None if it cannot be read."""
        found: list[Reading | None] = []

        def read_it() -> None:
            try:
                found.append(reading(raw))
            except ParseError:
                found.append(None)

        assert_cpu_below(seconds, read_it)
        return found[-1]

    def assert_refused_quickly(self, part: tuple[str, str]) -> None:
        """Check that a calendar is refused with a sentence, and costs little."""
        raw = mail(part)
        self.assertTrue(self.reason(raw).startswith("READ-30: Event CHG-1 was not read: "), self.reason(raw))
        assert_cpu_below(_LITTLE, self.reason, raw)

    def test_hostile_rules(self) -> None:
        for rule in (
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31;COUNT=3",
            "FREQ=DAILY;COUNT=500;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31;UNTIL=20270301T000000Z",
            "FREQ=DAILY;BYSETPOS=300;COUNT=3",
            "FREQ=DAILY;INTERVAL=7;BYDAY=MO;COUNT=3",
            "FREQ=WEEKLY;BYMONTH=13;COUNT=3",
            "FREQ=MONTHLY;BYDAY=6MO;COUNT=3",
            "FREQ=YEARLY;COUNT=500;BYMONTHDAY=29;BYMONTH=2",
            "FREQ=YEARLY;BYDAY=54MO;COUNT=3",
            "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31;COUNT=3",
            "FREQ=SECONDLY;COUNT=99999999",
            "FREQ=DAILY;COUNT=99999999999999999999",
            "FREQ=DAILY;UNTIL=99991231T000000Z",
            "FREQ=DAILY;INTERVAL=999999999;COUNT=500",
            "FREQ=MONTHLY;COUNT=500;BYDAY=5MO;BYSETPOS=-366",
            "FREQ=WEEKLY;COUNT=500;BYDAY=" + ",".join(["MO"] * 10_000),
            "FREQ=DAILY;COUNT=1;" * 10_000,
            "FREQ=DAILY;UNTIL=20260310T010000Z;BYMONTHDAY=" + ",".join(["31"] * 50_000),
            "FREQ=DAILY;BYMONTHDAY=31;COUNT=1\r\nRRULE:" * 500 + "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31;COUNT=3",
        ):
            with self.subTest(rule[:60]):
                self.assert_refused_quickly(calendar(event(RRULE=rule)))

    def test_hostile_definitions_of_time_zones(self) -> None:
        """They are left out: the name alone is not known."""
        for definition in (
            ["DTSTART:19700101T000000", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31"],
            ["DTSTART:19700101T000000", "RRULE:FREQ=SECONDLY;COUNT=99999999"],
            ["DTSTART:16010101T000000", "RRULE:FREQ=DAILY"],
            ["DTSTART:16010101T000000", *["RDATE:20200101T000000"] * 20_000],
            ["DTSTART:16010101T000000", "END:STANDARD", *["BEGIN:STANDARD", "END:STANDARD"] * 3_000, "BEGIN:STANDARD"],
        ):
            offsets = ["TZOFFSETFROM:+0100", "TZOFFSETTO:+0200"]
            lines = ["TZID:Here", "BEGIN:STANDARD", *offsets, *definition, "END:STANDARD", "END:VTIMEZONE"]
            night = "DTSTART;TZID=Here:20260310T010000\r\nDTEND;TZID=Here:20260310T030000\r\nEND:VEVENT"
            text = without("DTSTART", "DTEND").replace("END:VEVENT", night)
            with self.subTest(definition[1][:60]):
                self.assert_refused_quickly(calendar("BEGIN:VTIMEZONE", *lines, text))

    def test_rules_of_time_zones_that_name_no_day_or_never_end(self) -> None:
        for rule in ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "FREQ=YEARLY;BYDAY=60SU", "FREQ=YEARLY;COUNT=99999999"):
            offsets = ["TZOFFSETFROM:+0100", "TZOFFSETTO:+0100", "DTSTART:16010101T000000"]
            lines = ["TZID:Here", "BEGIN:STANDARD", *offsets, f"RRULE:{rule}", "END:STANDARD", "END:VTIMEZONE"]
            night = "DTSTART;TZID=Here:20260310T020000\r\nDTEND;TZID=Here:20260310T040000\r\nEND:VEVENT"
            text = without("DTSTART", "DTEND").replace("END:VEVENT", night)
            found = self.assert_quick(mail(calendar("BEGIN:VTIMEZONE", *lines, text)), _LITTLE)

            self.assertEqual([update.windows for update in found.updates] if found else None, [(NIGHT,)])

    def test_texts_of_a_message_have_lengths(self) -> None:
        """The raw message keeps everything; what is stored, shown and sent on does not grow with it."""
        fields = ("SUMMARY", "X_MAINTNOTE_ACCOUNT", "X_MAINTNOTE_PROVIDER", "ORGANIZER", "UID")
        raw = mail(calendar(event(**dict.fromkeys(fields, "x" * 1000000))))
        found = self.assert_quick(raw, 2)
        [update] = found.updates if found else ()
        [only] = update.events

        self.assertEqual(len(update.description), 10_000)
        self.assertEqual({len(each) for each in (update.account, update.provider, update.organizer, only.uid)}, {255})
        self.assertLess(len(json.dumps(to_json(update))), 13_000)

    def test_long_uids_stay_distinct(self) -> None:
        uids = [one(event(UID="x" * 300 + end)).events[0].uid for end in "ab"]

        self.assertEqual(len(set(uids)), 2)

    def test_ten_thousand_dates(self) -> None:
        dates = [
            (datetime(2026, 3, 10, 1) + timedelta(hours=hour)).strftime("%Y%m%dT%H%M%SZ") for hour in range(10_000)
        ]
        for text in (
            event(RRULE="FREQ=DAILY;COUNT=3", EXDATE=",".join(dates)),
            event(RDATE=",".join(dates)),
            event(**{"RDATE;VALUE=PERIOD": ",".join(f"{each}/PT1H" for each in dates)}),
            event(RRULE="FREQ=DAILY;COUNT=3").replace(
                "END:VEVENT", "".join(f"EXDATE:{each}\r\n" for each in dates) + "END:VEVENT"
            ),
        ):
            self.assert_refused_quickly(calendar(text))

    def test_a_thousand_events(self) -> None:
        found = self.assert_quick(mail(calendar(*(event(f"CHG-{number}") for number in range(1_000)))), 3)

        self.assertEqual(len(found.updates) if found else 0, 1_000)

    def test_five_thousand_nested_quotes(self) -> None:
        nested = "<p>Thanks" + "<blockquote type=cite>x" * 5_000
        marked = "\r\n".join(">" * number for number in range(1, 5_001))
        for part in (("text/html", nested), ("text/plain", marked)):
            self.assert_quick(mail(part, **Replies.headers), _LITTLE)

    def test_components_and_lines_without_end(self) -> None:
        for text in (
            "BEGIN:VCALENDAR\r\n" + "BEGIN:VEVENT\r\n" * 3_000 + "X-MAINTNOTE-MAINTENANCE-ID:1",
            "BEGIN:VCALENDAR\r\nX-MAINTNOTE-MAINTENANCE-ID" + ";a=b" * 100_000 + ":1",
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nX-MAINTNOTE-MAINTENANCE-ID:1\r\n" + "\r\n x" * 200_000,
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nX-MAINTNOTE-MAINTENANCE-ID:1\r\nX-MAINTNOTE-OBJECT-ID:"
            + "\\" * 100_000,
        ):
            with self.subTest(text[:60]):
                self.assert_quick(mail(("text/calendar", text)), 5)
