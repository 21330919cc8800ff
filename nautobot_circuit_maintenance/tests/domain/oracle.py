"""What a maintenance is, worked out a second time from the words of ``docs/dev/architecture.md``, to compare with.

Slow and direct on purpose: every step looks at everything, nothing is kept but a set of facts, and no function of the
domain is used. A fact is one circuit in one window, as one message announced it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from nautobot_circuit_maintenance.domain.updates import MaintenanceEvent, MaintenanceUpdate, Window

MILDEST_FIRST = ["NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE"]
OVER = {"CANCELLED", "COMPLETED"}


class Statement(NamedTuple):
    """One event, and what its message adds."""

    event: MaintenanceEvent
    mail: str
    sent: datetime
    received: datetime
    position: int
    names_one_circuit: bool
    windows_of_uid: set[Window]
    """All windows that its message gives for its UID."""

    @property
    def uid(self) -> str:
        """The UID; empty without one."""
        return (self.event.uid or "").strip()

    @property
    def number(self) -> int:
        """SEQUENCE; none is lower than any."""
        return -1 if self.event.sequence is None else self.event.sequence

    @property
    def circuits(self) -> set[str]:
        """The circuits that it names."""
        return {cid.casefold() for cid, _ in self.event.circuits}


class Fact(NamedTuple):
    """One circuit in one window."""

    circuit: str
    window: Window | None
    status: str
    impact: str
    uid: str
    occurrence: str | None
    number: int
    mail: str
    ended_by: str
    is_alone: bool
    moment: tuple[int, int]
    """Of its last event: the place among all events, and in what the event says."""
    stated_at: int
    """Place of the event that stated its status."""

    @property
    def is_over(self) -> bool:
        """Whether it was cancelled or completed."""
        return self.status in OVER


@dataclass
class Outcome:
    """What all updates come to."""

    status: str
    windows: list[Window]
    cancelled_windows: list[Window]
    circuits: dict[str, tuple[str, list[Window]]]
    """Impact, and the windows in which it is affected, by circuit."""
    standing: set[str]
    """The messages of which something still stands."""
    name: str
    description: str
    questioned: set[tuple[str, str]]
    """Messages that say moved and move nothing, or have a window that is an earlier one read otherwise; and its start."""


def outcome_of(updates: Sequence[MaintenanceUpdate]) -> Outcome:
    """Return what these updates come to, in whatever order they are given."""
    history = in_order([statement for update in updates for statement in _statements(update)])
    facts: set[Fact] = set()
    one_mail_per_circuit: set[str] = set()
    past = Past(set(), set(), {})
    for place, statement in enumerate(history):
        before = facts
        if _is_used_again(facts, statement) and statement.event.status not in OVER:
            past.moved_to.clear()
            before = set()
        if statement.event.status in OVER:
            facts = _ended(facts, statement, place)
        else:
            facts = _announced(facts, statement, place, one_mail_per_circuit)
        past.question(statement, before - facts, {fact for fact in facts - before if fact.moment[0] == place})
    outcome = _summary(facts, history, updates)
    outcome.questioned = past.lasting(facts)
    return outcome


Side = tuple[str, str, Window | None, bool]


@dataclass
class Past:
    """What later messages are compared with, and what came of it."""

    moving: set[str]
    """Messages that say moved and move something."""
    moved_to: set[tuple[str, Window]]
    questions: dict[tuple[str, str], list[set[Side]]]

    def question(self, statement: Statement, gone: set[Fact], new: set[Fact]) -> None:
        """Compare what a message states with what it takes the place of."""
        event = statement.event
        if not event.windows or event.method == "ADD":
            return
        if event.status in OVER:  # What only it made known was not announced before.
            new = {fact for fact in new if fact.circuit in {old.circuit for old in gone}}
        if event.status == "RE-SCHEDULED":
            self._question_move(statement, {fact.window for fact in gone if fact.window and not fact.is_over}, new)
        if not statement.uid:
            known = {fact.window for fact in gone if fact.window}
            for window in {fact.window for fact in new if fact.window} - known:
                others = known - statement.windows_of_uid
                if any(_is_misread(window, other) for other in others):
                    self._ask(statement.mail, f"{window.start}", {fact for fact in new if fact.window == window})

    def _question_move(self, statement: Statement, old: set[Window], new: set[Fact]) -> None:
        is_series = statement.event.recurrence_id is not None
        places = {(fact.circuit, fact.window) for fact in new if fact.window}
        if old and old != (set(statement.event.windows) if is_series else statement.windows_of_uid):
            self.moving.add(statement.mail)
        elif old and not places & self.moved_to:
            self._ask(statement.mail, "", new)
        self.moved_to |= places

    def _ask(self, mail: str, about: str, facts: set[Fact]) -> None:
        self.questions.setdefault((mail, about), []).append({_side(fact) for fact in facts})

    def lasting(self, facts: set[Fact]) -> set[tuple[str, str]]:
        """Return what is still to be asked, while something of it stands."""
        standing = {_side(fact) for fact in facts}
        return {
            (mail, about)
            for (mail, about), sides in self.questions.items()
            if any(each & standing for each in sides) and (about or mail not in self.moving)
        }


def _side(fact: Fact) -> Side:
    return fact.uid, fact.circuit, fact.window, fact.is_over


def _is_misread(window: Window, other: Window) -> bool:
    """Return whether a window is another with day and month the other way round, or in another year, on any clock."""
    is_end = window.start == other.start and _is_misread_moment(window.end, other.end)
    return is_end or _is_misread_moment(window.start, other.start)


def _is_misread_moment(moment: datetime, other: datetime) -> bool:
    for days in (-1, 0, 1):
        for hours in (-1, 0, 1):
            here, there = moment + timedelta(days=days, hours=hours), other + timedelta(days=days)
            if here.time() != there.time():
                continue
            is_same_year, is_ambiguous = moment.year == other.year, here.day != here.month
            if is_ambiguous and is_same_year and (here.day, here.month) == (there.month, there.day):
                return True
            if abs(moment - other) > timedelta(180) and (here.day, here.month) == (there.day, there.month):
                return True
    return False


def _statements(update: MaintenanceUpdate) -> list[Statement]:
    mail = update.provenance
    sent = mail.received_at if mail.sent_at is None or mail.sent_at > mail.received_at else mail.sent_at
    cids = {cid.casefold() for event in update.events for cid, _ in event.circuits}
    return [
        Statement(
            event,
            mail.fingerprint,
            sent,
            mail.received_at,
            position,
            len(cids) == 1,
            {window for other in update.events if other.uid == event.uid for window in other.windows},
        )
        for position, event in enumerate(update.events)
    ]


def in_order(history: Sequence[Statement]) -> list[Statement]:
    """Return the statements from the oldest to the newest: each is as late as what it must follow, until that is so."""
    times = [min(statement.event.issued_at or statement.sent, statement.sent) for statement in history]
    is_settled = False
    while not is_settled:
        is_settled = True
        for mine, statement in enumerate(history):
            for other, before in enumerate(history):
                must_follow = statement.uid and statement.uid == before.uid and statement.number > before.number
                if must_follow and before.sent <= statement.sent and times[mine] < times[other]:
                    times[mine], is_settled = times[other], False

    def is_older(one: int, two: int) -> bool:
        for first, second in zip(_rank(history[one], times[one]), _rank(history[two], times[two])):
            if first != second:
                return bool(first < second)
        return False

    places = [sum(is_older(other, mine) for other in range(len(history))) for mine in range(len(history))]
    assert sorted(places) == list(range(len(history))), "not a total order"
    return [history[places.index(place)] for place in range(len(history))]


def _rank(statement: Statement, time: datetime) -> list:
    ends_last = statement.event.status not in OVER
    is_one_of_series = statement.event.recurrence_id is not None
    return [
        time,
        statement.number,
        statement.sent,
        statement.received,
        statement.mail,
        is_one_of_series,
        ends_last,
        statement.position,
    ]


def _can_change(facts: Iterable[Fact], statement: Statement) -> set[Fact]:
    """Return the facts that are not of the same message, or are of a lower sequence of the same UID."""
    free = set()
    for fact in facts:
        is_same_uid = bool(statement.uid) and fact.uid == statement.uid
        if statement.mail not in (fact.mail, fact.ended_by) or (is_same_uid and fact.number < statement.number):
            free.add(fact)
        elif is_same_uid and statement.event.status not in OVER and fact.is_over:  # open holds
            if fact.circuit in statement.circuits and fact.window in statement.event.windows:
                free.add(fact)
    return free


def _meet(window: Window | None, others: Iterable[Window]) -> bool:
    return window is not None and any(window.start < other.end and other.start < window.end for other in others)


def _is_used_again(facts: set[Fact], statement: Statement) -> bool:
    ends = [fact.window.end for fact in facts if fact.window]
    if not ends or not statement.event.windows or not all(fact.is_over for fact in facts):
        return False
    return min(window.start for window in statement.event.windows) - max(ends) > timedelta(days=30)


def _announced(facts: set[Fact], statement: Statement, place: int, one_mail_per_circuit: set[str]) -> set[Fact]:
    """Apply an open word."""
    event, free = statement.event, _can_change(facts, statement)
    own = {fact for fact in free if statement.uid and fact.uid == statement.uid}
    if event.method == "ADD":
        gone: set[Fact] = set()
    elif _is_used_again(facts, statement):
        gone = free
        one_mail_per_circuit.clear()
    elif not statement.uid:
        gone = _gone_without_uid(facts, free, statement)
    elif not any(fact.uid == statement.uid for fact in facts):
        gone = _gone_for_new_uid(free, statement)
    else:
        gone = _gone_for_known_uid(own, statement, one_mail_per_circuit)
    return (facts - gone) | _new(facts, gone, statement, place)


def _gone_for_known_uid(own: set[Fact], statement: Statement, one_mail_per_circuit: set[str]) -> set[Fact]:
    event = statement.event
    if event.recurrence_id is not None:
        return {fact for fact in own if fact.occurrence == event.recurrence_id}
    if statement.uid in one_mail_per_circuit:
        return {fact for fact in own if fact.circuit in statement.circuits or not statement.circuits}
    if _is_about_another_circuit(own, statement):
        one_mail_per_circuit.add(str(statement.uid))
        return set()
    if own and event.windows and all(fact.is_over and not _meet(fact.window, event.windows) for fact in own):
        return set()  # a further night, or a new date after a cancellation
    latest = max((fact.moment[0] for fact in own if not fact.is_over), default=-1)
    # A new date stands beside what was over before; so do its reminders and its moves.
    return {fact for fact in own if not fact.is_over or fact.moment[0] >= latest or _meet(fact.window, event.windows)}


def _is_about_another_circuit(own: set[Fact], statement: Statement) -> bool:
    known = {fact.circuit for fact in own if fact.circuit}
    if not known or not statement.circuits or known & statement.circuits:
        return False
    return statement.number <= max(fact.number for fact in own)


def _gone_without_uid(facts: set[Fact], free: set[Fact], statement: Statement) -> set[Fact]:
    gone = {fact for fact in free if not fact.is_over or _meet(fact.window, statement.event.windows)}
    if facts and statement.names_one_circuit and all(fact.is_alone for fact in facts):
        gone = {fact for fact in gone if fact.circuit in statement.circuits}
    return gone


def _gone_for_new_uid(free: set[Fact], statement: Statement) -> set[Fact]:
    same = {fact for fact in free if not fact.circuit or not statement.circuits or fact.circuit in statement.circuits}
    gone = {fact for fact in same if fact.window is None or _meet(fact.window, statement.event.windows)}
    if statement.event.status == "RE-SCHEDULED":
        gone |= {fact for fact in same if not fact.is_over}
    return gone


def _new(facts: set[Fact], gone: set[Fact], statement: Statement, place: int) -> set[Fact]:
    """Return what an open word states; what it does not, it takes from what it replaces, or from everything."""
    event, source = statement.event, gone or facts
    new = set()
    for number, ((circuit, window), impact) in enumerate(_pairs(event, source).items()):
        status, stated_at = _status_of_new(source, statement, place, circuit, window)
        heirs = [] if statement.uid else [fact for fact in gone if fact.circuit == circuit and fact.uid]
        heirs = [fact for fact in heirs if window and fact.window == window] or heirs
        heir = max(heirs, key=lambda fact: (fact.moment[0], fact.uid, fact.number), default=None)
        new.add(
            Fact(
                circuit=circuit,
                window=window,
                status=status,
                impact=impact,
                uid=heir.uid if heir else statement.uid,
                occurrence=event.recurrence_id or _start_of(window),
                number=heir.number if heir else statement.number,
                mail=statement.mail,
                ended_by="",
                is_alone=statement.names_one_circuit,
                moment=(place, number),
                stated_at=stated_at,
            )
        )
    return new


def _pairs(event: MaintenanceEvent, source: set[Fact]) -> dict[tuple[str, Window | None], str]:
    """Return the impact of each circuit in each window that an open word announces."""
    named = {fact for fact in source if fact.circuit}
    found: list[tuple[str, Window | None, str]] = []
    if event.circuits and event.windows:
        found = [(cid.casefold(), window, impact) for cid, impact in event.circuits for window in event.windows]
    elif event.circuits:
        for cid, impact in event.circuits:
            own = {fact.window for fact in source if fact.circuit == cid.casefold() and fact.window}
            everywhere = {fact.window for fact in source if fact.window}
            found += [(cid.casefold(), window, impact) for window in own or everywhere or {None}]
    elif event.windows:
        known = {(fact.circuit, _worst(source, fact.circuit)) for fact in named} or {("", "OUTAGE")}
        found = [(circuit, window, impact) for circuit, impact in known for window in event.windows]
    else:
        found = [(fact.circuit, fact.window, fact.impact) for fact in source] or [("", None, "OUTAGE")]
    worst: dict[tuple[str, Window | None], str] = {}
    for circuit, window, impact in found:
        known_impact = worst.get((circuit, window), impact)
        worst[circuit, window] = max(impact, known_impact, key=MILDEST_FIRST.index)
    return worst


def _worst(facts: Iterable[Fact], circuit: str) -> str:
    return max((fact.impact for fact in facts if fact.circuit == circuit), key=MILDEST_FIRST.index)


def _start_of(window: Window | None) -> str | None:
    return f"{window.start:%Y-%m-%dT%H:%M:%SZ}" if window else None


def _status_of_new(
    source: set[Fact], statement: Statement, place: int, circuit: str, window: Window | None
) -> tuple[str, int]:
    """Return the status of a new fact and the place of the event that stated it."""
    if statement.event.status != "NO-CHANGE":
        return statement.event.status, place
    for known in (
        [fact for fact in source if (fact.circuit, fact.window) == (circuit, window)],
        [fact for fact in source if fact.circuit == circuit],
    ):
        if known:
            return max((fact.stated_at, fact.status) for fact in known)[::-1]
    stated_at, status = max(((fact.stated_at, fact.status) for fact in source), default=(place, "UNKNOWN"))
    return (status, stated_at) if status != "UNKNOWN" else (statement.event.default_status or "UNKNOWN", place)


def _ended(facts: set[Fact], statement: Statement, place: int) -> set[Fact]:
    """Apply an ending word: it ends what it names and removes nothing."""
    event = statement.event
    is_known = bool(statement.uid) and any(fact.uid == statement.uid for fact in facts)
    whole = {fact for fact in _can_change(facts, statement) if not is_known or fact.uid == statement.uid}
    scope = {fact for fact in whole if event.recurrence_id in (None, fact.occurrence)}
    has_one_window = len({fact.window for fact in scope}) == 1
    named = scope
    if statement.circuits:
        named = {fact for fact in named if fact.circuit in statement.circuits or not fact.circuit}
    if event.windows and not (has_one_window and (is_known or not statement.uid)):
        named = {fact for fact in named if fact.window is None or _meet(fact.window, event.windows)}
    if not named and (is_known or not (statement.uid or _each_names_one(facts, statement))):
        named, has_one_window = scope, False
    # What ended otherwise stays so, unless an event with its circuit and its time reopens it, or no other is meant.
    is_rest_open_or_equal = any(fact.status not in OVER or fact.status == event.status for fact in named)
    if is_rest_open_or_equal:
        for fact in list(named):
            is_stated = statement.circuits and event.windows and (not fact.window or _meet(fact.window, event.windows))
            if fact.status in OVER and fact.status != event.status and not is_stated:
                named = named - {fact}
    takes_times = has_one_window and len(event.windows) == 1
    ended = {
        fact._replace(
            status=event.status,
            window=event.windows[0] if takes_times else fact.window,
            ended_by=statement.mail,
            number=max(fact.number, statement.number) if fact.uid == statement.uid else fact.number,
            moment=(place, number),
            stated_at=place,
        )
        for number, fact in enumerate(sorted(named, key=lambda fact: fact.moment))
    }
    return (facts - named) | ended | _added(facts - named | ended, named, statement, place)


def _each_names_one(facts: set[Fact], statement: Statement) -> bool:
    return statement.names_one_circuit and all(fact.is_alone for fact in facts)


def _added(facts: set[Fact], named: set[Fact], statement: Statement, place: int) -> set[Fact]:
    """Return the circuits of an ending word that no other mail made known."""
    event, before = statement.event, {fact for fact in facts if {fact.mail, fact.ended_by} != {statement.mail}}
    known = {fact.circuit for fact in before}
    new = [(cid.casefold(), impact) for cid, impact in event.circuits if cid.casefold() not in known]
    if not event.circuits and not before:
        here = sorted({fact.circuit for fact in facts if fact.circuit})
        new = [(circuit, _worst(facts, circuit)) for circuit in here] or [("", "OUTAGE")]
    source = {fact for fact in facts if fact.moment[0] == place} if named else facts
    windows = list(event.windows) or sorted({fact.window for fact in source if fact.window}) or [None]
    return {
        Fact(
            circuit=circuit,
            window=window,
            status=event.status,
            impact=impact,
            uid=statement.uid,
            occurrence=event.recurrence_id or _start_of(window),
            number=statement.number,
            mail=statement.mail,
            ended_by=statement.mail,
            is_alone=statement.names_one_circuit,
            moment=(place, 0),
            stated_at=place,
        )
        for circuit, impact in new
        for window in windows
        if not any((fact.circuit, fact.window) == (circuit, window) for fact in facts)
    }


def _summary(facts: set[Fact], history: Sequence[Statement], updates: Sequence[MaintenanceUpdate]) -> Outcome:
    live = {fact for fact in facts if fact.status != "CANCELLED"}
    counted = live or facts
    windows = {fact.window for fact in counted if fact.window}
    circuits = {}
    for circuit in {fact.circuit for fact in facts} - {""}:
        own = {fact for fact in facts if fact.circuit == circuit}
        affected = own & counted
        spans = {fact.window for fact in affected if fact.window}
        if any(fact.window is None for fact in affected):
            spans = windows
        circuits[circuit] = (_worst(affected or own, circuit), sorted(spans))
    by_mail = {update.provenance.fingerprint: update for update in updates}
    in_turn = [by_mail[statement.mail] for statement in history]
    return Outcome(
        status=_status(facts, live),
        windows=sorted(windows),
        cancelled_windows=sorted({fact.window for fact in facts if fact.window} - windows),
        circuits=circuits,
        standing={fact.mail for fact in facts} | {fact.ended_by for fact in facts} - {""},
        name=in_turn[0].maintenance_id.strip() if in_turn else "",
        description=([update.description for update in in_turn if update.description] or [""])[-1],
        questioned=set(),
    )


def _status(facts: set[Fact], live: set[Fact]) -> str:
    if not facts:
        return "UNKNOWN"
    if not live:
        return "CANCELLED"
    open_ones = {fact for fact in live if not fact.is_over}
    if not open_ones:
        return "COMPLETED"
    if any(fact.status == "IN-PROCESS" for fact in open_ones):
        return "IN-PROCESS"
    return max(open_ones, key=lambda fact: fact.stated_at).status
