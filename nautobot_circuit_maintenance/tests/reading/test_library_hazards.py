"""Messages that the parser library itself fails on, and messages that are made to cost time or memory."""

import os
import resource
import signal
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest import mock

import pytest

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.mail.limits import Limits
from nautobot_circuit_maintenance.tests.reading.parser_mails import (
    RECEIVED,
    ParseTestCase,
    calendar,
    event,
    mail,
    names_in,
    read,
    windstream,
)

COGENT = """Dear Customer,

Start time: 10:00pm (local time) 03/11/2026
End time: 5:00am (local time) 03/12/2026
Work order number: VN16123
Order ID(s) impacted: 1-300123456

Cogent customers receiving service in {city}, MN will be affected by this outage.
"""
# The package itself needs Django, its reading modules do not; without it the other interpreter starts in a second.
OTHER_INTERPRETER = """
import sys, types
package = types.ModuleType("nautobot_circuit_maintenance")
package.__path__ = [sys.argv[1]]
sys.modules[package.__name__] = package
from datetime import datetime, timezone
from nautobot_circuit_maintenance.reading.parse import parse
from nautobot_circuit_maintenance.domain.updates import Provenance
provenance = Provenance(datetime.now(timezone.utc), None, "")
print([update.maintenance_id for update in parse(sys.stdin.buffer.read(), ["windstream"], provenance).updates])
"""


class Hazards(ParseTestCase):
    """Messages that the library's own reader fails on."""

    def test_a_mail_without_subject_is_read(self) -> None:
        for name in ("genericprovider", "arelion"):  # arelion's filter looks at the subject
            self.assertEqual(names_in(read(mail(calendar(event()), Subject=None), name)), ["CHG-1"])

    def test_a_mail_without_a_readable_date_was_issued_when_it_was_received(self) -> None:
        for date in (None, "yesterday"):
            [update] = read(mail(("text/html", windstream()), Date=date), "windstream")

            self.assertEqual(update.issued_at, RECEIVED)

    def test_the_date_header_is_when_a_mail_was_issued(self) -> None:
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

    def test_the_charset_of_a_part_outranks_that_of_its_html(self) -> None:
        html = windstream().replace("<html>", '<html><head><meta charset="iso-8859-7"></head>')

        [update] = read(mail(("text/html; charset=utf-8", html)), "windstream")

        self.assertEqual(update.description, "Glasfaser für Café Zürich")

    def test_a_folded_subject_is_one_line(self) -> None:
        raw = mail(("text/html", "<p>Hello"), Subject="Scheduled Network\r\n\tMaintenance")

        self.assertIn("[equinix]", self.reason(raw, "equinix"))  # its filter did not reject the subject

    def test_a_latin_1_part_does_not_affect_others(self) -> None:
        greeting = ("text/plain; charset=iso-8859-1", "Grüße".encode("latin-1"))

        self.assertEqual(names_in(read(mail(greeting, calendar(event())), "genericprovider")), ["CHG-1"])

    def test_a_message_without_content_is_an_error(self) -> None:
        for raw in (mail(("text/calendar", "")), b""):
            self.assertIn("no content this parser can read", self.reason(raw, "genericprovider"))

    def test_a_subject_of_64_kb_costs_no_time(self) -> None:
        account = "OCN\tCircuit ID\r\n12345\tC-1\r\n".encode("utf-16")
        raw = mail(("text/csv", account), Subject="A " * 32_768)

        self.assertIn("SubjectParserColt2 parser was not able to", self.reason(raw, "colt"))

    def test_an_unknown_city_is_not_looked_up_online(self) -> None:
        raw = mail(("text/plain", COGENT.format(city="Nowhereville")), Subject="Planned outage 1-300123456")

        with mock.patch("socket.socket.connect") as connect, mock.patch("socket.getaddrinfo") as look_up:
            reason = self.reason(raw, "cogent")

        self.assertIn('READ-14: City "Nowhereville, MN" is not in the parser library\'s table', reason)
        connect.assert_not_called()
        look_up.assert_not_called()

    @pytest.mark.slow
    def test_a_known_city_sets_the_time_zone(self) -> None:
        raw = mail(("text/plain", COGENT.format(city="Minneapolis")), Subject="Planned outage 1-300123456")

        [update] = read(raw, "cogent")

        start = datetime(2026, 3, 12, 3, tzinfo=timezone.utc)
        self.assertEqual(update.windows, (Window(start, start + timedelta(hours=7)),))

    @pytest.mark.slow
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

    def test_the_next_html_part_is_read_if_the_first_has_no_maintenance(self) -> None:
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

        self.assertIn("Install the extra 'xlsx' on the workers, restart them, then reprocess. [att]", reason)

    def test_errors_that_leak_from_the_library_are_reasons(self) -> None:
        raw = mail(("text/html", windstream(title="Notification", rows=0)))

        self.assertIn("The parser failed: KeyError: 'status' [windstream]", self.reason(raw, "windstream"))

    def test_a_reason_never_carries_the_mail(self) -> None:
        secret = "the circuits of our customer "
        for raw, name in (
            (mail(("text/html", f"<p>Maintenance Ticket #: {secret * 999}")), "zayo"),
            (mail(("text/calendar", f"BEGIN:VCALENDAR\r\n{secret * 999}")), "genericprovider"),
            (mail(calendar(event(DTSTART=secret * 999))), "genericprovider"),
        ):
            self.assertLess(len(self.reason(raw, name)), 400)
        quoted = self.reason(mail(("text/csv", "Hello"), Subject="Work for a customer"), "colt")
        self.assertNotIn("customer", quoted)

    def test_nothing_of_a_mail_is_logged(self) -> None:
        with self.assertNoLogs(level="WARNING"):
            read(mail(("text/html", "<p>Your invoice")), "zayo")


