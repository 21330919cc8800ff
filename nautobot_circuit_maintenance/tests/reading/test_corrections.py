"""Known errors of the parser library: corrected where it has them, and off where it has not."""

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import TestCase

from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.reading import corrections, library
from nautobot_circuit_maintenance.reading.corrections import CORRECTIONS, Modules, notes
from nautobot_circuit_maintenance.tests.reading.parser_mails import mail, read, windstream


def modules() -> Modules:
    """Return the modules of the library, as it is loaded."""
    library.load()
    from circuit_maintenance_parser import parsers  # pylint: disable=import-outside-toplevel  # loads the library

    return Modules(parsers)


class EachCorrection(TestCase):
    """It has a sample, a name of its own, and is off where the library reads its sample right."""

    def test_after_installation_the_library_reads_every_sample_right(self) -> None:
        for correction in CORRECTIONS:
            with self.subTest(correction.name):
                notes.clear()
                self.assertFalse(correction.is_needed(modules()))
                self.assertIn(correction.name, notes.corrected)

    def test_it_is_not_installed_twice(self) -> None:
        parser = modules()("turkcell").parser
        methods = [modules()("bso").HtmlParserBSO1.parse_html, modules()("lumen").HtmlParserLumen1.parse_tables]

        corrections.install(modules())

        self.assertIs(modules()("turkcell").parser, parser)
        self.assertEqual(
            methods, [modules()("bso").HtmlParserBSO1.parse_html, modules()("lumen").HtmlParserLumen1.parse_tables]
        )

    def test_names_are_distinct(self) -> None:
        self.assertEqual(len({correction.name for correction in CORRECTIONS}), len(CORRECTIONS))

    def test_a_library_without_the_module_is_left_alone(self) -> None:
        class NoModules(Modules):
            def __call__(self, name: str) -> Any:
                raise ModuleNotFoundError(name)

            def all(self) -> list[Any]:
                return []

        with self.assertLogs(corrections.logger, "WARNING") as logged:
            corrections.install(NoModules(ModuleType("empty")))
        self.assertEqual(len(logged.output), len(CORRECTIONS) - 2)  # Those of dates have no module of their own.

    def test_an_error_that_the_library_has_no_more_is_not_corrected(self) -> None:
        status = SimpleNamespace(status="CANCELLED")

        class Right:
            def parser_hook(self, _raw: bytes, _kind: str) -> list[dict[str, Any]]:
                return [{"status": status.status}]

        module = SimpleNamespace(HtmlParserSummitIG=Right, Status=str)
        [correction] = [each for each in CORRECTIONS if each.name == "SummitIG: status"]
        self.assertFalse(correction.is_needed(lambda name: module))  # type: ignore[arg-type]  # a stand-in for a module
        status.status = "TENTATIVE"
        self.assertTrue(correction.is_needed(lambda name: module))  # type: ignore[arg-type]  # a stand-in for a module


def html(*rows: tuple[str, str], tag: str = "td") -> tuple[str, str]:
    """Return an HTML part with a table of labels and values."""
    cells = "".join(f"<tr><{tag}>{label}</{tag}><td>{value}</td></tr>" for label, value in rows)
    return "text/html; charset=utf-8", f"<html><body><table>{cells}</table></body></html>"


def windows(updates: list[MaintenanceUpdate]) -> list[str]:
    """Return the windows of all updates."""
    return [f"{window.start:%m-%d %H:%M} {window.end:%m-%d %H:%M}" for each in updates for window in each.windows]


def summit(*, status: str = "Scheduled", zone: str = "EST", circuits: str = "C-1,C-2", month: int = 12) -> bytes:
    """Return a mail of SummitIG about 21 December, midnight to six."""
    rows = [("Event", "EV-1"), ("Company", "Customer Inc"), (f"Start Time ({zone})", f"{month}/21/2026 12:00 AM")]
    rows += [(f"End Time ({zone})", f"{month}/21/2026 6:00 AM"), ("Circuits", circuits), ("Status", status)]
    return mail(html(*rows, tag="th"))


