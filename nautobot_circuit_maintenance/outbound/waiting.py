"""What is to be said in the conversations about maintenances: the difference to what was sent last, and what the clock made true."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from nautobot_circuit_maintenance.choices import EventChoices as Event
from nautobot_circuit_maintenance.models import CircuitMaintenance, Subscription, Thread
from nautobot_circuit_maintenance.outbound.facts_of_clock import facts_of
from nautobot_circuit_maintenance.outbound.owners import Owner
from nautobot_circuit_maintenance.outbound.seen import ANOTHER, Seen, Still, see, still_visible
from nautobot_circuit_maintenance.outbound.state import MaintenanceState, Occasion, State, digest_of, from_json, to_json
from nautobot_circuit_maintenance.outbound.stored_filters import matching


@dataclass(frozen=True)
class Pending:
    """One thing to say in a conversation."""

    key: str
    occasion: Occasion
    until: datetime | None = None
    """When it is too late to say it."""


def pending_of_maintenances(
    subscription: Subscription, threads: Iterable[Thread], owner: Owner, now: datetime
) -> dict[UUID, list[Pending]]:
    """Return what is to be said in each of these conversations, most important first.

    Where nothing was ever sent, and nothing is to be sent now, the state is kept as what later changes are compared with;
    that changes the threads and does not save them. Raises Silent if the filter is not valid any more.
    """
    rows, visibility = list(threads), owner.visibility
    subjects = {row.subject_id for row in rows}
    seen = see(subjects, visibility)
    matched = matching(subscription.maintenance_filter, visibility, subjects)
    hidden = _existing(subjects - seen.keys())
    last_states = {row.pk: _last_state(row) for row in rows}
    still = still_visible((each for each in last_states.values() if each), visibility)
    return {
        row.pk: _Conversation(subscription, row, last_states[row.pk], still, now).pending(
            seen.get(row.subject_id), is_matched=row.subject_id in matched, is_hidden=row.subject_id in hidden
        )
        for row in rows
    }


def _existing(subjects: Collection[UUID]) -> set[UUID]:
    if not subjects:
        return set()
    return set(CircuitMaintenance.objects.filter(pk__in=subjects).order_by().values_list("pk", flat=True))


def _last_state(thread: Thread) -> MaintenanceState | None:
    state = from_json(thread.last_state) if thread.last_state else None
    return state if isinstance(state, MaintenanceState) else None


@dataclass(frozen=True)
class _Conversation:
    subscription: Subscription
    thread: Thread
    last_state: MaintenanceState | None
    still: Still
    now: datetime

    def pending(self, seen: Seen | None, *, is_matched: bool, is_hidden: bool) -> list[Pending]:
        """Return what is to be said; nothing about what the owner may not view any more."""
        last_state = self.last_state
        if seen is None:
            if is_hidden or last_state is None or last_state.is_over:
                return []
            left = self.still.gone(last_state)
            return self._difference(replace(left, exists=True), left, is_new=False)
        state = seen.state if is_matched else replace(seen.state, matches=False)
        if last_state:
            last_state = _as_seen_now(self.still.left_of(last_state, seen.hidden), state)
        is_new = seen.created is None or seen.created >= self.subscription.begun
        found = self._difference(last_state, state, is_new=is_new)
        return found + self._of_clock(replace(seen, state=state), last_state)

    def _difference(
        self, last_state: MaintenanceState | None, state: MaintenanceState, *, is_new: bool
    ) -> list[Pending]:
        if last_state is None:
            event, wanted = self._first(state, is_new=is_new)
        elif last_state.fact == state.fact:
            return []
        else:
            event, wanted = _later(last_state, state)
        if not event:
            return []
        if wanted.isdisjoint(self.subscription.events):
            if not self.thread.root_key:
                self.thread.last_state = to_json(state)
            return []
        key = digest_of(str(self.thread.pk), event, self.thread.last_key, state.fact)
        return [Pending(key, self._occasion(event, state, last_state))]

    def _first(self, state: MaintenanceState, *, is_new: bool) -> tuple[str, set[str]]:
        """Return the event of a first message, and the events of which one must be subscribed to; of what is past, none."""
        ends = max((end for _, end in state.windows), default=None)
        if not state.matches or (ends and ends < self.now) or (state.is_over and not state.is_cancelled):
            return "", set()
        if state.is_cancelled:
            return Event.CANCELLED, {Event.CANCELLED}
        return Event.NEW, {Event.NEW} if is_new else {Event.NEW, Event.CHANGED}

    def _of_clock(self, seen: Seen, last_state: MaintenanceState | None) -> list[Pending]:
        own = self.subscription
        found = facts_of(seen, own.events, lead=own.reminds_before, begun=own.begun, now=self.now)
        return [
            Pending(
                digest_of(str(self.thread.pk), fact.event, *fact.parts),
                self._occasion(fact.event, seen.state, last_state, fact.window),
                fact.until,
            )
            for fact in found
        ]

    def _occasion(
        self, event: str, state: State, last_state: State | None, window: tuple[datetime, datetime] | None = None
    ) -> Occasion:
        return Occasion(event, state, last_state, window)


def _as_seen_now(last_state: MaintenanceState, state: MaintenanceState) -> MaintenanceState:
    """Return the state that was sent last with the name that the replacing maintenance has now, if it is hidden in one of both.

    Whether that may be viewed changes nothing about this one.
    """
    if last_state.replaced_by and state.replaced_by and ANOTHER in (last_state.replaced_by, state.replaced_by):
        return replace(last_state, replaced_by=state.replaced_by)
    return last_state


def _later(last_state: MaintenanceState, state: MaintenanceState) -> tuple[str, set[str]]:
    """Return the event of a difference, and the events of which one must be subscribed to."""
    if state.is_cancelled:
        return (Event.CHANGED, {Event.CHANGED}) if last_state.is_cancelled else (Event.CANCELLED, {Event.CANCELLED})
    if not state.matches:
        return ("", set()) if last_state.is_over else (Event.CHANGED, {Event.CHANGED, Event.CANCELLED})
    is_back = last_state.is_cancelled or not last_state.matches
    return Event.CHANGED, {Event.CHANGED, Event.NEW} if is_back else {Event.CHANGED}
