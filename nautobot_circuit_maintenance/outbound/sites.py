"""Sites at risk: an episode that was sent is not sent again unless it gets worse, moves or lasts longer, or does not come."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import cache
from uuid import UUID

from django.urls import reverse

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.values import Finding, Subject
from nautobot_circuit_maintenance.analysis.risk.report import Risk
from nautobot_circuit_maintenance.choices import EventChoices as Event
from nautobot_circuit_maintenance.domain.errors import RiskError
from nautobot_circuit_maintenance.models import Subscription, Thread
from nautobot_circuit_maintenance.outbound.errors import Silent
from nautobot_circuit_maintenance.outbound.links import linking
from nautobot_circuit_maintenance.outbound.moments import span_text
from nautobot_circuit_maintenance.outbound.owners import Owner, Viewer
from nautobot_circuit_maintenance.outbound.state import Occasion, SiteState, digest_of, from_json
from nautobot_circuit_maintenance.outbound.stored_filters import matching
from nautobot_circuit_maintenance.outbound.waiting import Pending

TOLERANCE = timedelta(minutes=15)
"""By which an episode may move without being another one."""
_SEVERITY = {Kind.ONE_LEFT.value: 1, Kind.DARK.value: 2}
_SAYS = {Kind.ONE_LEFT.value: "keeps a single way", Kind.DARK.value: "has no way left"}


class NotAssessed(Silent):
    """The risk cannot be assessed; that keeps no other message from being sent."""


Phase = tuple[str, datetime, datetime]
"""Kind, start and end of an episode."""
Phases = Mapping[UUID, tuple[Phase, ...]]
"""By site."""


def findings_of(
    subscription: Subscription, owner: Owner, now: datetime
) -> tuple[dict[UUID, tuple[Phase, ...]], Mapping[UUID, str]]:
    """Return the episodes of each site that maintenances of the subscription cause, and the names of the sites.

    Raises Silent if the filter is not valid any more, or the risk cannot be assessed.
    """
    risk = _assessed(owner, now)
    found = [each for each in risk.findings if each.subject == Subject.SITE]
    causes = {pk for each in found for pk in each.maintenances}
    matched = matching(subscription.maintenance_filter, owner.visibility, causes) if causes else set()
    return _by_site(each for each in found if not each.maintenances.isdisjoint(matched)), risk.names


def _assessed(viewer: Viewer, now: datetime) -> Risk:
    try:
        return viewer.risk(now)
    except RiskError as error:  # viewer.risk
        raise NotAssessed(f"SUB-10: The risk cannot be assessed: {error}") from error


def _by_site(findings: Iterable[Finding]) -> dict[UUID, tuple[Phase, ...]]:
    phases: defaultdict[UUID, list[Phase]] = defaultdict(list)
    for each in findings:
        phases[each.key].append((each.kind.value, each.start, each.end))
    return {key: tuple(sorted(own, key=lambda phase: phase[1:])) for key, own in phases.items()}


def pending_of_sites(
    subscription: Subscription, threads: Iterable[Thread], owner: Owner, now: datetime
) -> dict[UUID, list[Pending]]:
    """Return what is to be said about each of these sites."""
    if Event.AT_RISK not in subscription.events:
        return {thread.pk: [] for thread in threads}
    rows = list(threads)
    try:
        phases, names = findings_of(subscription, owner, now)
    except NotAssessed:  # findings_of: it was noted when the risk was observed
        return {row.pk: [] for row in rows}

    @cache
    def of_all() -> dict[UUID, tuple[Phase, ...]]:
        """Return the episodes for all viewers, whatever causes them: asked where one seems not to come any more."""
        findings = _assessed(owner.everyone, now).findings
        return _by_site(each for each in findings if each.subject == Subject.SITE)

    visible = dict(owner.visibility.locations.filter(pk__in=[row.subject_id for row in rows]).values_list("pk", "name"))
    return {
        row.pk: _pending(
            row, phases.get(row.subject_id, ()), names.get(row.subject_id) or visible[row.subject_id], of_all, now
        )
        for row in rows
        if row.subject_id in visible
    } | {row.pk: [] for row in rows if row.subject_id not in visible}


def _pending(
    thread: Thread, phases: tuple[Phase, ...], name: str, of_all: Callable[[], Phases], now: datetime
) -> list[Pending]:
    """Return what is to be said about a site; that it is no longer at risk only if that is so for everyone."""
    last_state = from_json(thread.last_state) if thread.last_state else None
    before = last_state.phases if isinstance(last_state, SiteState) else ()
    is_new = any(not _is_known(phase, before) for phase in phases)
    if not is_new and not (
        _is_gone(before, phases, now) and _is_gone(before, of_all().get(thread.subject_id, ()), now)
    ):
        return []
    state = SiteState(
        id=str(thread.subject_id),
        name=name,
        kind=max((phase[0] for phase in phases), key=_SEVERITY.__getitem__, default=""),
        headline=_headline(phases),
        phases=phases,
        url=linking()(reverse("dcim:location", args=[thread.subject_id])),
    )
    fact = [f"{kind} {start.isoformat()} {end.isoformat()}" for kind, start, end in phases]
    key = digest_of(str(thread.pk), Event.AT_RISK, thread.last_key, *fact)
    return [Pending(key, Occasion(Event.AT_RISK, state, last_state))]


def _is_known(phase: Phase, known: Sequence[Phase]) -> bool:
    """Return whether an episode is no worse, and lies within one that was sent."""
    kind, start, end = phase
    return any(
        _SEVERITY[kind] <= _SEVERITY[other] and since - TOLERANCE <= start and end <= until + TOLERANCE
        for other, since, until in known
    )


def _is_gone(known: Iterable[Phase], phases: Collection[Phase], now: datetime) -> bool:
    """Return whether an episode that was sent, and has not begun, does not come any more. Time passing is not enough."""
    return any(
        start > now and not any(start < until and since < end for _, since, until in phases) for _, start, end in known
    )


def _headline(phases: Sequence[Phase]) -> str:
    """Return the worst episode in words."""
    if not phases:
        return ""
    kind, start, end = max(phases, key=lambda phase: (_SEVERITY[phase[0]], phase[2] - phase[1]))
    more = f", and {len(phases) - 1} more" if len(phases) > 1 else ""
    return f"{_SAYS[kind]}, {span_text((start, end), timezone.utc)}{more}."
