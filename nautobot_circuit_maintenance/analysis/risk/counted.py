"""What the settings about the risk name, looked up in the database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from nautobot.circuits.filters import CircuitFilterSet
from nautobot.circuits.models import Circuit, CircuitType
from nautobot.dcim.models import Location, LocationType

from nautobot_circuit_maintenance.domain.errors import RiskError
from nautobot_circuit_maintenance.risk_settings import DEFAULT_CIRCUITS, RiskSettings

_SEPARATOR = "/"


@dataclass(frozen=True)
class Counted:
    """The circuits that count, and what the other settings name by primary key."""

    circuits: QuerySet[Circuit]
    site_types: frozenset[UUID] | None
    exit_types: frozenset[UUID] | None
    hubs: frozenset[UUID]


def look_up(settings: RiskSettings) -> Counted:
    """Return what the settings name; raises RiskError if something does not exist or is not clear.

    Takes one query for each setting that is set; the default of ``risk_circuits`` takes none.
    """
    if settings.problems:
        first = settings.problems[0]
        raise RiskError("RISK-01", first.message, first.hint)
    return Counted(
        circuits=_circuits(settings.risk_circuits),
        site_types=_types(LocationType, "site_location_types", settings.site_location_types),
        exit_types=_types(CircuitType, "exit_circuit_types", settings.exit_circuit_types),
        hubs=frozenset(_hubs(settings.hub_locations)) if settings.hub_locations else frozenset(),
    )


def _circuits(wanted: Mapping[str, object]) -> QuerySet[Circuit]:
    rows: QuerySet[Circuit] = Circuit.objects.order_by()
    if wanted == DEFAULT_CIRCUITS:  # building a filter set takes 30 ms
        return rows.filter(status__name__in=DEFAULT_CIRCUITS["status"])
    filterset = CircuitFilterSet(dict(wanted), rows)
    if not filterset.is_valid():
        reasons = "; ".join(f"{name}: {' '.join(map(str, each))}" for name, each in filterset.errors.items())
        hint = "Use a filter of the list of circuits, for example {'status': ['Active']}."
        raise RiskError("RISK-02", f"The setting 'risk_circuits' is not a valid filter of circuits ({reasons}).", hint)
    return filterset.qs.order_by().distinct()


def _types(
    model: type[LocationType] | type[CircuitType], setting: str, names: Iterable[str] | None
) -> frozenset[UUID] | None:
    """Return the types of these names; None if the setting is not set."""
    if names is None:
        return None
    found = dict(model.objects.filter(name__in=names).order_by().values_list("name", "pk"))
    missing = [name for name in names if name not in found]
    if missing:
        message = f"The setting '{setting}' names {', '.join(missing)}, which Nautobot does not have."
        raise RiskError("RISK-03", message, f"Use names of {model._meta.verbose_name_plural}.")
    return frozenset(found.values())


def _hubs(wanted: Iterable[str]) -> Iterable[UUID]:
    """Yield the locations that are named by primary key, or by their path or the end of it."""
    rows = Location.objects.without_tree_fields().order_by().values_list("pk", "parent", "name")
    tree = {pk: (parent, name) for pk, parent, name in rows}
    for each in wanted:
        found = _candidates(each, tree)
        if len(found) != 1:
            reason = "is not a location" if not found else f"may be any of {len(found)} locations"
            hint = "Use the primary key of a location, or its path such as 'Region/Site'."
            raise RiskError("RISK-04", f"'{each}' in the setting 'hub_locations' {reason}.", hint)
        yield found[0]


def _candidates(wanted: str, tree: Mapping[UUID, tuple[UUID | None, str]]) -> list[UUID]:
    """Return the locations with this primary key, path, or end of a path."""
    by_key = [pk for pk in tree if str(pk) == wanted.lower()]
    if by_key:
        return by_key
    paths = {pk: _path(pk, tree) for pk, (_, name) in tree.items() if wanted.endswith(name)}
    whole = [pk for pk, path in paths.items() if path == wanted]
    if whole and _SEPARATOR in wanted:
        return whole
    return [*whole, *(pk for pk, path in paths.items() if path.endswith(f"{_SEPARATOR}{wanted}"))]


def _path(pk: UUID, tree: Mapping[UUID, tuple[UUID | None, str]]) -> str:
    """Return the names of a location and of all above it, highest first."""
    names: list[str] = []
    key: UUID | None = pk
    while key is not None:
        parent, name = tree[key]
        names.append(name)
        key = parent
    return _SEPARATOR.join(reversed(names))
