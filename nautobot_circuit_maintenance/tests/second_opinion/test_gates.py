"""Each gate: what it lets pass, and what it doubts."""

import unittest
from dataclasses import replace

from nautobot_circuit_maintenance.domain.opinions import OTHER_ID
from nautobot_circuit_maintenance.reading.candidates.dates import DAY_FIRST, MONTH_FIRST
from nautobot_circuit_maintenance.reading.gates.base import CONFIRMED, DOUBTFUL, UNCHECKED, Known, Opinion
from nautobot_circuit_maintenance.reading.gates.judge import second_opinions
from nautobot_circuit_maintenance.tests.second_opinion.messages import (
    INVENTORY,
    NAME,
    content_of,
    doubts,
    opinion,
    reading,
    window,
)

NOTICE = f"""Reference: {NAME}
Start: 14 March 2026 22:00 UTC
End: 15 March 2026 04:00 UTC
Circuits: LON-1001
"""
NIGHT = window("2026-03-14 22:00", "2026-03-15 04:00")
NEXT_NIGHT = window("2026-03-15 22:00", "2026-03-16 04:00")


class TestConfidence(unittest.TestCase):
    """What the findings of all gates come to."""

    def test_what_stands_in_the_message_is_confirmed(self):
        found = opinion(content_of(NOTICE), reading(NIGHT))

        self.assertEqual((found.confidence, found.findings), (CONFIRMED, ()))

    def test_the_worst_finding_counts_and_stands_first(self):
        found = opinion(content_of(NOTICE), reading(NEXT_NIGHT, status="UNKNOWN"))

        self.assertEqual(found.confidence, DOUBTFUL)
        self.assertEqual([each.level for each in found.findings], [DOUBTFUL, UNCHECKED])

    def test_a_doubt_names_its_gate_its_place_and_what_it_would_be_otherwise(self):
        content = content_of(NOTICE)
        [doubt] = opinion(content, reading(NEXT_NIGHT)).doubts

        self.assertEqual(doubt.gate, "window in the mail")
        self.assertEqual(doubt.sentence, "2026-03-15 22:00 - 2026-03-16 04:00 UTC does not stand in the message.")
        self.assertEqual(doubt.otherwise, "2026-03-14 22:00 - 2026-03-15 04:00 UTC")
        self.assertIsNotNone(doubt.span)


