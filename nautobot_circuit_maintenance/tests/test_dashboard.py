"""The page of the dashboard: contents, permissions, number of queries."""

import json
import re
from datetime import timedelta
from html import unescape

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.testing import TestCase
from nautobot.apps.ui import EChartsBase
from nautobot.circuits.models import Circuit, CircuitTermination, Provider
from nautobot.dcim.models import Location
from nautobot.extras.models import CustomField, Tag

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
    NotificationStateChoices as State,
)
from nautobot_circuit_maintenance.tests.factories import app, core, users

APP = "plugins:nautobot_circuit_maintenance"
URL, HEALTH, PROVIDERS = (reverse(f"{APP}:{route}") for route in ("dashboard", "health", "providers"))
EVENTS = reverse(f"{APP}:calendar_events")
APP_URL = "/plugins/circuit-maintenance"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
QUERIES = 50
"""The most queries that the dashboard may take."""


def fill() -> None:
    """Create a maintenance ahead and one in the past for each of 20 providers, with tags and custom fields."""
    now = timezone.now()
    kind = ContentType.objects.get_for_model(models.CircuitMaintenance)
    field = CustomField.objects.create(key="team", label="Team", type="text")
    field.content_types.add(kind)
    Tag.objects.create(name="Night").content_types.add(kind)
    for number in range(1, 21):
        provider = core.create_provider(f"ISP {number}")
        site = core.create_sites(f"Site {number}")[0]
        circuit = core.create_circuit(provider, f"CIRCUIT-{number}")
        core.terminate(circuit, "A", site, core.create_device(f"edge-{number}", site))
        source = models.NotificationSource.objects.create(name=f"Source {number}", last_error="refused")
        source.providers.add(provider)
        fill_work(number, now)


def fill_work(number: int, now, factor: int = 1) -> None:
    """Create maintenances of a provider, all that belongs to them, and another circuit at another place."""
    provider = Provider.objects.get(name=f"ISP {number}")
    circuit = provider.circuits.first()
    source = provider.notification_sources.get()
    for count in range(factor):
        start = now + timedelta(hours=number + 3 * count - 2, minutes=factor)
        fields = {"issued_at": now, "_custom_field_data": {"team": "North"}}
        maintenance = app.create_maintenance(f"WORK-{number}.{count}.{factor}", provider, start=start, **fields)
        maintenance.tags.add(Tag.objects.get(name="Night"))
        past = app.create_maintenance(f"PAST-{number}.{count}.{factor}", provider, start=start - 40 * DAY)
        app.create_impact(maintenance, circuit)
        app.create_impact(maintenance, f"UNKNOWN-{number}.{count}", Impact.DEGRADED)
        for state in (State.FAILED, State.RECEIVED):
            mail = app.create_notification(provider, source, state=state, received_at=now - DAY)
            app.create_parsed(mail, past)


class DashboardCase(TestCase):
    """How the tests read the page."""

    def login_as_superuser(self) -> None:
        self.client.force_login(users.superuser())

    def page(self, url: str = URL) -> str:
        response = self.client.get(url)
        self.assertEqual(response.status_code, 200)
        return response.content.decode()

    def assert_shows(self, page: str, text: str) -> None:
        """Fail without printing the whole page."""
        self.assertTrue(text in page, f"{text} is not on the page")

    def assert_hides(self, page: str, text: str) -> None:
        """Fail without printing the whole page."""
        self.assertFalse(text in page, f"{text} is on the page")

    def tile_links(self, page: str) -> dict[str, tuple[int, str]]:
        """Return number and address by label."""
        pattern = (
            r'(?:href="([^"]+)">\s*)?<span class="ncm-count[^>]*>([\d,]+)</span>\s*<span class="d-block">([^<]+)</span>'
        )
        return {label: (int(count), unescape(url)) for url, count, label in re.findall(pattern, page)}

    def tabs(self, page: str) -> dict[str, str]:
        """Return the count of each tab, by label."""
        bar = re.search(r'<ul class="nav-tabs.*?</ul>', page, re.DOTALL)[0]
        words = re.findall(r"<a [^>]*>(\w+)(?: <span[^>]*>(\d+)<span[^>]*>[^<]*</span></span>)?</a>", bar)
        return dict(words)

    def listed(self, url: str) -> int:
        """Return how many rows the list behind a link has."""
        response = self.client.get(url, headers={"HX-Request": "true"})
        self.assertEqual(response.status_code, 200, url)
        self.assertNotIn("Invalid filter", response.content.decode())
        return response.context["table"].paginator.count


