"""The filled form: what is filled in and why, what is left empty, what is asked."""

import unittest

from hypothesis import given, strategies as st

from nautobot_circuit_maintenance.reading.candidates.circuits import Inventory
from nautobot_circuit_maintenance.reading.candidates.dates import DAY_FIRST, MONTH_FIRST
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.proposal.propose import proposal_of
from nautobot_circuit_maintenance.reading.proposal.unread import with_unread_id
from nautobot_circuit_maintenance.reading.proposal.values import BACKUPS, ORDER, REFERENCE, ZONE, Proposal
from nautobot_circuit_maintenance.tests.second_opinion.messages import (
    CIRCUIT,
    INVENTORY,
    NAME,
    RECEIVED,
    content_of,
    window,
)

_PLAIN = f"Ticket: {NAME}\nStart: 2026-03-10 22:00 CET\nEnd: 2026-03-11 02:00 CET\nCircuit: {CIRCUIT}\n"
_NIGHT = window("2026-03-10 21:00", "2026-03-11 01:00")


def form(body: str, known: Known | None = None, **message) -> Proposal:
    """Return the filled form of a message with this body."""
    return proposal_of(content_of(body, **message), RECEIVED, known or Known(INVENTORY))


def asked(found: Proposal) -> list[str]:
    """Return what is asked for the provider."""
    return [question.kind for question in found.questions]


class TestRows(unittest.TestCase):
    """Circuits of single windows: only where each row of a table has both."""

    def affected(self, *cells: str, days: tuple[int, ...] = (10, 11)) -> list[tuple[int, tuple[str, ...]]]:
        """Return the days of the windows with their circuits, of a table whose rows have these circuits."""
        rows = "".join(
            f"<tr><td>{cids}</td><td>2026-03-{day} 01:00 UTC</td><td>2026-03-{day} 05:00 UTC</td></tr>"
            for cids, day in zip(cells, days, strict=True)
        )
        body = f"<table><tr><th>Circuit</th><th>Start</th><th>End</th></tr>{rows}</table>"
        found = form(body, Known(Inventory(("AB-1", "AB-2", "AB-3"))), is_html=True)
        self.assertEqual(len(found.windows.value), len(set(days)))
        return [(window.start.day, cids) for window, cids in found.affected]

    def test_each_row_says_which_circuits_its_window_affects(self):
        self.assertEqual(self.affected("AB-1", "AB-2, AB-3"), [(10, ("AB-1",)), (11, ("AB-2", "AB-3"))])
        self.assertEqual(self.affected("AB-1", "AB-1 AB-2"), [(10, ("AB-1",)), (11, ("AB-1", "AB-2"))])

    def test_a_window_may_stand_in_several_rows(self):
        found = self.affected("AB-1", "AB-2", "AB-3", days=(10, 11, 10))
        self.assertEqual(found, [(10, ("AB-1", "AB-3")), (11, ("AB-2",))])

    def test_the_same_circuits_in_all_rows_are_affected_in_all_windows(self):
        self.assertEqual(self.affected("AB-1", "AB-1"), [])

    def test_a_row_without_a_circuit_leaves_all_in_all_windows(self):
        self.assertEqual(self.affected("AB-1", "all circuits"), [])

    def test_a_circuit_outside_of_the_table_leaves_all_in_all_windows(self):
        rows = "".join(
            f"<tr><td>AB-{day}</td><td>2026-03-1{day} 01:00 UTC</td><td>2026-03-1{day} 05:00 UTC</td></tr>"
            for day in (1, 2)
        )
        body = f"<p>Circuit: AB-3</p><table><tr><th>Circuit</th><th>Start</th><th>End</th></tr>{rows}</table>"
        self.assertEqual(form(body, Known(Inventory(("AB-1", "AB-2", "AB-3"))), is_html=True).affected, ())

    def test_tables_apart_leave_all_in_all_windows(self):
        rows = "".join(f"<tr><td>2026-03-1{day} 01:00 UTC</td><td>2026-03-1{day} 05:00 UTC</td></tr>" for day in (1, 2))
        circuits = "<table><tr><td>1</td><td>AB-1</td></tr><tr><td>2</td><td>AB-2</td></tr></table>"
        body = f"{circuits}<table><tr><th>Start</th><th>End</th></tr>{rows}</table>"
        self.assertEqual(form(body, Known(Inventory(("AB-1", "AB-2"))), is_html=True).affected, ())


