"""Which maintenances overlap."""

from datetime import timedelta

from django.test import SimpleTestCase
from django.utils import timezone
from hypothesis import given, settings, strategies as st
from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Circuit
from nautobot.dcim.models import Location
from nautobot.extras.models import Status as CoreStatus

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis.affected_links import Down
from nautobot_circuit_maintenance.analysis.overlaps import overlapping, overlaps_of, read_overlapping
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.page_case import HTMX, url_of

HOUR = timedelta(hours=1)


def down(maintenance, start, end):
    """Return work on some link, in hours from noon."""
    return Down("C", maintenance, Impact.OUTAGE, NOON + start * HOUR, NOON + end * HOUR)


WORK = st.builds(
    lambda key, start, length: down(key, start, start + length),
    st.sampled_from("abcde"),
    st.integers(0, 12),
    st.integers(1, 6),
)


class OverlappingTest(SimpleTestCase):
    """The comparison itself."""

    @settings(max_examples=400)
    @given(st.lists(st.lists(WORK, max_size=12), max_size=3))
    def test_as_if_each_were_compared_with_each(self, sites):
        expected = {
            one.maintenance
            for own in sites
            for one in own
            for other in own
            if one.maintenance != other.maintenance and one.start < other.end and other.start < one.end
        }

        self.assertEqual(overlapping(sites), expected)

    def test_windows_that_touch_do_not_overlap_nor_do_two_of_one_maintenance(self):
        self.assertEqual(overlapping([[down("a", 0, 2), down("b", 2, 4), down("b", 3, 5)]]), set())


class OverlapsTest(TestCase):
    """Two sites, two links each."""

    def setUp(self):
        self.everyone = users.superuser()
        self.client.force_login(self.everyone)
        self.now = timezone.now()
        self.isp = core.create_provider("ISP")
        self.oslo, self.paris = core.create_sites("Oslo", "Paris")
        self.circuits = {}
        for cid, site in (("O-1", self.oslo), ("O-2", self.oslo), ("P-1", self.paris), ("P-2", self.paris)):
            self.circuits[cid] = core.create_circuit(self.isp, cid)
            core.terminate(self.circuits[cid], "A", site)

    def plan(self, name, hours_ahead, *cids, impact=Impact.OUTAGE, **fields):
        """Plan four hours of work."""
        maintenance = app.create_maintenance(name, self.isp, start=self.now + hours_ahead * HOUR, **fields)
        for cid in cids:
            app.create_impact(maintenance, self.circuits[cid], impact)
        return maintenance

    def listed(self, **filters):
        """Return the names that the list has with these filters."""
        response = self.client.get(url_of("circuitmaintenance_list"), filters, **HTMX)
        return {row.record.name for row in response.context["table"].rows}

    def found(self, user=None):
        """Return what overlaps, as the keys of maintenances."""
        return read_overlapping(Visibility.of(user or self.everyone), self.now)

    def test_time_and_site_have_to_be_the_same(self):
        """Neither another time nor another site, nor what is over, cancelled or without impact."""
        self.plan("one", 10, "O-1")
        self.plan("two", 12, "O-2", impact=Impact.REDUCED_REDUNDANCY)
        self.plan("elsewhere", 11, "P-1")
        self.plan("later", 16, "O-1")
        self.plan("harmless", 11, "O-1", impact=Impact.NO_IMPACT)
        self.plan("off", 11, "O-1", status=Status.CANCELLED)
        self.plan("done", 11, "O-1", status=Status.COMPLETED)
        self.plan("over", -10, "O-1")
        self.plan("over too", -10, "O-2")

        self.assertEqual(self.listed(overlapping=True), {"one", "two"})
        self.assertEqual(
            self.listed(overlapping=False), {"elsewhere", "later", "harmless", "off", "done", "over", "over too"}
        )

    def test_only_the_windows_in_which_a_circuit_is_affected_count(self):
        """Two nights at two sites."""
        one = self.plan("one", 10)
        start = self.now + 34 * HOUR
        second = models.MaintenanceWindow.objects.create(maintenance=one, start_time=start, end_time=start + 4 * HOUR)
        impact = app.create_impact(one, self.circuits["O-1"])
        impact.windows.set([second])
        models.CircuitImpact.objects.filter(pk=impact.pk).update(in_all_windows=False)
        self.plan("first night", 10, "O-2")

        self.assertEqual(self.listed(overlapping=True), set())

        self.plan("second night", 35, "O-2")

        self.assertEqual(self.listed(overlapping=True), {"one", "second night"})

    def test_with_hours_the_overlap_is_within_them(self):
        for hours in (10, 400):
            self.plan(f"one {hours}", hours, "O-1")
            self.plan(f"two {hours}", hours + 1, "O-2")

        self.assertEqual(self.listed(overlapping=True, within_hours=336), {"one 10", "two 10"})
        self.assertEqual(len(self.listed(overlapping=True)), 4)

    def test_links_are_those_of_the_risk(self):
        """A circuit that is only planned belongs to no link; where the settings are wrong, each circuit counts."""
        Circuit.objects.filter(cid="O-2").update(status=CoreStatus.objects.get(name="Planned"))
        self.plan("one", 10, "O-1")
        self.plan("two", 12, "O-2")
        self.assertEqual(self.found(), set())

        with self.settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"hub_locations": ["nowhere"]}}):
            self.assertEqual(len(self.found()), 2)

    def test_says_with_which_and_where(self):
        one, two = self.plan("one", 10, "O-1", "P-1"), self.plan("two", 12, "O-2", "P-2")
        three = self.plan("three", 9, "P-2")
        found = overlaps_of([one.pk, three.pk], Visibility.of(self.everyone), self.now)

        self.assertEqual(
            {key: [(each.maintenance, each.name, each.sites) for each in others] for key, others in found.items()},
            {
                one.pk: [(three.pk, "ISP three", ("Paris",)), (two.pk, "ISP two", ("Oslo", "Paris"))],
                three.pk: [(one.pk, "ISP one", ("Paris",)), (two.pk, "ISP two", ("Paris",))],
            },
        )

    def test_the_list_says_with_which_only_if_that_is_asked(self):
        self.plan("one", 10, "O-1")
        self.plan("two", 12, "O-2")
        url = url_of("circuitmaintenance_list")
        asked = self.client.get(url, {"overlapping": True}, **HTMX).context["table"]
        all_of_them = self.client.get(url, **HTMX).context["table"]
        cells = {row.record.name: row.get_cell("overlaps_with") for row in asked.rows}

        self.assertIn(">ISP two</a>", cells["one"])
        self.assertIn("Oslo", cells["one"])
        self.assertIn("overlaps_with", [column.name for column in asked.columns])
        self.assertNotIn("overlaps_with", [column.name for column in all_of_them.columns])

    def test_nothing_follows_from_what_a_user_may_not_view(self):
        self.plan("one", 10, "O-1")
        two = self.plan("two", 12, "O-2")
        for constraints, count in (
            ({}, 2),
            ({Location: {"name": "Paris"}}, 0),
            ({models.CircuitMaintenance: {"name": "one"}}, 0),
            ({models.CircuitImpact: {"maintenance__name": "one"}}, 0),
            ({Circuit: {"cid": "O-1"}}, 0),
        ):
            with self.subTest(constraints=constraints):
                viewer = users.viewer(*users.ALL, constraints=constraints)
                self.assertEqual(len(self.found(viewer)), count)
                self.assertEqual(len(overlaps_of([two.pk], Visibility.of(viewer), self.now)), count // 2)
