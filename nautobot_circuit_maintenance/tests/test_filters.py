"""The filters of lists, REST and GraphQL."""

from datetime import timedelta

from django.test import TestCase
from django.utils import timezone
from nautobot.dcim.models import Cable, Device, DeviceType, Interface, Location, Manufacturer
from nautobot.extras.models import Role
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance import filters, models
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.tests import inherited
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.factories.mail import NOON


class _WorldMixin:
    @classmethod
    def setUpTestData(cls):  # pylint: disable=invalid-name  # Django's name
        app.create_world()


class CircuitMaintenanceFilterTest(_WorldMixin, inherited.FilterTestCase):
    """Nautobot's tests."""

    queryset = models.CircuitMaintenance.objects.all()
    filterset = filters.CircuitMaintenanceFilterSet
    generic_filter_tests = (
        ["name"],
        ["provider", "provider__id"],
        ["provider", "provider__name"],
        ["description"],
        ["status"],
        ["ticket"],
        ["start_time"],
        ["end_time"],
        ["circuit", "impacts__circuit__id"],
        ["circuit", "impacts__circuit__cid"],
        ["circuit_id", "impacts__cid"],
        ["impact", "impacts__impact"],
        ["sequence"],
    )


class WithoutTest(TestCase):
    """Maintenances of which something has no value: one of their circuits, or none at all."""

    def names(self, **asked):
        """Return the maintenances that are found."""
        found = filters.CircuitMaintenanceFilterSet(asked, models.CircuitMaintenance.objects.all())
        return sorted(found.qs.values_list("name", flat=True))

    def test_what_has_no_value_or_nothing_that_could_have_one(self):
        isp = core.create_provider("ISP")
        ended, loose = core.create_circuit(isp, "ENDED"), core.create_circuit(isp, "LOOSE")
        core.terminate(ended, "A", core.create_sites("SYD1")[0])
        type(ended).objects.filter(pk=ended.pk).update(tenant=Tenant.objects.create(name="North"))
        of = {name: app.create_maintenance(name, isp) for name in ("all", "some", "unknown", "none")}
        for name, circuit in (("all", ended), ("some", ended), ("some", loose), ("unknown", None)):
            models.CircuitImpact.objects.create(
                maintenance=of[name], circuit=circuit, cid=getattr(circuit, "cid", "UNKNOWN")
            )

        self.assertEqual(self.names(circuit__isnull=True), ["none", "unknown"])
        self.assertEqual(self.names(circuit__isnull=False), ["all", "some"])
        for name in ("location", "tenant"):
            with self.subTest(name=name):
                self.assertEqual(self.names(**{f"{name}__isnull": True}), ["none", "some", "unknown"])
                self.assertEqual(self.names(**{f"{name}__isnull": False}), ["all", "some"])


class CircuitImpactFilterTest(_WorldMixin, inherited.FilterWithoutTagsTestCase):
    """Nautobot's tests."""

    queryset = models.CircuitImpact.objects.all()
    filterset = filters.CircuitImpactFilterSet
    generic_filter_tests = (
        ["cid"],
        ["circuit", "circuit__id"],
        ["circuit", "circuit__cid"],
        ["impact"],
        ["maintenance", "maintenance__id"],
        ["maintenance", "maintenance__name"],
        ["provider", "maintenance__provider__name"],
        ["status", "maintenance__status"],
        ["start_time", "maintenance__start_time"],
    )


class NoteFilterTest(_WorldMixin, inherited.FilterWithoutTagsTestCase):
    """Nautobot's tests."""

    queryset = models.Note.objects.all()
    filterset = filters.NoteFilterSet
    generic_filter_tests = (["title"], ["comment"], ["maintenance", "maintenance__id"])


class MailLayoutFilterTest(_WorldMixin, inherited.FilterTestCase):
    """Nautobot's tests."""

    queryset = models.MailLayout.objects.all()
    filterset = filters.MailLayoutFilterSet
    generic_filter_tests = (
        ["name"],
        ["provider", "provider__id"],
        ["provider", "provider__name"],
        ["version"],
        ["refusals"],
        ["suspended_because"],
    )


class SubscriptionFilterTest(_WorldMixin, inherited.FilterTestCase):
    """Nautobot's tests."""

    queryset = models.Subscription.objects.all()
    filterset = filters.SubscriptionFilterSet
    generic_filter_tests = (
        ["name"],
        ["channel"],
        ["last_error"],
        ["owner", "owner__id"],
        ["owner", "owner__username"],
    )

    def test_has_error(self):
        for value, names in ((True, {"Subscription 2", "Subscription 3"}), (False, {"Subscription 1"})):
            found = filters.SubscriptionFilterSet({"has_error": value}, self.queryset).qs
            self.assertEqual(set(found.values_list("name", flat=True)), names)