class TestWindowInMail(unittest.TestCase):
    """Start and end of a reading stand in the message."""

    def test_another_zone_another_day_and_the_end_of_another_window_are_doubtful(self):
        notice = NOTICE + "Night 2: 15 March 2026 22:00 UTC - 16 March 2026 04:00 UTC\n"
        for wrong in (
            window("2026-03-14 19:00", "2026-03-15 01:00"),
            window("2026-03-13 22:00", "2026-03-14 04:00"),
            window("2026-03-14 22:00", "2026-03-16 04:00"),
        ):
            with self.subTest(str(wrong)):
                self.assertEqual(opinion(content_of(notice), reading(wrong)).confidence, DOUBTFUL)

    def test_old_struck_out_and_backup_windows_are_doubtful(self):
        for mark in ("Old window: {}", "Backup window: {}", "<s>{}</s>"):
            body = f"<p>{mark.format('14 March 2026 22:00 UTC - 15 March 2026 04:00 UTC')}</p><p>Circuit LON-1001</p>"
            with self.subTest(mark):
                found = opinion(content_of(body, is_html=True), reading(NIGHT))
                self.assertEqual([each.gate for each in found.doubts], ["window in the mail"])

    def test_backup_windows_count_where_the_provider_means_them(self):
        body = "Backup window: 14 March 2026 22:00 UTC - 15 March 2026 04:00 UTC\nCircuit LON-1001"
        known = Known(INVENTORY, counts_backups=True)

        self.assertEqual(opinion(content_of(body), reading(NIGHT), known).confidence, CONFIRMED)

    def test_a_local_time_without_a_zone_is_unchecked_until_the_zone_is_known(self):
        content = content_of(NOTICE.replace(" UTC", ""))
        self.assertEqual(opinion(content, reading(NIGHT)).confidence, UNCHECKED)
        berlin = window("2026-03-14 21:00", "2026-03-15 03:00")

        self.assertEqual(
            opinion(content, reading(berlin), Known(INVENTORY, zone="Europe/Berlin")).confidence, CONFIRMED
        )
        self.assertEqual(opinion(content, reading(NIGHT), Known(INVENTORY, zone="Europe/Berlin")).confidence, DOUBTFUL)

    def test_a_zone_out_of_season_is_unchecked(self):
        notice = NOTICE.replace("UTC", "EST").replace("March", "July")
        july = window("2026-07-15 03:00", "2026-07-15 09:00")

        self.assertEqual(opinion(content_of(notice), reading(july)).confidence, UNCHECKED)

    def test_a_start_and_a_duration_are_unchecked(self):
        body = f"{NAME}: LON-1001 at 2026-03-14 22:00:00+00:00 UTC. Expected downtime is 60 minutes."
        hour = window("2026-03-14 22:00", "2026-03-14 23:00")

        self.assertEqual(opinion(content_of(body), reading(hour)).confidence, UNCHECKED)
        self.assertEqual(opinion(content_of(body), reading(NIGHT)).confidence, DOUBTFUL)

    def test_a_quoted_window_counts_for_a_cancellation_only(self):
        body = "It was cancelled.\n\nOn Mon, 2 Mar 2026, NOC <noc@isp.example> wrote:\n" + "".join(
            f"> {line}\n" for line in NOTICE.splitlines()
        )
        content = content_of(body, headers="In-Reply-To: <1@isp.example>\n", subject=f"Re: {NAME}")

        self.assertEqual(opinion(content, reading(NIGHT, status="CANCELLED")).confidence, CONFIRMED)
        moved = content_of(body.replace("cancelled", "rescheduled"), headers="In-Reply-To: <1@isp.example>\n")
        self.assertEqual(opinion(moved, reading(NIGHT, status="RE-SCHEDULED")).confidence, DOUBTFUL)

    def test_a_forwarded_window_counts(self):
        head = "FYI\n\n---------- Forwarded message ---------\nFrom: NOC <noc@isp.example>\nSubject: Work\n\n"
        content = content_of(head + NOTICE, subject=f"Fwd: {NAME}")

        self.assertEqual(opinion(content, reading(NIGHT)).confidence, CONFIRMED)

    def test_a_reading_without_a_window_is_doubtful_unless_the_work_is_over(self):
        self.assertEqual(opinion(content_of(NOTICE), reading()).confidence, DOUBTFUL)
        over = content_of(NOTICE, subject=f"Cancelled: {NAME}")
        self.assertEqual(opinion(over, reading(status="CANCELLED")).confidence, CONFIRMED)


class TestOrder(unittest.TestCase):
    """Day or month first."""

    BODY = f"{NAME}\nStart: 04/05/2026 22:00 UTC\nEnd: 04/05/2026 23:00 UTC\nCircuit: LON-1001\n"
    APRIL = window("2026-04-05 22:00", "2026-04-05 23:00")
    MAY = window("2026-05-04 22:00", "2026-05-04 23:00")

    def assert_decided(self, body: str, right: object, wrong: object, known: Known | None = None) -> None:
        self.assertEqual(opinion(content_of(body), reading(right), known).confidence, CONFIRMED)
        found = opinion(content_of(body), reading(wrong), known)
        self.assertEqual((found.confidence, found.doubts[0].gate), (DOUBTFUL, "order of day and month"))

    def test_what_is_known_of_the_provider_decides(self):
        self.assert_decided(self.BODY, self.MAY, self.APRIL, Known(INVENTORY, order=DAY_FIRST))
        self.assert_decided(self.BODY, self.APRIL, self.MAY, Known(INVENTORY, order=MONTH_FIRST))

    def test_other_dates_weekdays_formats_and_zones_decide(self):
        for evidence in ("Sent 01/23/2026", "Date (mm/dd/yyyy)", "April 5 is a Sunday", "Sunday 04/05/2026"):
            with self.subTest(evidence):
                self.assert_decided(self.BODY + evidence, self.APRIL, self.MAY)
        self.assert_decided(self.BODY.replace("/", "."), self.MAY, self.APRIL)

    def test_what_only_the_receipt_decides_is_unchecked(self):
        found = opinion(content_of(self.BODY), reading(self.APRIL))
        self.assertEqual([each.gate for each in found.findings], ["order of day and month"])
        self.assertEqual(found.confidence, UNCHECKED)

    def test_where_nothing_decides_the_other_way_to_read_a_date_is_no_further_window(self):
        body = f"{NAME}\nWindow: 06/05/2026 22:00 UTC - 06/05/2026 23:00 UTC\nCircuit: LON-1001\n"
        for read in (window("2026-05-06 22:00", "2026-05-06 23:00"), window("2026-06-05 22:00", "2026-06-05 23:00")):
            with self.subTest(read):
                found = opinion(content_of(body), reading(read), Known(INVENTORY))
                self.assertEqual([each.gate for each in found.findings], ["order of day and month"])


