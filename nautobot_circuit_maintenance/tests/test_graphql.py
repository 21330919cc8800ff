"""GraphQL queries through /api/graphql/."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from nautobot.apps.testing import APITestCase

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.tests.factories import app


class GraphQLTest(APITestCase):
    """Queries of the app's models, and of core's models that refer to them."""

    def setUp(self):
        super().setUp()
        app.create_world()

    def ask(self, query):
        """Return the data of a response without errors."""
        response = self.client.post(reverse("graphql-api"), {"query": query}, format="json", **self.header)
        self.assertHttpStatus(response, 200)
        self.assertNotIn("errors", response.json(), response.json())
        return response.json()["data"]

    def refuse(self, query):
        """Check that the schema does not have it."""
        response = self.client.post(reverse("graphql-api"), {"query": query}, format="json", **self.header)
        self.assertHttpStatus(response, 400)

    def become_superuser(self):
        """Make the user a superuser."""
        self.user.is_superuser = True
        self.user.save()

    def test_maintenance_has_its_related_objects(self):
        self.become_superuser()

        data = self.ask("""{ circuit_maintenances(name: "M-1") {
                name status ack start_time provider { name }
                windows { start_time end_time }
                impacts { cid impact circuit { cid } }
                maintenance_notes { title level comment }
                parsed_notifications { status json notification { subject state source { name } } }
                tags { name }
            } }""")["circuit_maintenances"]

        self.assertEqual(len(data), 1)
        found = data[0]
        self.assertEqual(found["provider"], {"name": "ISP 1"})
        self.assertEqual(
            found["windows"], [{"start_time": "2026-11-21T12:00:00+00:00", "end_time": "2026-11-21T13:00:00+00:00"}]
        )
        self.assertEqual(
            [(each["cid"], each["circuit"]) for each in found["impacts"]],
            [("C-1", {"cid": "C-1"}), ("UNKNOWN-1", None)],
        )
        self.assertEqual(found["maintenance_notes"][0]["title"], "Note 1")
        self.assertEqual(found["parsed_notifications"][0]["notification"]["source"], {"name": "Source 1"})

    def test_providers_and_circuits_have_their_maintenances(self):
        self.become_superuser()

        data = self.ask("""{ providers(name: "ISP 1") {
                circuit_maintenances { name }
                notification_sources { name }
                circuits { maintenance_impacts { impact maintenance { name } } }
            } }""")["providers"][0]

        self.assertEqual(data["circuit_maintenances"], [{"name": "M-1"}])
        self.assertEqual(data["notification_sources"], [{"name": "Source 1"}])
        self.assertEqual(data["circuits"][0]["maintenance_impacts"][0]["maintenance"], {"name": "M-1"})

    def test_every_model_has_its_list(self):
        self.become_superuser()

        data = self.ask("""{ circuit_maintenances { id } circuit_impacts { id } circuit_maintenance_notes { id }
                 notifications { id } parsed_notifications { id } notification_sources { id providers { name } } }""")

        self.assertEqual({name: len(rows) for name, rows in data.items()}["circuit_maintenance_notes"], 3)
        self.assertTrue(all(data.values()))

    def test_filters_of_the_lists_are_available(self):
        self.become_superuser()

        data = self.ask("""{ a: circuit_maintenances(location: ["Country"], has_unmatched_circuits: true) { name }
                 b: circuit_maintenances(active_at: "2026-11-21T12:30:00Z") { name }
                 c: circuit_impacts(has_circuit: false) { cid } }""")

        self.assertEqual({each["name"] for each in data["a"]}, {"M-1", "M-2"})
        self.assertEqual(data["b"], [{"name": "M-1"}])
        self.assertEqual({each["cid"] for each in data["c"]}, {"UNKNOWN-1", "UNKNOWN-2"})

    def test_original_message_and_read_position_are_not_in_the_schema(self):
        self.become_superuser()

        self.refuse("{ notifications { raw } }")
        self.refuse("{ notification_sources { cursor } }")
        self.refuse("{ notification_sources { searched_senders } }")
        self.refuse("{ parsed_notifications { notification { raw } } }")

    def test_core_notes_remain_available(self):
        self.become_superuser()

        self.assertEqual(self.ask("{ notes { note } }")["notes"], [])

    def test_permissions_are_enforced(self):
        self.assertEqual(self.ask("{ circuit_maintenances { name } }")["circuit_maintenances"], [])

        self.add_permissions(
            "nautobot_circuit_maintenance.view_circuitmaintenance", constraints={"provider__name": "ISP 1"}
        )

        data = self.ask("{ circuit_maintenances { name windows { start_time } } }")["circuit_maintenances"]
        self.assertEqual([each["name"] for each in data], ["M-1"])
        self.assertEqual(len(data[0]["windows"]), 1)
        self.assertEqual(models.CircuitMaintenance.objects.count(), 4)

    def test_windows_of_all_maintenances_take_one_query(self):
        self.become_superuser()
        query = "{ circuit_maintenances { name windows { start_time } impacts { cid } } }"
        self.ask(query)
        counts = []
        for rows in (4, 16):
            for number in range(models.CircuitMaintenance.objects.count(), rows):
                app.create_impact(app.create_maintenance(f"X-{number}"), f"X-{number}")
            with CaptureQueriesContext(connection) as recorded:
                self.assertEqual(len(self.ask(query)["circuit_maintenances"]), rows)
            counts.append(len(recorded))

        self.assertEqual(counts[0], counts[1])
