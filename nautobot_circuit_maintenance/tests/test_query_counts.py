"""What lists, detail pages, the REST API and GraphQL ask of the database: as much for ten times the data."""

from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Provider
from nautobot.extras.models import CustomField, Tag

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact, NotificationStateChoices as State
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.page_case import HTMX, url_of
from nautobot_circuit_maintenance.tests.two_providers import OF_THE_APP, evidence_of

PROVIDERS, ROWS, TIMES = 20, 10, 10
PAGE = ROWS * TIMES
"""Rows of a page and of an endpoint: all that there are, before and after the data have grown."""
LIST, DETAIL, OF_MAINTENANCE = 35, 77, 85
"""The most that a list and a page may ask; so much of a page is for core's tabs and panels. A maintenance has two more since
its timeline shows the impacts that people edit, and what was delivered. What it puts at risk includes devices: seven queries;
if a finding of a site lasts longer than the maintenance, the outages are read twice, the devices are not."""
FIELD, TAG = "team", "Night"
NAMES = [model._meta.model_name for model in OF_THE_APP]


def fill_frame() -> None:
    """Create 20 providers, each with two circuits between cabled devices, and a tag and a custom field for everything."""
    for model in OF_THE_APP:
        kind = ContentType.objects.get_for_model(model)
        if hasattr(model, "_custom_field_data"):
            field, _ = CustomField.objects.get_or_create(key=FIELD, defaults={"label": "Team", "type": "text"})
            field.content_types.add(kind)
    Tag.objects.create(name=TAG).content_types.add(ContentType.objects.get_for_model(models.CircuitMaintenance))
    for number in range(PROVIDERS):
        provider = core.create_provider(f"ISP {number}")
        site = core.create_sites(f"Site {number}")[0]
        for side in range(2):
            circuit = core.create_circuit(provider, f"CIRCUIT-{number}-{side}")
            core.terminate(circuit, "A", site, core.create_device(f"edge-{number}-{side}", site))
        source = models.NotificationSource.objects.create(name=f"Source {number}", last_error="refused")
        source.providers.add(provider)
        source.cf[FIELD] = "North"
        source.save()


def fill(rows: int) -> None:
    """Create maintenances up to so many, each with all that belongs to one."""
    tag = Tag.objects.get(name=TAG)
    providers = list(Provider.objects.prefetch_related("circuits", "notification_sources").order_by("name"))
    for number in range(models.CircuitMaintenance.objects.count(), rows):
        provider = providers[number % PROVIDERS]
        start = timezone.now() + timedelta(hours=1 + number)
        fields = {"issued_at": NOON, "_custom_field_data": {FIELD: "North"}}
        maintenance = app.create_maintenance(f"WORK-{number}", provider, start=start, **fields)
        maintenance.tags.add(tag)
        add_to(maintenance, Impact.OUTAGE)
        app.create_layout(provider, f"Layout {number}", _custom_field_data={FIELD: "North"})


def add_to(maintenance: models.CircuitMaintenance, impact: str, suffix: str = "") -> models.Notification:
    """Give a maintenance impacts, a note, and a notification of its own, which is returned."""
    provider = maintenance.provider
    circuit = next((each for each in provider.circuits.all() if not suffix), None)
    app.create_impact(maintenance, circuit or f"MORE{suffix}", impact)
    app.create_impact(maintenance, f"UNKNOWN{suffix}", Impact.DEGRADED)
    models.Note.objects.create(
        maintenance=maintenance, title=f"Note{suffix}", _custom_field_data={FIELD: "North"}, comment="Comment"
    )
    source = provider.notification_sources.all()[0]
    mail = app.create_notification(provider, source, state=State.FAILED, error="Reason")
    app.create_parsed(mail, maintenance, json=evidence_of("isp", maintenance))
    app.create_unknown_sender(source, f"{maintenance.pk}{suffix}@elsewhere.example")
    return mail


REST = "plugins-api:nautobot_circuit_maintenance-api"
GRAPHQL = (
    "{ circuit_maintenances { name provider { name } windows { start_time } impacts { cid circuit { cid } }"
    " maintenance_notes { title } parsed_notifications { status notification { subject } } tags { name } } }",
    "{ circuit_impacts { cid maintenance { name provider { name } } circuit { cid } } }",
    "{ providers { name circuit_maintenances { name } notification_sources { name }"
    " circuits { maintenance_impacts { maintenance { name } } } } }",
    "{ notifications { subject provider { name } source { name } parsed_notifications { status } } }",
)