class TestWindows(unittest.TestCase):
    """All windows of a list."""

    BODY = (
        f"<p>{NAME}</p><table><tr><th>Start (UTC)</th><th>End (UTC)</th><th>Circuit</th></tr>"
        "<tr><td>14 March 2026 22:00</td><td>15 March 2026 04:00</td><td>LON-1001</td></tr>"
        "<tr><td>15 March 2026 22:00</td><td>16 March 2026 04:00</td><td>LON-1001</td></tr></table>"
    )

    def test_a_window_of_the_list_that_is_missing_is_a_doubt(self):
        content = content_of(self.BODY, is_html=True)
        self.assertEqual(opinion(content, reading(NIGHT, NEXT_NIGHT)).confidence, CONFIRMED)
        self.assertEqual(
            doubts(content, reading(NIGHT)),
            ["windows: The message also lists 2026-03-15 22:00 - 2026-03-16 04:00 UTC."],
        )

    def test_windows_of_other_readings_of_the_message_are_not_missing(self):
        content = content_of(self.BODY + "<p>CHG-4712</p>", is_html=True)
        found = second_opinions(
            content, [reading(NIGHT), reading(NEXT_NIGHT, name="CHG-4712")], lambda _: Known(INVENTORY)
        )
        self.assertEqual([doubt for each in found for doubt in each.doubts], [])

    def test_a_backup_window_is_not_missing(self):
        body = NOTICE + "Backup: 15 March 2026 22:00 UTC - 16 March 2026 04:00 UTC\n"
        self.assertEqual(opinion(content_of(body), reading(NIGHT)).confidence, CONFIRMED)


class TestZones(unittest.TestCase):
    """Several zones in one message."""

    def test_zones_that_agree_confirm_and_zones_that_disagree_are_a_doubt(self):
        body = f"{NAME} LON-1001\nWindow: 14 March 2026 22:00 - 15 March 2026 04:00 UTC\nWindow: {{}} CET\n"
        agrees = content_of(body.format("14 March 2026 23:00 - 15 March 2026 05:00"))
        disagrees = content_of(body.format("14 March 2026 21:00 - 15 March 2026 03:00"))

        self.assertEqual(opinion(agrees, reading(NIGHT)).confidence, CONFIRMED)
        self.assertIn("zones: The time zones of the message disagree.", doubts(disagrees, reading(NIGHT)))

    def test_the_local_copy_of_a_window_confirms_nothing(self):
        local = window("2026-03-14 23:00", "2026-03-15 05:00")
        content = content_of(
            f"{NAME} LON-1001\nWindow: 14 March 2026 23:00 - 15 March 2026 05:00\n\nSecond line\n"
            "Window (UTC): 14 March 2026 22:00 - 15 March 2026 04:00\n"
        )
        self.assertEqual(opinion(content, reading(NIGHT)).confidence, CONFIRMED)
        self.assertEqual([each.gate for each in opinion(content, reading(local)).doubts], ["window in the mail"])


