"""Messages that are read at the same time, by threads of one process."""

import resource
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.mail.limits import Limits, run_limited
from nautobot_circuit_maintenance.mail.parts import Parts
from nautobot_circuit_maintenance.reading.library import LibraryReader, load, missing_attributes
from nautobot_circuit_maintenance.reading.parse import parse
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below
from nautobot_circuit_maintenance.tests.reading.parser_mails import (
    ParseTestCase,
    calendar,
    event,
    mail,
    provenance,
    windstream,
)
from nautobot_circuit_maintenance.tests.reading.test_calendar_zones import zone

pytestmark = pytest.mark.slow  # loads the parser library
PARSES = 300
UNLIMITED = resource.getrlimit(resource.RLIMIT_AS)
"""The memory limit of the process before the first test."""
OFFSETS = {"+0100": 23, "+0900": 15}
"""Offset of a zone that each calendar calls "Local", and the hour in UTC of midnight there."""


def local_calendar(offset: str) -> tuple[str, str]:
    """Return a calendar of a night that starts at midnight in a zone of its own."""
    lines = event().split("\r\n")
    kept = [line for line in lines if not line.startswith(("DTSTART", "DTEND"))]
    times = ["DTSTART;TZID=Local:20260310T000000", "DTEND;TZID=Local:20260310T020000"]
    return calendar(zone("Local", offset), "\r\n".join([kept[0], *times, *kept[1:]]))


def together(*works) -> list[Exception]:
    """Do each of these things many times in a thread of its own; return what they raised."""
    failures: list[Exception] = []

    def repeat(work) -> None:
        for _ in range(PARSES):
            try:
                work()
            except Exception as error:  # pylint: disable=broad-exception-caught  # of a thread, for the test
                failures.append(error)

    threads = [threading.Thread(target=repeat, args=(work,)) for work in works]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    return failures


class Threads(ParseTestCase):
    """What the library keeps for the process must not reach the message of another thread."""

    def test_the_library_reads_each_calendar_with_its_own_zones(self) -> None:
        def reading(offset: str):
            parts: Parts = {"text/calendar": (local_calendar(offset)[1].encode(),)}
            at = provenance(mail(local_calendar(offset)))

            def read() -> None:
                [update] = LibraryReader("genericprovider").read(parts, at).updates
                self.assertEqual([window.start.hour for window in update.windows], [OFFSETS[offset]])

            return read

        self.assertEqual(together(*map(reading, OFFSETS)), [])

    def test_our_own_reader_does_too(self) -> None:
        def reading(offset: str):
            raw = mail(local_calendar(offset))
            at = provenance(raw)

            def read() -> None:
                [update] = parse(raw, (), at).updates
                self.assertEqual([window.start.hour for window in update.windows], [OFFSETS[offset]])

            return read

        self.assertEqual(together(*map(reading, OFFSETS)), [])

    def test_corrections_are_noted_for_their_own_message(self) -> None:
        def reading(word: str, is_corrected: bool):
            raw = mail(("text/html", windstream().replace(" ET<", f" {word}<")))
            at = provenance(raw)

            def read() -> None:
                [update] = parse(raw, ("windstream",), at).updates
                self.assertEqual("corrected" in update.parser.details, is_corrected)

            return read

        failures = together(reading("UTC", False), reading("EDT", True))
        self.assertEqual(failures, [])

    def test_the_memory_limit_of_the_process_is_as_before(self) -> None:
        """A thread that restored it could restore the limit of another one, for good."""
        inside: list[tuple[int, int]] = []

        def work() -> None:
            inside.append(run_limited(lambda: resource.getrlimit(resource.RLIMIT_AS), Limits()))

        self.assertEqual(together(work, work), [])
        self.assertEqual(set(inside), {UNLIMITED})
        self.assertEqual(resource.getrlimit(resource.RLIMIT_AS), UNLIMITED)


class Replaced(ParseTestCase):
    """What we replace in the libraries must be there."""

    def test_the_installed_libraries_have_it(self) -> None:
        self.assertEqual(missing_attributes(), [])

    def test_what_is_missing_is_named(self) -> None:
        [sentence] = missing_attributes([("icalendar", "icalendar/cal.py", "_no_such_name")])

        self.assertRegex(sentence, r"^icalendar 5[.\d]*: _no_such_name in icalendar/cal.py$")

    def test_the_library_is_not_used_without_it(self) -> None:
        """Or the zones of one message would hold for the next, and cities would be sent to the internet."""
        for remove in (
            "from icalendar import cal; del cal._timezone_cache",
            "from icalendar import prop; del prop._timezone_cache",
            "from circuit_maintenance_parser.utils import Geolocator; del Geolocator.get_location_from_api",
        ):
            load_it = "from nautobot_circuit_maintenance.reading.library import load; load()"
            done = subprocess.run(
                [sys.executable, "-c", f"{remove}; {load_it}"], capture_output=True, text=True, check=False
            )
            with self.subTest(remove):
                self.assertIn("LibraryMismatchError: The installed parser library has no", done.stderr)


class Subjects(ParseTestCase):
    """Parsers get the beginning of a subject only: their expressions need cubic time."""

    def test_two_thousand_brackets(self) -> None:
        load()
        raw = mail(("text/html", windstream()), Subject="[" * 2_000)

        def read() -> None:
            with suppress(ParseError):
                parse(raw, ("seaborn",), provenance(raw))

        assert_cpu_below(0.5, read)
