"""The traps that a prototype met (design, "Reading"): a test each."""

import unittest

from nautobot_circuit_maintenance.reading.candidates.circuits import Inventory, find_whole
from nautobot_circuit_maintenance.reading.candidates.windows import shifted_copies
from nautobot_circuit_maintenance.reading.candidates.zones import zones_in
from nautobot_circuit_maintenance.tests.second_opinion.messages import read_windows, text_of, utc, windows_of

NIGHT = ["2026-03-14 22:00", "2026-03-15 04:00", "UTC"]


def zones(line: str) -> list[str]:
    """Return what of a line is a zone."""
    return [zone.written for zone in zones_in(line, 0) if zone.zone]


class TestOffsets(unittest.TestCase):
    """What looks like an offset."""

    def test_a_date_behind_gmt_is_no_offset(self):
        self.assertEqual(zones("30/10/2026 22:00 GMT - 31/10/2026 04:00 GMT"), ["GMT", "GMT"])

    def test_the_end_of_a_range_is_no_offset(self):
        self.assertEqual(zones("2026-03-14 22:00-03:00"), [])

    def test_an_offset_stands_behind_seconds_or_in_brackets(self):
        self.assertEqual(zones("2026-03-14T22:00:00+01:00, 22:00 (+0100)"), ["+01:00", "+0100"])

    def test_hours_are_at_most_fourteen(self):
        self.assertEqual(zones("22:00 GMT+31"), [])

    def test_z_stands_behind_a_digit(self):
        self.assertEqual(zones("w godz. 22:00, 0400Z"), ["Z"])

    def test_words_that_are_other_words_need_capitals_and_a_time(self):
        self.assertEqual(zones("de 22h et 4h, the cat and art of WEST Street"), [])
        self.assertEqual(zones("10:00 PM ET and 22:00 ART"), ["ET", "ART"])

    def test_offsets_count_as_people_write_them(self):
        self.assertEqual(
            read_windows("Start: 18.03.2026 00:30 GMT+3\nEnd: 18.03.2026 06:00 GMT+3"),
            [["2026-03-17 21:30", "2026-03-18 03:00", "UTC"]],
        )


class TestPlacesOfZones(unittest.TestCase):
    """Where a zone stands."""

    def test_the_label_of_the_next_line_is_not_the_zone_of_this_one(self):
        [first, second] = windows_of(
            "Local: 14 March 2026 23:00 - 15 March 2026 05:00\nUTC: 14 March 2026 22:00 - 04:00"
        )

        self.assertIsNone(first.zone)
        self.assertEqual(second.zone.place, "line")

    def test_a_shifted_copy_without_a_zone_is_no_window_of_its_own(self):
        found = windows_of("LOCAL: 14 MAR 23:00 - 15 MAR 05:00\nUTC: 14 MAR 22:00 - 15 MAR 04:00\nDate: 14-MAR-2026")

        self.assertEqual(shifted_copies(found), {0})

    def test_a_row_a_column_a_label_and_the_only_zone(self):
        row = "<table><tr><th>Start</th><th>End</th><th>Zone</th></tr><tr><td>2026-03-14 22:00</td><td>2026-03-15 04:00</td><td>GMT</td>"
        column = "<table><tr><th>Start (GMT)</th><th>End (GMT)</th></tr><tr><td>2026-03-14 22:00</td><td>2026-03-15 04:00</td>"
        label = "<p>Window (GMT)</p><p>2026-03-14 22:00 - 2026-03-15 04:00</p>"
        only = "<p>2026-03-14 22:00 - 2026-03-15 04:00</p><p>Please note:</p><p>All times are GMT.</p>"
        for place, html in (("row", row), ("column", column), ("label", label), ("mail", only)):
            with self.subTest(place):
                [found] = windows_of(html, is_html=True)
                self.assertEqual(found.zone.place, place)


