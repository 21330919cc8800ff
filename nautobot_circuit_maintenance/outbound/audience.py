"""Who receives the messages of a subscription."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from nautobot.circuits.models import Circuit, Provider
from nautobot.dcim.models import Location
from nautobot.extras.models import ContactAssociation
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import AudienceChoices as Audience
from nautobot_circuit_maintenance.models import Subscription
from nautobot_circuit_maintenance.outbound.messages import Recipient

Recipients = Mapping[UUID, Collection[Recipient]]
"""By primary key of the maintenance."""


def recipients_of(
    subscription: Subscription, subjects: Collection[UUID], visibility: Visibility, *, is_addressed: bool
) -> dict[UUID, list[Recipient]]:
    """Return who receives messages about each of these maintenances; each address once.

    A channel that leads to one place has one recipient without an address.
    """
    if not is_addressed:
        return {pk: [Recipient()] for pk in subjects}
    if subscription.audience == Audience.AFFECTED:
        return _affected(subscription, subjects, visibility)
    chosen = chosen_recipients(subscription)
    return dict.fromkeys(subjects, chosen)


def recipients_about(
    subscription: Subscription, subjects: Collection[UUID], *, is_addressed: bool
) -> dict[UUID, list[Recipient]]:
    """Return who receives messages about sites, notifications and sources: the chosen contacts and teams."""
    return dict.fromkeys(subjects, chosen_recipients(subscription) if is_addressed else [Recipient()])


def chosen_recipients(subscription: Subscription) -> list[Recipient]:
    """Return the contacts and teams of a subscription that have an email address."""
    return _unique([*subscription.contacts.all(), *subscription.teams.all()])


def _affected(
    subscription: Subscription, subjects: Collection[UUID], visibility: Visibility
) -> dict[UUID, list[Recipient]]:
    """Return the contacts of the provider, circuits, locations and tenants that each maintenance affects."""
    objects = _affected_objects(subjects, visibility)
    rows = ContactAssociation.objects.filter(
        associated_object_id__in={pk for own in objects.values() for _, pk in own},
        associated_object_type__in=ContentType.objects.get_for_models(Circuit, Location, Provider, Tenant).values(),
    ).select_related("contact", "team")
    roles = set(subscription.roles.values_list("pk", flat=True))
    by_object: dict[Any, list[Any]] = {}
    for row in rows.order_by("created", "pk"):
        if not roles or row.role_id in roles:
            key = (row.associated_object_type_id, row.associated_object_id)
            by_object.setdefault(key, []).append(row.contact or row.team)
    return {pk: _unique(each for key in own for each in by_object.get(key, ())) for pk, own in objects.items()}


def _affected_objects(subjects: Collection[UUID], visibility: Visibility) -> dict[UUID, list[tuple[int, UUID]]]:
    """Return what each maintenance affects, of what may be viewed: content type and primary key."""
    models = (Circuit, Provider, Tenant, Location)
    types = [ContentType.objects.get_for_model(model).pk for model in models]
    impacts = visibility.impacts.filter(maintenance__in=subjects, circuit__in=visibility.circuits.values("pk"))
    columns = ("circuit", "circuit__provider", "circuit__tenant", "circuit__circuit_terminations__location")
    rows = list(impacts.values_list("maintenance", *columns).distinct())
    visible = [
        set(visibility.of_model(model).filter(pk__in=keys).values_list("pk", flat=True))
        for model, keys in zip(models, [{row[place] for row in rows} for place in range(1, 5)])
    ]
    found: dict[UUID, list[tuple[int, UUID]]] = {pk: [] for pk in subjects}
    for maintenance, *keys in rows:
        found[maintenance] += [(kind, pk) for kind, pk, seen in zip(types, keys, visible) if pk in seen]
    return found


def _unique(people: Iterable[Any]) -> list[Recipient]:
    """Return the recipients with an address, each address once."""
    found: dict[str, Recipient] = {}
    for each in people:
        if each.email:
            found.setdefault(each.email.casefold(), Recipient(name=each.name, address=each.email))
    return list(found.values())
