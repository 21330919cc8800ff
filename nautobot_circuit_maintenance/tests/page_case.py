"""Base class of the page tests."""

from django.urls import reverse
from nautobot.apps.testing import TestCase

from nautobot_circuit_maintenance.tests.factories import app

HTMX = {"headers": {"HX-Request": "true"}}
"""Lists load their rows by a second request of this kind."""


def url_of(route: str, instance=None) -> str:
    """Return the URL of a page of the app."""
    kwargs = {"pk": instance.pk} if instance else None
    return reverse(f"plugins:nautobot_circuit_maintenance:{route}", kwargs=kwargs)


class PageTestCase(TestCase):
    """A user without permissions, and three objects of each model."""

    def setUp(self):
        """Create the objects."""
        super().setUp()
        app.create_world()

    def permit(self, *names, **kwargs):
        """Give the user permissions of the app."""
        self.add_permissions(*(f"nautobot_circuit_maintenance.{name}" for name in names), **kwargs)

    def become_superuser(self):
        """Make the user a superuser."""
        self.user.is_superuser = True
        self.user.save()

    def page(self, route, instance=None, **kwargs):
        """Return the HTML of a page."""
        response = self.client.get(url_of(route, instance), **kwargs)
        self.assertHttpStatus(response, 200)
        return response.content.decode()