class TestMarks(unittest.TestCase):
    """Windows that are none."""

    def test_struck_out_text_is_the_old_window(self):
        for mark in (
            "<s>{}</s>",
            "<strike>{}</strike>",
            "<del>{}</del>",
            "<span style='text-decoration: line-through'>{}</span>",
        ):
            old = mark.format("7 March 2026 22:00 UTC")
            html = f"<table><tr><td>Start</td><td>{old} 14 March 2026 22:00 UTC</td></tr><tr><td>End</td><td>15 March 2026 04:00 UTC</td></tr>"
            with self.subTest(mark):
                self.assertEqual([each.is_struck for each in windows_of(html, is_html=True)], [False])
                self.assertEqual(read_windows(html, is_html=True), [NIGHT])

    def test_what_is_moved_in_one_sentence_is_old(self):
        old, new = windows_of(
            "Die Wartung vom 10.03.2026, 22:00 - 23:00 Uhr MEZ wurde auf den 17.03.2026, 22:00 - 23:00 Uhr MEZ verschoben."
        )
        self.assertEqual((old.kinds, new.kinds), ({"old"}, set()))

    def test_a_divider_is_no_heading(self):
        [found] = windows_of("-----Original Message-----\n14 March 2026 22:00 - 23:00 UTC")
        self.assertEqual(found.kinds, set())

    def test_extended_until_replaces_the_end_only(self):
        [old, new] = windows_of(
            "Start: 14 March 2026 22:00 UTC\nEnd: 15 March 2026 04:00 UTC\nThe work was extended until 15 March 2026 07:00 UTC."
        )

        self.assertIn("old", old.kinds)
        self.assertEqual([way.end.hour for way in new.ways], [7])
        self.assertEqual(new.start, old.start)

    def test_backup_nights_are_marked(self):
        for word in ("Backup", "Alternate", "Reserve", "Ersatztermin", "Reservedatum"):
            with self.subTest(word):
                [found] = windows_of(f"{word}: 14 March 2026 22:00 UTC - 15 March 2026 04:00 UTC")
                self.assertEqual(found.kinds, {"backup", "alternate"} if word == "Alternate" else {"backup"})

    def test_notes_are_no_windows(self):
        body = "Sent 1 March 2026 07:00 UTC\nUpdate 07:00:21 GMT - has begun\nPlease answer before 5 March 2026 12:00 UTC\n(c) 2026"
        self.assertEqual(windows_of(body), [])


class TestTables(unittest.TestCase):
    """Labels of moments in tables."""

    def test_the_label_is_the_column_the_row_or_the_cell_to_the_left(self):
        column = "<table><tr><th>Start</th><th>End</th></tr><tr><td>14 March 2026 22:00 GMT</td><td>15 March 2026 04:00 GMT</td></tr></table>"
        row = (
            "<table><tr><th></th><th>UTC</th><th>SGT</th></tr><tr><td>Start</td><td>14 March 2026 22:00</td><td>15 March 2026 06:00</td></tr>"
            "<tr><td>End</td><td>15 March 2026 04:00</td><td>15 March 2026 12:00</td></tr></table>"
        )
        left = "<table><tr><td>Start</td><td>14 March 2026 22:00 UTC</td></tr><tr><td>End</td><td>15 March 2026 04:00 UTC</td></tr></table>"
        for name, html in (("column", column), ("row", row), ("left", left)):
            with self.subTest(name):
                self.assertEqual({tuple(each) for each in read_windows(html, is_html=True)}, {tuple(NIGHT)})

    def test_colspan_shifts_columns(self):
        html = (
            "<table><tr><td colspan=2>Start</td><td colspan=2>End</td><td>Zone</td></tr>"
            "<tr><td>14/03/2026</td><td>10:00 PM</td><td>15/03/2026</td><td>4:00 AM</td><td>GMT</td></tr></table>"
        )
        self.assertEqual(read_windows(html, is_html=True), [NIGHT])

    def test_a_date_and_a_time_belong_together_in_one_row_only(self):
        html = (
            "<table><tr><th>Date</th><th>From</th><th>To</th></tr>"
            "<tr><td>2026-03-14</td><td>22:00 UTC</td><td>23:00 UTC</td></tr><tr><td>2026-03-16</td><td>22:00 UTC</td><td>23:30 UTC</td></tr></table>"
        )
        expected = [["2026-03-14 22:00", "2026-03-14 23:00", "UTC"], ["2026-03-16 22:00", "2026-03-16 23:30", "UTC"]]
        self.assertEqual(read_windows(html, is_html=True), expected)

    def test_a_date_over_several_rows_is_the_date_of_each(self):
        html = (
            "<table><tr><th>Date</th><th>From</th><th>To</th></tr><tr><td rowspan=2>2026-03-14</td><td>20:00 UTC</td>"
            "<td>21:00 UTC</td></tr><tr><td>22:00 UTC</td><td>23:30 UTC</td></tr></table>"
        )
        expected = [["2026-03-14 20:00", "2026-03-14 21:00", "UTC"], ["2026-03-14 22:00", "2026-03-14 23:30", "UTC"]]
        self.assertEqual(read_windows(html, is_html=True), expected)


