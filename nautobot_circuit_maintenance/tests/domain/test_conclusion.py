"""Conclude: what follows from all that a provider ever said about a maintenance, in whatever order it arrived."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from unittest import TestCase

from hypothesis import given, settings, strategies as st

from nautobot_circuit_maintenance.domain.conclusion import EMPTY, conclude, in_order
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceUpdate, Provenance, Window

MONDAY = datetime(2026, 3, 2, tzinfo=timezone.utc)
STATUSES = ("TENTATIVE", "CONFIRMED", "CANCELLED", "IN-PROCESS", "COMPLETED", "RE-SCHEDULED", "NO-CHANGE")
IMPACTS = ("NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE")


def after(hours: float) -> datetime:
    """Return a time so many hours after Monday, 0:00 UTC."""
    return MONDAY + timedelta(hours=hours)


def nights(*days: int) -> tuple[Window, ...]:
    """Return windows of four hours in the nights of these days of March."""
    return tuple(Window(after(24 * day), after(24 * day + 4)) for day in days)


def said(
    hour: float, *circuits: str | AnnouncedImpact, status: str = "CONFIRMED", days: Sequence[int] = (10,)
) -> MaintenanceUpdate:
    """Return an update issued and received so many hours after Monday; circuits are down unless they say else."""
    return MaintenanceUpdate(
        maintenance_id="CHG-1",
        status=status,
        description="Card exchange",
        windows=nights(*days),
        circuits=tuple(AnnouncedImpact(word, "OUTAGE") if isinstance(word, str) else word for word in circuits),
        issued_at=after(hour),
        sequence=1,
        provenance=Provenance(received_at=after(hour), sent_at=None, fingerprint=f"at {hour}"),
        items=(),
    )


def cids(*updates: MaintenanceUpdate) -> list[str]:
    """Return the circuit ids that follow from updates."""
    return [word.cid for word in conclude(updates).impacts]


class Order(TestCase):
    """Which of two updates is the newer one."""

    def assert_newer(self, newer: MaintenanceUpdate, older: MaintenanceUpdate) -> None:
        """Expect the same order whichever comes first."""
        self.assertEqual(in_order([newer, older]), [older, newer])
        self.assertEqual(in_order([older, newer]), [older, newer])

    def test_the_one_issued_later_whenever_it_was_received(self) -> None:
        late_mail = replace(said(1), provenance=Provenance(after(99), None, "late"), sequence=7)

        self.assert_newer(said(2), late_mail)

    def test_a_stamp_from_the_future_counts_from_its_receipt(self) -> None:
        typing_error = replace(said(1), issued_at=after(9_999))

        self.assert_newer(said(2), typing_error)
        self.assertEqual(conclude([typing_error]).issued_at, after(1))

    def test_of_equal_times_the_higher_sequence_then_the_date_then_the_receipt_then_the_fingerprint(self) -> None:
        first = replace(said(1), provenance=Provenance(after(5), after(4), "a"))

        self.assert_newer(replace(first, sequence=2, provenance=Provenance(after(4), after(3), "a")), first)
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

    def test_the_last_word_holds(self) -> None:
        last = replace(said(2, "C-2", status="RE-SCHEDULED", days=(11, 12)), description="Later", sequence=3)

        conclusion = conclude([last, said(1, "C-1")])

        self.assertEqual((conclusion.status, conclusion.description), ("RE-SCHEDULED", "Later"))
        self.assertEqual(conclusion.windows, nights(11, 12))
        self.assertEqual(conclusion.impacts, (AnnouncedImpact("C-2", "OUTAGE"),))
        self.assertEqual((conclusion.issued_at, conclusion.sequence), (after(2), 3))

    def test_no_change_keeps_the_status_and_alone_leaves_it_unknown(self) -> None:
        no_change = said(2, "C-1", status="NO-CHANGE")

        self.assertEqual(conclude([said(1, "C-1", status="TENTATIVE"), no_change]).status, "TENTATIVE")
        self.assertEqual(conclude([no_change]).status, "UNKNOWN")

    def test_a_bare_cancellation_keeps_what_it_does_not_mention(self) -> None:
        planned = said(1, "C-1", "C-2")
        bare = replace(said(9, status="CANCELLED", days=()), description="")

        self.assertEqual(
            conclude([planned, bare]), replace(conclude([planned]), status="CANCELLED", issued_at=after(9))
        )

    def test_one_mail_per_circuit_is_one_announcement(self) -> None:
        self.assertEqual(cids(said(1, "C-3"), said(1.5, "C-1"), said(2, "C-2")), ["C-1", "C-2", "C-3"])

    def test_more_than_an_hour_later_circuits_that_are_gone_are_gone(self) -> None:
        self.assertEqual(cids(said(1, "C-1", "C-2"), said(2.01, "C-2")), ["C-2"])

    def test_the_hour_counts_from_the_issue_and_not_from_the_receipt(self) -> None:
        delayed = replace(said(1, "C-1"), provenance=Provenance(after(2), None, "delayed"))

        self.assertEqual(cids(delayed, said(2.01, "C-2")), ["C-2"])

    def test_other_windows_or_another_status_are_another_announcement(self) -> None:
        newest = said(2, "C-2")

        self.assertEqual(cids(said(1.5, "C-1", days=(11,)), newest), ["C-2"])
        self.assertEqual(cids(said(1.5, "C-1", status="TENTATIVE"), newest), ["C-2"])

    def test_an_update_without_circuits_in_between_separates_nothing(self) -> None:
        self.assertEqual(cids(said(1, "C-1"), said(1.2, status="IN-PROCESS"), said(1.5, "C-2")), ["C-1", "C-2"])

    def test_the_worst_word_about_a_circuit_counts(self) -> None:
        for worse, better in zip(IMPACTS[1:], IMPACTS):
            good, bad = AnnouncedImpact("C-1", better), AnnouncedImpact("C-1", worse)

            for updates in ([said(1, good, bad)], [said(1, bad, good)], [said(1, bad), said(1.5, good)]):
                self.assertEqual(conclude(updates).impacts, (AnnouncedImpact("C-1", worse),))

    def test_circuit_ids_that_differ_in_case_are_one_as_the_newest_spells_it(self) -> None:
        old = said(1, AnnouncedImpact("C-A", "OUTAGE"))

        self.assertEqual(
            conclude([old, said(1.5, AnnouncedImpact("c-a", "DEGRADED"))]).impacts, (AnnouncedImpact("c-a", "OUTAGE"),)
        )
        self.assertEqual(cids(said(1, "c-a", "C-a", "c-A")), ["C-a"])


times = st.integers(0, 12).map(lambda quarter: after(quarter / 4))
words = st.builds(AnnouncedImpact, st.sampled_from(["C-1", "c-1", "C-2", "C-3"]), st.sampled_from(IMPACTS))
envelopes = st.builds(
    Provenance, received_at=times, sent_at=st.none() | times, fingerprint=st.text("abcdef0123456789", min_size=16)
)
some_updates = st.builds(
    MaintenanceUpdate,
    maintenance_id=st.just("CHG-1"),
    status=st.sampled_from(STATUSES),
    description=st.sampled_from(["", "Card exchange", "Fibre cut"]),
    windows=st.sampled_from([(), nights(10), nights(11), nights(10, 11)]),
    circuits=st.lists(words, max_size=3).map(tuple),
    issued_at=times,
    sequence=st.integers(-1, 2),
    provenance=envelopes,
    items=st.just(()),
)
# A busy machine is no defect of ours.
whenever_ready = settings(deadline=None)
histories = st.lists(some_updates, max_size=6, unique_by=lambda update: update.provenance.fingerprint)


class Always(TestCase):
    """What holds for every history."""

    @whenever_ready
    @given(st.data())
    def test_the_order_of_arrival_never_matters(self, data: st.DataObject) -> None:
        history = data.draw(histories)

        self.assertEqual(conclude(data.draw(st.permutations(history))), conclude(history))

    @whenever_ready
    @given(histories)
    def test_a_bare_cancellation_never_loses_a_circuit(self, history: list[MaintenanceUpdate]) -> None:
        cancelled = conclude([*history, replace(said(99, status="CANCELLED", days=()), description="")])

        self.assertEqual(cancelled.status, "CANCELLED")
        self.assertEqual(cancelled.impacts, conclude(history).impacts)
        self.assertEqual(cancelled.windows, conclude(history).windows)

    @whenever_ready
    @given(histories, some_updates)
    def test_no_change_never_changes_the_status(
        self, history: list[MaintenanceUpdate], update: MaintenanceUpdate
    ) -> None:
        self.assertEqual(conclude([*history, replace(update, status="NO-CHANGE")]).status, conclude(history).status)

    @whenever_ready
    @given(histories)
    def test_a_circuit_has_one_impact_and_they_are_sorted(self, history: list[MaintenanceUpdate]) -> None:
        found = [word.cid for word in conclude(history).impacts]

        self.assertEqual(found, sorted(found))
        self.assertEqual(len(found), len({cid.casefold() for cid in found}))

    @whenever_ready
    @given(histories)
    def test_a_late_older_mail_reverts_nothing(self, history: list[MaintenanceUpdate]) -> None:
        newest = said(50, "C-9", status="IN-PROCESS", days=(20,))
        older = [replace(update, provenance=replace(update.provenance, received_at=after(99))) for update in history]

        self.assertEqual(conclude([newest, *older]), conclude([newest]))
