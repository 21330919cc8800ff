"""Which rows questions may read."""

from django.contrib.auth.models import AnonymousUser
from django.test import TestCase

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.tests.factories import app, core, users

QUERYSETS = [name for name, value in vars(Visibility).items() if isinstance(value, property)]


class VisibilityTest(TestCase):
    """A maintenance of each of two providers."""

    @classmethod
    def setUpTestData(cls):
        cls.maintenances = [app.create_maintenance("M", core.create_provider(f"ISP {number}")) for number in (1, 2)]

    def test_user_sees_what_permissions_allow(self):
        narrow = users.viewer(*users.ALL, constraints=users.BY_PROVIDER)

        self.assertEqual(list(Visibility.of(narrow).maintenances), self.maintenances[:1])
        self.assertEqual(list(Visibility.of(users.viewer()).maintenances), [])
        self.assertEqual(list(Visibility.of(AnonymousUser()).maintenances), [])

    def test_action_decides_about_rows(self):
        user = users.viewer(models.CircuitMaintenance)
        users.permit(
            user,
            models.CircuitMaintenance,
            constraints={models.CircuitMaintenance: {"provider__name": "ISP 2"}},
            actions=("change",),
        )

        changeable = Visibility.of(user).of_model(models.CircuitMaintenance, "change")
        self.assertEqual(list(changeable), self.maintenances[1:])

    def test_everything_ignores_permissions(self):
        self.assertEqual(set(Visibility.everything().maintenances), set(self.maintenances))

    def test_missing_user_is_not_everything(self):
        with self.assertRaisesMessage(ValueError, "A user is required"):
            Visibility.of(None)

    def test_querysets_are_unordered(self):
        self.assertIn("maintenances", QUERYSETS)
        for visibility in (Visibility.everything(), Visibility.of(users.superuser())):
            for name in QUERYSETS:
                with self.subTest(queryset=name):
                    rows = getattr(visibility, name)
                    self.assertFalse(rows.ordered)
                    list(rows)

    def test_locations_do_not_read_the_tree(self):
        core.create_sites("Athens")

        self.assertNotIn("RECURSIVE", str(Visibility.everything().locations.query).upper())
        self.assertEqual([each.name for each in Visibility.everything().locations], ["Athens"])
