"""Copies impacts: each gets the ID of its circuit; IDs that Nautobot does not know get one of their own."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from nautobot_circuit_maintenance.takeover.evidence import IMPACTS, impact_of
from nautobot_circuit_maintenance.takeover.notes import Notes, unknown_circuit
from nautobot_circuit_maintenance.takeover.tables import Entry, OlderImpact
from nautobot_circuit_maintenance.takeover.world import World, derived

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.takeover.maintenances import Older


class Circuit(NamedTuple):
    """A circuit of Nautobot's."""

    pk: UUID
    cid: str
    provider: UUID
    provider_name: str


class Circuits:
    """The circuits of a page of maintenances, and the impacts that are copied."""

    def __init__(self, world: World, olders: "Iterable[Older]") -> None:
        """Read the circuits."""
        self._world = world
        self.by_pk = self._read({impact.circuit_id for older in olders for impact in older.impacts})
        self._stored: dict[tuple[UUID, str], Any] = {}
        self._fresh: list[Any] = []
        self._changed: dict[UUID, Any] = {}
        self.provider_of: dict[UUID, UUID | None] = {}

    def _read(self, keys: Collection[UUID | None]) -> dict[UUID, Circuit]:
        rows = self._world.apps.get_model("circuits", "Circuit").objects.filter(pk__in=keys)
        return {each[0]: Circuit(*each) for each in rows.values_list("pk", "cid", "provider", "provider__name")}

    def read_target(self, maintenance: UUID) -> None:
        """Read provider, impacts and circuits of a maintenance of an earlier page that something is merged into."""
        if maintenance not in self.provider_of:
            model = self._world.model("CircuitMaintenance")
            self.provider_of[maintenance] = model.objects.values_list("provider", flat=True).get(pk=maintenance)
            rows = list(self._world.model("CircuitImpact").objects.filter(maintenance=maintenance))
            self._stored |= {(maintenance, row.cid.casefold()): row for row in rows}
            self.by_pk |= self._read({row.circuit_id for row in rows})

    def find(self, maintenance: UUID, cid: str) -> Any:
        """Return the impact on a circuit ID, ignoring case, or None."""
        return self._stored.get((maintenance, cid.casefold()))

    def are_of_two_providers(self, row: Any, circuit: Circuit) -> bool:
        """Return whether an impact is on a circuit of another provider than this circuit."""
        owner = self.by_pk.get(row.circuit_id)
        return owner is not None and owner.provider != circuit.provider

    def add(self, row: Any) -> None:
        """Add an impact."""
        self._stored[row.maintenance_id, row.cid.casefold()] = row
        self._fresh.append(row)

    def worsen(self, row: Any, impact: str) -> None:
        """Let the worse of two impacts count."""
        if IMPACTS.index(impact) > IMPACTS.index(row.impact):
            row.impact = impact
            self._changed[row.pk] = row

    def store(self) -> None:
        """Store the impacts."""
        model = self._world.model("CircuitImpact")
        fresh = {row.pk for row in self._fresh}
        model.objects.bulk_create(self._fresh)
        for row in self._changed.values():
            if row.pk not in fresh:
                model.objects.filter(pk=row.pk).update(impact=row.impact)


def copy_impacts(world: World, older: "Older", merged: UUID | None, circuits: Circuits, notes: Notes) -> None:
    """Copy the impacts of an older maintenance, to the one that it is merged into if that is another."""
    maintenance = merged or older.row.pk
    circuits.read_target(maintenance)
    for impact in older.impacts:
        circuit = circuits.by_pk.get(impact.circuit_id)
        if circuit is None:
            world.note("circuitimpact", impact.pk, Entry.LISTED, reason="Its circuit does not exist any more.")
            continue
        cid, reason = _copy(world, impact, circuit, maintenance, circuits)
        if reason:
            moment = impact.last_updated or older.row.last_updated
            notes.add(maintenance, f"Impact on {cid[:150]}", reason, of=impact.pk, moment=moment)
    _add_unknown(world, older, maintenance, circuits)


def _copy(
    world: World, impact: OlderImpact, circuit: Circuit, maintenance: UUID, circuits: Circuits
) -> tuple[str, str]:
    """Copy an impact; return its circuit ID, and what is not as it was.

    If the maintenance has one on the same circuit ID, the worse one counts; one on a circuit of another provider with the
    same ID is not the same.
    """
    value, reasons = impact_of(impact.impact), []
    if value != impact.impact:
        reasons.append(f"Its impact was '{impact.impact}': {value} now.")
    cid, same = circuit.cid, circuits.find(maintenance, circuit.cid)
    if same and circuits.are_of_two_providers(same, circuit):
        cid = f"{circuit.cid} ({circuit.provider_name})"
        same = circuits.find(maintenance, cid)
        reasons.append(f"Two providers have a circuit {circuit.cid}: this one is '{cid}' now.")
    if same:
        circuits.worsen(same, value)
        reasons.append(
            f"{circuit.provider_name} {circuit.cid} and {same.cid} are one circuit ID: the worse impact counts."
        )
    else:
        is_own = circuits.provider_of[maintenance] == circuit.provider and cid == circuit.cid
        values = {"cid": cid, "circuit_id": circuit.pk, "matched_by": "exact" if is_own else "manual", "impact": value}
        circuits.add(
            world.model("CircuitImpact")(
                pk=impact.pk,
                maintenance_id=maintenance,
                _custom_field_data=impact.custom_fields,
                created=impact.created,
                last_updated=impact.last_updated,
                **values,
            )
        )
    reason = " ".join(reasons)
    outcome, into = (Entry.MERGED, same.pk) if same else (Entry.MOVED, "")
    world.note("circuitimpact", impact.pk, outcome, into=into, reason=reason)
    return cid, reason


def _add_unknown(world: World, older: "Older", maintenance: UUID, circuits: Circuits) -> None:
    """Add an impact without circuit for each note about a circuit ID that Nautobot did not know."""
    announced = {
        each["cid"]: each["impact"]
        for found in older.evidence.values()
        for event in found.json["events"]
        for each in event["circuits"]
    }
    for note in older.notes:
        cid = unknown_circuit(note)
        if cid and circuits.find(maintenance, cid) is None:
            circuits.add(
                world.model("CircuitImpact")(
                    pk=derived("impact", note.pk),
                    maintenance_id=maintenance,
                    cid=cid,
                    impact=announced.get(cid, "OUTAGE"),
                    created=note.created,
                    last_updated=note.last_updated,
                )
            )
