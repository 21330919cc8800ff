"""Permissions limited to one provider disclose nothing of another: the whole GraphQL schema is queried."""

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
"""Lists of the schema, and how deep to follow their relations."""
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
"""Types of the app, and of core types that lead to them."""
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
    """Return a selection of all fields of a type, down to a depth."""
    words = ["__typename"]
    for name, field in kind.fields.items():
        inner = innermost(field)
        if any(isinstance(argument.type, GraphQLNonNull) for argument in field.args.values()):
            continue
        # Nautobot 3.1 shows anyone who may see an object what of core's hangs on it: there only what is ours is asked for.
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
    """A user with all permissions on the objects of one provider."""

    def setUp(self):
        """Create both providers."""
        super().setUp()
        two_providers.permit(self.user)
        two_providers.create_shared()
        self.ours = two_providers.create_side(OURS)
        self.theirs = two_providers.create_side(THEIRS)
        two_providers.cross(self.ours, self.theirs)
        self.fields = graphene_settings.SCHEMA.graphql_schema.query_type.fields

    def ask(self, query: str) -> str:
        """Return the text of a response."""
        response = self.client.post(reverse("graphql-api"), {"query": query}, format="json", **self.header)
        self.assertHttpStatus(response, 200)
        return response.content.decode()

    def leaks(self, answer: str, asked: str = "") -> list[str]:
        """Return the other provider's values in a response, with their context."""
        found = [secret for secret in self.theirs.secrets() if secret in answer and secret not in asked]
        return [answer[max(0, answer.index(secret) - 120) : answer.index(secret) + 40] for secret in found]

    def test_every_type_of_the_app_is_reached(self):
        reached = {name for root, depth in ROOTS.items() for name in types_of(innermost(self.fields[root]), depth)}

        self.assertEqual(FOLLOWED - reached, set())

    def test_lists_and_relations_disclose_nothing(self):
        for root, depth in ROOTS.items():
            with self.subTest(root=root):
                answer = self.ask(f"{{ {root} {{ {selection(innermost(self.fields[root]), depth)} }} }}")
                self.assertIn(OURS, answer)
                self.assertEqual(self.leaks(answer), [])

    def test_primary_keys_find_nothing(self):
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