class TestSpellings(unittest.TestCase):
    """Dates and times as they are written."""

    def test_nights(self):
        for body in (
            "22:00 - 04:00 UTC on 14 March 2026",
            "in the night from the 14th to the 15th March 2026 between 22:00 and 04:00 UTC",
            "in der Nacht vom 14. auf den 15. März 2026 zwischen 22:00 und 04:00 Uhr (UTC)",
            "du 14/03 au 15/03/2026, de 22h à 4h UTC",
            "14 March 2026, 22:00 - 04:00 (+1) UTC",
            "14 March 2026 10 p. m. - 15 March 2026 4 a. m. UTC",
            "FM 14MAR2026 2200Z TO 15MAR2026 0400Z",
            "２０２６年３月１４日 ２２:００ ～ ２０２６年３月１５日 ０４:００ (UTC)",
            "2026年3月14日(土) 午後10時00分 ~ 2026年3月15日 午前4時00分 (UTC)",
            "2026-03-14T22:00:00Z/2026-03-15T04:00:00Z",
        ):
            with self.subTest(body):
                self.assertEqual(read_windows(body), [NIGHT])

    def test_days_of_a_list_have_a_window_each(self):
        expected = [["2026-03-14 01:00", "2026-03-14 05:00", "UTC"], ["2026-03-15 01:00", "2026-03-15 05:00", "UTC"]]
        self.assertEqual(read_windows("los días 14 y 15 de marzo de 2026, de 01:00 a 05:00 UTC"), expected)

    def test_a_last_time_without_a_date_is_on_the_same_day(self):
        body = "It starts at 22:00 UTC on 14 March 2026 and ends at 23:30 UTC."
        self.assertEqual(read_windows(body), [["2026-03-14 22:00", "2026-03-14 23:30", "UTC"]])

    def test_four_digits_are_a_time_beside_another_one_or_as_a_value_only(self):
        expected = [["2026-03-14 01:00", "2026-03-14 05:00", "UTC"]]
        self.assertEqual(read_windows("Date: 14 March 2026\nWindow: 0100 - 0500 hrs UTC"), expected)
        self.assertEqual(read_windows("Date: 14 March 2026\nStart: 0100\nEnd: 0500\nUTC"), expected)
        self.assertEqual(read_windows("Date: 14 March 2026\nLON-0100 and LON-0500 (UTC), order 1200"), [])

    def test_midnight_is_the_end_of_a_day(self):
        self.assertEqual(
            read_windows("14 March 2026 00:00 - 24:00 UTC"), [["2026-03-14 00:00", "2026-03-15 00:00", "UTC"]]
        )
        self.assertEqual(
            read_windows("14 March 2026 12 a. m. - 6 a. m. UTC"), [["2026-03-14 00:00", "2026-03-14 06:00", "UTC"]]
        )

    def test_a_year_comes_from_the_other_dates(self):
        body = "DATE: 16-NOV-2021 - 17-NOV-2021\nUTC: TUESDAY, 16 NOV 23:00 - WEDNESDAY, 17 NOV 05:00"
        self.assertEqual(read_windows(body), [["2021-11-16 23:00", "2021-11-17 05:00", "UTC"]])

    def test_a_year_comes_from_the_receipt_at_the_turn_of_the_year(self):
        body = "Start: 31 Dec 23:00 UTC\nEnd: 1 Jan 03:00 UTC"
        expected = [["2026-12-31 23:00", "2027-01-01 03:00", "UTC"]]
        self.assertEqual(read_windows(body, received=utc("2026-12-10 08:00")), expected)

    def test_both_orders_are_kept(self):
        found = read_windows("Start: 04/05/2026 22:00 UTC\nEnd: 04/05/2026 23:00 UTC")
        self.assertEqual([each[0] for each in found], ["2026-05-04 22:00", "2026-04-05 22:00"])


class TestIds(unittest.TestCase):
    """Circuits and IDs where they stand."""

    def test_a_circuit_is_not_part_of_a_longer_id(self):
        inventory = Inventory(("123456789", "10101", "AB 12"))
        found = inventory.find("Ticket 123456789-1, tel. +44 20 10101, circuits: x123456789, XAB 12")

        self.assertEqual(found, ())

    def test_prefixes_are_not_part_of_an_id(self):
        found = Inventory(("C-77", "C-78")).find("CID#C-77, Circuit:C-78.")
        self.assertEqual([each.cid for each in found], ["C-77", "C-78"])

    def test_a_word_for_number_is_not_part_of_an_id(self):
        self.assertIsNotNone(find_whole("ticket No.3345", "3345"))
        self.assertIsNone(find_whole("ticket A.3345", "3345"))

    def test_broken_dashes_before_an_id(self):
        self.assertIsNotNone(find_whole("reference ¡ªR1234", "R1234"))

    def test_groups_of_ipv6_are_no_times(self):
        self.assertEqual(windows_of("14 March 2026: 2001:db8:0:1 and 2001:db8:0:2 UTC"), [])

    def test_offsets_are_of_the_text(self):
        mail = text_of("circuits: LON-1001, LON-1002")
        [first, second] = Inventory(("LON-1001", "LON-1002")).find(mail.text)

        self.assertEqual(mail.text[first.span.start : first.span.end], "LON-1001")
        self.assertEqual(mail.text[second.span.start : second.span.end], "LON-1002")


