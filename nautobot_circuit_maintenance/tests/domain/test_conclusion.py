"""What follows from all updates about a maintenance, whatever the order in which they arrive."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import TestCase

from hypothesis import given, settings, strategies as st

from nautobot_circuit_maintenance.domain.conclusion import EMPTY, conclude, in_order
from nautobot_circuit_maintenance.domain.updates import (
    IMPACTS,
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    Provenance,
    Window,
)

MONDAY = datetime(2026, 3, 2, tzinfo=timezone.utc)
STATUSES = ("TENTATIVE", "CONFIRMED", "CANCELLED", "IN-PROCESS", "COMPLETED", "RE-SCHEDULED", "NO-CHANGE")


def after(hours: float) -> datetime:
    """Return the time this many hours after Monday, 0:00 UTC."""
    return MONDAY + timedelta(hours=hours)


def nights(*days: int) -> tuple[Window, ...]:
    """Return windows of four hours in these nights of March."""
    return tuple(Window(after(24 * day), after(24 * day + 4)) for day in days)


def make_update(
    hour: float, *circuits: str | AnnouncedImpact, status: str = "CONFIRMED", days: Sequence[int] = (10,)
) -> MaintenanceUpdate:
    """Return an update issued and received this many hours after Monday; a bare circuit ID has an outage."""
    return MaintenanceUpdate(
        maintenance_id="CHG-1",
        events=(
            MaintenanceEvent(
                status=status,
                windows=nights(*days),
                circuits=tuple(AnnouncedImpact(each, "OUTAGE") if isinstance(each, str) else each for each in circuits),
                issued_at=after(hour),
                uid="1",
                sequence=1,
            ),
        ),
        provenance=Provenance(received_at=after(hour), sent_at=None, fingerprint=f"at {hour}"),
        description="Card exchange",
    )


def stating(update: MaintenanceUpdate, **changes: Any) -> MaintenanceUpdate:
    """Return an update with other values in its events."""
    return replace(update, events=tuple(event._replace(**changes) for event in update.events))


def cids(*updates: MaintenanceUpdate) -> list[str]:
    """Return the circuit IDs that follow from updates."""
    return [announced.cid for announced in conclude(updates).impacts]


class Order(TestCase):
    """Which of two updates is newer."""

    def assert_newer(self, newer: MaintenanceUpdate, older: MaintenanceUpdate) -> None:
        """Check the order, whichever comes first."""
        self.assertEqual(in_order([newer, older]), [older, newer])
        self.assertEqual(in_order([older, newer]), [older, newer])

    def test_the_later_issued_is_newer_whenever_it_was_received(self) -> None:
        late_mail = stating(replace(make_update(1), provenance=Provenance(after(99), None, "late")), sequence=7)

        self.assert_newer(make_update(2), late_mail)

    def test_a_stamp_from_the_future_counts_from_its_receipt(self) -> None:
        typing_error = stating(make_update(1), issued_at=after(9_999))

        self.assert_newer(make_update(2), typing_error)
        self.assertEqual(conclude([typing_error]).issued_at, after(1))

    def test_equal_times_are_ordered_by_sequence_date_receipt_and_fingerprint(self) -> None:
        first = replace(make_update(1), provenance=Provenance(after(5), after(4), "a"))

        self.assert_newer(stating(replace(first, provenance=Provenance(after(4), after(3), "a")), sequence=2), first)
        self.assert_newer(replace(first, provenance=Provenance(after(4), after(4.5), "a")), first)
        self.assert_newer(first, replace(first, provenance=Provenance(after(6), None, "b")))
        self.assert_newer(replace(first, provenance=Provenance(after(6), after(4), "a")), first)
        self.assert_newer(replace(first, provenance=Provenance(after(5), after(4), "b")), first)


class Conclusions(TestCase):
    """One example for each rule."""

    def test_nothing_follows_from_nothing(self) -> None:
        self.assertEqual(conclude([]), EMPTY)
        self.assertEqual((EMPTY.status, EMPTY.description, EMPTY.windows, EMPTY.impacts), ("UNKNOWN", "", (), ()))
        self.assertEqual((EMPTY.issued_at, EMPTY.sequence), (None, None))

    def test_the_newest_values_hold(self) -> None:
        last = stating(
            replace(make_update(2, "C-2", status="RE-SCHEDULED", days=(11, 12)), description="Later"), sequence=3
        )

        conclusion = conclude([last, make_update(1, "C-1")])

        self.assertEqual((conclusion.status, conclusion.description), ("RE-SCHEDULED", "Later"))
        self.assertEqual(conclusion.windows, nights(11, 12))
        self.assertEqual(conclusion.impacts, (AnnouncedImpact("C-2", "OUTAGE"),))
        self.assertEqual((conclusion.issued_at, conclusion.sequence), (after(2), 3))

    def test_no_change_keeps_the_status_and_alone_leaves_it_unknown(self) -> None:
        no_change = make_update(2, "C-1", status="NO-CHANGE")

        self.assertEqual(conclude([make_update(1, "C-1", status="TENTATIVE"), no_change]).status, "TENTATIVE")
        self.assertEqual(conclude([no_change]).status, "UNKNOWN")

    def test_a_bare_cancellation_keeps_what_it_does_not_state(self) -> None:
        planned = make_update(1, "C-1", "C-2")
        bare = replace(make_update(9, status="CANCELLED", days=()), description="")

        self.assertEqual(
            conclude([planned, bare]), replace(conclude([planned]), status="CANCELLED", issued_at=after(9))
        )

    def test_one_mail_per_circuit_is_one_announcement(self) -> None:
        self.assertEqual(
            cids(make_update(1, "C-3"), make_update(1.5, "C-1"), make_update(2, "C-2")), ["C-1", "C-2", "C-3"]
        )

    def test_more_than_an_hour_later_circuits_that_are_gone_are_gone(self) -> None:
        self.assertEqual(cids(make_update(1, "C-1", "C-2"), make_update(2.01, "C-2")), ["C-2"])

    def test_the_hour_counts_from_the_issue_and_not_from_the_receipt(self) -> None:
        delayed = replace(make_update(1, "C-1"), provenance=Provenance(after(2), None, "delayed"))

        self.assertEqual(cids(delayed, make_update(2.01, "C-2")), ["C-2"])

    def test_other_windows_or_another_status_are_another_announcement(self) -> None:
        newest = make_update(2, "C-2")

        self.assertEqual(cids(make_update(1.5, "C-1", days=(11,)), newest), ["C-2"])
        self.assertEqual(cids(make_update(1.5, "C-1", status="TENTATIVE"), newest), ["C-2"])

    def test_an_update_without_circuits_in_between_separates_nothing(self) -> None:
        self.assertEqual(
            cids(make_update(1, "C-1"), make_update(1.2, status="IN-PROCESS"), make_update(1.5, "C-2")), ["C-1", "C-2"]
        )

    def test_the_worst_impact_on_a_circuit_counts(self) -> None:
        for worse, better in zip(IMPACTS[1:], IMPACTS):
            good, bad = AnnouncedImpact("C-1", better), AnnouncedImpact("C-1", worse)

            for updates in (
                [make_update(1, good, bad)],
                [make_update(1, bad, good)],
                [make_update(1, bad), make_update(1.5, good)],
            ):
                self.assertEqual(conclude(updates).impacts, (AnnouncedImpact("C-1", worse),))

    def test_circuit_ids_that_differ_in_case_are_one_with_the_newest_spelling(self) -> None:
        old = make_update(1, AnnouncedImpact("C-A", "OUTAGE"))

        self.assertEqual(
            conclude([old, make_update(1.5, AnnouncedImpact("c-a", "DEGRADED"))]).impacts,
            (AnnouncedImpact("c-a", "OUTAGE"),),
        )
        self.assertEqual(cids(make_update(1, "c-a", "C-a", "c-A")), ["C-a"])


times = st.integers(0, 12).map(lambda quarter: after(quarter / 4))
impacts = st.builds(AnnouncedImpact, st.sampled_from(["C-1", "c-1", "C-2", "C-3"]), st.sampled_from(IMPACTS))
provenances = st.builds(
    Provenance, received_at=times, sent_at=st.none() | times, fingerprint=st.text("abcdef0123456789", min_size=16)
)
events = st.builds(
    MaintenanceEvent,
    status=st.sampled_from(STATUSES),
    windows=st.sampled_from([(), nights(10), nights(11), nights(10, 11)]),
    circuits=st.lists(impacts, max_size=3).map(tuple),
    issued_at=st.none() | times,
    uid=st.sampled_from([None, "", "1", "2"]),
    sequence=st.none() | st.integers(0, 2),
)
some_updates = st.builds(
    MaintenanceUpdate,
    maintenance_id=st.just("CHG-1"),
    events=st.lists(events, min_size=1, max_size=2).map(tuple),
    provenance=provenances,
    description=st.sampled_from(["", "Card exchange", "Fiber cut"]),
)
# Timing is not what these test.
whenever_ready = settings(deadline=None)
histories = st.lists(some_updates, max_size=6, unique_by=lambda update: update.provenance.fingerprint)


class Always(TestCase):
    """Properties of every history."""

    @whenever_ready
    @given(st.data())
    def test_the_order_of_arrival_never_matters(self, data: st.DataObject) -> None:
        history = data.draw(histories)

        self.assertEqual(conclude(data.draw(st.permutations(history))), conclude(history))

    @whenever_ready
    @given(histories)
    def test_a_bare_cancellation_never_loses_a_circuit(self, history: list[MaintenanceUpdate]) -> None:
        cancelled = conclude([*history, replace(make_update(99, status="CANCELLED", days=()), description="")])

        self.assertEqual(cancelled.status, "CANCELLED")
        self.assertEqual(cancelled.impacts, conclude(history).impacts)
        self.assertEqual(cancelled.windows, conclude(history).windows)

    @whenever_ready
    @given(histories, some_updates)
    def test_no_change_never_changes_the_status(
        self, history: list[MaintenanceUpdate], update: MaintenanceUpdate
    ) -> None:
        self.assertEqual(conclude([*history, stating(update, status="NO-CHANGE")]).status, conclude(history).status)

    @whenever_ready
    @given(histories)
    def test_a_circuit_has_one_impact_and_they_are_sorted(self, history: list[MaintenanceUpdate]) -> None:
        found = [announced.cid for announced in conclude(history).impacts]

        self.assertEqual(found, sorted(found))
        self.assertEqual(len(found), len({cid.casefold() for cid in found}))

    @whenever_ready
    @given(histories)
    def test_a_late_older_update_reverts_nothing(self, history: list[MaintenanceUpdate]) -> None:
        newest = make_update(50, "C-9", status="IN-PROCESS", days=(20,))
        older = [
            replace(
                update,
                events=tuple(event._replace(issued_at=event.issued_at or after(2)) for event in update.events),
                provenance=replace(update.provenance, received_at=after(99)),
            )
            for update in history
        ]

        self.assertEqual(conclude([newest, *older]), conclude([newest]))