class FilledDashboardTest(DashboardCase):
    """What an operator sees of 20 providers."""

    @classmethod
    def setUpTestData(cls):
        """Create the data once."""
        fill()

    def test_each_tile_shows_what_the_list_behind_it_has(self):
        app.create_maintenance("OFF", start=timezone.now() - HOUR, status=Status.CANCELLED)
        app.create_impact(
            models.CircuitMaintenance.objects.get(name="WORK-9.0.1"), Circuit.objects.get(cid="CIRCUIT-8")
        )
        self.login_as_superuser()
        tiles = self.tile_links(self.page())

        self.assertEqual(
            {label: count for label, (count, _) in tiles.items()},
            {
                "In progress": 1,
                "Next 24 hours": 20,
                "Next 7 days": 20,
                "Unacknowledged": 20,
                "Overlapping": 2,
                "Sites at risk": 20,
            },
        )
        count, url = tiles.pop("Sites at risk")
        self.assertEqual(self.client.get(url).context["counts"].total, count)
        for label, (count, url) in tiles.items():
            with self.subTest(tile=label):
                self.assertEqual(self.listed(url), count)

    def test_tabs_count_what_waits_behind_them(self):
        self.login_as_superuser()
        page = self.page()
        health, providers = self.page(HEALTH), self.page(PROVIDERS)
        parts = re.findall(r'<a href="([^"]+)">(\d+) ([a-zA-Z ]+)</a>', health)
        figures = re.findall(r'<a href="([^"]+)">(Last \d+ days)</a>:\s*<strong>(\d+)</strong>', providers)

        self.assertEqual(self.tabs(page), {"Now": "", "Calendar": "", "Changes": "20", "Providers": "", "Health": "60"})
        self.assertEqual(self.client.get(f"{APP_URL}/changes/").context["count"], 20)
        self.assertEqual(
            [label for *_, label in parts], ["failed notifications", "source errors", "unknown circuit IDs"]
        )
        self.assertEqual([count for *_, count in figures], ["1", "1", "21"])
        links = [(url, count) for url, count, _ in parts] + [(url, count) for url, _, count in figures]
        for url, count in links:
            with self.subTest(url=url):
                self.assertEqual(self.listed(unescape(url)), int(count))

    def test_tables_show_upcoming_maintenances_and_affected_sites(self):
        self.login_as_superuser()
        page = self.page()

        for text in ("WORK-1.0.1", "WORK-8.0.1", "OUTAGE", "Site 1", "1 unknown", "the only link down"):
            with self.subTest(text=text):
                self.assert_shows(page, text)
        rows = re.search(r'id="upcoming">(.*?)</table>', page, re.DOTALL)[1]
        self.assert_hides(rows, "WORK-9.0.1<")  # 8 rows; the table of the picture names all
        self.assert_hides(page, "PAST-")

    def test_charts_carry_their_numbers_and_do_not_change_those_of_others(self):
        self.login_as_superuser()
        charts = dict(
            re.findall(r'<script id="echarts-config-chart-(\w+)"[^>]*>(.*?)</script>', self.page(PROVIDERS), re.DOTALL)
        )
        charts = {name: json.loads(text) for name, text in charts.items()}

        self.assertEqual(set(charts), {"weeks", "providers", "notice", "hours"})
        self.assertEqual({series["stack"] for series in charts["weeks"]["series"]}, {"all"})
        self.assertEqual(sum(sum(series["data"]) for series in charts["weeks"]["series"]), 40)
        self.assertEqual(
            charts["providers"]["yAxis"]["data"], ["ISP 1", *sorted(f"ISP {n}" for n in range(2, 21))][:10]
        )
        self.assertEqual(sum(charts["notice"]["series"][0]["data"]), 20)
        self.assertEqual(EChartsBase.legend, {})  # core's charts share it
        said = {name: chart["aria"]["label"]["description"] for name, chart in charts.items()}
        self.assertTrue(said["notice"].startswith("Advance notice (last 365 days). The button Data View"), said)
        self.assertEqual(len(set(said.values())), 4)


