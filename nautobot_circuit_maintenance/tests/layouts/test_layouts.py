"""What a layout learns from an email, reads in the next ones, and refuses."""

import unittest

from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact
from nautobot_circuit_maintenance.reading.candidates.circuits import Inventory
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.layouts.examples import TeachingError
from nautobot_circuit_maintenance.reading.layouts.layout import Layout
from nautobot_circuit_maintenance.reading.layouts.learn import correct, learn
from nautobot_circuit_maintenance.reading.layouts.shapes import MOST_TOKENS, tokens_in
from nautobot_circuit_maintenance.tests.layouts.emails import CIDS, body_of, example_of, page_of, reading_of, window

NEXT = window("2026-04-20 21:00", "2026-04-21 03:00")
NEXT_BODY = body_of("CHG-5200", "2026-04-20 21:00 UTC", "2026-04-21 03:00 UTC", "LON-1002, LON-1003")
NEXT_SUBJECT = "Planned work CHG-5200"


def taught() -> Layout:
    """Return the layout of one announcement."""
    return learn([example_of(page_of(body_of()))])


class TestReading(unittest.TestCase):
    """A layout that was taught with one announcement."""

    def test_the_next_email_is_read(self):
        reading = reading_of(taught(), page_of(NEXT_BODY, subject=NEXT_SUBJECT))
        update = reading.update

        self.assertEqual(reading.refusal, "")
        self.assertEqual((update.maintenance_id, update.status, update.windows), ("CHG-5200", "CONFIRMED", (NEXT,)))
        self.assertEqual(
            update.circuits, (AnnouncedImpact("LON-1002", "OUTAGE"), AnnouncedImpact("LON-1003", "OUTAGE"))
        )
        self.assertEqual(update.opinion.confidence, "confirmed")

    def test_a_backup_window_is_left_out_and_that_is_unchecked_until_a_person_says_that_none_count(self):
        body = NEXT_BODY + "Backup window: 2026-04-22 21:00 UTC - 2026-04-23 03:00 UTC\n"
        for counts, confidence in ((None, "unchecked"), (False, "confirmed")):
            with self.subTest(counts_backups=counts):
                known = Known(Inventory(CIDS), counts_backups=counts)
                update = reading_of(taught(), page_of(body, subject=NEXT_SUBJECT, known=known)).update
                self.assertEqual((update.windows, update.opinion.confidence), ((NEXT,), confidence))

    def test_an_id_in_any_script(self):
        for old, new in (("ΠΕ-2026/311", "ΠΕ-2026/345"), ("ППР-1180", "ППР-1204"), ("PÇ-26-441", "PÇ-26-467")):
            with self.subTest(new):
                example = page_of(body_of(old), subject=f"Planned work {old}")
                following = page_of(body_of(new), subject=f"Planned work {new}")
                self.assertEqual(reading_of(learn([example_of(example, old)]), following).update.maintenance_id, new)

    def test_circuits_that_nautobot_does_not_know_are_read_where_circuits_stood(self):
        body = body_of("CHG-5200", "2026-04-20 21:00 UTC", "2026-04-21 03:00 UTC", "LON-1002, LON-9999")
        update = reading_of(taught(), page_of(body, subject=NEXT_SUBJECT)).update

        self.assertEqual([circuit.cid for circuit in update.circuits], ["LON-1002", "LON-9999"])

    def test_another_sender_with_another_subject_is_not_of_this_kind(self):
        reading = reading_of(taught(), page_of(NEXT_BODY, subject="Invoice", sender="sales@other.example"))
        self.assertFalse(reading.is_of_kind)
        self.assertIsNone(reading.update)

    def test_an_email_without_the_headings_is_not_of_this_kind(self):
        reading = reading_of(taught(), page_of("Please pay 2026-04-20 21:00 UTC.", subject="Planned work"))
        self.assertFalse(reading.is_of_kind)

    def test_two_examples_require_more_of_the_headings_than_one(self):
        body = "Change: CHG-5200\nStart: 2026-04-20 21:00 UTC\n"
        second = example_of(page_of(body_of("CHG-4712"), subject="Planned work CHG-4712"), "CHG-4712")

        self.assertTrue(reading_of(taught(), page_of(body, subject=NEXT_SUBJECT)).is_of_kind)
        self.assertFalse(reading_of(correct(taught(), second), page_of(body, subject=NEXT_SUBJECT)).is_of_kind)

    def test_only_so_many_words_with_digits_are_looked_at(self):
        self.assertEqual(len(list(tokens_in("A1 B2\n" * MOST_TOKENS, ()))), MOST_TOKENS)


