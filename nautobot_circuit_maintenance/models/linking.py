"""Link what a provider calls a circuit to the circuit: one implementation for the pages and the REST API."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.choices import MatchedByChoices as MatchedBy
from nautobot_circuit_maintenance.domain.circuit_ids import spelling
from nautobot_circuit_maintenance.domain.custom_fields import ALIASES
from nautobot_circuit_maintenance.models.change_receivers import record_details
from nautobot_circuit_maintenance.models.impacts import CircuitImpact
from nautobot_circuit_maintenance.models.providers import circuit_aliases, split_aliases
from nautobot_circuit_maintenance.models.unlinking import BY_ALIAS


def may_unlink(impact: CircuitImpact, user: Any) -> bool:
    """Return whether a user may take an impact from its circuit, which loses the alias; true if it has none."""
    return not impact.circuit_id or Circuit.objects.restrict(user, "change").filter(pk=impact.circuit_id).exists()


def link_circuit_id(impact: CircuitImpact, circuit: Circuit) -> None:
    """Keep the circuit ID of an impact as an alias of a circuit, and link all impacts of the provider with this ID.

    The circuit that the impact was linked to loses this alias. Impacts whose link a person removed are linked too: this
    person knows which circuit it is. Where a person selected a circuit for another impact, or it is linked to a third
    circuit, it stays. The caller checks that the user may change both circuits. Raises ValidationError if the ID cannot be
    an alias of this circuit, or if the impact was linked to another circuit in the meantime.
    """
    cid, provider_id = impact.cid, impact.maintenance.provider_id
    if circuit.provider_id != provider_id:
        raise ValidationError("This circuit belongs to a different provider.")
    if split_aliases(cid) != (cid,):
        raise ValidationError("An ID with a comma cannot be an alias. Edit the impact to select its circuit.")
    with transaction.atomic():
        locked = Circuit.objects.select_for_update().filter(pk__in={circuit.pk, impact.circuit_id} - {None})
        circuits = {each.pk: each for each in locked.order_by("pk")}
        now = CircuitImpact.objects.select_for_update().filter(pk=impact.pk).values_list("circuit", flat=True)
        if list(now) != [impact.circuit_id]:
            raise ValidationError("The circuit of this ID was changed in the meantime. Look at it again.")
        known = circuits.pop(circuit.pk)
        for before in circuits.values():
            _remove_alias(before, cid)
        aliases = circuit_aliases(known)
        if cid not in (known.cid, *aliases):
            known.cf[ALIASES.key] = ", ".join([*aliases, cid])
            known.validated_save()  # which links the impacts with other spellings of this ID
        _link_all(impact, known)


def _remove_alias(circuit: Circuit, cid: str) -> None:
    """Remove an ID, however it is spelled, from the aliases of a circuit; what they linked is linked no longer."""
    aliases = circuit_aliases(circuit)
    kept = [alias for alias in aliases if spelling(alias) != spelling(cid)]
    if len(kept) < len(aliases):
        circuit.cf[ALIASES.key] = ", ".join(kept)
        circuit.validated_save()


def _link_all(impact: CircuitImpact, circuit: Circuit) -> None:
    """Link an impact, and those of the provider with the same ID that have no circuit or the same one by its ID."""
    how = MatchedBy.EXACT if impact.cid == circuit.cid else MatchedBy.ALIAS
    rows = CircuitImpact.objects.filter(
        Q(pk=impact.pk)
        | Q(circuit=None)
        | Q(circuit__in=(circuit.pk, impact.circuit_id or circuit.pk), matched_by__in=(*BY_ALIAS, MatchedBy.PORT)),
        cid=impact.cid,
        maintenance__provider=impact.maintenance.provider_id,
    ).exclude(circuit=circuit, matched_by=how)
    # MySQL ignores case.
    same = [pk for pk, announced in rows.order_by().values_list("pk", "cid") if announced == impact.cid]
    CircuitImpact.objects.filter(pk__in=same).update(circuit=circuit, matched_by=how)
    record_details(CircuitImpact.objects.filter(pk__in=same).order_by().values_list("maintenance", flat=True))