class DashboardTest(DashboardCase):
    """What an operator sees."""

    def test_acknowledging_from_the_dashboard_leads_back_to_it(self):
        maintenance = app.create_maintenance("M", start=timezone.now() + HOUR)
        self.login_as_superuser()
        url = reverse(f"{APP}:circuitmaintenance_acknowledge", kwargs={"pk": maintenance.pk})
        self.assert_shows(self.page(), f'action="{url}"')
        response = self.client.post(url, {"return_url": URL})

        self.assertRedirects(response, URL, fetch_redirect_response=False)
        maintenance.refresh_from_db()
        self.assertTrue(maintenance.ack)
        self.assert_hides(self.page(), f'action="{url}"')

    def test_values_are_escaped(self):
        provider = core.create_provider(app.HOSTILE)
        place = core.create_sites(app.HOSTILE)[0]
        circuit = core.create_circuit(provider, "C")
        core.terminate(circuit, "A", place, core.create_device(app.HOSTILE, place))
        for hours in (1, -30):
            maintenance = app.create_maintenance(
                app.HOSTILE + str(hours), provider, start=timezone.now() + hours * HOUR
            )
            app.create_impact(maintenance, circuit)
        models.NotificationSource.objects.create(name=app.HOSTILE, last_error=app.HOSTILE)
        self.login_as_superuser()
        for url, count in ((URL, 4), (HEALTH, 3), (PROVIDERS, 1)):
            page = self.page(url)
            self.assert_hides(page, app.HOSTILE)
            self.assertGreaterEqual(
                page.count("&lt;script&gt;alert") + page.count("\\u003Cscript\\u003Ealert"), count, url
            )

    def test_permission_to_view_maintenances_is_required(self):
        self.assertEqual(self.client.get(URL).status_code, 403)
        self.client.logout()
        self.assertEqual(self.client.get(URL).status_code, 302)

    def test_a_user_of_one_provider_sees_nothing_of_the_others(self):
        fill()
        user = users.viewer(*users.ALL, constraints=users.BY_PROVIDER)
        self.client.force_login(user)
        page = self.page()
        tiles = {label: count for label, (count, _) in self.tile_links(page).items()}

        self.assertEqual(
            tiles,
            {
                "In progress": 1,
                "Next 24 hours": 1,
                "Next 7 days": 1,
                "Unacknowledged": 1,
                "Overlapping": 0,
                "Sites at risk": 1,
            },
        )
        self.assertEqual((self.tabs(page)["Changes"], self.tabs(page)["Health"]), ("1", "3"))
        for url, texts in ((URL, ("WORK-1.0.1", "Site 1")), (HEALTH, ("Source 1",)), (PROVIDERS, ("ISP 1",))):
            page = self.page(url)
            for text in texts:
                self.assert_shows(page, f">{text}<")
            self.assertEqual(set(re.findall(r"(?:ISP|Site|Source|edge-|WORK-)[ ]?(\d+)", page)), {"1"})
        self.assert_hides(page, "circuitmaintenance_acknowledge")
        self.assert_hides(page, "/acknowledge/")

    def test_tabs_and_cards_require_permissions(self):
        fill()
        self.client.force_login(users.viewer(models.CircuitMaintenance))
        page = self.page()

        self.assertEqual(list(self.tabs(page)), ["Now", "Calendar", "Changes"])
        for text in ("by site", "last read", "Source 1"):
            self.assert_hides(page, text)
        for model, tab in ((models.NotificationSource, "Health"), (Provider, "Providers")):
            self.client.force_login(users.viewer(models.CircuitMaintenance, model))
            self.assertIn(tab, self.tabs(self.page()))

    def test_overlaps_are_counted_only_with_each_of_the_permissions_that_they_need(self):
        fill()
        app.create_impact(
            models.CircuitMaintenance.objects.get(name="WORK-9.0.1"), Circuit.objects.get(cid="CIRCUIT-8")
        )
        needed = (models.CircuitImpact, Location, Circuit, CircuitTermination)
        for missing in needed:
            self.client.force_login(users.viewer(models.CircuitMaintenance, *(set(needed) - {missing})))
            page = self.page()
            with self.subTest(missing=missing.__name__):
                self.assertNotIn("Overlapping", self.tile_links(page))
                self.assert_hides(page, "by site")

        self.client.force_login(users.viewer(models.CircuitMaintenance, *needed))
        page = self.page()
        self.assertEqual(self.tile_links(page)["Overlapping"][0], 2)
        self.assert_shows(page, "by site")

    def test_what_a_user_may_not_see_is_no_zero(self):
        fill()
        self.client.force_login(users.viewer(models.CircuitMaintenance))
        rows = re.search(r'id="upcoming">(.*?)</table>', self.page(), re.DOTALL)[1]

        self.assertEqual(rows.count("Hidden by your permissions"), 3 * 8)  # impact, circuits, sites
        self.assertNotRegex(rows, r'data-label="Circuits">\s*0')

    def test_no_issues_is_shown_only_with_permission_to_view_them(self):
        self.login_as_superuser()
        self.assert_shows(self.page(HEALTH), "No issues")

        self.client.force_login(users.viewer(models.CircuitMaintenance, models.NotificationSource))
        page = self.page(HEALTH)
        self.assert_hides(page, "No issues")
        self.assert_shows(page, '<li class="list-group-item text-secondary">hidden</li>')

    def test_page_without_data_explains_what_to_do(self):
        self.login_as_superuser()
        pages = {url: self.page(url) for url in (URL, HEALTH, PROVIDERS)}

        for url, text in (
            (URL, "No upcoming maintenance in the next 30 days."),
            (URL, "No notification source has been read yet"),
            (URL, "No link of a site is affected in the next 14 days."),
            (URL, "View all 0"),
            (URL, "Add Circuit Maintenance"),
            (HEALTH, "No notification source is configured. Add one to"),
            (HEALTH, "notification_sources"),
            (HEALTH, "No issues"),
            (PROVIDERS, "Charts appear once there is at least one maintenance."),
            (PROVIDERS, "No maintenance starts in this quarter."),
        ):
            with self.subTest(text=text):
                self.assert_shows(pages[url], text)

    def test_empty_chart_shows_a_line_instead(self):
        app.create_maintenance("AHEAD", start=timezone.now() + HOUR)
        self.login_as_superuser()
        page = self.page(PROVIDERS)

        self.assertEqual(re.findall(r'id="echarts-config-chart-(\w+)"', page), ["weeks", "hours"])
        self.assertEqual(page.count("No data for the last 365 days."), 2)

    def test_the_days_of_the_tables_come_from_the_settings(self):
        app.create_maintenance("FAR", start=timezone.now() + 40 * 24 * HOUR)
        self.login_as_superuser()
        self.assert_hides(self.page(), "FAR")
        with override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"dashboard_n_days": 60}}):
            self.assert_shows(self.page(), "FAR")

    def test_times_are_in_the_users_zone_with_utc_on_hover(self):
        start = timezone.now().replace(minute=0, second=0, microsecond=0) + 30 * HOUR
        app.create_maintenance("M", start=start)
        user = users.superuser()
        user.set_config("timezone", "Asia/Tokyo", commit=True)
        self.client.force_login(user)
        page = self.page()

        self.assert_shows(page, f"{start:%Y-%m-%d %H:%M} UTC")
        self.assert_shows(page, f">{start + 9 * HOUR:%a %d %b %H:%M}</time>")
        end = start + 13 * HOUR
        self.assertRegex(page, f">({end:%a} )?{end:%H:%M} JST</time>")  # with its weekday if that is another one


