"""Parse: mails as they really come, and the hazards of the parser library."""

import os
import resource
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest import TestCase, mock

from nautobot_circuit_maintenance.inbound.errors import ParseError
from nautobot_circuit_maintenance.inbound.limits import Limits
from nautobot_circuit_maintenance.inbound.parse import known_parser_names, normalised_name, parse
from nautobot_circuit_maintenance.inbound.values import CircuitWord, MaintenanceUpdate, Window

from .parser_mails import RECEIVED, calendar, envelope, event, mail, read, windstream

COGENT = """Dear Customer,

Start time: 10:00pm CT 11/03/2026
End time: 5:00am CT 12/03/2026
Work order number: VN16123
Order ID(s) impacted: 1-300123456

Cogent customers receiving service in {city}, MN will be affected by this outage.
"""
# The package itself needs Django, what it parses with does not: so the other interpreter starts in a second.
OTHER_INTERPRETER = """
import sys, types
package = types.ModuleType("nautobot_circuit_maintenance")
package.__path__ = [sys.argv[1]]
sys.modules[package.__name__] = package
from datetime import datetime, timezone
from nautobot_circuit_maintenance.inbound.parse import parse
from nautobot_circuit_maintenance.inbound.values import Envelope
envelope = Envelope(datetime.now(timezone.utc), None, "")
print([update.maintenance_id for update in parse(sys.stdin.buffer.read(), ["windstream"], envelope)])
"""


class ParseTestCase(TestCase):
    """Says what a mail that cannot be read is."""

    def reason(self, raw: bytes, *names: str, limits: Limits | None = None) -> str:
        """Return why a message cannot be read; every reason is short enough for a table."""
        with self.assertRaises(ParseError) as caught:
            parse(raw, names, envelope(raw), limits)
        self.assertLessEqual(len(str(caught.exception)), 1_000)
        return str(caught.exception)


class WhatAMailSays(ParseTestCase):
    """The values that come out of a readable mail."""

    def test_a_calendar_becomes_an_update(self) -> None:
        raw = mail(("text/plain", "See the calendar."), calendar(event(circuits=("C-1", "C-2"))))

        [update] = read(raw, "genericprovider")

        self.assertEqual((update.maintenance_id, update.status, update.sequence), ("CHG-1", "CONFIRMED", 1))
        self.assertEqual(update.description, "Card exchange")
        self.assertEqual(update.windows, (window(10),))
        self.assertEqual(update.circuits, (CircuitWord("C-1", "OUTAGE"), CircuitWord("C-2", "OUTAGE")))
        self.assertEqual(update.issued_at, datetime(2026, 3, 2, 9, tzinfo=timezone.utc))
        self.assertEqual(update.envelope, envelope(raw))

    def test_the_json_names_the_parsers_and_whether_a_model_guessed(self) -> None:
        [update] = read(mail(calendar(event())), "genericprovider")

        self.assertEqual(update.items[0]["account"], "137.035999173")
        self.assertEqual(
            update.items[0]["metadata"],
            {
                "provider": "genericprovider",
                "processor": "SimpleProcessor",
                "parsers": ["ICal"],
                "generated_by_llm": False,
                "tokens_used": 0,
            },
        )

    def test_several_windows_of_one_id_are_one_update(self) -> None:
        raw = mail(calendar(event("CHG-2", day=12), event("CHG-1"), event("CHG-2", day=11)))

        updates = read(raw, "genericprovider")

        self.assertEqual([update.maintenance_id for update in updates], ["CHG-2", "CHG-1"])
        self.assertEqual(updates[0].windows, (window(11), window(12)))

    def test_each_calendar_of_a_mail_is_read_and_an_invitation_beside_them_is_not(self) -> None:
        invitation = "BEGIN:VEVENT\r\nSUMMARY:Lunch\r\nEND:VEVENT"
        raw = mail(calendar(event("CHG-1")), calendar(invitation), calendar(event("CHG-2")))

        self.assertEqual(names_in(read(raw, "genericprovider")), ["CHG-1", "CHG-2"])

    def test_a_calendar_that_is_there_twice_counts_once(self) -> None:
        again = ("text/calendar; method=REQUEST", calendar(event())[1] + "\r\n")

        [update] = read(mail(calendar(event()), again), "genericprovider")

        self.assertEqual(len(update.items), 1)

    def test_circuit_ids_are_stripped_and_empty_ones_dropped(self) -> None:
        [update] = read(mail(calendar(event(circuits=(" C-1 ", " ")))), "genericprovider")

        self.assertEqual(update.circuits, (CircuitWord("C-1", "OUTAGE"),))

    def test_a_cancellation_without_circuits_is_legal(self) -> None:
        raw = mail(calendar(event(circuits=(), X_MAINTNOTE_STATUS="CANCELLED")))

        self.assertEqual(read(raw, "genericprovider")[0].circuits, ())

    def test_what_no_column_holds_is_refused_with_the_reason(self) -> None:
        for fields, reason in (
            ({"name": "M" * 256}, "a maintenance id of 256 characters is longer than 255"),
            ({"circuits": ("C" * 256,)}, "a circuit id of 256 characters is longer than 255"),
            ({"SEQUENCE": str(2**31)}, "SEQUENCE is no integer of RFC 5545"),
            ({"DTSTAMP": "00010101T000000Z"}, "stamp is no time that a calendar has"),
            ({"DTEND": "99991231T235959Z"}, "end is no time that a calendar has"),
        ):
            with self.subTest(reason):
                self.assertIn(reason, self.reason(mail(calendar(event(**fields))), "genericprovider"))

    def test_no_text_keeps_a_character_that_a_database_refuses(self) -> None:
        [update] = read(mail(calendar(event(SUMMARY="Card\0 exchange"))), "genericprovider")

        self.assertEqual(update.description, "Card exchange")