class SummitIG(TestCase):
    """Statuses, zones and circuit IDs of SummitIG."""

    def test_statuses(self) -> None:
        words = {"Cancelled": "CANCELLED", "Canceled": "CANCELLED", "COMPLETED": "COMPLETED", "Restored": "COMPLETED"}
        words |= {"In Progress": "IN-PROCESS", "Postponed": "RE-SCHEDULED", "Scheduled": "CONFIRMED"}
        for word, status in words.items():
            with self.subTest(word):
                [update] = read(summit(status=word), "summitig")
                self.assertEqual((update.status, update.doubts), (status, ()))

    def test_an_unknown_status_changes_none_and_is_a_doubt(self) -> None:
        [update] = read(summit(status="Pending Vendor"), "summitig")
        self.assertEqual((update.status, update.doubts), ("NO-CHANGE", ('The status "Pending Vendor" is unknown.',)))

    def test_zones(self) -> None:
        for zone, start in (("EST", "05:00"), ("ET", "05:00"), ("UTC", "00:00"), ("CET", "23:00"), ("GMT+3", "21:00")):
            with self.subTest(zone):
                [update] = read(summit(zone=zone), "summitig")
                self.assertEqual((f"{update.windows[0].start:%H:%M}", update.doubts), (start, ()))

    def test_a_zone_out_of_season_is_a_doubt(self) -> None:
        [update] = read(summit(month=7), "summitig")
        self.assertEqual(len(update.doubts), 1)

    def test_circuits_without_the_name_of_the_customer(self) -> None:
        ids = {"C-1 Customer Inc": "C-1", "C-1 Customer": "C-1", "C-1": "C-1", "C-1 Inc": "C-1 Inc"}
        ids |= {"Customer Inc": "Customer Inc", "10/KXFS/12 customer inc": "10/KXFS/12"}
        for written, cid in ids.items():
            with self.subTest(written):
                [update] = read(summit(circuits=written), "summitig")
                self.assertEqual([circuit.cid for circuit in update.circuits], [cid])

    def test_what_was_corrected_is_stored(self) -> None:
        [update] = read(summit(status="Cancelled", circuits="C-1 Customer Inc"), "summitig")
        self.assertEqual(update.parser.details["corrected"], ["SummitIG: status", "SummitIG: circuit IDs"])
        [update] = read(summit(), "summitig")
        self.assertNotIn("corrected", update.parser.details)


class Windstream(TestCase):
    """Zones of Windstream."""

    def test_zones(self) -> None:
        words = {"ET": "05:00", "EDT": "05:00", "CDT": "06:00", "PDT": "08:00", "GMT": "01:00", "GMT-5": "06:00"}
        for word, start in words.items():
            with self.subTest(word):
                raw = mail(("text/html", windstream().replace(" ET<", f" {word}<")))
                [update] = read(raw, "windstream")
                self.assertEqual(f"{update.windows[0].start:%H:%M}", start)


def turkcell(start: str, end: str, circuit: str = "20345") -> bytes:
    """Return a mail of Turkcell."""
    line = f"<span>Line work</span><p>Eth-Trunk1.1   up   up   {circuit}|01-CUSTOMER|CITY|LINK</p>"
    rows = [("Dear Customer, planned works.", ""), ("Maintenance Number", "10001"), ("Start", start), ("End", end)]
    return mail(html(*rows, ("Impact of the maintenance", line)))


class Turkcell(TestCase):
    """Days, offsets and circuits of Turkcell."""

    def test_the_day_stands_first(self) -> None:
        for start, end in (
            ("05.12.2026 00:30 GMT+3", "05.12.2026 06:00 GMT+3"),
            ("05/12/2026 00:30 UTC+3", "05/12/2026 06:00 (UTC+03:00)"),
            ("2026-12-05 00:30 TRT", "2026-12-05 06:00:00 TRT"),
            ("5 December 2026 00:30 GMT+3", "Dec 5, 2026 06:00 GMT+3"),
        ):
            with self.subTest(start):
                self.assertEqual(windows(read(turkcell(start, end), "turkcell")), ["12-04 21:30 12-05 03:00"])

    def test_circuits_with_every_digit(self) -> None:
        [update] = read(turkcell("05.12.2026 00:30", "05.12.2026 06:00"), "turkcell")
        self.assertEqual([circuit.cid for circuit in update.circuits], ["20345"])


