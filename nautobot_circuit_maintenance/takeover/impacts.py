"""Copies impacts: each gets the ID of its circuit; IDs that Nautobot does not know get one of their own."""

from collections.abc import Iterable, Mapping
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

    def __init__(self, world: World, circuits: Mapping[UUID, Circuit], stored: Iterable[Any]) -> None:
        """Start with the impacts that others of the maintenances have already."""
        self._world = world
        self.by_pk = circuits
        self._stored = {(row.maintenance_id, row.cid.casefold()): row for row in stored}
        self._fresh: list[Any] = []
        self._changed: dict[UUID, Any] = {}
        self.provider_of: dict[UUID, UUID | None] = {}

    @classmethod
    def of(cls, world: World, olders: "Iterable[Older]") -> "Circuits":
        """Read the circuits, and the impacts of maintenances that others are merged into."""
        rows = list(olders)
        wanted = {impact.circuit_id for older in rows for impact in older.impacts}
        found = world.apps.get_model("circuits", "Circuit").objects.filter(pk__in=wanted)
        values = found.values_list("pk", "cid", "provider", "provider__name")
        return cls(world, {each[0]: Circuit(*each) for each in values}, ())

    def read_target(self, maintenance: UUID) -> None:
        """Read the provider and the impacts of a maintenance that something is copied to."""
        if maintenance not in self.provider_of:
            model = self._world.model("CircuitMaintenance")
            self.provider_of[maintenance] = model.objects.values_list("provider", flat=True).get(pk=maintenance)
            for row in self._world.model("CircuitImpact").objects.filter(maintenance=maintenance):
                self._stored[maintenance, row.cid.casefold()] = row

    def find(self, maintenance: UUID, cid: str) -> Any:
        """Return the impact on a circuit ID, ignoring case, or None."""
        return self._stored.get((maintenance, cid.casefold()))

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
        _copy(world, older, impact, circuit, maintenance, circuits, notes)
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


def _copy(
    world: World,
    older: "Older",
    impact: OlderImpact,
    circuit: Circuit,
    maintenance: UUID,
    circuits: Circuits,
    notes: Notes,
) -> None:
    """Copy an impact, unless the maintenance has one on the same circuit ID: then the worse one counts."""
    value, reasons = impact_of(impact.impact), []
    if value != impact.impact:
        reasons.append(f"Its impact was '{impact.impact}': {value} now.")
    cid, same = circuit.cid, circuits.find(maintenance, circuit.cid)
    owner = circuits.by_pk.get(same.circuit_id) if same else None
    if same and owner and owner.provider != circuit.provider:
        cid, same = f"{circuit.cid} ({circuit.provider_name})", None
        reasons.append(f"Two providers have a circuit {circuit.cid}: this one is '{cid}' now.")
        same = circuits.find(maintenance, cid)
    if same:
        circuits.worsen(same, value)
        kept = owner.cid if owner else same.cid
        reasons.append(f"{circuit.provider_name} {circuit.cid} and {kept} are one circuit ID: the worse impact counts.")
        world.note("circuitimpact", impact.pk, Entry.MERGED, into=same.pk, reason=" ".join(reasons))
    else:
        world.note("circuitimpact", impact.pk, Entry.MOVED, reason=" ".join(reasons))
        is_own = circuits.provider_of[maintenance] == circuit.provider and cid == circuit.cid
        circuits.add(
            world.model("CircuitImpact")(
                pk=impact.pk,
                maintenance_id=maintenance,
                cid=cid,
                circuit_id=circuit.pk,
                impact=value,
                matched_by="exact" if is_own else "manual",
                _custom_field_data=impact.custom_fields,
                created=impact.created,
                last_updated=impact.last_updated,
            )
        )
    if reasons:
        moment = impact.last_updated or older.row.last_updated
        notes.add(maintenance, f"Impact on {cid[:150]}", " ".join(reasons), of=impact.pk, moment=moment)
