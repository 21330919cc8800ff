"""Twice as much data costs at most twice as much: every page, endpoint and GraphQL list, in CPU time and queries.

``NCM_SCALE`` multiplies the sizes: ``invoke nightly`` takes 10 (5,000 and 10,000 circuits of one maintenance).
"""

import gc
import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.testing import TestCase
from nautobot.dcim.models import Location

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis.risk.job_table import find_sites_at_risk
from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact, NotificationStateChoices as State
from nautobot_circuit_maintenance.jobs import jobs
from nautobot_circuit_maintenance.models.matching import link_unmatched
from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.run import send_updates
from nautobot_circuit_maintenance.pipeline.layouts.replay import replay
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.retention import purge_raw
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.page_case import HTMX
from nautobot_circuit_maintenance.tests.test_permission_walk import ROUTES, UI
from nautobot_circuit_maintenance.tests.two_providers import OF_THE_APP

SCALE = int(os.environ.get("NCM_SCALE", "1"))
CIRCUITS, MAINTENANCES = 500 * SCALE, 25 * SCALE
MOST = 2.4
"""Factor of CPU time for twice the data: linear, and what a busy machine adds."""
SPARE = 0.1
"""Seconds of CPU time by which an answer may exceed that; small answers vary."""
GRAPHQL = (
    "{ circuit_maintenances { name windows { start_time } impacts { cid } maintenance_notes { title } } }",
    "{ circuit_impacts { cid maintenance { name } windows { start_time } } }",
    "{ notifications { subject parsed_notifications { status } } }",
    "{ parsed_notifications { status maintenance { name } } }",
    "{ notification_sources { name providers { name } } }",
    "{ circuit_maintenance_notes { title maintenance { name } } }",
)


def fill(provider, source, circuits: int, maintenances: int) -> None:
    """Bring one maintenance to so many circuits, announced twice, and the database to so many maintenances."""
    large = models.CircuitMaintenance.objects.get(name="LARGE")
    known = large.impacts.count()
    cids = [f"CID-{number}" for number in range(circuits)]
    models.CircuitImpact.objects.bulk_create(
        models.CircuitImpact(maintenance=large, cid=cid, impact=Impact.OUTAGE) for cid in cids[known:]
    )
    models.ParsedNotification.objects.filter(maintenance=large).delete()
    for hours in (6, 2):
        start = int((large.start_time + timedelta(hours=hours)).timestamp())
        stamp = timezone.now() - timedelta(hours=hours)
        named = [{"cid": cid, "impact": "OUTAGE"} for cid in cids]
        json = app.evidence("LARGE", stamp, start=start, end=start + 3600, circuits=named)
        mail = app.create_notification(provider, source, received_at=stamp, sent_at=stamp)
        app.create_parsed(mail, large, json=json, issued_at=stamp)
    add_sites(provider, maintenances)
    for number in range(models.CircuitMaintenance.objects.count(), maintenances + 1):
        start = timezone.now() + timedelta(hours=number % 48)
        maintenance = app.create_maintenance(f"WORK-{number}", provider, start=start)
        app.create_impact(maintenance, "CID-1")
        models.Note.objects.create(maintenance=maintenance, title=f"Note {number}")
        mail = app.create_notification(provider, source, state=State.FAILED, error="Reason")
        app.create_parsed(mail, maintenance)


def add_sites(provider, count: int) -> None:
    """Bring the network to so many sites with two links each, which the maintenance of many circuits takes down."""
    known = Location.objects.count()
    for number, site in enumerate(core.create_sites(*(f"Site {number}" for number in range(known, count))), known):
        for cid in (f"CID-{2 * number}", f"CID-{2 * number + 1}"):
            core.terminate(core.create_circuit(provider, cid), "A", site)
        core.create_device(f"edge-{number}", site)