class TestIdsBesideTimes(unittest.TestCase):
    """What looks like a label."""

    def test_an_id_beside_the_times_is_no_label(self):
        for cid in ("AB-1", "AU-SYD-0001", "TO/77", "FM_3", "C-1", "NLF-00311"):
            with self.subTest(cid):
                row = f"<tr><td>{cid}</td><td>2026-03-14 22:00 UTC</td><td>2026-03-15 04:00 UTC</td></tr>"
                table = f"<table><tr><th>Circuit</th><th>Start</th><th>End</th></tr>{row}</table>"
                self.assertEqual(read_windows(table, is_html=True), [NIGHT])


class TestHours(unittest.TestCase):
    """Hours without minutes, in words, and what only looks like them."""

    def test_each_is_a_time(self):
        for line in (
            "am 14.03.2026 von 22 bis 4 Uhr UTC",
            "14.03.2026 kl. 22 - 15.03.2026 kl. 4 UTC",
            "14 mars 2026 à 22 heures - 15 mars 2026 à 4 heures UTC",
            "14 марта 2026 22 ч 00 - 15 марта 2026 4 ч 00 UTC",
            "14.03.2026 klo 22 – 15.03.2026 klo 4 UTC",
            "14 March 2026 2200-0400 UTC",
            "14 March 2026 10 pm - 15 March 2026 4 am UTC",
        ):
            with self.subTest(line):
                self.assertEqual(read_windows(line), [NIGHT])

    def test_noon_is_a_time(self):
        self.assertEqual(
            read_windows("14 March 2026 midnight - 14 March 2026 noon UTC"),
            [["2026-03-14 00:00", "2026-03-14 12:00", "UTC"]],
        )

    def test_the_end_of_an_id_is_none(self):
        body = "14 March 2026 22:00 - 15 March 2026 04:00 UTC\nCircuits: BH-34-0012, BH-06-0455"
        self.assertEqual(read_windows(body), [NIGHT])


class TestLanguages(unittest.TestCase):
    """Dates, labels and zones as languages write them."""

    def test_each_window_is_read(self):
        for body in (
            "Pradžia: 2026 m. kovo 14 d. 22:00 UTC\nPabaiga: 2026 m. kovo 15 d. 04:00 UTC",
            "Sākums: 2026. gada 14. marts 22:00 UTC\nBeigas: 2026. gada 15. marts 04:00 UTC",
            "từ 22:00 ngày 14 tháng 3 năm 2026 đến 04:00 ngày 15 tháng 3 năm 2026 UTC",
            "Početak: 14. ožujka 2026. u 22:00 UTC\nZavršetak: 15. ožujka 2026. u 04:00 UTC",
            "De la: 14 martie 2026, ora 22:00 UTC\nPână la: 15 martie 2026, ora 04:00 UTC",
            "Alates: 14.03.2026 22:00 UTC\nKuni: 15.03.2026 04:00 UTC",
            "Marzo 14 de 2026 22:00 UTC - Marzo 15 de 2026 04:00 UTC",
        ):
            with self.subTest(body):
                self.assertEqual(read_windows(body), [NIGHT])

    def test_zones_of_countries_and_pairs_of_words(self):
        for line, zone in (
            ("22:00 (ora României)", "Europe/Bucharest"),
            ("22:00 hora de Ecuador", "America/Guayaquil"),
            ("Beginn (MEZ/MESZ)", "Europe/Berlin"),
            ("22:00 EST or EDT", "America/New_York"),
            ("GMT/BST", "Europe/London"),
        ):
            with self.subTest(line):
                self.assertEqual([str(each.zone) for each in zones_in(line, 0)], [zone])

    def test_what_is_no_zone(self):
        for line in ("time of service", "hora de servicio", "IST/GMT+", "CET/EDT 22:00"):
            with self.subTest(line):
                self.assertNotIn("Europe/Belgrade", [str(each.zone) for each in zones_in(line, 0)])
                self.assertFalse([each for each in zones_in(line, 0) if "/" in each.written])


class TestNoLongerValid(unittest.TestCase):
    """The old window is named behind the new one."""

    def test_words_before_or_behind_it_make_it_old(self):
        new = "Window: 14 March 2026 22:00 - 15 March 2026 04:00 UTC\n"
        for old in (
            "The window announced before, 7 March 2026 22:00 - 8 March 2026 04:00 UTC, has moved.",
            "The window of 7 March 2026 22:00 - 8 March 2026 04:00 UTC no longer applies.",
            "Das Fenster 7.3.2026 22:00 - 8.3.2026 04:00 UTC ist hinfällig.",
        ):
            with self.subTest(old):
                kinds = [set(each.kinds) for each in windows_of(new + old)]
                self.assertEqual(kinds, [set(), {"old"}])