class TestCircuits(unittest.TestCase):
    """The circuits of a reading and of the message."""

    def test_lacking_added_and_misspelled_circuits_are_doubts(self):
        content = content_of(NOTICE + "LON-1002")
        self.assertEqual(opinion(content, reading(NIGHT, circuits=("LON-1001", "LON-1002"))).confidence, CONFIRMED)
        self.assertEqual(doubts(content, reading(NIGHT)), ["circuits: The message also lists LON-1002."])
        both = ("LON-1001", "LON-1002")
        for wrong in ("LON-100", "LON-1003"):
            with self.subTest(wrong):
                found = doubts(content, reading(NIGHT, circuits=(*both, wrong)))
                self.assertEqual(found, [f"circuits: The message does not contain {wrong}."])

    def test_what_is_made_of_two_values_is_unchecked(self):
        content = content_of(NOTICE.replace("LON-1001", "192.0.2.1 and 192.0.2.0"))
        found = opinion(content, reading(NIGHT, circuits=("192.0.2.1-192.0.2.0",)))

        self.assertEqual([(each.gate, each.level) for each in found.findings], [("circuits", UNCHECKED)])

    def test_what_is_made_of_a_label_and_its_value_is_unchecked(self):
        content = content_of(NOTICE.replace("LON-1001", "Peer AS: 64510"))
        for cid, levels in (("AS64510", [UNCHECKED]), ("AS64511", [DOUBTFUL]), ("Peer64510", [DOUBTFUL])):
            with self.subTest(cid):
                found = opinion(content, reading(NIGHT, circuits=(cid,)))
                self.assertEqual([each.level for each in found.findings], levels)

    def test_a_capital_that_becomes_two_letters_moves_nothing(self):
        content = content_of(f"\u0130yi g\u00fcnler.\n{NOTICE}LON-1002")

        self.assertEqual(opinion(content, reading(NIGHT, circuits=("LON-1001", "LON-1002"))).confidence, CONFIRMED)
        [doubt] = opinion(content, reading(NIGHT)).doubts
        self.assertEqual(doubt.quote, "LON-1002")

    def test_an_attached_table_of_no_named_type_lists_circuits_and_other_files_do_not(self):
        content = content_of(NOTICE.replace("Circuits: LON-1001\n", ""))
        table = "Circuit\tCustomer\r\nLON-1001\tAcme\r\n"
        for content_bytes, is_read in (
            (table.encode("utf-16"), True),
            (table.encode(), True),
            (b"\0" + table.encode(), False),
        ):
            with self.subTest(content_bytes):
                found = replace(content, parts={**content.parts, "application/octet-stream": (content_bytes,)})
                self.assertEqual(opinion(found, reading(NIGHT)).confidence == CONFIRMED, is_read)

    def test_an_attached_table_lists_circuits(self):
        content = content_of(NOTICE.replace("Circuits: LON-1001\n", ""))
        table = ("Circuit\tCustomer\r\nLON-1001\tAcme\r\nLON-1002\tAcme\r\n").encode("utf-16")
        content = replace(content, parts={**content.parts, "text/csv": (table,)})

        self.assertEqual(doubts(content, reading(NIGHT)), ["circuits: The message also lists LON-1002."])
        self.assertEqual(opinion(content, reading(NIGHT, circuits=("LON-1001", "LON-1002"))).confidence, CONFIRMED)


class TestId(unittest.TestCase):
    """The maintenance ID."""

    def test_digits_circuits_and_words_are_doubtful(self):
        for wrong in ("CHG-4712", "CHG-471", "LON-1001", "Planned", "4711-CHG"):
            with self.subTest(wrong):
                found = opinion(content_of(NOTICE), reading(NIGHT, name=wrong))
                self.assertEqual([each.gate for each in found.doubts], ["id"])

    def test_ids_that_a_parser_makes_are_unchecked(self):
        self.assertEqual(opinion(content_of(NOTICE), reading(NIGHT, name="ab" * 32)).confidence, UNCHECKED)
        updates = [reading(NIGHT), reading(NIGHT, name=f"{NAME}-2")]
        found = second_opinions(content_of(NOTICE), updates, lambda _: Known(INVENTORY))
        self.assertEqual([each.confidence for each in found], [CONFIRMED, UNCHECKED])

    def test_a_better_candidate_counts_unless_the_shape_was_taught(self):
        content = content_of(NOTICE + "Version 8.2.5-A7\n")
        wrong = reading(NIGHT, name="8.2.5-A7")
        found = opinion(content, wrong)
        self.assertEqual([(each.gate, each.otherwise) for each in found.doubts], [(OTHER_ID, NAME)])
        self.assertEqual(opinion(content, wrong, Known(INVENTORY, is_taught_id=True)).confidence, CONFIRMED)


