"""What the tests of pages share."""

from django.urls import reverse
from nautobot.apps.testing import TestCase

from nautobot_circuit_maintenance.tests import fixtures

HTMX = {"headers": {"HX-Request": "true"}}
"""Lists load their rows by a second request of this kind."""


def url_of(route: str, instance=None) -> str:
    """Return the URL of one of our pages."""
    kwargs = {"pk": instance.pk} if instance else None
    return reverse(f"plugins:nautobot_circuit_maintenance:{route}", kwargs=kwargs)


class PageTestCase(TestCase):
    """A user without permissions, and three of everything."""

    def setUp(self):
        """Create the world."""
        super().setUp()
        fixtures.create_world()

    def permit(self, *names, **kwargs):
        """Give the user permissions of our app."""
        self.add_permissions(*(f"nautobot_circuit_maintenance.{name}" for name in names), **kwargs)

    def become_superuser(self):
        """Let the user do everything."""
        self.user.is_superuser = True
        self.user.save()

    def page(self, route, instance=None, **kwargs):
        """Return the text of a page."""
        response = self.client.get(url_of(route, instance), **kwargs)
        self.assertHttpStatus(response, 200)
        return response.content.decode()
