"""The calendar feed: what it shows, to whom, how often it is written, and that its address is in no log line."""

import logging
import time
from datetime import datetime, timedelta, timezone
from unittest import mock

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from icalendar import Calendar
from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Circuit, CircuitTermination
from nautobot.dcim.models import Location
from nautobot.users.models import ObjectPermission

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, MaintenanceWindow, Subscription
from nautobot_circuit_maintenance.outbound.calendars import entries_of, vevent
from nautobot_circuit_maintenance.outbound.feed import FeedKey, write
from nautobot_circuit_maintenance.outbound.feed_states import states_of
from nautobot_circuit_maintenance.outbound.feed_tokens import has_feed, new_token, revoke
from nautobot_circuit_maintenance.outbound.seen import see
from nautobot_circuit_maintenance.tests.factories.app import create_impact, create_maintenance, create_subscription
from nautobot_circuit_maintenance.tests.factories.core import create_circuits, create_provider, create_sites, terminate
from nautobot_circuit_maintenance.tests.factories.users import superuser, viewer

CONFIG = {"instance": "live", "channels": [{"name": "Calendar", "kind": "calendar"}]}
HOUR = timedelta(hours=1)


@override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": CONFIG})
class FeedTestCase(TestCase):
    """A subscription with a feed of two maintenances, read by a program without cookies."""

    client_class = Client

    def setUp(self) -> None:
        super().setUp()
        cache.clear()
        self.client = Client(SERVER_NAME="nautobot.example.com")
        self.now = datetime.now(tz=timezone.utc)
        self.provider = create_provider("ISP", "noc@isp.example")
        self.circuits = create_circuits(self.provider, "C-1", "C-2")
        self.maintenances = [
            create_maintenance(f"M-{number}", self.provider, start=self.now + number * HOUR, status="CONFIRMED")
            for number in (1, 2)
        ]
        for maintenance, circuit in zip(self.maintenances, self.circuits, strict=True):
            create_impact(maintenance, circuit)
        self.owner = superuser()
        self.subscription = create_subscription(self.owner, "Tonight", channel="Calendar")
        self.token = new_token(self.subscription)

    @property
    def path(self) -> str:
        return f"/plugins/circuit-maintenance/feed/{self.token}.ics"

    def read(self, etag: str = "", **headers: str):
        if etag:
            headers["HTTP_IF_NONE_MATCH"] = etag
        return self.client.get(self.path, **headers)

    def summaries(self) -> list[str]:
        cache.clear()  # five minutes later
        response = self.read()
        self.assertEqual(response.status_code, 200)
        return [str(event["SUMMARY"]) for event in Calendar.from_ical(response.content).walk("VEVENT")]


