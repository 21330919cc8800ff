"""What changed, as plain text."""

from dataclasses import replace
from unittest import TestCase

from nautobot_circuit_maintenance.domain.conclusion import EMPTY, CircuitState, Conclusion, conclude
from nautobot_circuit_maintenance.domain.phrases import MAX_LISTED, PartKind, Topic, phrases_of, phrases_of_edit
from nautobot_circuit_maintenance.domain.timeline import Difference
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceUpdate
from nautobot_circuit_maintenance.tests.domain.test_conclusion import make_update, nights

NIGHT = "2026-03-{} 00:00 \N{EN DASH} 04:00 UTC"
BEFORE = conclude([make_update(1, "C-1")])


def texts(before: Conclusion, *updates: MaintenanceUpdate) -> list[str]:
    """Return the phrases about the difference between a conclusion and that from updates."""
    return [str(phrase) for phrase in phrases_of(Difference(before, conclude(updates)))]


class NotificationPhrasesTest(TestCase):
    """What notifications changed."""

    def test_a_first_notification_announces(self) -> None:
        self.assertEqual(
            texts(EMPTY, make_update(1, "C-1")),
            ["Announced: CONFIRMED", f"Window: {NIGHT.format(12)}", "Affected circuit: C-1 OUTAGE"],
        )
        self.assertEqual(
            texts(EMPTY, make_update(1, "C-1", "C-2", days=(10, 11)))[1:],
            [
                f"Windows: {NIGHT.format(12)}, {NIGHT.format(13)}",
                "Affected circuits (2): C-1 OUTAGE, C-2 OUTAGE",
            ],
        )

    def test_a_changed_status_has_both_values(self) -> None:
        self.assertEqual(
            texts(BEFORE, make_update(1, "C-1", status="RE-SCHEDULED")), ["CONFIRMED \N{RIGHTWARDS ARROW} RE-SCHEDULED"]
        )

    def test_windows_are_moved_replaced_added_or_removed(self) -> None:
        two = conclude([make_update(1, "C-1", days=(10, 12))])
        for before, days, text in (
            (BEFORE, (11,), f"Window moved 24 h later \N{RIGHTWARDS ARROW} {NIGHT.format(13)}"),
            (two, (9, 11), f"Windows moved 24 h earlier \N{RIGHTWARDS ARROW} {NIGHT.format(11)}, {NIGHT.format(13)}"),
            (two, (13,), f"Windows: {NIGHT.format(12)}, {NIGHT.format(14)} \N{RIGHTWARDS ARROW} {NIGHT.format(15)}"),
            (BEFORE, (10, 11), f"Window added: {NIGHT.format(13)}"),
            (two, (10,), f"Window removed: {NIGHT.format(14)}"),
        ):
            with self.subTest(text):
                self.assertEqual(texts(before, make_update(1, "C-1", days=days)), [text])

    def test_windows_that_are_cancelled_are_not_removed(self) -> None:
        first, second = nights(10)[0], nights(12)[0]
        both = Conclusion(status="CONFIRMED", windows=(first, second), impacts=(CircuitState("C-1", "OUTAGE"),))
        one = replace(both, windows=(second,), cancelled_windows=(first,))

        phrases = [str(phrase) for phrase in phrases_of(Difference(both, one))]

        self.assertEqual(phrases, [f"Window cancelled: {NIGHT.format(12)}"])

    def test_a_circuit_may_be_affected_in_some_windows_or_none(self) -> None:
        first, second = nights(10)[0], nights(12)[0]
        impacts = (CircuitState("C-1", "OUTAGE"), CircuitState("C-2", "OUTAGE", (first,)))
        before = Conclusion(status="CONFIRMED", windows=(first, second), impacts=impacts)
        moved = replace(before, impacts=(impacts[0], CircuitState("C-2", "OUTAGE", (second,))))
        gone = replace(before, impacts=(impacts[0], CircuitState("C-2", "OUTAGE", ())))

        def phrases(after: Conclusion) -> list[str]:
            return [str(phrase) for phrase in phrases_of(Difference(before, after))]

        self.assertEqual(phrases(moved), [f"C-2 affected in: {NIGHT.format(14)}"])
        self.assertEqual(phrases(gone), ["Circuit no longer affected: C-2"])
        self.assertEqual(phrases(before), [])

    def test_circuits_are_added_or_removed_and_impacts_change(self) -> None:
        self.assertEqual(
            texts(BEFORE, make_update(1, AnnouncedImpact("C-1", "DEGRADED"), "C-2", "C-3")),
            [
                "Circuits added (2): C-2 OUTAGE, C-3 OUTAGE",
                "Impact changed: C-1 OUTAGE \N{RIGHTWARDS ARROW} DEGRADED",
            ],
        )
        self.assertEqual(texts(BEFORE, make_update(1, "C-2")), ["Circuit added: C-2 OUTAGE", "Circuit removed: C-1"])

    def test_long_lists_are_counted(self) -> None:
        many = [f"C-{number:02}" for number in range(MAX_LISTED + 7)]

        text = texts(EMPTY, make_update(1, *many))[-1]

        self.assertTrue(text.startswith("Affected circuits (12): C-00 OUTAGE, "))
        self.assertTrue(text.endswith("C-04 OUTAGE and 7 more"))

    def test_a_changed_description_is_mentioned(self) -> None:
        self.assertEqual(
            texts(BEFORE, replace(make_update(1, "C-1"), description="Other work")), ["Description changed"]
        )

    def test_without_a_change_there_is_no_phrase(self) -> None:
        self.assertEqual(texts(BEFORE, make_update(1, "C-1")), [])

    def test_parts_have_kinds_for_markup(self) -> None:
        announced, window, circuit = phrases_of(Difference(EMPTY, BEFORE))

        self.assertEqual([part.kind for part in announced.parts], [PartKind.TEXT, PartKind.STATUS])
        self.assertEqual(window.parts[-1].window, nights(10)[0])
        self.assertEqual([part.kind for part in circuit.parts], [PartKind.TEXT, PartKind.TEXT, PartKind.IMPACT])
        self.assertEqual(
            [each.topic for each in (announced, window, circuit)], [Topic.STATUS, Topic.WINDOWS, Topic.CIRCUITS]
        )


class EditPhrasesTest(TestCase):
    """What a person changed."""

    def test_fields_have_their_values_if_these_are_strings(self) -> None:
        fields = {"ticket": ("", "T-1"), "custom_fields": ({"a": 1}, {"a": 2}), "ack": (True, False)}

        found = [str(phrase) for phrase in phrases_of_edit(None, fields)]

        self.assertEqual(
            found, ["Ticket: none \N{RIGHTWARDS ARROW} T-1", "Custom fields changed", "Acknowledgement removed"]
        )

    def test_an_edit_never_announces(self) -> None:
        difference = Difference(EMPTY, replace(BEFORE, impacts=()))

        found = [str(phrase) for phrase in phrases_of_edit(difference, {"ack": (False, True)})]

        self.assertEqual(
            found,
            [
                "UNKNOWN \N{RIGHTWARDS ARROW} CONFIRMED",
                f"Window added: {NIGHT.format(12)}",
                "Description changed",
                "Acknowledged",
            ],
        )
