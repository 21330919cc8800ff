"""Another site sends the browser of someone who is logged in here: nothing changes, and no one is led away."""

from django.test import Client
from nautobot.dcim.models import Location

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.tests.factories import core
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.tests.test_permission_walk import REST, ROUTES, UI, Route

EVERY_MODEL = (
    models.NotificationSource,
    models.Notification,
    models.ParsedNotification,
    models.CircuitMaintenance,
    models.MaintenanceWindow,
    models.CircuitImpact,
    models.Note,
)
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "https:evil.example/",
    "https:///evil.example/",
    "http://nautobot.example.com@evil.example/",
    "javascript:alert(1)",
    "/\t/evil.example/",
    "/\n/evil.example/",
    "\x00//evil.example/",
    "data:text/html,x",
)
HOST = "nautobot.example.com"


class OtherSiteCase(PageTestCase):
    """Someone who may do everything."""

    def setUp(self):
        super().setUp()
        self.become_superuser()
        # Core answers with an error of the server to a GET of its pages in bulk and to a POST to a page without a form.
        self.client.raise_request_exception = False
        self.maintenance = models.CircuitMaintenance.objects.get(name="M-2")
        core.create_device("Edge", Location.objects.order_by("pk").last())

    def stored(self):
        """Return all that the database has of ours."""
        return [list(model.objects.order_by("pk").values()) for model in EVERY_MODEL]

    def url(self, route: Route) -> str:
        """Return the address of a route, of some object where it is about one."""
        return route.url(route.model.objects.order_by("pk").first() if route.needs_pk else None)


class ForgedRequestTest(OtherSiteCase):
    """Requests that carry the user's cookie and no token."""

    def setUp(self):
        super().setUp()
        self.browser = Client(enforce_csrf_checks=True, SERVER_NAME=HOST)
        self.browser.force_login(self.user)

    def test_no_page_takes_a_post_without_a_token(self):
        before = self.stored()
        everything = {"pk": [str(each.pk) for each in models.Notification.objects.all()], "_all": "on", "confirm": "on"}
        for route in ROUTES:
            if route.namespace != UI:
                continue
            with self.subTest(route.name):
                response = self.browser.post(self.url(route), everything, headers={"Origin": "https://evil.example"})
                # Without a token the user is no one, for whom there is nothing.
                self.assertIn(response.status_code, (403, 404, 405))
        self.assertEqual(self.stored(), before)

    def test_no_endpoint_changes_anything_by_the_cookie_alone(self):
        before = self.stored()
        for route in ROUTES:
            if route.namespace != REST or route.name == "api-root":
                continue
            for method in ("post", "put", "patch", "delete"):
                for kind in ("application/json", "text/plain", "message/rfc822", "application/x-www-form-urlencoded"):
                    with self.subTest(route.name, method=method, kind=kind):
                        response = getattr(self.browser, method)(self.url(route), b"{}", content_type=kind)
                        self.assertEqual(response.status_code, 403)
                        self.assertIn("CSRF", response.content.decode())
        self.assertEqual(self.stored(), before)

    def test_with_the_token_of_a_page_the_same_request_works(self):
        url = url_of("circuitmaintenance_acknowledge", self.maintenance)
        self.browser.get(url_of("circuitmaintenance", self.maintenance))
        token = self.browser.cookies["csrftoken"].value

        self.assertEqual(self.browser.post(url, {"csrfmiddlewaretoken": token}).status_code, 302)

        self.maintenance.refresh_from_db()
        self.assertTrue(self.maintenance.ack)

    def test_reading_changes_nothing(self):
        before = self.stored()
        parameters = {"seen": "", "_all": "on", "confirm": "on", "_confirm": "", "_apply": "", "ack": "True"}
        for route in ROUTES:
            for method in ("get", "head"):
                with self.subTest(route.name, method=method):
                    getattr(self.client, method)(self.url(route), parameters)
        self.assertEqual(self.stored(), before)


class LedAwayTest(OtherSiteCase):
    """Where a page leads after its work."""

    def stays(self, response, target: str) -> None:
        """Check that an answer leads to a page of this host, if anywhere."""
        with self.subTest(response.request["PATH_INFO"], target=target):
            self.assertRegex(response.headers.get("Location", "/"), r"^/(?![/\\])")

    def test_no_view_leads_to_another_host(self):
        for route in ROUTES:
            if route.namespace == UI:
                for target in ELSEWHERE[1:2]:
                    where = {"return_url": target, "next": target}
                    self.stays(self.client.post(self.url(route), where, headers={"Referer": target}), target)
                    self.stays(self.client.get(self.url(route), where), target)

    def test_what_does_something_takes_no_spelling_of_another_host(self):
        for target in ELSEWHERE:
            for route in ("circuitmaintenance_acknowledge", "circuitmaintenance_unacknowledge"):
                url = url_of(route, self.maintenance)
                self.stays(self.client.post(url, {"return_url": target}), target)
                self.stays(self.client.post(url, query_params={"return_url": target}), target)
            self.stays(self.client.post(url_of("circuitmaintenance_bulk_acknowledge"), {"return_url": target}), target)

    def test_what_does_something_leads_back_to_where_it_was_asked_for(self):
        url = url_of("circuitmaintenance_acknowledge", self.maintenance)
        target = url_of("dashboard")

        self.assertRedirects(self.client.post(url, {"return_url": target}), target, fetch_redirect_response=False)