class TestFilled(unittest.TestCase):
    """What stands in the message is filled in, with where it stands."""

    def test_a_plain_message_is_filled_in_completely(self):
        found = form(_PLAIN)

        self.assertEqual(found.maintenance_id.value, NAME)
        self.assertEqual(found.windows.value, (_NIGHT,))
        self.assertEqual(found.circuits.value, (CIRCUIT,))
        self.assertEqual(found.questions, ())
        self.assertTrue(found.is_sure)

    def test_each_value_says_where_it_stands(self):
        found = form("Start: 10 March 2026 22:00\nEnd: 11 March 2026 02:00\nAll times are in CET\n")

        self.assertEqual(found.windows.best.why, 'Stands after "Start:", zone CET (the only time zone of the email).')
        text = found.found.mail.text
        start, end = found.windows.best.spans[0]
        self.assertEqual(text[start:end], "10 March 2026 22:00\nEnd: 11 March 2026 02:00")

    def test_all_nights_of_a_table_are_one_proposal(self):
        rows = "".join(
            f"<tr><td>2026-03-{day} 01:00 UTC</td><td>2026-03-{day} 05:00 UTC</td></tr>" for day in (10, 11, 12)
        )
        found = form(f"<table><tr><th>Start</th><th>End</th></tr>{rows}</table>", is_html=True)

        self.assertEqual(
            found.windows.value,
            tuple(window(f"2026-03-{day} 01:00", f"2026-03-{day} 05:00") for day in (10, 11, 12)),
        )

    def test_a_status_without_a_word_is_assumed(self):
        found = form("Start: 2026-03-10 22:00 CET\nEnd: 2026-03-11 02:00 CET\n", subject=f"Work {NAME}")

        self.assertEqual((found.status.value, found.status.is_assumed), ("CONFIRMED", True))

    def test_a_word_for_a_change_counts_more_than_scheduled(self):
        found = form(f"Activity Status: Scheduled\n{_PLAIN}", subject=f"Rescheduled: {NAME}")

        self.assertEqual(found.status.value, "RE-SCHEDULED")
        self.assertIn("CONFIRMED", [choice.value for choice in found.status.alternatives])

    def test_nothing_has_changed_is_no_change(self):
        found = form(f"Nothing has changed since our last letter.\n{_PLAIN}")

        self.assertEqual(found.status.value, "CONFIRMED")

    def test_the_same_window_in_two_zones_a_minute_apart_is_the_one_in_utc(self):
        body = "10-Mar-2026 00:01 to 10-Mar-2026 05:00 ( Pacific )\n10-Mar-2026 07:00 to 10-Mar-2026 12:00 ( GMT )\n"

        self.assertEqual(form(body).windows.value, (window("2026-03-10 07:00", "2026-03-10 12:00"),))