def cogent(zone: str, city: str = "Birmingham, AL") -> bytes:
    """Return a mail of Cogent."""
    text = f"Start time: 10:00pm {zone} 12/05/2026\nEnd time: 5:00am {zone} 12/06/2026\nWork order number: VN1\n"
    text += f"Order ID(s) impacted: C-1\n\nCogent customers receiving service in {city} will be affected.\n"
    return mail(("text/plain", f"Dear Customer,\n\n{text}"), Subject="Planned outage C-1")


class Cogent(TestCase):
    """Days and zones of Cogent."""

    def test_the_month_stands_first_and_the_zone_beside_the_time_counts(self) -> None:
        central, eastern = ["12-06 04:00 12-06 11:00"], ["12-06 03:00 12-06 10:00"]
        for zone, expected in (("CT", central), ("(Central Time)", central), ("CST", central), ("ET", eastern)):
            with self.subTest(zone):
                self.assertEqual(windows(read(cogent(zone), "cogent")), expected)


class BSO(TestCase):
    """Time slots of BSO."""

    def test_each_slot_is_a_window_and_a_backup_slot_is_none(self) -> None:
        reason = b"<table><tbody><tr><td>Maintenance Reason</td></tr></tbody></table><table><tr><td><span>Work</span>"
        banner = b"<table><tr><td></td><td><span>Maintenance Reminder_</span></td></tr></table>"
        raw = mail(("text/html", corrections.BsoSlots.sample + banner * 2 + reason + b"</td></tr></table>"))

        [update] = read(raw, "bso")

        self.assertEqual(windows([update]), ["08-23 22:00 08-24 05:00", "08-24 22:00 08-25 05:00"])
        self.assertEqual({circuit.cid for circuit in update.circuits}, {"C-1"})

    def test_backup_slots_count_where_there_is_no_other(self) -> None:
        only_backup = corrections.BsoSlots.sample.replace(b"time</span>", b"time (Backup)</span>")
        items = modules()("bso").HtmlParserBSO1().parser_hook(only_backup, "text/html")
        self.assertEqual(len(items), 3)


class Telxius(TestCase):
    """Windows and subjects of Telxius."""

    TABLE = b"<table><thead><tr><th>CRT</th></tr></thead><tbody><tr><td>CRT-1</td></tr></tbody></table>"

    def read(self, body: bytes, subject: str) -> list[MaintenanceUpdate]:
        """Read a mail of Telxius."""
        return read(mail(("text/html", body + self.TABLE), Subject=subject), "telxius")

    def test_windows_of_one_maintenance_in_the_zone_of_the_heading(self) -> None:
        subject = "SCHEDULED Maintenance Notification: SWX1 - ACME"
        [update] = self.read(corrections.TelxiusWindows.sample, subject)
        self.assertEqual(windows([update]), ["11-24 04:00 11-24 07:00", "11-25 04:00 11-25 07:00"])
        self.assertEqual((update.maintenance_id, update.status), ("SWX1", "CONFIRMED"))

    def test_the_zone_of_a_line_goes_before_that_of_the_heading(self) -> None:
        body = corrections.TelxiusWindows.sample.replace(b"08:00</li>", b"08:00 (GMT-3)</li>")
        [update] = self.read(body, "SCHEDULED Maintenance Notification: SWX1 - ACME")
        self.assertEqual(windows([update]), ["11-24 08:00 11-24 11:00", "11-25 08:00 11-25 11:00"])

    def test_cancellations(self) -> None:
        for subject in (
            "[CANCELLED]  Maintenance Notification: SWX1 - ACME",
            "[CANCELLED] SCHEDULED Maintenance Notification: SWX1 - ACME",
            "[CANCELED] EMERGENCY SCHEDULED Maintenance Notification: SWX1 - ACME",
        ):
            with self.subTest(subject):
                [update] = self.read(corrections.TelxiusWindows.sample, subject)
                self.assertEqual((update.status, update.account), ("CANCELLED", "ACME"))