class Reading(FeedTestCase):
    """What a reader gets."""

    def test_a_reader_gets_a_calendar_and_no_session(self) -> None:
        response = self.read()

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response["Content-Type"], "text/calendar; charset=utf-8")
        self.assertEqual(response["Cache-Control"], "private, max-age=300")
        self.assertEqual((response["Referrer-Policy"], response["X-Robots-Tag"]), ("no-referrer", "noindex"))
        self.assertNotIn("Last-Modified", response)
        self.assertEqual(dict(response.cookies), {})
        found = Calendar.from_ical(response.content)
        events = found.walk("VEVENT")
        self.assertEqual([str(each["SUMMARY"]) for each in events], ["ISP M-1", "ISP M-2"])
        self.assertEqual(str(events[0]["UID"]), f"{self.maintenances[0].pk}-1@live")
        self.assertTrue(str(events[0]["URL"]).startswith("http://nautobot.example.com/plugins/"))
        self.assertEqual(
            (str(found["X-WR-CALNAME"]), str(found["REFRESH-INTERVAL"].to_ical(), "ascii")), ("Tonight", "PT15M")
        )

    def test_head_has_the_headers_and_nothing_else_is_allowed(self) -> None:
        whole, head = self.read(), self.client.head(self.path)
        self.assertEqual((head.status_code, head["ETag"], head.content), (200, whole["ETag"], b""))
        for method in ("post", "put", "patch", "delete", "options"):
            self.assertEqual(getattr(self.client, method)(self.path).status_code, 405, method)

    def test_an_unchanged_calendar_is_not_sent_again_and_costs_one_query_of_ours(self) -> None:
        etag = self.read()["ETag"]
        with self.assertNumQueries(2):  # core's middleware looks for change records of the request
            response = self.read(etag)
        self.assertEqual((response.status_code, response.content, response["ETag"]), (304, b"", etag))
        for written in (f"W/{etag}", f'"other", {etag}', "*"):
            self.assertEqual(self.read(written).status_code, 304)
        self.assertEqual(self.read('"other"').status_code, 200)
        cache.clear()
        self.assertEqual(self.read(etag).status_code, 304)

    def test_a_change_a_deletion_and_a_permission_that_was_revoked_show_within_five_minutes(self) -> None:
        someone = viewer(CircuitMaintenance, CircuitImpact, Circuit, constraints={})
        Subscription.objects.update(owner=someone)
        etags = {self.read()["ETag"]}

        def changed() -> None:
            self.assertIn(self.read()["ETag"], etags)  # kept
            cache.clear()
            etag = self.read()["ETag"]
            self.assertNotIn(etag, etags)
            etags.add(etag)

        self.maintenances[0].status = "CANCELLED"
        self.maintenances[0].save()
        changed()
        self.assertEqual(self.summaries()[0], "CANCELLED: ISP M-1")
        ObjectPermission.objects.filter(name__contains="CircuitImpact").delete()
        changed()
        self.maintenances[0].delete()
        changed()
        self.assertEqual(self.summaries(), ["ISP M-2"])

    def test_the_filter_counts_and_what_has_been_over_for_a_month_is_left_out(self) -> None:
        create_maintenance("M-OLD", self.provider, start=self.now - timedelta(days=33), status="COMPLETED")
        create_maintenance("M-PAST", self.provider, start=self.now - timedelta(days=20), status="COMPLETED")
        self.assertEqual(self.summaries(), ["ISP M-PAST", "ISP M-1", "ISP M-2"])
        self.subscription.maintenance_filter = {"status": ["CONFIRMED"]}
        self.subscription.save()
        self.assertEqual(self.summaries(), ["ISP M-1", "ISP M-2"])

    def test_the_calendar_of_a_day_is_the_same_at_each_moment_and_changes_at_midnight(self) -> None:
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        create_maintenance("M-EDGE", self.provider, start=midnight - timedelta(days=30, hours=3), hours=4)

        def at(hours: float) -> bytes:
            moment = midnight + hours * HOUR
            return write(FeedKey.of(self.subscription, instance="live", base="https://n", now=moment), now=moment)

        self.assertIn(b"M-EDGE", at(0))
        self.assertEqual(at(0), at(23.99))
        self.assertNotIn(b"M-EDGE", at(24))

    def test_when_it_was_last_read_is_noted_now_and_then(self) -> None:
        self.read()
        first = Subscription.objects.get().token_used_at
        self.read()
        self.assertEqual(Subscription.objects.get().token_used_at, first)
        Subscription.objects.update(token_used_at=first - HOUR)
        self.read()
        self.assertGreater(Subscription.objects.get().token_used_at, first - HOUR)