class TestRefused(unittest.TestCase):
    """What is not sure is left empty or asked."""

    def test_day_and_month_are_left_to_a_person_with_both_ways_to_choose_from(self):
        found = form("Start: 03/04/2026 22:00 UTC\nEnd: 03/04/2026 23:00 UTC\n")

        self.assertIsNone(found.windows.best)
        self.assertEqual(asked(found), [ORDER])
        self.assertEqual(
            {choice.value for choice in found.windows.alternatives},
            {
                (window("2026-04-03 22:00", "2026-04-03 23:00"),),
                (window("2026-03-04 22:00", "2026-03-04 23:00"),),
            },
        )

    def test_an_answer_about_day_and_month_fills_the_windows(self):
        body = "Start: 03/04/2026 22:00 UTC\nEnd: 03/05/2026 02:00 UTC\n"

        self.assertEqual(
            form(body, Known(order=MONTH_FIRST)).windows.value, (window("2026-03-04 22:00", "2026-03-05 02:00"),)
        )
        self.assertEqual(
            form(body, Known(order=DAY_FIRST)).windows.value, (window("2026-04-03 22:00", "2026-05-03 02:00"),)
        )

    def test_times_without_a_zone_are_left_empty_until_the_zone_is_known(self):
        body = "Start: 2026-03-10 22:00\nEnd: 2026-03-11 02:00\n"

        found = form(body)
        self.assertIsNone(found.windows.best)
        self.assertEqual(asked(found), [ZONE])
        answered = form(body, Known(zone="Europe/Oslo"))
        self.assertEqual((answered.windows.value, asked(answered)), ((_NIGHT,), []))

    def test_two_lists_of_different_times_are_left_to_a_person(self):
        found = form(
            "Work between 2026-03-10 22:00 UTC and 2026-03-11 02:00 UTC\n\nStart: 2026-03-12 22:00 UTC\nEnd: 2026-03-13 02:00 UTC\n"
        )

        self.assertIsNone(found.windows.best)
        self.assertEqual(len(found.windows.alternatives), 2)

    def test_a_start_and_a_duration_are_offered_and_not_filled_in(self):
        found = form("Work will start at 2026-03-10 22:00 UTC.\nIt takes 4 hours.\n")

        self.assertIsNone(found.windows.best)
        self.assertEqual(
            [choice.value for choice in found.windows.alternatives],
            [(window("2026-03-10 22:00", "2026-03-11 02:00"),)],
        )

    def test_backup_nights_do_not_count_and_are_asked_about_once(self):
        body = "Start: 2026-03-10 22:00 UTC\nEnd: 2026-03-11 02:00 UTC\n\nBackup night: 2026-03-12 22:00 UTC - 2026-03-13 02:00 UTC\n"
        night, backup = window("2026-03-10 22:00", "2026-03-11 02:00"), window("2026-03-12 22:00", "2026-03-13 02:00")

        found = form(body)
        self.assertEqual((found.windows.value, asked(found)), ((night,), [BACKUPS]))
        self.assertEqual(found.windows.alternatives[0].value, (backup,))
        self.assertEqual(asked(form(body, Known(counts_backups=False))), [])

    def test_of_two_references_the_one_that_was_chosen_for_the_provider_is_the_id(self):
        body = "Change: C-2001\nTicket: T-777\nStart: 2026-03-10 22:00 CET\nEnd: 2026-03-11 02:00 CET\n"

        found = form(body, subject="Planned work")
        self.assertIsNone(found.maintenance_id.best)
        self.assertEqual([(each.kind, each.answers) for each in found.questions], [(REFERENCE, ("change", "ticket"))])
        answered = form(body, Known(id_label="ticket"), subject="Planned work")
        self.assertEqual((answered.maintenance_id.value, asked(answered)), ("T-777", []))

    def test_a_circuit_is_no_id(self):
        found = form(
            f"Start: 2026-03-10 22:00 CET\nEnd: 2026-03-11 02:00 CET\n{CIRCUIT}\n", subject=f"Work on {CIRCUIT}"
        )

        self.assertIsNone(found.maintenance_id.best)

    def test_what_may_belong_to_the_windows_makes_them_asked(self):
        for body, caution in (
            (f"{_PLAIN}A further night is planned on 14 March 2026.\n", "another day"),
            ("Start: 2026-02-10 22:00 CET\nEnd: 2026-02-11 02:00 CET\n", "over before"),
            ("Start: 2026-03-10 22:00 CET\nEnd: 2026-03-18 02:00 CET\n", "longer than two days"),
            ("Start: 2027-03-10 22:00 CET\nEnd: 2027-03-11 02:00 CET\n", "half a year"),
            (f"{_PLAIN}\n\nNothing here.\nStart of phase two: 2026-03-11 02:00 CET\n", "belongs to no window"),
        ):
            with self.subTest(caution):
                found = form(body)
                self.assertIsNotNone(found.windows.best)
                self.assertIn(caution, found.windows.question)
                self.assertFalse(found.is_sure)

    def test_an_empty_message_has_an_empty_form(self):
        found = form("Hello\n", subject="Hello")

        self.assertEqual((found.maintenance_id.best, found.windows.best, found.circuits.best), (None, None, None))

    @given(
        st.lists(
            st.sampled_from((_PLAIN, "03/04/2026", "22:00", " - ", "\n", "CET", "Ticket", "#", CIRCUIT, "<td>", "б"))
        )
    )
    def test_any_text_has_a_form_whose_spans_are_in_it(self, pieces):
        found = form("".join(pieces), Known(Inventory((CIRCUIT,))))

        length = len(found.found.mail.text)
        fields = (found.maintenance_id, found.windows, found.circuits, found.status, found.impact)
        choices = [choice for each in fields for choice in (*([each.best] if each.best else []), *each.alternatives)]
        spans = [span for choice in choices for span in choice.spans]
        self.assertTrue(all(0 <= start < end <= length for start, end in spans))
        if found.windows.best:
            self.assertTrue(all(start < end for start, end in found.windows.best.value))


class TestUnread(unittest.TestCase):
    """Of a message of which a part was read, the ID of the other part is proposed."""

    def proposed(self, reason: str, *read: str) -> tuple[str | None, bool]:
        """Return the ID that is filled in for a message with two, and whether a person is asked to look."""
        field = with_unread_id(form(f"{_PLAIN}Reference: W-70\nReference: W-703\n"), read, reason).maintenance_id
        return field.value, bool(field.question)

    def test_the_id_that_the_reason_names_as_a_whole_word(self):
        self.assertEqual(self.proposed("Event W-703 was not read.", NAME), ("W-703", False))
        self.assertEqual(self.proposed("Event w-703 was not read.", NAME, "W-70"), ("W-703", False))

    def test_none_if_the_reason_names_none_and_the_best_was_read(self):
        self.assertEqual(self.proposed("Event number 2 was not read.", NAME.lower()), (None, True))
        self.assertEqual(self.proposed("Event W-703 was not read.", NAME, "W-703"), (None, True))

    def test_what_was_not_read_stays(self):
        self.assertEqual(self.proposed("Event number 2 was not read.", "W-70"), (NAME, False))
