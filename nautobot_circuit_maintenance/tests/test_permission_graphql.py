"""Who may see one provider's maintenances sees nothing of another's: all that GraphQL's schema knows is asked."""

from collections.abc import Iterator

from django.urls import reverse
from graphene_django.settings import graphene_settings
from graphql import GraphQLField, GraphQLList, GraphQLNonNull, GraphQLObjectType, is_leaf_type
from nautobot.apps.testing import APITestCase
from nautobot.circuits.models import Circuit, Provider

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.compat import GRAPHQL_RESTRICTS_RELATED
from nautobot_circuit_maintenance.tests import two_providers
from nautobot_circuit_maintenance.tests.two_providers import OURS, THEIRS

ROOTS = {
    "circuit_maintenances": 2,
    "circuit_impacts": 2,
    "circuit_maintenance_notes": 2,
    "notifications": 2,
    "parsed_notifications": 2,
    "notification_sources": 2,
    "providers": 3,
    "circuits": 2,
    "locations": 2,
    "devices": 1,
}
"""Lists of the schema, and how far to follow what hangs on their rows."""
FOLLOWED = {
    "CircuitMaintenanceType",
    "CircuitMaintenanceWindowType",
    "CircuitImpactType",
    "CircuitMaintenanceNoteType",
    "NotificationType",
    "ParsedNotificationType",
    "NotificationSourceType",
    "ProviderType",
    "CircuitType",
    "CircuitTerminationType",
    "LocationType",
    "DeviceType",
}
"""Types of the app, and those of core from which something of ours is reached."""
if not GRAPHQL_RESTRICTS_RELATED:
    ROOTS |= {"locations": 3, "devices": 4}  # as far as to something of ours
OF_CORE = {"ProviderType", "CircuitType", "CircuitTerminationType", "LocationType", "DeviceType"}


def innermost(field: GraphQLField):
    """Return the type of a field without its lists."""
    kind = field.type
    while isinstance(kind, (GraphQLList, GraphQLNonNull)):
        kind = kind.of_type
    return kind


def selection(kind: GraphQLObjectType, depth: int) -> str:
    """Return everything that may be asked of a type, so and so deep."""
    words = ["__typename"]
    for name, field in kind.fields.items():
        inner = innermost(field)
        if any(isinstance(argument.type, GraphQLNonNull) for argument in field.args.values()):
            continue
        # Nautobot 3.1 shows whoever may see an object what of core's hangs on it: there only what is ours is asked for.
        if is_leaf_type(inner) and (GRAPHQL_RESTRICTS_RELATED or kind.name not in OF_CORE):
            words.append(name)
        elif depth and isinstance(inner, GraphQLObjectType) and inner.name in FOLLOWED:
            words.append(f"{name} {{ {selection(inner, depth - 1)} }}")
    return " ".join(words)


def types_of(kind: GraphQLObjectType, depth: int) -> Iterator[str]:
    """Name the types that a selection reaches."""
    yield kind.name
    for field in kind.fields.values():
        inner = innermost(field)
        if depth and isinstance(inner, GraphQLObjectType) and inner.name in FOLLOWED:
            yield from types_of(inner, depth - 1)


class GraphQLWalkTest(APITestCase):
    """Someone who may do everything with what is ours."""

    def setUp(self):
        """Create both sides."""
        super().setUp()
        two_providers.permit(self.user)
        two_providers.create_shared()
        self.ours = two_providers.create_side(OURS)
        self.theirs = two_providers.create_side(THEIRS)
        two_providers.cross(self.ours, self.theirs)
        self.fields = graphene_settings.SCHEMA.graphql_schema.query_type.fields

    def ask(self, query: str) -> str:
        """Return the text of an answer."""
        response = self.client.post(reverse("graphql-api"), {"query": query}, format="json", **self.header)
        self.assertHttpStatus(response, 200)
        return response.content.decode()

    def leaks(self, answer: str, asked: str = "") -> list[str]:
        """Return what of theirs an answer holds, with what stands before it."""
        found = [secret for secret in self.theirs.secrets() if secret in answer and secret not in asked]
        return [answer[max(0, answer.index(secret) - 120) : answer.index(secret) + 40] for secret in found]

    def test_every_type_of_the_app_is_reached(self):
        reached = {name for root, depth in ROOTS.items() for name in types_of(innermost(self.fields[root]), depth)}

        self.assertEqual(FOLLOWED - reached, set())

    def test_nothing_of_theirs_is_in_the_lists_nor_in_what_hangs_on_them(self):
        for root, depth in ROOTS.items():
            with self.subTest(root=root):
                answer = self.ask(f"{{ {root} {{ {selection(innermost(self.fields[root]), depth)} }} }}")
                self.assertIn(OURS, answer)
                self.assertEqual(self.leaks(answer), [])

    def test_nothing_of_theirs_is_found_by_its_primary_key(self):
        for root, model in {
            "circuit_maintenance": models.CircuitMaintenance,
            "circuit_impact": models.CircuitImpact,
            "circuit_maintenance_note": models.Note,
            "notification": models.Notification,
            "parsed_notification": models.ParsedNotification,
            "notification_source": models.NotificationSource,
            "provider": Provider,
            "circuit": Circuit,
        }.items():
            query = (
                f'{{ {root}(id: "{self.theirs.of(model)[0].pk}") {{ {selection(innermost(self.fields[root]), 1)} }} }}'
            )
            with self.subTest(root=root):
                self.assertEqual(self.leaks(self.ask(query), asked=query), [])
