"""A status that the subject or the title contradicts is a doubt; nothing else is."""

from unittest import TestCase

from nautobot_circuit_maintenance.tests.reading.parser_mails import calendar, event, mail, read, windstream


def doubts(subject: str, *, title: str = "Card exchange", status: str = "CONFIRMED") -> tuple[str, ...]:
    """Return the doubts of a message with a calendar."""
    [update] = read(mail(calendar(event(SUMMARY=title, X_MAINTNOTE_STATUS=status)), Subject=subject), "genericprovider")
    return update.doubts


class Contradictions(TestCase):
    """Words of an end in the subject or at the start of the title."""

    def test_a_word_of_the_subject_that_the_status_contradicts(self) -> None:
        for subject in ("Completed: CHG-100", "[notices] CANCELLED - Works", "Fwd: Completion of CHG-100", "Canceled"):
            with self.subTest(subject):
                [doubt] = doubts(subject)
                self.assertRegex(doubt, r'^The subject says "\w+", but the status is CONFIRMED\.$')

    def test_a_word_at_the_start_of_the_title(self) -> None:
        self.assertEqual(
            doubts("News", title="COMPLETED: Works"), ('The title says "COMPLETED", but the status is CONFIRMED.',)
        )
        self.assertEqual(doubts("News", title="Works after the completed survey"), ())

    def test_the_same_word_as_the_status_is_none(self) -> None:
        self.assertEqual(doubts("Completed: CHG-100", status="COMPLETED"), ())
        self.assertEqual(doubts("Cancelled: CHG-100", status="CANCELLED"), ())

    def test_conditions_and_plans_are_none(self) -> None:
        for subject in (
            "Works to be completed by Friday",
            "Work was not completed",
            "What if cancelled?",
            "Planned work",
        ):
            self.assertEqual(doubts(subject), (), subject)

    def test_the_small_print_of_a_message_is_none(self) -> None:
        body = windstream().replace("</body>", "<p>If this maintenance is cancelled, you will be informed.</p></body>")
        [update] = read(mail(("text/html", body)), "windstream")
        self.assertEqual((update.status, update.doubts), ("CONFIRMED", ()))
