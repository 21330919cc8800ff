"""Devices of which nothing else is to be said than of their site: one line is enough for both."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from nautobot.dcim.models import Device, Location

from nautobot_circuit_maintenance.analysis.redundancy.values import Finding, Subject
from nautobot_circuit_maintenance.analysis.risk.report import Risk
from nautobot_circuit_maintenance.analysis.visibility import Visibility


@dataclass(frozen=True)
class Folded:
    """The findings without such devices, and these devices by name."""

    findings: list[Finding]
    devices: Mapping[tuple[UUID, datetime], list[str]]
    """By site, and start of its finding."""

    def of(self, finding: Finding) -> list[str]:
        """Return the devices of which the same is true as of this finding."""
        return self.devices.get((finding.key, finding.start), []) if finding.subject == Subject.SITE else []

    def of_all(self, findings: Iterable[Finding]) -> list[str]:
        """Return the devices of which the same is true as of one of these findings, each once."""
        return list(dict.fromkeys(device for each in findings for device in self.of(each)))


def fold_devices(findings: Iterable[Finding], risk: Risk, visibility: Visibility) -> Folded:
    """Take out the devices whose finding is that of the site they stand in: same kind, time, circuits and maintenances.

    Takes two queries, if a device has the same finding as a site.
    """
    known = list(findings)
    of_sites: defaultdict[tuple[object, ...], set[UUID]] = defaultdict(set)
    for each in known:
        if each.subject == Subject.SITE:
            of_sites[_what(each)].add(each.key)
    alike = [each for each in known if each.subject == Subject.DEVICE and _what(each) in of_sites]
    places = _places({each.key for each in alike}, visibility)
    devices: defaultdict[tuple[UUID, datetime], list[str]] = defaultdict(list)
    folded = set()
    for each in alike:
        for site in of_sites[_what(each)] & places.get(each.key, set()):
            devices[site, each.start].append(risk.names[each.key])
            folded.add((each.key, each.start))
    return Folded([each for each in known if (each.key, each.start) not in folded], devices)


def _what(finding: Finding) -> tuple[object, ...]:
    return finding.kind, finding.start, finding.end, finding.phases


def _places(devices: set[UUID], visibility: Visibility) -> dict[UUID, set[UUID]]:
    """Return the location of each device, and all above it."""
    if not devices:
        return {}
    parents = dict(Location.objects.without_tree_fields().order_by().values_list("pk", "parent"))
    found: dict[UUID, set[UUID]] = {}
    for device, location in visibility.of_model(Device).filter(pk__in=devices).values_list("pk", "location"):
        found[device] = set()
        while location is not None:
            found[device].add(location)
            location = parents.get(location)
    return found