class TestRefusals(unittest.TestCase):
    """A layout refuses and says why; it never guesses."""

    def refusal(self, body: str, subject: str = NEXT_SUBJECT, layout: Layout | None = None) -> str:
        """Return why an email is refused."""
        reading = reading_of(layout or taught(), page_of(body, subject=subject))
        self.assertIsNone(reading.update)
        self.assertTrue(reading.is_of_kind)
        return reading.refusal

    def test_no_id_where_it_stood(self):
        body = NEXT_BODY.replace("Change: CHG-5200", "Change: see below")
        self.assertEqual(
            self.refusal(body, "Planned work"), "The maintenance ID was not found where it stood in the examples."
        )

    def test_two_ids(self):
        self.assertEqual(
            self.refusal(NEXT_BODY, "Planned work CHG-5201"),
            "More than one ID stands where it stood in the examples: CHG-5200, CHG-5201.",
        )

    def test_no_windows_where_they_stood(self):
        body = NEXT_BODY.replace("Start: ", "Arrival: ").replace("End: ", "Departure: ")
        self.assertEqual(self.refusal(body), "The windows were not found where they stood in the examples.")

    def test_a_window_that_stands_somewhere_else(self):
        body = NEXT_BODY.replace("The Fen NOC", "Night two: from 2026-04-22 21:00 UTC to 2026-04-23 03:00 UTC")
        self.assertEqual(self.refusal(body), "Different windows stand where they stood in the examples.")

    def test_a_window_whose_end_is_before_its_start(self):
        body = NEXT_BODY.replace("2026-04-21 03:00", "2026-04-20 03:00")
        self.assertEqual(self.refusal(body), "A window has no time zone, or its end is not after its start.")

    def test_a_backup_window_that_may_count(self):
        sentence = "The email states a backup window, and no example had one."
        night = "2026-04-22 21:00 UTC - 2026-04-23 03:00 UTC\n"
        self.assertEqual(self.refusal(f"{NEXT_BODY}Alternate night: {night}"), sentence)

        page = page_of(
            f"{NEXT_BODY}Backup window: {night}",
            subject=NEXT_SUBJECT,
            known=Known(Inventory(CIDS), counts_backups=True),
        )
        self.assertEqual(reading_of(taught(), page).refusal, sentence)

    def test_an_order_of_day_and_month_that_no_example_shows(self):
        body = body_of("CHG-5200", "05/04/2026 01:00 UTC", "05/04/2026 03:00 UTC", "LON-1002")
        self.assertEqual(
            self.refusal(body), "A date may be read with day or month first, and no example had such a date."
        )

    def test_words_of_an_end_that_no_example_had(self):
        for words in ("The work has been cancelled.", "If anything, consider it completed.", "作業は中止です"):
            with self.subTest(words):
                self.assertIn("may say that the work is over", self.refusal(NEXT_BODY + words))

    def test_no_circuit_where_circuits_stood(self):
        body = NEXT_BODY.replace("LON-1002, LON-1003", "see attachment")
        self.assertEqual(self.refusal(body), "No circuit was found where circuits stood in the examples.")

    def test_an_email_that_is_too_long(self):
        reading = reading_of(taught(), page_of(NEXT_BODY + "x\n" * 20_000, subject=NEXT_SUBJECT))
        self.assertEqual(reading.refusal, "The email is too long to be read as a whole.")


