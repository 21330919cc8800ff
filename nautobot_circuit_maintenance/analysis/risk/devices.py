"""The circuits of devices: those that are cabled to an interface of a device."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from nautobot.circuits.models import CircuitTermination
from nautobot.dcim.models import Interface

from nautobot_circuit_maintenance.analysis.cabling import far_ends, terminations_cabled_to
from nautobot_circuit_maintenance.analysis.redundancy.values import Group, Subject
from nautobot_circuit_maintenance.analysis.visibility import Visibility


def devices_with(circuits: Collection[UUID], counted: Collection[UUID]) -> tuple[Group, ...]:
    """Return the devices that one of these circuits is cabled to, each with all of its circuits that count.

    Takes about seven queries, however many circuits there are.
    """
    ends = CircuitTermination.objects.filter(circuit__in=list(circuits)).order_by()
    devices = set(_devices_of(list(ends.values_list("pk", flat=True))).values())
    if not devices:
        return ()
    of_devices = dict(terminations_cabled_to(devices).values_list("pk", "circuit_id"))
    found: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for end, device in _devices_of(list(of_devices)).items():
        if device in devices and of_devices[end] in counted:
            found[device].add(of_devices[end])
    return tuple(Group(Subject.DEVICE, device, tuple(sorted(own))) for device, own in sorted(found.items()))


def _devices_of(ends: list[UUID]) -> dict[UUID, UUID]:
    """Return the device of each end of a circuit that is cabled to one."""
    # What is connected does not depend on who asks; who may see a device need not be permitted to see its interfaces.
    cabled = far_ends(CircuitTermination, ends, Visibility.everything(), kinds=(Interface,))
    return {end: each.device for end, found in cabled.items() for each in found if each.device}
