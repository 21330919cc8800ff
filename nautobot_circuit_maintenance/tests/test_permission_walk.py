"""Permissions limited to one provider disclose nothing of another: every URL of the app is requested."""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db.models import Model
from django.test import override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Circuit, Provider
from nautobot.dcim.models import Device, Location
from nautobot.extras.models import Contact, ContactAssociation, Role, Status
from nautobot.tenancy.models import Tenant
from nautobot.users.models import ObjectPermission

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.channel_settings.alertmanager import AlertmanagerSettings
from nautobot_circuit_maintenance.channel_settings.email import EmailSettings
from nautobot_circuit_maintenance.choices import EventChoices
from nautobot_circuit_maintenance.outbound.channels.alertmanager.reconcile import reconcile
from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.feed_tokens import new_token
from nautobot_circuit_maintenance.outbound.run import send_updates
from nautobot_circuit_maintenance.tests import two_providers
from nautobot_circuit_maintenance.tests.factories.app import create_subscription
from nautobot_circuit_maintenance.tests.outbound.alertmanager.served import served
from nautobot_circuit_maintenance.tests.outbound.post_office import PostOffice
from nautobot_circuit_maintenance.tests.page_case import HTMX
from nautobot_circuit_maintenance.tests.two_providers import OF_CORE, OURS, SHARED, THEIRS

APP = "nautobot_circuit_maintenance"
UI, REST = f"plugins:{APP}", f"plugins-api:{APP}-api"
# What may differ between two answers to one question.
CHANGING = re.compile(
    r'name="csrfmiddlewaretoken" value="\w+"'  # a token for each form
    r"|CSRF[^;\n]*|csrf[^;\n]{0,120}"
    r"|\d{4}-\d\d-\d\d[T ][\d:.%A-F+]*"  # the moment in links to lists
    r'|name="_?nonce" value="[^"]*"'
    r"|\b1\d{12}\b|\w{3} \d\d \w{3} \d\d:\d\d(?= \\u2013|</time>)"  # the moment in the picture, for work in progress
    r"|\bnow\b|\d+\s+min(ute)?s?\b( ago)?"  # how long ago or ahead
    r'|Interfaces <span class="badge bg-primary">\d+'  # core counts them all, on the tab of a device
    # On the home page core counts one end of each connection, that with the higher key: those of a shared device vary.
    r'|\d+(?=</span>\s*<p[^>]*>\s*<a href="/dcim/interface-connections/">)'
)


RISK = f"{REST}:risk"
WITHOUT_RISK = override_settings(PLUGINS_CONFIG={APP: {"risk_circuits": {"cid": ["of no circuit"]}}})


@dataclass(frozen=True)
class Route:
    """A URL of the app."""

    namespace: str
    name: str
    needs_pk: bool

    @property
    def model(self):
        """Return its model, one of core for a tab on core's pages; None for the dashboard and the root of the API."""
        known = [*apps.get_app_config(APP).get_models(), *OF_CORE]
        return {each._meta.model_name: each for each in known}.get(re.split("[_-]", self.name)[0])

    def url(self, instance=None) -> str:
        """Return the URL."""
        return reverse(f"{self.namespace}:{self.name}", kwargs={"pk": instance.pk} if self.needs_pk else None)


_IS_APART = re.compile("format|<str:token>")
"""Other forms of a URL; and the calendar feed, which has a class of its own below."""


def routes(resolver: URLResolver | None = None, namespaces: tuple[str, ...] = (), path: str = "") -> Iterator[Route]:
    """List the URLs of the app, as Django resolves them."""
    for each in (resolver or get_resolver()).url_patterns:
        whole = path + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each, namespaces + ((each.namespace,) if each.namespace else ()), whole)
        elif isinstance(each, URLPattern) and ":".join(namespaces) in (UI, REST) and not _IS_APART.search(whole):
            yield Route(":".join(namespaces), each.name, "pk>" in whole)


ROUTES = sorted(set(routes()), key=lambda route: (route.namespace, route.name))
VARIANTS = {UI: [{}], REST: [{}, {"depth": 1}]}