class WhichParser(ParseTestCase):
    """The names of a provider's custom field."""

    def test_names_are_found_however_people_spell_them(self) -> None:
        self.assertEqual(normalised_name("Crown Castle"), "crowncastle")
        self.assertEqual(normalised_name("AT&T "), "att")
        self.assertEqual(names_in(read(mail(calendar(event())), "Generic-Provider")), ["CHG-1"])

    def test_the_known_names_are_those_of_the_library(self) -> None:
        self.assertLessEqual({"genericprovider", "crowncastle", "att"}, set(known_parser_names()))
        self.assertEqual(list(known_parser_names()), sorted(known_parser_names()))

    def test_an_unknown_name_says_what_to_do(self) -> None:
        for name in ("Fjordbreen", "", "&"):
            reason = self.reason(mail(calendar(event())), name)

            self.assertIn(f'no parser "{name}"', reason)
            self.assertIn('custom field "Parser for Circuit Maintenance plugin"', reason)
            self.assertIn("genericprovider", reason)
            self.assertIn("Reprocess", reason)

    def test_no_name_at_all_says_what_to_do(self) -> None:
        self.assertIn("no parser", self.reason(mail(calendar(event()))))

    def test_the_next_parser_reads_what_the_first_does_not(self) -> None:
        raw = mail(("text/html", windstream()))

        self.assertEqual(names_in(read(raw, "genericprovider", "windstream")), ["WMT-1"])
        self.assertEqual(names_in(read(raw, "nonsense", "windstream")), ["WMT-1"])
        self.assertEqual(names_in(read(raw, "zayo", "windstream")), ["WMT-1"])

    def test_the_reasons_of_all_parsers_are_told(self) -> None:
        reason = self.reason(mail(("text/html", "<p>Hello")), "genericprovider", "windstream", "nonsense")

        self.assertIn("genericprovider: ", reason)
        self.assertIn("windstream: ", reason)
        self.assertIn('no parser "nonsense"', reason)

    def test_a_hundred_names_still_give_a_short_reason(self) -> None:
        self.reason(mail(("text/plain", "Hello")), *(f"nonsense {number}" for number in range(100)))


class NotAMaintenance(ParseTestCase):
    """The library's own filters, and what only looks like them."""

    disturbance = {"Subject": "Disturbance Information"}

    def test_what_the_library_filters_is_no_error(self) -> None:
        self.assertEqual(read(mail(calendar(event()), **self.disturbance), "arelion"), [])
        self.assertEqual(read(mail(("text/html", "<p>Your invoice")), "zayo"), [])
        self.assertEqual(read(mail(calendar(event()), **self.disturbance), "arelion", "equinix"), [])

    def test_another_parser_may_want_what_the_first_one_filters(self) -> None:
        raw = mail(calendar(event()), **self.disturbance)

        self.assertEqual(names_in(read(raw, "arelion", "genericprovider")), ["CHG-1"])

    def test_an_error_beside_a_filter_is_what_a_person_must_see(self) -> None:
        raw = mail(("text/plain", "Hello"), **self.disturbance)

        for names in (("arelion", "genericprovider"), ("genericprovider", "arelion")):
            self.assertIn("genericprovider: ", self.reason(raw, *names))

    def test_the_second_html_part_counts_for_a_filter_too(self) -> None:
        raw = mail(("text/html", "<p>Confidential"), ("text/html", "<p>Maintenance Ticket #: "))

        self.assertIn("zayo: ", self.reason(raw, "zayo"))

    def test_finding_nothing_without_a_filter_is_an_error(self) -> None:
        self.assertIn("found no maintenance in it", self.reason(mail(calendar()), "genericprovider"))


