"""The next risk of one circuit, provider, location or device, for the pages of core."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.values import Row, Subject
from nautobot_circuit_maintenance.analysis.redundancy.what_if import not_assessable
from nautobot_circuit_maintenance.analysis.risk.report import Risk, read_risk
from nautobot_circuit_maintenance.analysis.risk.scoping import Scope
from nautobot_circuit_maintenance.analysis.visibility import Visibility

_SCOPES: dict[str, Callable[[frozenset[UUID]], Scope]] = {
    "circuit": lambda pks: Scope(circuits=pks),
    "provider": lambda pks: Scope(providers=pks),
    "location": lambda pks: Scope(locations=pks),
    "device": lambda pks: Scope(devices=pks),
}


@dataclass(frozen=True)
class NextFinding:
    """What an object has to expect."""

    risk: Risk
    row: Row | None
    """What begins first; None if nothing is found."""
    more: int
    """How many others there are."""
    not_assessed: str
    """Why nothing can be said, which must not be taken for "safe"; empty if it can."""


def next_finding(kind: str, pk: UUID, visibility: Visibility, now: datetime) -> NextFinding:
    """Return the next finding about a circuit, provider, location or device; raises RiskError if nothing can be assessed.

    Of a circuit or provider: what they are a cause of, or what hangs on the circuit. Of a location: its devices, too. A site comes
    before the devices in it that lose the same at the same time.
    """
    risk = read_risk(visibility, now, with_devices=True)
    scope = _SCOPES[kind](frozenset((pk,)))
    rows = sorted(
        risk.rows(scope.of(risk, risk.findings)),
        key=lambda row: (row.first.start, row.first.subject == Subject.DEVICE),
    )
    return NextFinding(
        risk=risk,
        row=rows[0] if rows else None,
        more=max(len(rows) - 1, 0),
        not_assessed="" if rows else _why_not(kind, pk, risk),
    )


def _why_not(kind: str, pk: UUID, risk: Risk) -> str:
    """Return why nothing can be said of a site or a circuit."""
    around = risk.recorded.surroundings
    if kind == "location":
        reason = risk.assessment.not_assessed.get(around.site_of.get(pk, pk))
        return reason.value if reason else ""
    if kind == "circuit" and not_assessable(around.topology, risk.assessment, (pk,)):
        return "it does not connect two places that count"
    return ""