class SameAsMessages(FeedTestCase):
    """A feed reads by columns what messages read by rows: a calendar must have the same entries of both."""

    def setUp(self) -> None:
        """Have whatever makes a difference."""
        super().setUp()
        first, second = self.maintenances
        (site,) = create_sites("SYD1")
        terminate(self.circuits[0], "A", site)
        two = [(self.now + days * 24 * HOUR, self.now + days * 24 * HOUR + 4 * HOUR) for days in (1, 2)]
        first.set_windows(two)
        first.description, first.ticket, first.ack = "Line card; slot 3", "CHG-1", True
        first.save()
        create_impact(first, "C-9", "DEGRADED").limit_to(first.windows.all()[:1])
        create_impact(first, "C-10").limit_to([])
        second.status = "TENTATIVE"
        second.save()
        CircuitMaintenance.objects.create(name="M-3", provider=None, status="UNKNOWN")
        create_maintenance("M-4", self.provider, start=self.now, status="CONFIRMED", replaced_by=second)
        create_maintenance("M-5", self.provider, start=self.now, status="CANCELLED")

    def test_entries_are_the_same_for_everyone(self) -> None:
        config = {**CONFIG, "nautobot_url": "http://nautobot.example.com"}
        viewers = [
            self.owner,
            viewer(CircuitMaintenance, CircuitImpact, Circuit, constraints={Circuit: {"cid": "C-2"}}),
            viewer(CircuitMaintenance, CircuitImpact, Circuit, CircuitTermination, Location),
            viewer(CircuitMaintenance, constraints={CircuitMaintenance: {"name__in": ["M-1", "M-4"]}}),
        ]
        for user in viewers:
            visibility = Visibility.of(user)
            keys = list(visibility.maintenances.values_list("pk", flat=True))
            with override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": config}):
                of_messages = [each.state for each in see(keys, visibility).values()]
                of_feed = list(states_of(visibility.maintenances, visibility, base=config["nautobot_url"]))
            found = [
                sorted(vevent(entry) for state in states for entry in entries_of(state, instance="live"))
                for states in (of_messages, of_feed)
            ]
            self.assertEqual(found[0], found[1])
            self.assertEqual(
                [state.fact for state in of_feed if "M-4" not in state.name],
                [
                    state.fact
                    for state in sorted(of_messages, key=lambda each: [other.id for other in of_feed].index(each.id))
                    if "M-4" not in state.name
                ],
            )
        self.assertTrue(found[0])


