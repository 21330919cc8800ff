"""Rewrites the constraints of object permissions: they mean what they meant, and never allow more."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import FieldError, ValidationError
from django.db.models import Q

from nautobot_circuit_maintenance.takeover.names import Providers
from nautobot_circuit_maintenance.takeover.references import rewrite
from nautobot_circuit_maintenance.takeover.tables import APP, Entry
from nautobot_circuit_maintenance.takeover.world import World, derived

_FIELDS = {"raw_notification": "notification", "stamp": "sent_at"}
"""Fields that have another name with us."""
_TO_MAINTENANCE = {
    "circuitmaintenance": "",
    "circuitimpact": "maintenance__",
    "note": "maintenance__",
    "parsednotification": "maintenance__",
}
"""By model: how a lookup gets to the maintenance."""


def rewrite_permissions(world: World, providers: Providers) -> None:
    """Rewrite the constraints of permissions on our models; one that a model cannot have never widens what is allowed."""
    permissions = world.apps.get_model("users", "ObjectPermission").objects
    for row in permissions.filter(object_types__app_label=APP, constraints__isnull=False).distinct():
        types = list(row.object_types.all())
        own = {each.pk: each.model for each in types if each.app_label == APP}
        wanted = {each.pk: _constraints(row.constraints, own.get(each.pk, ""), providers) for each in types}
        groups: dict[str, list[Any]] = {}
        for each in types:
            is_valid = each.pk not in own or _is_valid(world, own[each.pk], wanted[each.pk])
            groups.setdefault(repr(wanted[each.pk]) if is_valid else "", []).append(each)
        _split(world, row, groups, {repr(each): each for each in wanted.values()})


def _split(world: World, row: Any, groups: Mapping[str, list[Any]], values: Mapping[str, Any]) -> None:
    """Give the permission the first constraint, others a copy of it; models without a valid one a disabled copy."""
    ordered = sorted(groups, key=lambda key: (key == "", key))
    if len(ordered) == 1 and ordered[0] and values[ordered[0]] == row.constraints:
        return
    for place, key in enumerate(ordered):
        names = ", ".join(sorted(each.model for each in groups[key]))
        if place == 0:
            kept = values[key] if key else row.constraints
            reason = "" if key else f"Disabled: its constraints fit none of {names}."
            rewrite(world, row, constraints=kept, enabled=bool(key) and row.enabled, reason=reason)
            if len(ordered) > 1:
                row.object_types.set(groups[key])
            continue
        reason = f"The part of '{row.name}' about {names}." + ("" if key else " Disabled: its constraints do not fit.")
        copy = type(row).objects.create(
            pk=derived("permission", row.pk, names),
            name=f"{row.name} ({names})"[:100],
            description=row.description,
            enabled=bool(key) and row.enabled,
            actions=row.actions,
            constraints=values[key] if key else row.constraints,
        )
        copy.object_types.set(groups[key])
        copy.groups.set(row.groups.all())
        copy.users.set(row.users.all())
        world.note("users.objectpermission", copy.pk, Entry.ADDED, into=row.pk, reason=reason)


def _constraints(constraints: Any, model: str, providers: Providers) -> Any:
    """Return constraints in our words, for a model."""
    if isinstance(constraints, list):
        return [_constraints(each, model, providers) for each in constraints]
    if not isinstance(constraints, Mapping):
        return constraints
    path = _TO_MAINTENANCE.get(model)
    found: dict[str, Any] = {}
    for name, value in constraints.items():
        parts = None
        if path is not None and name.startswith(path):
            parts = _name_parts(name.removeprefix(path), value, providers)
        found |= (
            {_renamed(name, model): value} if parts is None else {f"{path}{key}": each for key, each in parts.items()}
        )
    return found


def _renamed(name: str, model: str) -> str:
    """Return a lookup in our words."""
    if model not in ("notification", "parsednotification"):
        return name
    return "__".join(_FIELDS.get(each, each) for each in name.split("__"))


def _name_parts(lookup: str, value: Any, providers: Providers) -> dict[str, Any] | None:
    """Return what a condition on an older name says about provider and name; None if it is not about a provider."""
    field, _, kind = lookup.partition("__")
    if (
        field != "name"
        or kind not in ("", "exact", "startswith", "iexact", "istartswith")
        or not isinstance(value, str)
    ):
        return None
    provider = providers.prefix_of(value)
    if provider is None:
        return None
    name = providers.names[provider]
    rest = value[len(name) + 1 :]
    return {"provider__name": name, **({lookup: rest} if rest else {})}


def _is_valid(world: World, model: str, constraints: Any) -> bool:
    """Return whether rows of a model can be selected by these constraints."""
    alternatives = constraints if isinstance(constraints, list) else [constraints]
    try:
        for each in alternatives:
            str(world.model(model).objects.filter(Q(**each)).query)
    except (FieldError, TypeError, ValueError, ValidationError):  # whatever a value typed by a person raises
        return False
    return True