class TestStatus(unittest.TestCase):
    """Which status an email has."""

    CANCELLATION = "CANCELLED: Planned work CHG-5200"

    def test_an_end_that_the_subject_states_is_read_without_being_taught(self):
        update = reading_of(taught(), page_of(NEXT_BODY, subject=self.CANCELLATION)).update
        self.assertEqual(update.status, "CANCELLED")

    def test_an_end_that_was_taught_is_read_by_its_words(self):
        words = "We are sorry: this work was withdrawn.\n"
        layout = correct(
            taught(), example_of(page_of(words + body_of(), subject="Planned work CHG-4711"), status="CANCELLED")
        )
        update = reading_of(layout, page_of(words + NEXT_BODY, subject=NEXT_SUBJECT)).update
        self.assertEqual(update.status, "CANCELLED")

    def test_a_kind_that_was_never_taught_without_a_word_is_an_announcement_with_the_status_unchecked(self):
        update = reading_of(taught(), page_of(NEXT_BODY, subject="Our network CHG-5200")).update

        self.assertEqual((update.status, update.opinion.confidence), ("CONFIRMED", "unchecked"))
        self.assertEqual([finding.gate for finding in update.opinion.findings], ["status"])

    def test_the_footer_of_an_announcement_is_harmless(self):
        footer = "If the work is cancelled or completed early, you will hear from us.\n"
        layout = learn([example_of(page_of(body_of() + footer))])

        self.assertEqual(
            reading_of(layout, page_of(NEXT_BODY + footer, subject=NEXT_SUBJECT)).update.status, "CONFIRMED"
        )


