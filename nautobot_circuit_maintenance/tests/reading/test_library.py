"""What is read from a message, which parser reads it, and what is not a maintenance notification."""

from datetime import datetime, timezone
from importlib.metadata import version

from nautobot_circuit_maintenance.domain.parser_names import normalized_name
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceEvent, ParserInfo, Window
from nautobot_circuit_maintenance.reading.library import known_parser_names
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


class ReadableMessages(ParseTestCase):
    """The values that are read from a message."""

    def test_a_calendar_becomes_an_update(self) -> None:
        raw = mail(("text/plain", "See the calendar."), calendar(event(circuits=("C-1", "C-2"))))

        [update] = read(raw, "genericprovider")

        self.assertEqual((update.maintenance_id, update.status, update.sequence), ("CHG-1", "CONFIRMED", 1))
        self.assertEqual(update.description, "Card exchange")
        self.assertEqual(update.windows, (window(10),))
        self.assertEqual(update.circuits, (AnnouncedImpact("C-1", "OUTAGE"), AnnouncedImpact("C-2", "OUTAGE")))
        self.assertEqual(update.issued_at, datetime(2026, 3, 2, 9, tzinfo=timezone.utc))
        self.assertEqual(update.provenance, provenance(raw))

    def test_an_update_has_the_parser_and_whether_a_language_model_was_used(self) -> None:
        [update] = read(mail(("text/html", windstream())), "windstream")

        self.assertEqual(
            update.parser,
            ParserInfo(
                name="windstream",
                version=f"circuit-maintenance-parser {version('circuit-maintenance-parser')}",
                details={
                    "processor": "CombinedProcessor",
                    "parsers": ["EmailDateParser", "HtmlParserWindstream1"],
                    "generated_by_llm": False,
                    "tokens_used": 0,
                },
            ),
        )

    def test_an_update_has_the_names_of_customer_and_provider(self) -> None:
        [update] = read(mail(calendar(event())), "genericprovider")

        self.assertEqual(
            (update.account, update.provider, update.organizer),
            ("137.035999173", "example.com", "mailto:noc@example.com"),
        )

    def test_each_event_of_a_calendar_is_an_event_of_the_update(self) -> None:
        raw = mail(calendar(event(UID="1"), event(day=11, UID="2", SEQUENCE="7", X_MAINTNOTE_STATUS="TENTATIVE")))

        [update] = read(raw, "genericprovider")

        issued_at, circuits = datetime(2026, 3, 2, 9, tzinfo=timezone.utc), (AnnouncedImpact("C-1", "OUTAGE"),)
        self.assertEqual(
            update.events,
            (
                MaintenanceEvent("CONFIRMED", (window(10),), circuits, issued_at, uid="1", sequence=1),
                MaintenanceEvent("TENTATIVE", (window(11),), circuits, issued_at, uid="2", sequence=7),
            ),
        )
        self.assertEqual((update.status, update.sequence), ("TENTATIVE", 7))

    def test_a_calendar_without_uid_and_sequence_has_none(self) -> None:
        bare = event().replace("UID:1\r\n", "").replace("SEQUENCE:1\r\n", "").replace("X-MAINTNOTE-STATUS", "X-OTHER")

        [update] = read(mail(calendar(bare)), "genericprovider")

        [found] = update.events
        self.assertEqual((found.uid, found.sequence, found.status), ("", None, "NO-CHANGE"))
        self.assertEqual(update.sequence, -1)

    def test_text_without_a_calendar_has_no_uid_sequence_and_stamp(self) -> None:
        raw = mail(("text/html", windstream()))

        [update] = read(raw, "windstream")

        [found] = update.events
        self.assertEqual((found.uid, found.sequence, found.issued_at), (None, None, None))
        self.assertEqual((update.sequence, update.issued_at), (1, provenance(raw).sent_at))

    def test_several_windows_of_one_id_are_one_update(self) -> None:
        raw = mail(calendar(event("CHG-2", day=12), event("CHG-1"), event("CHG-2", day=11)))

        updates = read(raw, "genericprovider")

        self.assertEqual([update.maintenance_id for update in updates], ["CHG-2", "CHG-1"])
        self.assertEqual(updates[0].windows, (window(11), window(12)))

    def test_each_calendar_of_a_mail_is_read_and_an_invitation_beside_them_is_not(self) -> None:
        invitation = "BEGIN:VEVENT\r\nSUMMARY:Lunch\r\nEND:VEVENT"
        raw = mail(calendar(event("CHG-1")), calendar(invitation), calendar(event("CHG-2")))

        self.assertEqual(names_in(read(raw, "genericprovider")), ["CHG-1", "CHG-2"])

    def test_a_repeated_calendar_counts_once(self) -> None:
        again = ("text/calendar; method=REQUEST", calendar(event())[1] + "\r\n")

        [update] = read(mail(calendar(event()), again), "genericprovider")

        self.assertEqual(len(update.events), 1)

    def test_circuit_ids_are_stripped_and_empty_ones_dropped(self) -> None:
        [update] = read(mail(calendar(event(circuits=(" C-1 ", " ")))), "genericprovider")

        self.assertEqual(update.circuits, (AnnouncedImpact("C-1", "OUTAGE"),))

    def test_a_cancellation_without_circuits_is_legal(self) -> None:
        raw = mail(calendar(event(circuits=(), X_MAINTNOTE_STATUS="CANCELLED")))

        self.assertEqual(read(raw, "genericprovider")[0].circuits, ())

    def test_values_that_do_not_fit_a_column_are_errors(self) -> None:
        for fields, reason in (
            ({"name": "M" * 256}, "a maintenance ID is too long (256 characters, limit 255)"),
            ({"circuits": ("C" * 256,)}, "a circuit ID is too long (256 characters, limit 255)"),
            ({"SEQUENCE": str(2**63)}, "SEQUENCE is out of range"),
            ({"DTSTART": "00010101T000000Z"}, "DTSTART is out of range (1)"),
            ({"DTEND": "99991231T235959Z"}, "DTEND is out of range (9999)"),
        ):
            with self.subTest(reason):
                self.assertIn(reason, self.reason(mail(calendar(event(**fields))), "genericprovider"))

    def test_characters_that_databases_reject_are_removed(self) -> None:
        [update] = read(mail(calendar(event(SUMMARY="Card\0 exchange"))), "genericprovider")

        self.assertEqual(update.description, "Card exchange")