@pytest.mark.nightly
class ScalingTest(TestCase):
    """Someone who sees everything."""

    @classmethod
    def setUpTestData(cls):
        """Create the smaller amount."""
        cls.provider = core.create_provider("ISP")
        cls.source = models.NotificationSource.objects.create(name="Source")
        cls.source.providers.add(cls.provider)
        app.create_unknown_sender(cls.source, "stranger@elsewhere.example")
        app.create_layout(cls.provider)
        large = app.create_maintenance("LARGE", cls.provider, start=timezone.now() + timedelta(hours=1))
        app.create_delivery(app.create_thread(app.create_subscription(users.superuser()), large))
        fill(cls.provider, cls.source, CIRCUITS, MAINTENANCES)

    def setUp(self):
        """Log in as a superuser."""
        super().setUp()
        self.user.is_superuser = True
        self.user.save()

    def instance_of(self, model):
        """Return the object of a model to look at: the large one, or one of its own."""
        if model is models.CircuitMaintenance:
            return model.objects.get(name="LARGE")
        if model in (models.CircuitImpact, models.ParsedNotification):
            return model.objects.filter(maintenance__name="LARGE").first()
        if model is models.Notification:
            return model.objects.filter(parsed_notifications__maintenance__name="LARGE").first()
        return model.objects.first()

    def requests(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """List every page and endpoint of the app that is read, and the lists of GraphQL."""
        for route in ROUTES:
            if "_bulk_" in route.name or route.name.split("_")[-1] in ("acknowledge", "unacknowledge", "reprocess"):
                continue
            if route.needs_pk and route.model is None:
                continue
            url = route.url(self.instance_of(route.model) if route.needs_pk else None)
            yield f"{route.namespace}:{route.name}", lambda url=url: self.client.get(url)
            if route.namespace == UI and route.name.endswith("_list"):
                yield f"{route.name} rows", lambda url=url: self.client.get(f"{url}?per_page=100", **HTMX)
            elif route.name.endswith("-list"):
                yield f"{route.name} of 100", lambda url=url: self.client.get(f"{url}?limit=100")
                yield f"{route.name} as CSV", lambda url=url: self.client.get(f"{url}?format=csv&limit=100")
        for query in GRAPHQL:
            yield query, lambda query=query: self.client.post(
                reverse("graphql-api"), {"query": query}, content_type="application/json"
            )
        yield from self.steps_of_jobs()

    def steps_of_jobs(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """List what the jobs do with what is stored; the tests of the pipeline measure messages."""
        span = timedelta(days=30)
        yield "job: sites at risk", lambda: find_sites_at_risk(self.user, timezone.now(), span)
        yield "job: send", lambda: send_updates(MessageChannels.configured(), timezone.now, lambda: True)
        yield "job: link circuits", link_unmatched
        yield "job: purge", lambda: purge_raw(before=timezone.now() - timedelta(days=9000))
        yield "job: requeue", lambda: requeue(models.Notification.objects.filter(state=State.RECEIVED))
        layout = models.MailLayout.objects.get()
        yield "job: replay", lambda: replay(layout, now=timezone.now(), is_time_left=lambda: True)
        yield "job: read evidence", lambda: [
            row.as_update() for row in models.ParsedNotification.objects.filter(maintenance__name="LARGE")
        ]

    def setUpCosts(self) -> None:  # pylint: disable=invalid-name  # as Django's
        """Keep the garbage collector from running inside a measurement: it takes a second, by chance."""
        gc.collect()
        gc.freeze()
        gc.disable()
        self.addCleanup(gc.enable)
        self.addCleanup(gc.unfreeze)

    def cost(self, name: str, ask: Callable[[], object]) -> tuple[float, int]:
        """Return CPU seconds and queries of one answer."""
        with CaptureQueriesContext(connection) as queries:
            before = time.process_time()
            response = ask()
            spent = time.process_time() - before
        self.assertNotEqual(getattr(response, "status_code", 200), 500, name)
        return spent, len(queries)

    def test_twice_the_data_costs_at_most_twice(self):
        self.setUpCosts()
        for _, ask in self.requests():
            ask()  # fills core's caches
        before = {name: self.cost(name, ask) for name, ask in self.requests()}
        fill(self.provider, self.source, 2 * CIRCUITS, 2 * MAINTENANCES)
        slow, many = {}, {}
        for name, ask in self.requests():
            allowed = MOST * before[name][0] + SPARE
            spent, count = self.cost(name, ask)
            if spent > allowed:
                spent = min(self.cost(name, ask)[0] for _ in range(2))  # a busy machine
            if spent > allowed:
                slow[name] = (before[name][0], spent)
            if count > 2 * before[name][1] + 2:
                many[name] = (before[name][1], count)
        self.assertEqual((slow, many), ({}, {}))
        self.assertEqual(len(jobs), 6)  # a new job needs a line in steps_of_jobs()
        self.assertEqual({model._meta.label for model in OF_THE_APP if not model.objects.exists()}, set())