@pytest.mark.slow
class Bombs(ParseTestCase):
    """Messages that are made to cost time or memory."""

    def test_a_parse_that_takes_too_long_ends_and_the_next_one_works(self) -> None:
        before = signal.getsignal(signal.SIGPROF)
        # Another regular expression that takes quadratic time, this one on the text.
        raw = mail(("text/plain", "Cogent customers receiving service in " + "New York " * 10_000))

        reason = self.reason(raw, "cogent", limits=Limits(cpu_seconds=0.2))

        self.assertIn("Parsing exceeded 0.2 CPU seconds.", reason)
        self.assertEqual(signal.getsignal(signal.SIGPROF), before)
        self.assertEqual(names_in(read(mail(("text/html", windstream())), "windstream")), ["WMT-1"])

    def test_a_parse_that_takes_too_much_memory_ends_and_the_next_one_works(self) -> None:
        before = resource.getrlimit(resource.RLIMIT_AS)
        raw = mail(("text/plain", b"x" * 30_000_000))

        reason = self.reason(raw, "genericprovider", limits=Limits(memory=20 * 1024**2))

        self.assertIn("Parsing exceeded 20 MiB of memory.", reason)
        self.assertEqual(resource.getrlimit(resource.RLIMIT_AS), before)
        self.assertEqual(names_in(read(mail(calendar(event())), "genericprovider")), ["CHG-1"])

    def test_a_memory_error_inside_the_library_is_the_reason(self) -> None:
        raw = mail(("text/html", windstream()))

        with mock.patch("circuit_maintenance_parser.parser.bs4.BeautifulSoup", side_effect=MemoryError):
            self.assertEqual(self.reason(raw, "windstream"), "READ-19: Parsing needed too much memory. [windstream]")

    def test_at_most_a_thousand_parts_are_read(self) -> None:
        pages = [("text/html", f"<p>{number}") for number in range(5_000)]

        self.assertEqual(names_in(read(mail(calendar(event()), *pages), "genericprovider")), ["CHG-1"])
        self.assertIn(
            "no content this parser can read", self.reason(mail(*pages, calendar(event())), "genericprovider")
        )

    def test_too_many_circuits_or_maintenances_are_an_error(self) -> None:
        some, many = (tuple(f"C-{number}" for number in range(count)) for count in (500, 20_001))

        self.assertIn(
            "Too many circuit IDs (20,001, limit 20,000)",
            self.reason(mail(calendar(event(circuits=many))), "genericprovider"),
        )
        crowd = calendar(*(event(f"CHG-{number}") for number in range(1_001)))
        self.assertIn("Too many maintenances (1,001, limit 1,000)", self.reason(mail(crowd), "genericprovider"))
        [update] = read(mail(calendar(*(event(day=day, circuits=some) for day in range(10, 20)))), "genericprovider")
        self.assertEqual((len(update.windows), len(update.circuits)), (10, 5_000))

    def test_parameters_of_a_header_take_no_time_and_hide_no_part(self) -> None:
        """Python needs minutes for them, and raises ValueError for a NUL."""
        for charset in ("; a=b" * 200_000, "; charset*=\0''x", "; charset=punycode", "; charset=idna"):
            raw = mail((f"text/calendar{charset}", calendar(event())[1]))

            self.assertEqual(names_in(read(raw, "genericprovider")), ["CHG-1"])

    def test_parts_in_parts_without_end_are_an_error(self) -> None:
        nested = b"".join(
            b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (depth, depth) for depth in range(2_000)
        )

        self.assertIn("nested too deeply", self.reason(b"From: noc@example.com\r\n" + nested, "genericprovider"))
