"""Every page answers every method: none with a server error, also the pages that only take what a form sends."""

from uuid import uuid4

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.tests.test_permission_walk import ROUTES, UI

BULK = {
    "circuitmaintenance": ("bulk_edit", "bulk_delete"),
    "circuitimpact": ("bulk_edit", "bulk_delete"),
    "note": ("bulk_edit", "bulk_delete"),
    "notification": ("bulk_delete",),
    "subscription": ("bulk_delete",),
    "maillayout": ("bulk_delete",),
}


class MethodsTest(PageTestCase):
    """Someone who may do everything."""

    def setUp(self):
        super().setUp()
        self.become_superuser()

    def test_whoever_opens_the_address_of_a_bulk_action_is_led_to_the_list(self):
        """As after a reload, or with the browser's history."""
        for model, routes in BULK.items():
            for route in routes:
                with self.subTest(model=model, route=route):
                    response = self.client.get(url_of(f"{model}_{route}"))
                    self.assertRedirects(response, url_of(f"{model}_list"), fetch_redirect_response=False)
                    self.assertEqual(self.client.head(url_of(f"{model}_{route}")).status_code, 302)

    def test_no_page_answers_a_method_that_it_does_not_have_with_a_server_error(self):
        """The walk over permissions requests them with GET."""
        tried, before = 0, models.CircuitMaintenance.objects.count()
        for route in ROUTES:
            if route.namespace != UI:
                continue
            known = route.model and route.model.objects.first()
            url = url_of(route.name, known or type("Unknown", (), {"pk": uuid4()})) if route.needs_pk else route.url()
            for method in ("put", "patch", "delete", "options"):
                tried += 1
                with self.subTest(url=url, method=method):
                    self.assertLess(getattr(self.client, method)(url).status_code, 500)
        self.assertGreater(tried, 200)
        self.assertEqual(models.CircuitMaintenance.objects.count(), before)