class FlagAndLumen(TestCase):
    """Rows of the tables of FLAG, Lumen and Cirion."""

    def test_flag_has_all_windows_and_the_impacts_that_it_explains(self) -> None:
        body = b"<p>Dear ACME,</p><p>Fiber repair</p>" + corrections.FlagRows.sample
        [update] = read(mail(("text/html", body), Subject="FLAG | PE1 | Planned Work | Scheduled"), "flag")
        self.assertEqual(windows([update]), ["05-29 04:01 05-29 10:00", "05-30 04:01 05-30 10:00"])
        self.assertEqual({circuit.impact for circuit in update.circuits}, {"REDUCED-REDUNDANCY"})

    def lumen(self, tables: bytes) -> list[MaintenanceUpdate]:
        """Read a mail of Lumen."""
        head = b"<span>Scheduled Maintenance #: 123</span>"
        return read(mail(("text/html", head + tables), Subject="Scheduled Maintenance"), "lumen")

    def test_lumen_has_all_windows_and_all_circuits(self) -> None:
        [update] = self.lumen(corrections.LumenRows.sample)
        self.assertEqual(windows([update]), ["12-01 04:00 12-01 10:00", "12-02 04:00 12-02 10:00"])
        impacts = {("C-1", "OUTAGE"), ("C-2", "REDUCED-REDUNDANCY")}
        self.assertEqual({tuple(circuit) for circuit in update.circuits}, impacts)

    def test_nine_circuits_in_nine_columns(self) -> None:
        row = b"<tr><td>ACME</td><td>C-2</td>"
        start, end = corrections.LumenRows.sample.index(row), corrections.LumenRows.sample.rindex(b"</table>")
        sample = corrections.LumenRows.sample
        rows = [sample[start:end].replace(b"C-2", b"C-%d" % number) for number in range(2, 10)]
        [update] = self.lumen(sample[:start] + b"".join(rows) + sample[end:])
        self.assertEqual(len({circuit.cid for circuit in update.circuits}), 9)

    def test_a_row_without_an_id_is_left_out_and_an_unknown_impact_is_a_doubt(self) -> None:
        [update] = self.lumen(corrections.LumenRows.sample.replace(b"C-2", b"N/A").replace(b"Outage", b"See remarks"))
        self.assertEqual({tuple(circuit) for circuit in update.circuits}, {("C-1", "OUTAGE")})
        self.assertEqual(len(update.doubts), 1)


class Subjects(TestCase):
    """Cancellations that only the subject announces."""

    def test_cancelled_goes_before_scheduled(self) -> None:
        subjects = {
            "equinix": (
                "CANCELLED - Scheduled Upgrade - SG Metro Area Network Maintenance - 02-NOV-2022 [CHG1]",
                "CANCELLED",
            ),
            "flag": ("FLAG | PE1 | Planned Work | Scheduled | Canceled", "CANCELLED"),
            "globalcloudxchange": ("PE1 | Planned | Service Advisory Notice | Cancelled", "CANCELLED"),
        }
        subjects["equinix again"] = ("REMINDER - Scheduled Upgrade - SG Network Maintenance [CHG1]", "CONFIRMED")
        classes = {
            "equinix": "SubjectParserEquinix",
            "flag": "SubjectParserFlag1",
            "globalcloudxchange": "SubjectParserGcx1",
        }
        for name, (subject, status) in subjects.items():
            with self.subTest(name):
                module = name.split()[0]
                [data] = getattr(modules()(module), classes[module])().parse_subject(subject)
                self.assertEqual(data["status"].value, status)


class Documentation(TestCase):
    """The developer guide lists every correction, for the authors of the library."""

    def test_each_correction_has_a_row(self) -> None:
        page = (Path(__file__).parents[3] / "docs" / "dev" / "reading.md").read_text(encoding="utf-8")
        rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("|")]
        self.assertEqual({each.name for each in CORRECTIONS} - set(rows), set())