class TestStatus(unittest.TestCase):
    """Words of status."""

    def test_each_status_needs_a_word_and_none_that_contradicts(self):
        subjects = {
            "CANCELLED": ("Cancelled: {}", "Absage {}", "{} annulé", "{} 中止のお知らせ", "{} gaat niet door"),
            "COMPLETED": ("Completed: {}", "{} abgeschlossen", "Работы {} завершены", "{} finalizado"),
            "RE-SCHEDULED": (
                "{} rescheduled",
                "Terminverschiebung {}",
                "Rinvio {}",
                "{} reprogramado",
                "Postponed: {}",
            ),
            "IN-PROCESS": ("{} has started", "{} in progress"),
            "TENTATIVE": ("Tentative: {}",),
            "CONFIRMED": ("Planned work {}", "Wartung {}"),
        }
        for right, patterns in subjects.items():
            for subject in (pattern.format(NAME) for pattern in patterns):
                content = content_of(NOTICE, subject=subject)
                for status in subjects:
                    with self.subTest(subject, status=status):
                        found = opinion(content, reading(NIGHT, status=status))
                        self.assertEqual(found.confidence, CONFIRMED if status == right else DOUBTFUL)

    def test_conditions_footers_and_old_updates_do_not_count(self):
        for sentence in (
            "If the work is cancelled or postponed, we will tell you.",
            "You will be informed when the maintenance is completed.",
            "Sollten die Arbeiten abgesagt werden, melden wir uns.",
            "Si la maintenance devait être annulée ou reportée, vous en serez informés.",
            "Maintenance start date/time is above.",
            "Notes History\n2026-03-01 10:00 - cancelled",
        ):
            with self.subTest(sentence):
                self.assertEqual(opinion(content_of(NOTICE + sentence), reading(NIGHT)).confidence, CONFIRMED)

    def test_a_cancellation_in_many_languages(self):
        for sentence in (
            "Los trabajos se han cancelado: la ventana ha sido cancelada.",
            "Dolje navedeni radovi su otkazani.",
            "Darbai atšaukiami.",
            "Darbi ir atcelti.",
            "Tööd on tühistatud.",
            "Đợt bảo trì dưới đây đã bị hủy.",
            "Lucrarea de mai jos a fost anulată.",
            "Работите са отменени.",
            "Dela so odpovedana.",
            "Verkinu hefur verið aflýst.",
            "Els treballs han estat cancel·lats.",
            "ยกเลิกการบำรุงรักษา",
            "تم إلغاء أعمال الصيانة",
            "העבודה בוטלה",
            "The works will no longer go ahead.",
            "Die Arbeiten finden nicht statt.",
        ):
            content = content_of(f"{sentence}\n{NOTICE}", subject=NAME)
            with self.subTest(sentence):
                self.assertEqual(opinion(content, reading(NIGHT, status="CANCELLED")).confidence, CONFIRMED)
                self.assertEqual(opinion(content, reading(NIGHT)).confidence, DOUBTFUL)

    def test_a_label_of_an_end_to_come_is_no_completion(self):
        for label in ("Окончание работ", "Fin de los trabajos", "Einde werkzaamheden", "Término de los trabajos"):
            with self.subTest(label):
                body = NOTICE.replace("End:", f"{label}:")
                self.assertEqual(opinion(content_of(body), reading(NIGHT)).confidence, CONFIRMED)

    def test_a_cancellation_in_other_words(self):
        for sentence in ("It will not take place.", "The work was not completed.", "The work was called off."):
            with self.subTest(sentence):
                self.assertEqual(opinion(content_of(f"{sentence}\n{NOTICE}"), reading(NIGHT)).confidence, DOUBTFUL)
                ended = opinion(content_of(f"{sentence}\n{NOTICE}"), reading(NIGHT, status="CANCELLED"))
                self.assertEqual(ended.confidence, CONFIRMED)

    def test_the_field_of_a_status_counts_most(self):
        content = content_of(NOTICE + "Status: Cancelled\n", subject=f"Confirmed work {NAME}")
        self.assertEqual(opinion(content, reading(NIGHT, status="CANCELLED")).confidence, CONFIRMED)
        self.assertEqual(opinion(content, reading(NIGHT)).confidence, DOUBTFUL)


