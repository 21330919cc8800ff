"""Unknown senders on the pages and in the REST API: assign to a provider, dismiss."""

from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.models import NotificationSource, UnknownSender
from nautobot_circuit_maintenance.models.providers import sender_addresses
from nautobot_circuit_maintenance.tests.factories.core import create_provider
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.tests.test_api_content import ApiTestCase

ADDRESS = "unknown-1@elsewhere.example"


def addresses(provider: Provider) -> tuple[str, ...]:
    """Return the addresses of a provider as the database has them."""
    return sender_addresses(Provider.objects.get(pk=provider.pk))


class UnknownSenderPageTest(PageTestCase):
    """The list and its actions."""

    def setUp(self):
        super().setUp()
        self.sender = UnknownSender.objects.get(address=ADDRESS)
        self.provider = Provider.objects.get(name="ISP 1")

    def assign(self):
        """Send the form."""
        return self.client.post(url_of("unknownsender_assign", self.sender), {"provider": self.provider.pk})

    def test_the_form_adds_the_address_to_the_chosen_provider(self):
        self.permit("view_unknownsender", "change_unknownsender")
        self.add_permissions("circuits.view_provider", "circuits.change_provider")
        self.assertIn(ADDRESS, self.page("unknownsender_assign", self.sender))

        self.assertRedirects(self.assign(), url_of("unknownsender_list"))

        self.assertIn(ADDRESS, addresses(self.provider))
        self.assertFalse(UnknownSender.objects.filter(pk=self.sender.pk).exists())

    def test_a_provider_that_may_not_be_changed_cannot_be_chosen(self):
        self.permit("view_unknownsender", "change_unknownsender")
        self.add_permissions("circuits.view_provider")
        self.add_permissions("circuits.change_provider", constraints={"name": "ISP 2"})

        self.assertHttpStatus(self.assign(), 200)

        self.assertNotIn(ADDRESS, addresses(self.provider))

    def test_a_refused_address_is_explained_in_the_form(self):
        self.become_superuser()
        create_provider("Owner", ADDRESS)

        self.assertIn("is already used by", self.assign().content.decode())

        self.assertEqual(addresses(self.provider), ())

    def test_those_selected_are_dismissed(self):
        self.permit("view_unknownsender", "change_unknownsender")

        self.client.post(url_of("unknownsender_bulk_dismiss"), {"pk": [self.sender.pk]})

        self.assertEqual(UnknownSender.objects.get(dismissed=True), self.sender)

    def test_nothing_is_done_without_the_permission_to_change(self):
        self.permit("view_unknownsender")
        self.add_permissions("circuits.change_provider")

        self.assertHttpStatus(self.assign(), 403)
        self.assertHttpStatus(self.client.post(url_of("unknownsender_bulk_dismiss"), {"_all": "1"}), 403)

        self.assertEqual(UnknownSender.objects.needing_attention().count(), 3)
        self.assertNotIn(url_of("unknownsender_assign", self.sender), self.page("unknownsender", self.sender))


class UnknownSenderApiTest(ApiTestCase):
    """POST unknownsender/<id>/assign/ and dismiss/."""

    def post(self, name, **data):
        """Send a request."""
        sender = UnknownSender.objects.get(address=ADDRESS)
        return self.client.post(self.url(f"unknownsender-{name}", pk=sender.pk), data, format="json", **self.header)

    def test_assign_adds_the_address_to_the_provider(self):
        provider = Provider.objects.get(name="ISP 1")
        self.permit("change_unknownsender")
        self.assertHttpStatus(self.post("assign", provider=str(provider.pk)), 400)
        self.assertEqual(addresses(provider), ())

        self.add_permissions("circuits.change_provider")
        self.assertHttpStatus(self.post("assign", provider=str(provider.pk)), 204)

        self.assertEqual(addresses(provider), (ADDRESS,))

    def test_a_provider_outside_of_the_source_needs_the_permission_to_change_the_source(self):
        provider = Provider.objects.get(name="ISP 2")
        self.permit("change_unknownsender")
        self.add_permissions("circuits.change_provider")
        self.assertHttpStatus(self.post("assign", provider=str(provider.pk)), 400)

        self.permit("change_notificationsource")
        self.assertHttpStatus(self.post("assign", provider=str(provider.pk)), 204)

        self.assertIn(provider, NotificationSource.objects.get(name="Source 1").providers.all())

    def test_dismiss_needs_the_permission_to_change(self):
        self.permit("view_unknownsender")
        self.assertHttpStatus(self.post("dismiss"), 403)
        self.permit("change_unknownsender")
        response = self.post("dismiss")
        self.assertHttpStatus(response, 200)
        self.assertIs(response.json()["dismissed"], True)