class WalkCase(TestCase):
    """A user with all permissions on the objects of one provider."""

    @classmethod
    def setUpTestData(cls):
        """Create the user's provider and the shared objects."""
        two_providers.create_shared()
        cls.ours = two_providers.create_side(OURS)
        cls.theirs = two_providers.Side(THEIRS, {})

    def setUp(self):
        """Log in."""
        super().setUp()
        two_providers.permit(self.user)

    def leaks(self, answer: str, asked: str = "") -> list[str]:
        """Return the other provider's values in a response, except those requested, with their context."""
        return [
            answer[max(0, found.start() - 80) : found.end() + 40]
            for secret in self.theirs.secrets()
            if secret not in asked
            for found in list(re.finditer(re.escape(secret), answer))[:1]
        ]

    @staticmethod
    def changes(before: str, after: str) -> list[str]:
        """Return the lines in which two responses to one request differ."""
        lines = [CHANGING.sub("", text).splitlines() for text in (before, after)]
        return [line for line in difflib.unified_diff(*lines, lineterm="", n=0) if lines[0] != lines[1]][:9]

    def assert_silent(self, response, asked: str = "") -> None:
        """Check that a response discloses nothing of the other provider except what was requested."""
        self.assertEqual(self.leaks(response.getvalue().decode(), asked), [])


def questions_to_us(ours: two_providers.Side, namespace: str) -> Iterator[tuple[str, dict, bool]]:
    """List URL, parameters and whether a list's rows are requested, for all of the user's objects."""
    shared = models.NotificationSource.objects.get(name=f"{SHARED} source")
    for route in ROUTES:
        if route.namespace != namespace:
            continue
        instances = ours.of(route.model)[-2:-1] or ours.of(route.model) if route.needs_pk else [None]
        if route.needs_pk and route.model is models.NotificationSource:
            instances = [*instances, shared]
        for instance in instances:
            for variant in VARIANTS[route.namespace]:
                yield route.url(instance), variant, False
        if route.name.endswith("_list"):
            yield route.url(), {}, True
        if route.name.endswith("-list"):
            yield route.url(), {"format": "csv"}, False


def questions_to_core(ours: two_providers.Side) -> Iterator[tuple[str, dict, bool]]:
    """List the pages of core that show objects of the app."""
    yield reverse("home"), {}, False
    for model, route in (
        (Provider, "circuits:provider"),
        (Circuit, "circuits:circuit"),
        (Location, "dcim:location"),
        (Device, "dcim:device"),
    ):
        for instance in ours.of(model):
            yield reverse(route, kwargs={"pk": instance.pk}), {}, False
    for model, route in ((Location, "dcim:location"), (Device, "dcim:device")):
        shared = model.objects.get(name__startswith=SHARED)
        yield reverse(route, kwargs={"pk": shared.pk}), {}, False
    yield reverse("search"), {"q": "work"}, False


class Comparison(WalkCase):
    """Send the same requests before and after the other provider exists.

    The risk is not assessed here: the network is the same for everybody, so a way of another provider does change what is said
    about a shared site. That it discloses no name is tested below.
    """

    def questions(self) -> Iterator[tuple[str, dict, bool]]:
        """List URL, parameters and whether a list's rows are requested."""
        raise NotImplementedError

    def answers(self) -> dict[str, str]:
        """Send all requests."""
        found = {}
        for url, parameters, is_htmx in self.questions():
            with WITHOUT_RISK:
                response = self.client.get(url, parameters, **(HTMX if is_htmx else {}))
            self.assertTrue(response.status_code < 500 or reverse(RISK) in url, url)
            body = response.getvalue().decode(errors="replace") if response.status_code == 200 else ""
            found[f"{url} {parameters} {'rows' if is_htmx else ''}"] = f"{response.status_code}\n{body}"
        return found

    def compare(self) -> dict[str, str]:
        """Check that no response discloses anything or changes; return the responses."""
        before = self.answers()
        self.theirs = two_providers.create_side(THEIRS)
        two_providers.cross(self.ours, self.theirs)

        after = self.answers()

        leaks = {url: found for url, answer in after.items() if (found := self.leaks(answer))}
        self.assertEqual(leaks, {})
        changed = [url for url, answer in after.items() if self.changes(before[url], answer)]
        self.assertEqual(changed, [], [self.changes(before[url], after[url]) for url in changed])
        return after