class TestPlausible(unittest.TestCase):
    """What no word of the message decides."""

    def test_length_and_lead_time_count_only_without_a_pair_in_the_message(self):
        long = window("2026-03-14 22:00", "2026-04-14 04:00")
        empty = content_of(f"{NAME} LON-1001")
        self.assertEqual([each.gate for each in opinion(empty, reading(long)).doubts], ["plausible"])
        late = NOTICE.replace("2026", "2029")
        stated = window("2029-03-14 22:00", "2029-03-15 04:00")
        self.assertEqual(opinion(content_of(late), reading(stated)).confidence, CONFIRMED)
        self.assertEqual([each.gate for each in opinion(empty, reading(stated)).doubts], ["plausible"])


class TestCalendars(unittest.TestCase):
    """A reading of a calendar is compared with its lines."""

    CALENDAR = "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            "BEGIN:VEVENT",
            "DTSTART;TZID=Europe/Berlin:20260314T230000",
            "DTEND:20260315T040000Z",
            f"X-MAINTNOTE-MAINTENANCE-ID:{NAME}",
            "X-MAINTNOTE-OBJECT-ID:LON-1001",
            "X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=OUTAGE:LON-",
            " 1002",
            "X-MAINTNOTE-STATUS:CONFIRMED",
            "END:VEVENT",
            "END:VCALENDAR",
        )
    )

    def opinion_on(self, changes: dict[str, object], calendar: str = "") -> Opinion:
        content = replace(content_of("See the calendar."), calendars=(calendar or self.CALENDAR,))
        update = reading(changes.pop("window", NIGHT), **{"circuits": ("LON-1001", "LON-1002"), **changes})
        return opinion(content, replace(update, events=tuple(event._replace(uid="1") for event in update.events)))

    def test_what_the_lines_say_is_confirmed_and_everything_else_doubtful(self):
        self.assertEqual(self.opinion_on({}).confidence, CONFIRMED)
        for changes in (
            {"window": NEXT_NIGHT},
            {"name": "CHG-4712"},
            {"status": "CANCELLED"},
            {"circuits": ("LON-1001",)},
            {"circuits": ("LON-1001", "LON-1002", "LON-100")},
        ):
            with self.subTest(str(changes)):
                self.assertEqual(self.opinion_on(dict(changes)).confidence, DOUBTFUL)
        sentences = [each.sentence for each in self.opinion_on({"window": NEXT_NIGHT}).doubts]
        self.assertIn("2026-03-15 22:00 - 2026-03-16 04:00 UTC is not in the calendar.", sentences)

    def test_other_spellings_further_ids_and_lists_of_circuits_are_the_same(self):
        one_line = self.CALENDAR.replace("LON-1001\r\n", "LON-1001,LON-1002\r\n")
        two_ids = self.CALENDAR.replace(
            "X-MAINTNOTE-OBJECT-ID:", "X-MAINTNOTE-MAINTENANCE-ID:CHG-9\r\nX-MAINTNOTE-OBJECT-ID:"
        )
        spelled = self.CALENDAR.replace(":CONFIRMED", ":In-Progress")
        by_status = self.CALENDAR.replace("X-MAINTNOTE-STATUS:CONFIRMED", "STATUS:CANCELLED")
        for calendar, changes in (
            (one_line, {}),
            (two_ids, {"name": "CHG-9"}),
            (spelled, {"status": "IN-PROCESS"}),
            (by_status, {"status": "CANCELLED"}),
        ):
            with self.subTest(str(changes)):
                self.assertEqual(self.opinion_on(changes, calendar).confidence, CONFIRMED)

    def test_times_that_need_the_zones_of_the_calendar_are_unchecked(self):
        calendar = self.CALENDAR.replace("Europe/Berlin", "Our own zone")
        self.assertEqual(self.opinion_on({}, calendar).confidence, UNCHECKED)
