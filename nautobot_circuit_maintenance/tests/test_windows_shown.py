"""When work happens, in the same words on every page: several windows are never one range, and an end says its day and zone."""

from datetime import datetime, timedelta, timezone as fixed_zones

from django.test import SimpleTestCase
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from nautobot.apps.testing import TestCase

from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.page_case import HTMX, url_of
from nautobot_circuit_maintenance.ui import formatting

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NIGHT = datetime(2025, 12, 14, 22, tzinfo=fixed_zones.utc)


def words(html: str) -> str:
    """Return the text of a piece of HTML."""
    return " ".join(strip_tags(html.replace("<div>", " <div>")).replace("&ndash;", "-").split())


class WordsTest(SimpleTestCase):
    """One window, and one of several."""

    def test_an_end_has_as_much_of_its_day_as_the_start_does_not_say(self):
        for hours, end in (
            (1, "23:00"),
            (4, "Mon 02:00"),
            (6 * 24, "Sat 22:00"),
            (7 * 24, "Sun 21 Dec 22:00"),
        ):
            with self.subTest(hours=hours):
                shown = words(formatting.window(NIGHT, NIGHT + hours * HOUR, remark="."))
                self.assertEqual(shown, f"Sun 14 Dec 2025 22:00 - {end} UTC .")

    def test_an_end_in_another_year_has_the_year(self):
        start = datetime(2025, 12, 28, 22, tzinfo=fixed_zones.utc)
        self.assertIn("- Mon 05 Jan 2026 22:00 UTC", words(formatting.window(start, start + 8 * DAY)))

    def test_the_day_is_that_of_the_reader(self):
        with timezone.override("America/New_York"):
            self.assertEqual(words(formatting.window(NIGHT, NIGHT + 4 * HOUR)), "Sun 14 Dec 2025 17:00 - 21:00 EST 4 h")

    def test_of_several_windows_the_one_that_counts_now(self):
        nights = [(NIGHT + number * DAY, NIGHT + number * DAY + 4 * HOUR) for number in (2, 0, 1)]
        for hours, expected in (
            (-1, "Sun 14 Dec 2025 22:00 - Mon 02:00 UTC in 1 h Window 1 of 3, the last ends Wed 17 Dec 2025 02:00"),
            (1, "Sun 14 Dec 2025 22:00 - Mon 02:00 UTC ends in 3 h Window 1 of 3, the last ends Wed 17 Dec 2025 02:00"),
            (4, "Mon 15 Dec 2025 22:00 - Tue 02:00 UTC in 20 h Window 2 of 3, the last ends Wed 17 Dec 2025 02:00"),
            (50, "Tue 16 Dec 2025 22:00 - Wed 02:00 UTC ends in 2 h Window 3 of 3"),
            (53, "Tue 16 Dec 2025 22:00 - Wed 02:00 UTC 1 h ago Window 3 of 3"),
        ):
            with self.subTest(hours=hours):
                self.assertEqual(words(formatting.which_window(nights, NIGHT + hours * HOUR)), expected)

    def test_a_single_window_is_not_counted(self):
        shown = words(formatting.which_window([(NIGHT, NIGHT + HOUR)], NIGHT - HOUR))
        self.assertEqual(shown, "Sun 14 Dec 2025 22:00 - 23:00 UTC in 1 h")

    def test_without_a_window_there_is_a_dash(self):
        self.assertEqual(words(formatting.which_window([], NIGHT)), "&mdash;")


class PagesTest(TestCase):
    """Two nights of four hours, on every page that shows when."""

    @classmethod
    def setUpTestData(cls):
        isp = core.create_provider("ISP 1")
        site = core.create_sites("Site 1")[0]
        device = core.create_device("edge-1", site)
        circuit = core.create_circuit(isp, "C-1")
        core.terminate(circuit, "A", site, device)
        tonight = timezone.now().replace(hour=22, minute=0, second=0, microsecond=0) + DAY
        work = app.create_maintenance("TWO-NIGHTS", isp, start=tonight)
        app.add_window(work, tonight + DAY)
        app.create_impact(work, "C-1", Impact.OUTAGE)
        cls.night, cls.superuser = tonight, users.superuser()
        lists = f"{url_of('circuitmaintenance_list')}?q=TWO-NIGHTS"
        cls.pages = {
            "list": (lists, HTMX),
            "search": ("/search/?q=TWO-NIGHTS&model=nautobot_circuit_maintenance.circuitmaintenance", HTMX),
            "dashboard": (reverse("plugins:nautobot_circuit_maintenance:dashboard"), {}),
            **{str(each): (each.get_absolute_url(), {}) for each in (isp, site, device, circuit)},
        }

    def test_all_pages_say_it_in_the_same_way(self):
        self.client.force_login(self.superuser)
        first = words(formatting.window(self.night, self.night + 4 * HOUR)).removesuffix(" 4 h")
        last = words(formatting.inline_datetime(self.night + DAY + 4 * HOUR))
        for name, (url, options) in self.pages.items():
            with self.subTest(page=name):
                text = words(self.client.get(url, **options).content.decode())
                self.assertIn(first, text)
                self.assertIn(f"Window 1 of 2, the last ends {last}", text)

    def test_the_search_shows_no_false_zero(self):
        """Core makes the table of the search without the user."""
        self.add_permissions("nautobot_circuit_maintenance.view_circuitmaintenance")
        url, options = self.pages["search"]
        text = words(self.client.get(url, **options).content.decode())
        self.assertIn("TWO-NIGHTS", text)
        self.assertEqual(text.count("hidden"), 3)  # impact, circuits, sites
        self.assertNotIn("Site 1", text)
        self.assertNotIn("OUTAGE", text)