class PagesTest(Comparison):
    """The pages of the app."""

    def questions(self) -> Iterator[tuple[str, dict, bool]]:
        """List the pages."""
        return questions_to_us(self.ours, UI)

    def test_the_walk_knows_every_model(self):
        self.assertLessEqual(set(two_providers.OF_THE_APP), {route.model for route in ROUTES})

    def test_pages_disclose_nothing_and_do_not_change(self):
        answers = self.compare()
        self.assertEqual([url for url, answer in answers.items() if url.endswith("rows") and OURS not in answer], [])
        self.assertEqual({answer[:3] for url, answer in answers.items() if "dashboard" in url}, {"200"})


@override_settings(
    PLUGINS_CONFIG={
        "nautobot_circuit_maintenance": {"instance": "test", "channels": [{"name": "Calendar", "kind": "calendar"}]}
    }
)
class FeedTest(Comparison):
    """The calendar feed of the user."""

    def answers(self) -> dict[str, str]:
        """Read it as five minutes later; its address is another one each time."""
        cache.clear()
        values = {"owner": self.user, "channel": "Calendar"}
        subscription, _is_new = models.Subscription.objects.get_or_create(name="Mine", defaults=values)
        response = self.client_class().get(reverse(f"{UI}:feed", kwargs={"token": new_token(subscription)}))
        self.assertEqual(response.status_code, 200)
        return {"feed": response.content.decode()}

    def test_the_feed_discloses_nothing_and_does_not_change(self):
        self.assertIn(OURS, self.compare()["feed"])


class SilencesTest(WalkCase):
    """The silences that the user's subscription makes."""

    def test_silences_disclose_nothing_and_do_not_change(self):
        now = models.MaintenanceWindow.objects.order_by("start_time").last().start_time
        create_subscription(self.user, "Mine", channel="Alerts")
        labels = {name: f"{{{{ {name} }}}}-" for name in ("cid", "provider", "device", "location")}
        with served() as server:
            entry = {"name": "Alerts", "instance": "test", "urls": [server.url], "matchers": labels}

            def silences() -> list[str]:
                reconcile(AlertmanagerSettings.from_entry(entry), now=now)
                found = server.alertmanager.stored.values()
                return sorted(f"{sorted(each.matchers)} {each.comment}" for each in found)

            before = silences()
            self.theirs = two_providers.create_side(THEIRS)
            two_providers.cross(self.ours, self.theirs)
            after = silences()

        self.assertIn(OURS, "".join(after))
        self.assertEqual((self.leaks("".join(after)), after), ([], before))


def add_contact(row: Model, address: str) -> None:
    """Let someone be a contact of an object."""
    ContactAssociation.objects.get_or_create(
        contact=Contact.objects.get_or_create(name=address, email=address)[0],
        associated_object_type=ContentType.objects.get_for_model(row),
        associated_object_id=row.pk,
        role=Role.objects.get_for_model(ContactAssociation).first(),
        status=Status.objects.get_for_model(ContactAssociation).first(),
    )