class DeliveryFilterTest(_WorldMixin, inherited.FilterWithoutTagsTestCase):
    """Nautobot's tests."""

    queryset = models.Delivery.objects.all()
    filterset = filters.DeliveryFilterSet
    generic_filter_tests = (
        ["subject"],
        ["recipient"],
        ["recipient_name"],
        ["channel"],
        ["error"],
        ["attempts"],
        ["state"],
        ["event"],
        ["subscription", "subscription__id"],
        ["subscription", "subscription__name"],
        ["maintenance", "maintenance__id"],
    )


class NotificationFilterTest(_WorldMixin, inherited.FilterWithoutTagsTestCase):
    """Nautobot's tests."""

    queryset = models.Notification.objects.all()
    filterset = filters.NotificationFilterSet
    generic_filter_tests = (
        ["subject"],
        ["sender"],
        ["state"],
        ["message_id"],
        ["fingerprint"],
        ["size"],
        ["provider", "provider__name"],
        ["source", "source__name"],
        ["maintenance", "parsed_notifications__maintenance__id"],
    )


class ParsedNotificationFilterTest(_WorldMixin, inherited.FilterWithoutTagsTestCase):
    """Nautobot's tests."""

    queryset = models.ParsedNotification.objects.all()
    filterset = filters.ParsedNotificationFilterSet
    generic_filter_tests = (
        ["maintenance", "maintenance__id"],
        ["notification", "notification__id"],
        ["provider", "maintenance__provider__name"],
        ["parser"],
        ["sequence"],
    )


class NotificationSourceFilterTest(_WorldMixin, inherited.FilterWithoutTagsTestCase):
    """Nautobot's tests."""

    queryset = models.NotificationSource.objects.all()
    filterset = filters.NotificationSourceFilterSet
    generic_filter_tests = (["name"], ["providers", "providers__id"], ["providers", "providers__name"])


class UnknownSenderFilterTest(_WorldMixin, inherited.FilterWithoutTagsTestCase):
    """Nautobot's tests."""

    queryset = models.UnknownSender.objects.all()
    filterset = filters.UnknownSenderFilterSet
    generic_filter_tests = (["address"], ["source", "source__id"], ["source", "source__name"])


