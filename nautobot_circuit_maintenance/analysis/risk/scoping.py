"""Which findings are asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from nautobot.circuits.models import Circuit
from nautobot.dcim.models import Device, Location

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.values import Finding, Subject
from nautobot_circuit_maintenance.analysis.risk.report import Risk


@dataclass(frozen=True)
class Scope:
    """What findings have to be about; empty means anything."""

    locations: frozenset[UUID] = frozenset()
    """Sites at, above or within one of these, and devices within one of them."""
    devices: frozenset[UUID] = frozenset()
    """These devices, and their sites."""
    providers: frozenset[UUID] = frozenset()
    """Findings with a circuit of one of these among the causes."""
    circuits: frozenset[UUID] = frozenset()
    """Findings that one of these is a cause of, or that hang on one of these."""
    kind: Kind | None = None
    is_confirmed: bool | None = None
    single_homed: bool | None = None
    """Whether it never had two ways, or two circuits."""
    until: datetime | None = None
    """Findings that begin before."""

    def of(self, risk: Risk, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings in this scope; takes up to four queries."""
        found = [each for each in findings if self._fits(each)]
        if self.locations or self.devices:
            keys = self.keys(risk)
            found = [each for each in found if each.key in keys]
        if self.providers:
            circuits = {circuit for each in found for circuit in each.down}
            own = set(Circuit.objects.filter(pk__in=circuits, provider__in=self.providers).values_list("pk", flat=True))
            found = [each for each in found if each.down & own]
        if self.circuits:
            found = [each for each in found if self.circuits & (each.down | each.hangs_on)]
        return found

    def _fits(self, finding: Finding) -> bool:
        return (
            (self.kind is None or finding.kind == self.kind)
            and (self.is_confirmed is None or finding.is_confirmed == self.is_confirmed)
            and (self.single_homed is None or finding.had_two_ways != self.single_homed)
            and (self.until is None or finding.start < self.until)
        )

    def keys(self, risk: Risk) -> set[UUID]:
        """Return the sites and devices that are asked for; takes up to four queries."""
        keys = set(self.devices)
        found = {each.key for each in risk.findings if each.subject == Subject.DEVICE}
        for location in Location.objects.filter(pk__in=self.locations):
            within = set(location.cacheable_descendants_pks(include_self=True))
            if found:
                keys.update(Device.objects.filter(pk__in=found, location__in=within).values_list("pk", flat=True))
            keys |= within | {site for place, site in risk.recorded.surroundings.site_of.items() if place in within}
        if self.devices:
            at = Device.objects.filter(pk__in=self.devices).values_list("location_id", flat=True)
            site_of = risk.recorded.surroundings.site_of
            keys |= {site_of[location] for location in at if location in site_of}
        return keys
