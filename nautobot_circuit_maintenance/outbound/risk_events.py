"""Events about sites at risk: what is new, other or gone since the last run."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.values import Finding, Subject
from nautobot_circuit_maintenance.analysis.risk.report import read_risk
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import TopicChoices as Topic
from nautobot_circuit_maintenance.domain.errors import RiskError
from nautobot_circuit_maintenance.outbound.sites import TOLERANCE

_NAMES = {Kind.DARK: "dark", Kind.ONE_LEFT: "one_left"}

_Episode = dict[str, Any]
"""An event's payload: site, kind, start, end, maintenances."""


def since(published: Mapping[str, list[_Episode]], now: datetime) -> tuple[dict[str, Any], list[tuple[str, _Episode]]]:
    """Return the episodes of each site now, and what is new since those that were published; nothing if not assessed."""
    try:
        findings = read_risk(Visibility.everything(), now).findings
    except RiskError:  # of read_risk(): the settings are wrong, which the dashboard says
        return dict(published), []
    current: dict[str, list[_Episode]] = {}
    for each in findings:
        if each.subject == Subject.SITE:
            current.setdefault(str(each.key), []).append(_episode(each))
    events: list[tuple[str, _Episode]] = []
    for site in sorted({*published, *current}):
        before, after = published.get(site, []), current.get(site, [])
        events += _new(before, after, now)
        events += [(Topic.RISK_CLEARED, each) for each in before if _is_cleared(each, after, now)]
    return {site: _kept(published.get(site, []), after, now) for site, after in current.items()}, events


def _episode(finding: Finding) -> _Episode:
    return {
        "site": str(finding.key),
        "kind": _NAMES[finding.kind],
        "start": finding.start.isoformat(),
        "end": finding.end.isoformat(),
        "maintenances": sorted(map(str, finding.maintenances)),
    }


def _new(before: Sequence[_Episode], after: Iterable[_Episode], now: datetime) -> Iterable[tuple[str, _Episode]]:
    for each in after:
        if not any(_overlap(each, other) for other in before):
            yield Topic.RISK_FOUND, each
        elif not any(_is_same(each, other, now) for other in before):
            yield Topic.RISK_CHANGED, each


def _kept(before: Sequence[_Episode], after: Iterable[_Episode], now: datetime) -> list[_Episode]:
    """Return the episodes now; one that is as published stays as published, so that small moves add up to a change."""
    return [next((other for other in before if _is_same(each, other, now)), each) for each in after]


def _is_same(one: _Episode, published: _Episode, now: datetime) -> bool:
    """Return whether an episode is of the same kind as a published one, at about the same time.

    When it began is no longer asked once both have: what is over is left out of the assessment.
    """
    names = ["end"] if max(_time(one, "start"), _time(published, "start")) <= now else ["start", "end"]
    distances = [abs(_time(one, name) - _time(published, name)) for name in names]
    return one["kind"] == published["kind"] and max(distances) <= TOLERANCE


def _is_cleared(published: _Episode, after: Iterable[_Episode], now: datetime) -> bool:
    """Return whether a published episode will not happen: time passing clears nothing."""
    return _time(published, "start") > now and not any(_overlap(published, each) for each in after)


def _overlap(one: _Episode, other: _Episode) -> bool:
    return _time(one, "start") < _time(other, "end") and _time(other, "start") < _time(one, "end")


def _time(episode: _Episode, name: str) -> datetime:
    return datetime.fromisoformat(episode[name])