class TabsTest(DashboardCase):
    """What waits behind the tabs."""

    def test_the_numbers_are_the_same_on_each_of_them(self):
        self.client.force_login(users.superuser())
        work = app.create_maintenance("M-1", core.create_provider("ISP"))
        app.create_notification(work.provider, state=State.FAILED, error="Reason")
        models.Note.objects.create(maintenance=work, title="Call them")
        routes = ("dashboard", "calendar", "changes", "providers", "health")
        numbers = {
            route: re.findall(r"(Changes|Health) <span[^>]*>(\d+)<span", self.page(reverse(f"{APP}:{route}")))
            for route in routes
        }

        self.assertEqual(numbers["dashboard"], [("Changes", "1"), ("Health", "1")])
        self.assertEqual(list(numbers.values()), [numbers["dashboard"]] * len(routes))


class DashboardCostTest(TestCase):
    """The number of queries."""

    def queries(self, user) -> list[int]:
        """Return how many queries each tab takes."""
        self.client.force_login(user)
        counts = []
        for url in (URL, HEALTH, PROVIDERS, f"{EVENTS}?start=2026-01-01T00:00:00Z&end=2026-02-01T00:00:00Z"):
            self.client.get(url)  # fills the caches of content types, permissions and custom fields
            with CaptureQueriesContext(connection) as queries:
                self.assertEqual(self.client.get(url).status_code, 200, url)
            counts.append(len(queries))
        return counts

    def test_more_data_takes_no_more_queries(self):
        """One less on pages with tabs, where enough changes are counted before the edits are read."""
        several = (users.superuser(), users.viewer(*users.ALL), users.viewer(*users.ALL, constraints=users.BY_PROVIDER))
        fill()
        few = [self.queries(user) for user in several]
        for number in range(1, 21):
            fill_work(number, timezone.now(), factor=9)
        if connection.vendor == "postgresql":
            # Else plans are made for the tables as the last test left them, and one may take minutes.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        many = [self.queries(user) for user in several]

        for before, after in zip(few, many):
            self.assertEqual(after[-1], before[-1])
            for one, other in zip(before[:-1], after[:-1]):
                self.assertIn(other, (one, one - 1))
        self.assertLessEqual(max(map(max, many)), QUERIES)