class Messages:
    """What the user's subscriptions send, of everything that there is to say; mixed into a TestCase."""

    CHANNELS = MessageChannels("test", {"mail": EmailSettings(name="mail", instance="test", sender="n@example.com")})
    EVENTS = sorted(set(EventChoices.values()) - {EventChoices.DIGEST, EventChoices.JOB})

    def setUp(self):
        """Let all be sent at the same moment."""
        super().setUp()
        self.now = timezone.now()

    def subscriptions(self, now: datetime) -> list[models.Subscription]:
        """Create one at once, one as a digest, and one to the contacts of what is affected; all began long ago."""
        values = {"owner": self.user, "channel": "mail", "events": self.EVENTS, "begun": now - timedelta(days=99)}
        weeks = timedelta(weeks=9)
        found = [
            create_subscription(name=name, **{**values, "clock": now - weeks, "lead_time": 24, **own})
            for name, own in (
                ("At once", {}),
                ("Digest", {"rhythm": "daily", "digest_time": time(6), "next_digest": now}),
                ("Affected", {"audience": "affected"}),
                (
                    "Own words",
                    {"body_template": "{{ text }} {{ before }} {{ changes }} {{ circuits }} {{ replaced_by }}"},
                ),
            )
        ]
        for each in found[:2] + found[3:]:
            each.contacts.add(Contact.objects.get_or_create(name="Us", email="us@example.com")[0])
        return found

    def sent(self, *changes: Callable[[], object]) -> list[str]:
        """Return all that is sent about what there is, and after each of these changes."""
        office, now = PostOffice(), self.now
        models.NotificationSource.objects.update(failing_since=now, failed_runs=3)
        models.MaintenanceChange.objects.all().delete()
        for row in models.CircuitMaintenance.objects.all():
            models.MaintenanceChange.objects.create(maintenance=row, kind="created")
        found = self.subscriptions(now)
        for number, change in enumerate([lambda: None, *changes], start=1):
            change()
            moment = now + timedelta(hours=6 * (number - 1), minutes=1)
            send_updates(self.CHANNELS, lambda moment=moment: moment, lambda: True, office.opening)
        models.Delivery.objects.filter(subscription__in=found).delete()
        for each in found:
            each.delete()
        parts = ("event", "recipient", "subject", "headline", "text", "html", "data", "calendar")
        return sorted("\n".join(str(getattr(each, name)) for name in parts) for each in office.arrived)


class MessagesTest(Messages, Comparison):
    """They say the same whether the other provider exists or not."""

    def answers(self) -> dict[str, str]:
        """Send all; the risk is left out as above."""
        for model in (Location, Tenant):
            for row in model.objects.filter(name__startswith=THEIRS):
                add_contact(row, f"staff@{THEIRS}.example")
        with WITHOUT_RISK:
            return {str(number): each for number, each in enumerate(self.sent(lambda: None))}

    def test_messages_disclose_nothing_and_do_not_change(self):
        add_contact(self.ours.of(Tenant)[0], f"staff@{OURS}.example")
        found = "".join(self.compare().values())
        self.assertIn(f"staff@{OURS}.example", found)
        for event in (*set(self.EVENTS) - {"at-risk", "changed", "cancelled"}, "digest"):
            self.assertIn(f"'event': '{event}'", found)


class EndpointsTest(Comparison):
    """The REST API."""

    def questions(self) -> Iterator[tuple[str, dict, bool]]:
        """List the endpoints."""
        return questions_to_us(self.ours, REST)

    def test_endpoints_disclose_nothing_and_do_not_change(self):
        self.compare()


class CorePagesTest(Comparison):
    """Pages of Nautobot that show objects of the app."""

    def questions(self) -> Iterator[tuple[str, dict, bool]]:
        """List the pages."""
        return questions_to_core(self.ours)

    def test_pages_of_core_disclose_nothing_and_do_not_change(self):
        self.compare()


class BothSidesCase(WalkCase):
    """The other provider exists too, with relations to the user's objects."""

    @classmethod
    def setUpTestData(cls):
        """Create both providers."""
        super().setUpTestData()
        cls.theirs = two_providers.create_side(THEIRS)
        two_providers.cross(cls.ours, cls.theirs)


class RiskTest(BothSidesCase):
    """What is at risk, where circuits of the other provider are ways of a shared site."""

    def test_no_name_of_a_hidden_object_is_disclosed(self):
        maintenance = self.ours.of(models.CircuitMaintenance)[-1]
        questions = [
            (reverse(RISK), {}),
            (reverse(f"{UI}:risk"), {}),
            (reverse(f"{UI}:risk"), {"export": "csv"}),
            (reverse(f"{UI}:dashboard"), {}),
            (maintenance.get_absolute_url(), {}),
            (reverse("home"), {}),
            (reverse(f"{UI}:home_risk"), {}),
        ]
        for url, parameters in questions:
            with self.subTest(url=url):
                response = self.client.get(url, parameters)
                self.assertEqual(response.status_code, 200)
                self.assert_silent(response)

    def test_the_number_of_links_is_hidden_with_one_of_them(self):
        found = self.client.get(reverse(RISK)).json()["findings"]
        shared = [each for each in found if each["name"].startswith(SHARED) and each["kind"] == "one left"]

        self.assertTrue(shared)
        self.assertEqual({each["link_count"] for each in shared}, {None})