class Addresses(FeedTestCase):
    """Whose calendar is where, and for how long."""

    def test_only_the_hash_of_a_token_is_stored(self) -> None:
        self.assertEqual(len(self.token), 43)
        self.assertNotIn(self.token, str(Subscription.objects.values().get()))

    def test_unknown_addresses_have_no_calendar(self) -> None:
        stored = Subscription.objects.get().token_hash
        for token in ("x", self.token[:-1], self.token + "A", self.token.swapcase(), stored, "A" * 43, "%00" * 43):
            self.token = token
            self.assertEqual(self.read().status_code, 404, token)

    def test_a_new_address_replaces_the_ones_before_which_are_gone_for_good(self) -> None:
        former = [self.token, *(new_token(self.subscription) for _ in range(2))]
        self.token = new_token(self.subscription)
        self.assertEqual(self.read().status_code, 200)
        revoke(self.subscription)
        for token in [*former, self.token]:
            self.token = token
            self.assertEqual((self.read().status_code, b"Tonight" in self.read().content), (410, False))

    def test_a_stale_copy_of_the_subscription_brings_no_address_back(self) -> None:
        stale = Subscription.objects.get()
        revoke(self.subscription)
        stale.name = "Tomorrow"
        stale.save()
        self.assertEqual(self.read().status_code, 410)
        revoke(stale)
        self.assertEqual(self.read().status_code, 410)

    def test_a_revoked_address_is_gone_for_good(self) -> None:
        revoke(self.subscription)
        revoke(self.subscription)
        self.assertEqual(self.read().status_code, 410)
        self.assertFalse(has_feed(Subscription.objects.get()))
        self.token = new_token(self.subscription)
        self.assertEqual((self.read().status_code, has_feed(Subscription.objects.get())), (200, True))

    def test_without_the_right_to_view_there_is_no_calendar_rather_than_an_empty_one(self) -> None:
        other = viewer(Circuit)
        Subscription.objects.update(owner=other)
        self.assertEqual(self.read().status_code, 404)
        Subscription.objects.update(owner=self.owner)
        etag = self.read()["ETag"]
        type(self.owner).objects.update(is_active=False)
        self.assertEqual(self.read(etag).status_code, 404)

    def test_a_subscription_that_is_disabled_or_has_another_channel_or_filter_has_none(self) -> None:
        changes = [{"enabled": False}, {"channel": "Email"}, {"channel": ""}, {"maintenance_filter": {"nonsense": "x"}}]
        good = {"enabled": True, "channel": "Calendar", "maintenance_filter": {}}
        for change in changes:
            Subscription.objects.update(**{**good, **change})
            cache.clear()
            self.assertEqual(self.read().status_code, 404, change)

    def test_the_token_is_in_no_log_line_at_any_level(self) -> None:
        lines: list[str] = []

        class Everything(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                lines.append(f"{record.getMessage()} {record.__dict__}")

        root, handler = logging.getLogger(), Everything(level=1)
        loggers = [root, *(logging.getLogger(name) for name in logging.root.manager.loggerDict)]
        levels = [(each, each.level, each.disabled) for each in loggers]
        for each in loggers:
            each.setLevel(1)
            each.disabled = False
            each.addHandler(handler)
        try:
            self.read()
            self.client.post(self.path)
            with mock.patch("nautobot_circuit_maintenance.views.feed.find", side_effect=RuntimeError("bug")):
                self.client.raise_request_exception = False
                self.assertEqual(self.read().status_code, 500)
            revoke(self.subscription)
            self.assertEqual(self.read().status_code, 410)
            unknown, self.token = self.token, "B" * 43
            self.assertEqual(self.read().status_code, 404)
        finally:
            for each, level, disabled in levels:
                each.removeHandler(handler)
                each.setLevel(level)
                each.disabled = disabled

        self.assertTrue(any("FEED-01" in line for line in lines))
        self.assertTrue(any("Internal Server Error" in line for line in lines))
        self.assertEqual([line for line in lines if unknown in line or self.token in line], [])


class Cost(FeedTestCase):
    """A large calendar."""

    @pytest.mark.postgresql("measures CPU time, of which PyMySQL, a driver in Python, adds much")
    def test_2500_windows_take_300_ms_and_an_unchanged_calendar_30(self) -> None:
        numbers = range(2_500)
        rows = [
            CircuitMaintenance(
                name=f"X-{number}",
                provider=self.provider,
                status="CONFIRMED",
                start_time=self.now + number * HOUR,
                end_time=self.now + (number + 1) * HOUR,
                description="Replacement of a line card",
            )
            for number in numbers
        ]
        CircuitMaintenance.objects.bulk_create(rows)
        MaintenanceWindow.objects.bulk_create(
            MaintenanceWindow(maintenance=row, start_time=row.start_time, end_time=row.end_time) for row in rows
        )
        CircuitImpact.objects.bulk_create(
            CircuitImpact(maintenance=row, cid=self.circuits[0].cid, circuit=self.circuits[0]) for row in rows
        )
        self.read()
        times = []
        for _ in range(3):
            cache.clear()
            before = time.process_time()
            response = self.read()
            times.append(time.process_time() - before)
        self.assertEqual(response.content.count(b"BEGIN:VEVENT"), 2_502)
        unchanged = []
        for _ in range(3):
            before = time.process_time()
            self.assertEqual(self.read(response["ETag"]).status_code, 304)
            unchanged.append(time.process_time() - before)
        print(f"feed: {min(times) * 1000:.0f} ms, 304: {min(unchanged) * 1000:.1f} ms")
        self.assertLess(min(unchanged), 0.030)
        self.assertLess(min(times), 0.300)