class MaintenanceFilterTest(TestCase):
    """The filters of the list of maintenances."""

    def names(self, **params):
        """Return the names of the maintenances that the filters keep, without duplicates."""
        filterset = filters.CircuitMaintenanceFilterSet(params, models.CircuitMaintenance.objects.all())
        self.assertTrue(filterset.is_valid(), filterset.errors)
        return sorted(filterset.qs.values_list("name", flat=True))

    def test_in_progress_applies_to_windows_not_to_the_whole_span(self):
        now = timezone.now()
        between = app.create_maintenance("between", start=now - timedelta(hours=9), hours=2)
        app.add_window(between, now + timedelta(hours=7), hours=2)
        app.create_maintenance("running", start=now - timedelta(hours=1))
        app.create_maintenance("called off", start=now - timedelta(hours=1), status=Status.CANCELLED)

        self.assertEqual(self.names(active=True), ["running"])
        self.assertEqual(self.names(active=False), ["between", "called off"])
        self.assertEqual(self.names(active_at=(now - timedelta(hours=8)).isoformat()), ["between"])

    def test_window_includes_its_start_but_not_its_end(self):
        app.create_maintenance("M", start=NOON, hours=1)

        self.assertEqual(self.names(active_at="2026-11-20T12:00:00Z"), ["M"])
        self.assertEqual(self.names(active_at="2026-11-20T13:00:00Z"), [])

    def test_one_window_must_overlap_both_ends_of_a_range(self):
        two = app.create_maintenance("two", start=NOON, hours=1)
        app.add_window(two, NOON + timedelta(days=2), hours=1)

        self.assertEqual(self.names(overlaps_from="2026-11-21T00:00:00Z", overlaps_until="2026-11-22T00:00:00Z"), [])
        self.assertEqual(
            self.names(overlaps_from="2026-11-22T00:00:00Z", overlaps_until="2026-11-23T00:00:00Z"), ["two"]
        )
        self.assertEqual(self.names(overlaps_from="2026-11-22T00:00:00Z"), ["two"])
        self.assertEqual(self.names(overlaps_until="2026-11-20T11:00:00Z"), [])

    def test_ended_means_by_time_or_by_status(self):
        now = timezone.now()
        app.create_maintenance("past", start=now - timedelta(days=2))
        app.create_maintenance("cancelled", start=now + timedelta(days=2), status=Status.CANCELLED)
        app.create_maintenance("coming", start=now + timedelta(days=2))
        models.CircuitMaintenance.objects.create(name="without times")

        self.assertEqual(self.names(ended=True), ["cancelled", "past"])
        self.assertEqual(self.names(ended=False), ["coming", "without times"])

    def test_location_includes_its_children(self):
        app.create_world()

        self.assertEqual(self.names(location=["Country"]), ["M-1", "M-2"])
        self.assertEqual(self.names(location=[Location.objects.get(name="Site").pk]), ["M-1"])

    def test_tenant_is_that_of_the_circuits(self):
        app.create_world()

        self.assertEqual(self.names(tenant=["Tenant"]), ["M-1", "M-2", "M-3"])

    def test_unknown_circuit_ids_can_be_filtered(self):
        app.create_world()

        self.assertEqual(self.names(has_unmatched_circuits=True), ["M-1", "M-2"])
        self.assertEqual(self.names(has_unmatched_circuits=False), ["M-0", "M-3"])

    def test_maintenance_with_two_matching_impacts_is_listed_once(self):
        provider = core.create_provider("ISP")
        maintenance = app.create_maintenance("M", provider)
        app.create_impact(maintenance, "A-1", Impact.OUTAGE)
        app.create_impact(maintenance, "A-2", Impact.OUTAGE)

        self.assertEqual(self.names(impact=[Impact.OUTAGE]), ["M"])
        self.assertEqual(self.names(q="A-"), ["M"])

    def test_search_covers_name_description_provider_and_circuit_id(self):
        app.create_world()

        for text, expected in (("m-2", "M-2"), ("work 1", "M-1"), ("ISP 3", "M-3"), ("unknown-2", "M-2")):
            with self.subTest(text):
                self.assertEqual(self.names(q=text), [expected])

    def test_device_finds_the_circuits_connected_to_it(self):
        app.create_world()
        maintenance = models.CircuitMaintenance.objects.get(name="M-1")
        termination = maintenance.impacts.exclude(circuit=None).get().circuit.circuit_termination_a
        interface = self.create_interface("router", termination.location)
        cable = Cable(termination_a=interface, termination_b=termination, status=core.status_for(Cable))
        cable.validated_save()

        self.assertEqual(self.names(device=["router"]), ["M-1"])
        self.assertEqual(self.impacts_of_device("router"), ["C-1"])

    @staticmethod
    def impacts_of_device(name):
        """Return the circuit IDs of the impacts that the device filter keeps."""
        filterset = filters.CircuitImpactFilterSet({"device": [name]}, models.CircuitImpact.objects.all())
        return list(filterset.qs.values_list("cid", flat=True))

    @staticmethod
    def create_interface(device_name, location):
        """Create a device with one interface."""
        maker = Manufacturer.objects.create(name="Maker")
        device = Device.objects.create(
            name=device_name,
            device_type=DeviceType.objects.create(manufacturer=maker, model="Model"),
            role=Role.objects.get_for_model(Device).first() or Role.objects.create(name="Router"),
            status=core.status_for(Device),
            location=location,
        )
        return Interface.objects.create(name="eth0", device=device, status=core.status_for(Interface), type="other")


class LookupsTest(TestCase):
    """What can be asked beside whole values."""

    def test_vocabularies_are_chosen_from_and_texts_are_searched(self):
        for each in (
            filters.CircuitMaintenanceFilterSet,
            filters.NotificationFilterSet,
            filters.CircuitImpactFilterSet,
        ):
            for name, asked in each.base_filters.items():
                if "choices" in asked.extra:
                    with self.subTest(f"{each.__name__}: {name}"):
                        lookups = {other for other in each.base_filters if other.startswith(f"{name}__")}
                        self.assertLessEqual(lookups, {f"{name}__n", f"{name}__isnull"})
        self.assertIn("name__ic", filters.CircuitMaintenanceFilterSet.base_filters)
        self.assertIn("status__n", filters.CircuitMaintenanceFilterSet.base_filters)

    def test_what_is_left_out_is_not_compared_with_all_that_is_not(self):
        """A million keys that are "not in" a million others take hours."""
        for asked in ({"affected": "false"}, {"ended": "false"}):
            found = filters.CircuitImpactFilterSet(asked, models.CircuitImpact.objects.all()).qs
            self.assertIn("NOT EXISTS", str(found.query))
            self.assertNotRegex(str(found.query), r"NOT \(\S+ IN \(SELECT")