class BothSidesMessagesTest(Messages, BothSidesCase):
    """What is sent, where work of the user's has to do with the other provider's."""

    def test_risk_and_replacements_disclose_no_name(self):
        mine, other = self.ours.of(models.CircuitMaintenance)[2:4], self.theirs.of(models.CircuitMaintenance)[3]
        unlinked = models.CircuitMaintenance.objects.filter(pk=mine[0].pk)

        def replace() -> None:
            unlinked.update(replaced_by=other)
            models.MaintenanceChange.objects.create(maintenance=mine[0], kind="changed")

        found = self.sent(replace, lambda: mine[1].delete())
        self.assertEqual([self.leaks(each) for each in found if self.leaks(each)], [])
        whole = "".join(found)
        self.assertIn("was replaced by another maintenance.", whole)
        for event in ("at-risk", "cancelled"):
            self.assertIn(f"'event': '{event}'", whole)

    def test_contacts_of_what_is_hidden_get_nothing(self):
        Circuit.objects.filter(pk=self.ours.of(Circuit)[0].pk).update(tenant=self.theirs.of(Tenant)[0])
        add_contact(self.theirs.of(Tenant)[0], f"staff@{THEIRS}.example")
        add_contact(self.ours.of(Location)[0], f"staff@{OURS}.example")
        found = "".join(self.sent())
        self.assertEqual((f"staff@{OURS}.example" in found, f"staff@{THEIRS}.example" in found), (True, False))

    def test_what_may_not_be_viewed_any_more_is_neither_named_nor_reported_as_a_change(self):
        mine = self.ours.of(models.CircuitMaintenance)[3]
        hidden = self.ours.of(Circuit)[0]

        def touch(**fields: str) -> None:
            models.CircuitMaintenance.objects.filter(pk=mine.pk).update(**fields)
            models.MaintenanceChange.objects.create(maintenance=mine, kind="changed")

        def hide() -> None:
            ObjectPermission.objects.filter(object_types__model="circuit").update(constraints={"cid": "none"})
            touch(description="Other words")

        before = self.sent(lambda: touch(description="Other words"))
        self.assertTrue([each for each in before if f"{OURS} circuit" in each])
        after = self.sent(hide)
        self.assertEqual([each.partition("\n")[0] for each in after], [each.partition("\n")[0] for each in before])
        for last in (lambda: touch(status="TENTATIVE"), mine.delete):
            ObjectPermission.objects.filter(object_types__model="circuit").update(constraints={"provider__name": OURS})
            earlier = self.sent()
            found = self.sent(hide, last)
            new = list((Counter(found) - Counter(earlier)).elements())
            self.assertTrue(new)
            self.assertEqual([each for each in new if hidden.cid in each], [])


class RefusedTest(BothSidesCase):
    """Requests for the other provider's objects by primary key."""

    def test_hidden_objects_are_not_found_and_not_changed(self):
        before = self.theirs.rows()
        methods = {UI: ("get", "post"), REST: ("get", "options", "post", "put", "patch", "delete")}
        for route in ROUTES:
            for instance in self.theirs.of(route.model)[:1] if route.needs_pk else ():
                for method in methods[route.namespace]:
                    with self.subTest(url=route.name, method=method):
                        self.refused(method, route.url(instance))
        self.assertEqual(self.theirs.rows(), before)

    def refused(self, method: str, url: str) -> None:
        """Check that a request is rejected without disclosing anything."""
        options = {"data": "{}", "content_type": "application/json"} if method in ("put", "patch", "delete") else {}
        response = getattr(self.client, method)(url, **options)
        if method != "options":
            self.assertIn(response.status_code, (403, 404, 405))
        self.assert_silent(response, asked=url)