class WhichParser(ParseTestCase):
    """The names in a provider's custom field."""

    def test_names_are_found_however_people_spell_them(self) -> None:
        self.assertEqual(normalized_name("Crown Castle"), "crowncastle")
        self.assertEqual(normalized_name("AT&T "), "att")
        self.assertEqual(names_in(read(mail(calendar(event())), "Generic-Provider")), ["CHG-1"])

    def test_the_known_names_are_those_of_the_library(self) -> None:
        self.assertLessEqual({"genericprovider", "crowncastle", "att"}, set(known_parser_names()))
        self.assertEqual(list(known_parser_names()), sorted(known_parser_names()))

    def test_an_unknown_name_has_advice(self) -> None:
        for name in ("Fjordbreen", "", "&"):
            reason = self.reason(mail(("text/html", windstream())), name)

            self.assertIn(f'Unknown parser "{name}"', reason)
            self.assertIn('"Parser for Circuit Maintenance plugin"', reason)
            self.assertIn("genericprovider", reason)
            self.assertIn("reprocess", reason)

    def test_no_name_has_advice(self) -> None:
        self.assertIn("The provider has no parser.", self.reason(mail(("text/html", windstream()))))

    def test_the_next_parser_reads_what_the_first_does_not(self) -> None:
        raw = mail(("text/html", windstream()))

        self.assertEqual(names_in(read(raw, "genericprovider", "windstream")), ["WMT-1"])
        self.assertEqual(names_in(read(raw, "nonsense", "windstream")), ["WMT-1"])
        self.assertEqual(names_in(read(raw, "zayo", "windstream")), ["WMT-1"])

    def test_the_reasons_of_all_parsers_are_given(self) -> None:
        reason = self.reason(mail(("text/html", "<p>Hello")), "genericprovider", "windstream", "nonsense")

        self.assertIn("[genericprovider]", reason)
        self.assertIn("[windstream]", reason)
        self.assertIn('Unknown parser "nonsense"', reason)

    def test_a_hundred_names_still_give_a_short_reason(self) -> None:
        self.reason(mail(("text/plain", "Hello")), *(f"nonsense {number}" for number in range(100)))


class NotAMaintenance(ParseTestCase):
    """The library's filters, and messages that only look filtered."""

    disturbance = {"Subject": "Disturbance Information"}

    def test_a_filtered_message_is_not_an_error(self) -> None:
        self.assertEqual(read(mail(("text/plain", "Hello"), **self.disturbance), "arelion"), [])
        self.assertEqual(read(mail(("text/html", "<p>Your invoice")), "zayo"), [])
        self.assertEqual(read(mail(("text/html", "<p>Hello"), **self.disturbance), "arelion", "zayo"), [])

    def test_another_parser_may_read_what_the_first_filters(self) -> None:
        raw = mail(("text/html", windstream()), **self.disturbance)

        self.assertEqual(names_in(read(raw, "arelion", "windstream")), ["WMT-1"])

    def test_an_error_of_one_parser_outranks_the_filter_of_another(self) -> None:
        raw = mail(("text/plain", "Hello"), **self.disturbance)

        for names in (("arelion", "genericprovider"), ("genericprovider", "arelion")):
            self.assertIn("[genericprovider]", self.reason(raw, *names))

    def test_the_second_html_part_counts_for_a_filter_too(self) -> None:
        raw = mail(("text/html", "<p>Confidential"), ("text/html", "<p>Maintenance Ticket #: "))

        self.assertIn("[zayo]", self.reason(raw, "zayo"))

    def test_finding_nothing_without_a_filter_is_an_error(self) -> None:
        self.assertIn("READ-04: No maintenance found.", self.reason(mail(calendar()), "genericprovider"))


def window(day: int) -> Window:
    """Return the window of a calendar event on that day."""
    return Window(datetime(2026, 3, day, 1, tzinfo=timezone.utc), datetime(2026, 3, day, 3, tzinfo=timezone.utc))
