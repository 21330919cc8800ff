"""Link what a provider calls a circuit to the circuit: one implementation for the pages and the REST API."""

from django.core.exceptions import ValidationError
from django.db import transaction
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.choices import MatchedByChoices
from nautobot_circuit_maintenance.domain.custom_fields import ALIASES
from nautobot_circuit_maintenance.models.change_receivers import record_details
from nautobot_circuit_maintenance.models.impacts import CircuitImpact
from nautobot_circuit_maintenance.models.providers import circuit_aliases, split_aliases


def link_circuit_id(impact: CircuitImpact, circuit: Circuit) -> None:
    """Keep the circuit ID of an impact as an alias of a circuit, and link all impacts of the provider with this ID.

    Those whose link a person removed are linked too: this person knows which circuit it is. The caller checks that the
    user may change the circuit. Raises ValidationError if the ID cannot be an alias of this circuit.
    """
    cid, provider_id = impact.cid, impact.maintenance.provider_id
    if circuit.provider_id != provider_id:
        raise ValidationError("This circuit belongs to a different provider.")
    if split_aliases(cid) != (cid,):
        raise ValidationError("An ID with a comma cannot be an alias. Edit the impact to select its circuit.")
    with transaction.atomic():
        known = Circuit.objects.select_for_update().get(pk=circuit.pk)
        aliases = circuit_aliases(known)
        if cid not in (known.cid, *aliases):
            known.cf[ALIASES.key] = ", ".join([*aliases, cid])
            known.validated_save()  # which links the impacts with other spellings of this ID
        unmatched = CircuitImpact.objects.filter(circuit=None, cid=cid, maintenance__provider=provider_id).order_by()
        # MySQL ignores case.
        same = [pk for pk, announced in unmatched.values_list("pk", "cid") if announced == cid]
        CircuitImpact.objects.filter(pk__in=same).update(circuit=known, matched_by=MatchedByChoices.ALIAS)
        record_details(CircuitImpact.objects.filter(pk__in=same).order_by().values_list("maintenance", flat=True))