class QueryCountTest(TestCase):
    """Someone who sees everything."""

    @classmethod
    def setUpTestData(cls):
        """Create the small amount of data."""
        fill_frame()
        fill(ROWS)

    def setUp(self):
        """Log in as a superuser."""
        super().setUp()
        self.user.is_superuser = True
        self.user.save()

    def count(self, url: str, **options) -> int:
        """Return how many queries an answer takes."""
        with CaptureQueriesContext(connection) as recorded:
            response = self.client.get(url, **options)
        self.assertEqual(response.status_code, 200, url)
        return len(recorded)

    def count_graphql(self, query: str) -> int:
        """Return how many queries an answer of GraphQL takes."""
        with CaptureQueriesContext(connection) as recorded:
            response = self.client.post(reverse("graphql-api"), {"query": query}, format="json")
        self.assertNotIn("errors", response.json())
        return len(recorded)

    def counts_of_lists(self) -> dict[str, int]:
        """Return how many queries each list takes, with all of its rows on one page."""
        pages = {name: self.count(f"{url_of(f'{name}_list')}?per_page={PAGE}", **HTMX) for name in NAMES}
        endpoints = {
            f"{name} at depth {depth}": self.count(f"{reverse(f'{REST}:{name}-list')}?limit={PAGE}&depth={depth}")
            for name in NAMES
            for depth in (0, 1)
        }
        return {**pages, **endpoints, **{query: self.count_graphql(query) for query in GRAPHQL}}

    def compare(self, count, grow, at_most: int, **limits: int) -> None:
        """Check that all takes as many queries before and after the data have grown; ``limits`` are those of others."""
        count()  # fills core's caches
        before = count()
        grow()
        after = count()
        self.assertEqual(after, before)
        self.assertEqual({name: number for name, number in after.items() if number > limits.get(name, at_most)}, {})

    def test_lists_endpoints_and_graphql_take_as_many_queries_for_ten_times_the_data(self):
        self.compare(self.counts_of_lists, lambda: fill(ROWS * TIMES), LIST)

    def test_pages_of_layouts_take_as_many_queries_for_ten_times_the_examples_and_differences(self):
        maintenance = models.CircuitMaintenance.objects.get(name="WORK-0")
        layout = models.MailLayout.objects.get(name="Layout 0")

        def teach(number):
            """Add an example, on which the replay differs, and one that it refused."""
            mail = add_to(maintenance, Impact.OUTAGE, f"-{number}")
            layout.examples.add(mail)
            named = {"notification": str(mail.pk), "subject": mail.subject, "received_at": NOON.isoformat()}
            side = {"maintenance_id": "1", "status": "CONFIRMED", "windows": [], "circuits": ["C-1"]}
            found["differences"].append({**named, "is_wrong": True, "layout": side, "record": side})
            found["refusals"].append({**named, "reason": "No window."})
            models.MailLayout.objects.filter(pk=layout.pk).update(replay=found)

        names = "at total tried read agree wrong other new refused other_kind"
        found = {**dict.fromkeys(names.split(), 1), "at": NOON.isoformat(), "version": 1, "is_complete": True}
        found |= {"differences": [], "refusals": []}
        teach(1)
        teach(2)
        row = maintenance.parsed_notifications.first().notification

        def count():
            return {
                "layout": self.count(url_of("maillayout", layout)),
                "REST": self.count(reverse(f"{REST}:maillayout-detail", args=[layout.pk])),
                "teach": self.count(url_of("notification_teach", row)),
            }

        def grow():
            for number in range(3, TIMES * 2):
                teach(number)

        self.compare(count, grow, DETAIL)

    def test_pages_take_as_many_queries_for_ten_times_what_belongs_to_them(self):
        maintenance = models.CircuitMaintenance.objects.get(name="WORK-0")
        add_to(maintenance, Impact.OUTAGE, "-0")  # two of each: a table of one row takes other ways
        parsed = maintenance.parsed_notifications.first()
        shown = (
            maintenance,
            maintenance.impacts.first(),
            maintenance.maintenance_notes.first(),
            parsed,
            parsed.notification,
            parsed.notification.source,
        )

        def count():
            return {each._meta.model_name: self.count(url_of(each._meta.model_name, each)) for each in shown}

        def grow():
            for number in range(1, TIMES * 2):
                add_to(maintenance, Impact.OUTAGE, f"-{number}")

        self.compare(count, grow, DETAIL, circuitmaintenance=OF_MAINTENANCE)