class Hazards(ParseTestCase):
    """What the library's own reader of mails stumbles over (design/parser.md)."""

    def test_a_mail_without_subject_is_read(self) -> None:
        for name in ("genericprovider", "arelion"):  # arelion's filter looks at the subject
            self.assertEqual(names_in(read(mail(calendar(event()), Subject=None), name)), ["CHG-1"])

    def test_a_mail_without_a_readable_date_was_issued_when_it_was_received(self) -> None:
        for date in (None, "yesterday"):
            [update] = read(mail(("text/html", windstream()), Date=date), "windstream")

            self.assertEqual(update.issued_at, RECEIVED)

    def test_the_date_header_says_when_a_mail_was_issued(self) -> None:
        [update] = read(mail(("text/html", windstream()), Date="Mon, 2 Mar 2026 10:30:00 +0100"), "windstream")

        self.assertEqual(update.issued_at, datetime(2026, 3, 2, 9, 30, tzinfo=timezone.utc))

    def test_parts_in_any_encoding_are_read(self) -> None:
        html = windstream()
        for content_type, content in (
            ("text/html; charset=iso-8859-1", html.encode("latin-1")),
            ("text/html; charset=utf-8", html.encode("utf-8")),
            ("text/html; charset=utf-16", html.encode("utf-16")),
            ("text/html", html.encode("utf-8")),
            ("text/html", html.encode("latin-1")),
            ("text/html; charset=us-ascii", html.encode("latin-1")),
            ("text/html; charset=x-unknown", html.encode("utf-8")),
            ("text/html; charset=rot13", html.encode("utf-8")),
        ):
            with self.subTest(content_type):
                [update] = read(mail((content_type, content)), "windstream")

                self.assertEqual(update.description, "Glasfaser für Café Zürich")

    def test_a_calendar_may_be_latin_1_too(self) -> None:
        _, text = calendar(event(SUMMARY="Zürich"))

        for content_type, content in (
            ("text/calendar; charset=iso-8859-1", text.encode("latin-1")),
            ("text/calendar; charset=utf-8", text.encode("utf-8-sig")),
        ):
            self.assertEqual(read(mail((content_type, content)), "genericprovider")[0].description, "Zürich")

    def test_one_latin_1_part_spoils_no_other(self) -> None:
        greeting = ("text/plain; charset=iso-8859-1", "Grüße".encode("latin-1"))

        self.assertEqual(names_in(read(mail(greeting, calendar(event())), "genericprovider")), ["CHG-1"])

    def test_a_bounce_without_content_is_an_error(self) -> None:
        bounce = "From: MAILER-DAEMON@example.com\r\nContent-Type: multipart/report; report-type=delivery-status"

        for raw in (
            f"{bounce}; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n--b--\r\n".encode(),
            f"{bounce}\r\n\r\n".encode(),
            mail(("text/calendar", "")),
            b"",
        ):
            self.assertIn("genericprovider: ", self.reason(raw, "genericprovider"))

    def test_a_subject_of_64_kb_costs_no_time(self) -> None:
        account = "OCN\tCircuit ID\r\n12345\tC-1\r\n".encode("utf-16")
        raw = mail(("text/csv", account), Subject="A " * 32_768)

        started = time.process_time()
        self.reason(raw, "colt")

        self.assertLess(time.process_time() - started, 4)

    def test_a_city_that_the_library_does_not_know_stays_in_the_house(self) -> None:
        raw = mail(("text/plain", COGENT.format(city="Nowhereville")), Subject="Planned outage 1-300123456")

        with mock.patch("socket.socket.connect") as connect, mock.patch("socket.getaddrinfo") as look_up:
            started = time.monotonic()
            reason = self.reason(raw, "cogent")

        self.assertIn("Nowhereville, MN is not in the parser library's table of cities", reason)
        self.assertLess(time.monotonic() - started, 5)
        connect.assert_not_called()
        look_up.assert_not_called()

    def test_a_city_that_it_knows_sets_the_time_zone(self) -> None:
        raw = mail(("text/plain", COGENT.format(city="Minneapolis")), Subject="Planned outage 1-300123456")

        [update] = read(raw, "cogent")

        start = datetime(2026, 3, 12, 3, tzinfo=timezone.utc)
        self.assertEqual(update.windows, (Window(start, start + timedelta(hours=7)),))

    def test_of_two_html_parts_the_first_is_read_whatever_the_hash_seed(self) -> None:
        raw = mail(*(("text/html", windstream(f"WMT-{number}")) for number in (2, 1, 3)))
        code = [sys.executable, "-c", OTHER_INTERPRETER, str(Path(__file__).parents[2])]

        found = {
            subprocess.run(
                code, input=raw, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
            ).stdout
            for seed in ("1", "2", "3")
        }

        self.assertEqual(found, {f"['WMT-2']{os.linesep}".encode()})

    def test_where_the_first_html_part_says_nothing_the_next_is_read(self) -> None:
        disclaimer = ("text/html", "<p>Confidential")

        self.assertEqual(names_in(read(mail(disclaimer, ("text/html", windstream())), "windstream")), ["WMT-1"])

    def test_a_forwarded_mail_is_read(self) -> None:
        raw = mail(("text/html", "<p>FYI"), ("message/rfc822", mail(("text/html", windstream()))))

        self.assertEqual(names_in(read(raw, "windstream")), ["WMT-1"])

    def test_without_the_excel_extra_the_reason_names_it(self) -> None:
        sheet = ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04")
        raw = mail(("text/html", "<p>Event ID: 1"), sheet)

        with mock.patch("circuit_maintenance_parser.parser.READ_EXCEL_PRESENT", False):
            reason = self.reason(raw, "att")

        self.assertIn('pip install "nautobot-circuit-maintenance[xlsx]"', reason)

    def test_errors_that_leak_from_the_library_are_reasons(self) -> None:
        raw = mail(("text/html", windstream(title="Notification", rows=0)))

        self.assertIn("windstream: KeyError: 'status'", self.reason(raw, "windstream"))

    def test_a_reason_never_carries_the_mail(self) -> None:
        secret = "the circuits of our customer "
        for raw, name in (
            (mail(("text/html", f"<p>Maintenance Ticket #: {secret * 999}")), "zayo"),
            (mail(("text/calendar", f"BEGIN:VCALENDAR\r\n{secret * 999}")), "genericprovider"),
            (mail(calendar(event(X_MAINTNOTE_STATUS=secret * 999))), "genericprovider"),
        ):
            self.assertLess(len(self.reason(raw, name)), 400)

    def test_nothing_of_a_mail_is_logged(self) -> None:
        with self.assertNoLogs(level="WARNING"):
            read(mail(("text/html", "<p>Your invoice")), "zayo")


