"""Parse: what a readable mail says, which parser reads it, and what is no maintenance at all."""

from datetime import datetime, timezone

from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, Window
from nautobot_circuit_maintenance.reading.library import known_parser_names, normalised_name
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


class WhatAMailSays(ParseTestCase):
    """The values that come out of a readable mail."""

    def test_a_calendar_becomes_an_update(self) -> None:
        raw = mail(("text/plain", "See the calendar."), calendar(event(circuits=("C-1", "C-2"))))

        [update] = read(raw, "genericprovider")

        self.assertEqual((update.maintenance_id, update.status, update.sequence), ("CHG-1", "CONFIRMED", 1))
        self.assertEqual(update.description, "Card exchange")
        self.assertEqual(update.windows, (window(10),))
        self.assertEqual(update.circuits, (AnnouncedImpact("C-1", "OUTAGE"), AnnouncedImpact("C-2", "OUTAGE")))
        self.assertEqual(update.issued_at, datetime(2026, 3, 2, 9, tzinfo=timezone.utc))
        self.assertEqual(update.provenance, provenance(raw))

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

        self.assertEqual(update.circuits, (AnnouncedImpact("C-1", "OUTAGE"),))

    def test_a_cancellation_without_circuits_is_legal(self) -> None:
        raw = mail(calendar(event(circuits=(), X_MAINTNOTE_STATUS="CANCELLED")))

        self.assertEqual(read(raw, "genericprovider")[0].circuits, ())

    def test_what_no_column_holds_is_refused_with_the_reason(self) -> None:
        for fields, reason in (
            ({"name": "M" * 256}, "a maintenance id of 256 characters is longer than 255"),
            ({"circuits": ("C" * 256,)}, "a circuit id of 256 characters is longer than 255"),
            ({"SEQUENCE": str(2**63)}, "SEQUENCE is larger than 64 bits"),
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


def window(day: int) -> Window:
    """Return the window that a calendar event of that day has."""
    return Window(datetime(2026, 3, day, 1, tzinfo=timezone.utc), datetime(2026, 3, day, 3, tzinfo=timezone.utc))