class TestZoneAndOrder(unittest.TestCase):
    """Emails without a zone, and with dates that can be read in two orders."""

    KNOWN = Known(Inventory(CIDS), zone="Europe/Paris")
    NIGHT = window("2026-04-03 20:00", "2026-04-04 02:00")

    def test_the_zone_of_the_provider_is_kept_with_the_layout(self):
        body = body_of("CHG-1", "3 April 2026 22:00", "4 April 2026 04:00")
        example = example_of(page_of(body, known=self.KNOWN, subject="Work"), "CHG-1", windows=(self.NIGHT,))
        layout = learn([example])
        following = body_of("CHG-2", "20 May 2026 22:00", "21 May 2026 04:00")
        update = reading_of(layout, page_of(following, subject="Work")).update

        self.assertEqual(layout.windows.zone, "Europe/Paris")
        self.assertEqual(update.windows, (window("2026-05-20 20:00", "2026-05-21 02:00"),))

    def test_of_a_window_in_local_time_and_in_utc_a_minute_apart_the_latter_counts(self):
        body = "Change: {}\nLocal time: 2026-{} 23:01 - 2026-{} 04:00 EST\nGMT: 2026-{} 04:00 - 2026-{} 09:00 GMT\n"
        taught_window = window("2026-01-15 04:00", "2026-01-15 09:00")
        example = page_of(body.format("CHG-1", "01-14", *3 * ["01-15"]), subject="Work")
        layout = learn([example_of(example, "CHG-1", windows=(taught_window,), cids=())])
        following = page_of(body.format("CHG-2", "01-20", *3 * ["01-21"]), subject="Work")

        self.assertEqual(
            reading_of(layout, following).update.windows, (window("2026-01-21 04:00", "2026-01-21 09:00"),)
        )

    def test_without_any_zone_nothing_is_learned(self):
        body = body_of("CHG-1", "3 April 2026 22:00", "4 April 2026 04:00")
        with self.assertRaisesRegex(TeachingError, "the zone of the provider is not known"):
            learn([example_of(page_of(body, subject="Work"), "CHG-1", windows=(self.NIGHT,))])

    def test_another_zone_of_the_provider_than_was_taught_is_refused(self):
        body = body_of("CHG-1", "3 April 2026 22:00", "4 April 2026 04:00")
        example = example_of(page_of(body, known=self.KNOWN, subject="Work"), "CHG-1", windows=(self.NIGHT,))
        other = Known(Inventory(CIDS), zone="Europe/London")
        reading = reading_of(learn([example]), page_of(body, known=other, subject="Work"))

        self.assertIn("The time zone of the provider is Europe/London", reading.refusal)

    def test_the_order_of_an_ambiguous_date_is_learned(self):
        body = body_of("CHG-1", "03/04/2026 22:00 UTC", "04/04/2026 04:00 UTC")
        right = window("2026-04-03 22:00", "2026-04-04 04:00")
        layout = learn([example_of(page_of(body, subject="Work"), "CHG-1", windows=(right,))])
        following = body_of("CHG-2", "05/06/2026 22:00 UTC", "06/06/2026 04:00 UTC")
        update = reading_of(layout, page_of(following, subject="Work")).update

        self.assertEqual(update.windows, (window("2026-06-05 22:00", "2026-06-06 04:00"),))

    def test_a_day_above_twelve_of_an_example_shows_the_order(self):
        body = body_of("CHG-1", "23/04/2026 22:00 UTC", "24/04/2026 04:00 UTC")
        right = window("2026-04-23 22:00", "2026-04-24 04:00")
        layout = learn([example_of(page_of(body, subject="Work"), "CHG-1", windows=(right,))])
        following = body_of("CHG-2", "05/06/2026 22:00 UTC", "06/06/2026 04:00 UTC")
        update = reading_of(layout, page_of(following, subject="Work")).update

        self.assertEqual(layout.windows.order, "day first")
        self.assertEqual(update.windows, (window("2026-06-05 22:00", "2026-06-06 04:00"),))

    def test_examples_of_different_orders_teach_nothing(self):
        body = body_of("CHG-1", "23/04/2026 22:00 UTC", "24/04/2026 04:00 UTC")
        other = body_of("CHG-2", "05/23/2026 22:00 UTC", "05/24/2026 04:00 UTC")
        right = window("2026-05-23 22:00", "2026-05-24 04:00")
        layout = learn(
            [
                example_of(
                    page_of(body, subject="Work"), "CHG-1", windows=(window("2026-04-23 22:00", "2026-04-24 04:00"),)
                )
            ]
        )
        with self.assertRaisesRegex(TeachingError, "in different orders"):
            correct(layout, example_of(page_of(other, subject="Work"), "CHG-2", windows=(right,)))


class TestCorrections(unittest.TestCase):
    """A further example drops the hypotheses that it contradicts, and they do not come back."""

    def test_a_place_that_named_something_else_is_dropped(self):
        layout = taught()
        wrong_subject = page_of(NEXT_BODY, subject="Planned work CHG-9999")
        corrected = correct(layout, example_of(wrong_subject, "CHG-5200", windows=(NEXT,), cids=CIDS[1:]))
        again = correct(corrected, example_of(page_of(body_of())))
        places = [mark.place for mark in again.maintenance_id.places.kept]

        self.assertIn("subject", [mark.place for mark in layout.maintenance_id.places.kept])
        self.assertNotIn("subject", places)
        self.assertEqual(reading_of(again, wrong_subject).update.maintenance_id, "CHG-5200")

    def test_an_email_from_which_nothing_can_be_learned(self):
        cases = {
            "does not stand in the email": example_of(page_of(body_of()), "OTHER-1"),
            "without windows": example_of(page_of(body_of()), windows=()),
            "do not stand in the email": example_of(page_of(body_of()), windows=(NEXT,)),
        }
        for reason, example in cases.items():
            with self.subTest(reason), self.assertRaisesRegex(TeachingError, reason):
                learn([example])