class Bombs(ParseTestCase):
    """Mails that are made to cost time or memory."""

    def test_a_parse_that_takes_too_long_ends_and_the_next_one_works(self) -> None:
        before = signal.getsignal(signal.SIGALRM)
        raw = mail(("text/html", windstream(rows=20_000)))

        started = time.monotonic()
        self.assertIn("took longer than 0.2 seconds", self.reason(raw, "windstream", limits=Limits(seconds=0.2)))

        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(signal.getsignal(signal.SIGALRM), before)
        self.assertEqual(names_in(read(mail(("text/html", windstream())), "windstream")), ["WMT-1"])

    def test_a_parse_that_takes_too_much_memory_ends_and_the_next_one_works(self) -> None:
        before = resource.getrlimit(resource.RLIMIT_AS)
        raw = mail(("text/plain", b"x" * 30_000_000))

        reason = self.reason(raw, "genericprovider", limits=Limits(memory=20 * 1024**2))

        self.assertIn("took more than 20 MiB of memory", reason)
        self.assertEqual(resource.getrlimit(resource.RLIMIT_AS), before)
        self.assertEqual(names_in(read(mail(calendar(event())), "genericprovider")), ["CHG-1"])

    def test_thousands_of_parts_are_bounded(self) -> None:
        raw = mail(calendar(event()), *[("text/html", f"<p>{number}") for number in range(5_000)])

        self.assertEqual(names_in(read(raw, "genericprovider")), ["CHG-1"])

    def test_parts_in_parts_without_end_are_an_error(self) -> None:
        nested = b"".join(
            b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (depth, depth) for depth in range(2_000)
        )

        self.assertIn("nested too deeply", self.reason(b"From: noc@example.com\r\n" + nested, "genericprovider"))


def names_in(updates: list[MaintenanceUpdate]) -> list[str]:
    """Return the maintenance ids of updates."""
    return [update.maintenance_id for update in updates]


def window(day: int) -> Window:
    """Return the window that a calendar event of that day has."""
    return Window(datetime(2026, 3, day, 1, tzinfo=timezone.utc), datetime(2026, 3, day, 3, tzinfo=timezone.utc))