class WritingTest(BothSidesCase):
    """Forms and endpoints that take several objects, or refer to one."""

    def setUp(self):
        """Remember the other provider's rows."""
        super().setUp()
        self.before = self.theirs.rows()

    def tearDown(self):
        """Check that the other provider's rows have not changed."""
        self.assertEqual(self.theirs.rows(), self.before)
        super().tearDown()

    def test_bulk_pages_neither_show_nor_change_hidden_objects(self):
        for route in ROUTES:
            if "_bulk_" not in route.name:
                continue
            pks = [str(each.pk) for each in self.theirs.of(route.model)]
            for extra in ({}, {"_apply": "", "ack": "True"}, {"_confirm": "", "confirm": "True"}, {"_all": ""}):
                with self.subTest(url=route.name, extra=extra):
                    response = self.client.post(route.url(), {"pk": pks, **extra}, follow=True)
                    self.assertLess(response.status_code, 500)
                    self.assert_silent(response, asked=str(pks))

    def test_bulk_endpoints_do_not_change_hidden_objects(self):
        for route in ROUTES:
            if route.namespace != REST or not route.name.endswith("-list"):
                continue
            body = [{"id": str(each.pk)} for each in self.theirs.of(route.model)]
            for method in ("patch", "put", "delete"):
                with self.subTest(url=route.name, method=method):
                    response = getattr(self.client, method)(route.url(), body, content_type="application/json")
                    # Core returns 200 or 204 for what exists for no one who asks, and touches nothing.
                    self.assertIn(response.status_code, (200, 204, 400, 403, 404, 405))
                    self.assert_silent(response, asked=str(body))

    def test_nothing_can_be_related_to_hidden_objects(self):
        maintenance = self.theirs.of(models.CircuitMaintenance)[0]
        bodies = {
            "note": {"maintenance": str(maintenance.pk), "title": "Hello"},
            "circuitimpact": {"maintenance": str(maintenance.pk), "cid": "X", "impact": "OUTAGE"},
            "circuitmaintenance": {"name": "X", "provider": str(self.theirs.of(Provider)[0].pk)},
        }
        counts = [model.objects.count() for model in two_providers.OF_THE_APP]
        for name, body in bodies.items():
            with self.subTest(model=name, by="REST"):
                url = reverse(f"{REST}:{name}-list")
                response = self.client.post(url, body, content_type="application/json")
                self.assertIn(response.status_code, (400, 403))
                self.assert_silent(response, asked=str(body))
            with self.subTest(model=name, by="form"):
                response = self.client.post(reverse(f"{UI}:{name}_add"), body)
                self.assertIn(response.status_code, (200, 403, 404))
                self.assert_silent(response, asked=str(body))
        self.assertEqual([model.objects.count() for model in two_providers.OF_THE_APP], counts)

    def test_editing_the_providers_of_a_shared_source_keeps_hidden_ones(self):
        shared = models.NotificationSource.objects.get(name=f"{SHARED} source")
        detail = reverse(f"{REST}:notificationsource-detail", kwargs={"pk": shared.pk})
        form = reverse(f"{UI}:notificationsource_edit", kwargs={"pk": shared.pk})

        chosen = {"providers": [str(each.pk) for each in self.ours.of(Provider)]}

        changed = self.client.patch(detail, chosen, content_type="application/json")
        self.assertEqual(changed.status_code, 200)
        self.assert_silent(changed)
        self.assertEqual({each.name for each in shared.providers.all()}, {OURS, THEIRS})

        self.assertEqual(self.client.post(form, chosen).status_code, 302)
        self.assertEqual({each.name for each in shared.providers.all()}, {OURS, THEIRS})

    def test_forms_and_lists_do_not_name_hidden_objects(self):
        maintenance, provider = self.theirs.of(models.CircuitMaintenance)[0], self.theirs.of(Provider)[0]
        for route in ROUTES:
            if route.namespace != UI or route.needs_pk or not route.name.endswith(("_add", "_list", "dashboard")):
                continue
            # Of a list the rows: the form of its filters is core's, and names what a primary key stands for.
            headers = HTMX if route.name.endswith("_list") else {}
            for parameters in ({"maintenance": maintenance.pk}, {"provider": provider.pk}):
                with self.subTest(url=route.name, parameters=parameters):
                    response = self.client.get(route.url(), parameters, **headers)
                    self.assert_silent(response, asked=str(parameters))
