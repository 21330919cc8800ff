"""Recent changes by notifications and by people, as far as a user may see them."""

from datetime import timedelta
from uuid import uuid4

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from nautobot.apps.change_logging import web_request_context
from nautobot.apps.testing import TestCase
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis.changes import (
    Acknowledgement,
    NotificationChange,
    count_changes,
    read_changes,
)
from nautobot_circuit_maintenance.analysis.manual_changes import MOST, Edit, read_edits
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import PIPELINE_CONTEXT, CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.ui.periods import start_of_day

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SINCE = NOON
NIGHT = {"start": 1_800_000_000, "end": 1_800_014_400}


class ChangesCase(TestCase):
    """A provider that sends notifications, and a superuser."""

    def setUp(self):
        """Create both, outside of a request, so that this is not an edit by a person."""
        super().setUp()
        self.everybody = users.superuser()
        self.provider = core.create_provider("ISP 1")
        self.maintenance = app.create_maintenance("M-1", self.provider)

    def notify(self, hours, *cids, maintenance=None, arrives=None, **values):
        """Create a notification issued this many hours after the moment."""
        issued = SINCE + hours * HOUR
        maintenance = maintenance or self.maintenance
        mail = app.create_notification(
            maintenance.provider, received_at=issued if arrives is None else SINCE + arrives * HOUR
        )
        circuits = [{"cid": cid, "impact": "OUTAGE"} for cid in cids]
        evidence = app.evidence(maintenance.name, issued, **{"circuits": circuits, **NIGHT, **values})
        return app.create_parsed(mail, maintenance, issued_at=issued, json=evidence)

    def read(self, user=None, since=SINCE):
        """Return the changes; those that are only counted are the same ones."""
        visibility = Visibility.of(user or self.everybody)
        found = read_changes(visibility, since)
        others = [row for row in found.rows if not isinstance(row.what, Acknowledgement)]
        self.assertEqual(count_changes(visibility, since), len(others))
        return found

    def changed(self, user=None):
        """Return the changes by notifications."""
        return [row for row in self.read(user).rows if isinstance(row.what, NotificationChange)]

    def edit(self, maintenance=None, **fields):
        """Save a maintenance like a person in the web UI."""
        maintenance = models.CircuitMaintenance.objects.get(pk=(maintenance or self.maintenance).pk)
        with web_request_context(self.user):
            for name, value in fields.items():
                setattr(maintenance, name, value)
            maintenance.validated_save()


class NotificationChangesTest(ChangesCase):
    """Changes by providers."""

    def test_a_new_one_is_announced(self):
        row = self.notify(1, "C-1")

        (change,) = self.changed()

        self.assertTrue(change.what.difference.is_first)
        self.assertEqual((change.at, change.who, change.maintenance), (row.received_at, row.sender, self.maintenance))

    def test_the_state_before_is_compared_with_the_state_now(self):
        self.notify(-9, "C-1")
        self.notify(1, "C-1", "C-2", status="RE-SCHEDULED", start=1_800_086_400, end=1_800_100_800)

        (change,) = self.changed()

        difference = change.what.difference
        self.assertEqual((difference.before.status, difference.after.status), ("CONFIRMED", "RE-SCHEDULED"))
        self.assertEqual(difference.moved_by, DAY)
        self.assertEqual([announced.cid for announced in difference.circuits_added], ["C-2"])

    def test_several_notifications_are_one_change_with_the_last_that_changed_something(self):
        self.notify(-9, "C-1")
        self.notify(1, "C-1", status="RE-SCHEDULED")
        last = self.notify(2, "C-1", status="CANCELLED")
        self.notify(3, "C-1", status="CANCELLED")

        (change,) = self.changed()

        self.assertEqual(change.what.newest, last)
        self.assertEqual(change.what.difference.before.status, "CONFIRMED")
        self.assertEqual(change.what.difference.after.status, "CANCELLED")

    def test_reminders_and_reverted_changes_are_left_out(self):
        self.notify(-9, "C-1")
        self.notify(1, "C-1")
        self.assertEqual(self.changed(), [])

        self.notify(2, "C-1", status="CANCELLED")
        self.notify(3, "C-1")

        self.assertEqual(self.changed(), [])

    def test_a_late_notification_without_changes_is_left_out(self):
        self.notify(-9, "C-1")
        self.notify(-2, "C-1", status="CANCELLED")
        self.notify(-5, "C-1", status="TENTATIVE", arrives=4)

        self.assertEqual(self.changed(), [])

    def test_a_change_counts_from_its_receipt_whenever_it_was_issued(self):
        self.notify(-9, "C-1")
        late = self.notify(-5, "C-1", status="CANCELLED", arrives=4)

        (change,) = self.changed()

        self.assertEqual(change.at, late.received_at)

    def test_a_late_move_of_a_cancelled_maintenance_counts_from_its_receipt(self):
        self.notify(-9, "C-1")
        self.notify(2, status="CANCELLED", start=0, end=0)
        late = self.notify(1, "C-1", arrives=20, start=1_800_086_400, end=1_800_100_800)

        (change,) = self.changed()

        self.assertEqual(change.at, late.received_at)
        self.assertEqual(change.what.difference.after.status, "CANCELLED")
        self.assertEqual(change.what.count, 2)

    def test_a_late_notification_without_changes_is_not_the_last_change(self):
        self.notify(-9, "C-1")
        cancelled = self.notify(2, "C-1", status="CANCELLED")
        self.notify(1, "C-1", status="TENTATIVE", arrives=20)

        (change,) = self.changed()

        self.assertEqual(change.at, cancelled.received_at)

    def test_earlier_notifications_are_not_changes(self):
        self.notify(-1, "C-1")

        self.assertEqual(self.changed(), [])

    def test_the_newest_comes_first(self):
        other = app.create_maintenance("M-2", self.provider)
        self.notify(2, "C-1")
        self.notify(5, "C-1", maintenance=other)

        self.assertEqual([change.maintenance for change in self.changed()], [other, self.maintenance])

    def test_permissions_for_one_provider_hide_the_others(self):
        other = app.create_maintenance("M-2", core.create_provider("ISP 2"))
        for maintenance in (self.maintenance, other):
            self.notify(1, "C-1", maintenance=maintenance)
        constrained = users.viewer(*users.ALL, constraints=users.BY_PROVIDER)

        self.assertEqual([change.maintenance for change in self.changed(constrained)], [self.maintenance])
        self.assertEqual(self.changed(users.viewer(CircuitMaintenance)), [])
        self.assertEqual(self.changed(users.viewer(models.ParsedNotification)), [])

    def test_notifications_that_a_user_may_not_see_do_not_count(self):
        seen = self.notify(1, "C-1")
        self.notify(2, "SECRET", status="CANCELLED")
        constraints = {models.ParsedNotification: {"sender": seen.sender}}
        user = users.viewer(CircuitMaintenance, models.ParsedNotification, constraints=constraints)

        (change,) = self.changed(user)

        self.assertEqual(change.what.difference.after.status, "CONFIRMED")
        self.assertEqual([announced.cid for announced in change.what.difference.after.impacts], ["C-1"])

    def test_the_message_is_readable_with_the_permission_to_view_it(self):
        self.notify(1, "C-1")
        without = users.viewer(CircuitMaintenance, models.ParsedNotification)

        self.assertTrue(self.changed()[0].what.is_readable)
        self.assertFalse(self.changed(without)[0].what.is_readable)

    def test_the_number_of_changes_is_limited(self):
        self.notify(1, "C-1")
        self.assertTrue(self.read().is_all)
        for number in range(MOST):
            self.notify(2 + number, maintenance=app.create_maintenance(f"MORE-{number}", self.provider))

        found = self.read()

        self.assertEqual(len(found.rows), MOST)
        self.assertFalse(found.is_all)
        self.assertNotIn(self.maintenance, [row.maintenance for row in found.rows])

    def test_invisible_changes_do_not_count_for_the_limit(self):
        self.notify(1, "C-1")
        other = core.create_provider("ISP 2")
        for number in range(MOST):
            self.notify(2 + number, maintenance=app.create_maintenance(f"MORE-{number}", other))

        of_one = {CircuitMaintenance: users.BY_PROVIDER[CircuitMaintenance]}
        found = self.changed(users.viewer(*users.ALL, constraints=of_one))

        self.assertEqual([change.maintenance for change in found], [self.maintenance])


class PeopleTest(ChangesCase):
    """Changes by people."""

    def people(self, user=None):
        """Return the changes by people."""
        return self.read(user, timezone.now() - HOUR).rows

    def edits(self, user=None):
        """Return the edits among them."""
        return [row.what for row in self.people(user) if isinstance(row.what, Edit)]

    def test_an_edit_has_the_values_before_and_its_author(self):
        self.edit(status=Status.CONFIRMED)
        self.edit(status=Status.COMPLETED, ticket="T-1", end_time=self.maintenance.end_time + HOUR)

        edit = self.edits()[0]

        self.assertEqual(edit.who, self.user.username)
        self.assertEqual((edit.difference.before.status, edit.difference.after.status), ("CONFIRMED", "COMPLETED"))
        self.assertEqual(edit.fields, {"ticket": ("", "T-1")})
        self.assertEqual(len(edit.difference.windows_added), 1)

    def test_changes_by_the_pipeline_are_only_compared_with(self):
        self.edit(status=Status.CONFIRMED)
        ObjectChange.objects.update(change_context_detail=PIPELINE_CONTEXT)
        self.assertEqual(self.edits(), [])

        self.edit(status=Status.COMPLETED)

        self.assertEqual([edit.difference.before.status for edit in self.edits()], ["CONFIRMED"])

    def test_an_edit_without_an_earlier_record_has_no_difference(self):
        self.edit(status=Status.CONFIRMED)

        (edit,) = self.edits()

        self.assertIsNone(edit.difference)
        self.assertFalse(edit.is_new)

    def test_a_save_that_changed_nothing_is_left_out(self):
        self.edit(status=Status.CONFIRMED)
        self.edit(status=Status.CONFIRMED)

        self.assertEqual(len(self.edits()), 1)

    def test_a_maintenance_created_manually_is_new(self):
        with web_request_context(self.user):
            app.create_maintenance("MANUAL", self.provider)

        self.assertEqual([edit.is_new for edit in self.edits()], [True])

    def test_an_acknowledgement_and_its_removal_are_listed_once(self):
        self.edit(ticket="T-1")
        self.edit(ack=True)
        found = [row for row in self.people() if not isinstance(row.what, Edit) or row.what.difference]
        self.assertEqual([(row.who, row.what) for row in found], [(self.user.username, Acknowledgement())])

        self.edit(ack=False)

        self.assertEqual([edit.fields.get("ack") for edit in self.edits()], [(True, False), (False, True), None])

    def test_acknowledgements_hide_nothing_else(self):
        """Someone acknowledged everything at once, after an edit."""
        self.edit(ticket="T-1")
        app.create_maintenance("MORE", self.provider)
        seen = {"ack": True, "acknowledged_at": timezone.now()}
        for number in range(MOST):
            app.create_maintenance(f"MORE-{number}", self.provider, **seen)

        found = self.read(since=timezone.now() - HOUR)

        self.assertEqual([type(row.what) for row in found.rows].count(Acknowledgement), MOST)
        self.assertEqual(len(self.edits()), 1)
        self.assertFalse(found.is_all)

    def test_a_note_has_its_author(self):
        with web_request_context(self.user):
            note = models.Note.objects.create(maintenance=self.maintenance, title="Hello")

        (change,) = self.people()

        self.assertEqual((change.what, change.who), (note, self.user.username))

    def work_on_two_providers(self):
        """Edit, acknowledge and annotate two maintenances; return the other one."""
        other = app.create_maintenance("M-2", core.create_provider("ISP 2"))
        for maintenance in (self.maintenance, other):
            models.Note.objects.create(maintenance=maintenance, title="Hello")
            self.edit(maintenance, ticket="T-1", ack=True)
        return other

    def test_permissions_for_one_provider_hide_the_others(self):
        self.work_on_two_providers()
        viewer = users.viewer(*users.ALL, models.Note, ObjectChange, constraints=users.BY_PROVIDER)

        found = self.people(viewer)

        self.assertEqual({type(row.what) for row in found}, {Acknowledgement, models.Note, Edit})
        self.assertEqual({row.maintenance for row in found}, {self.maintenance})

    def test_change_records_and_notes_need_permissions(self):
        self.work_on_two_providers()
        blind = users.viewer(CircuitMaintenance)
        no_user = {ObjectChange: {"user_name": "nobody"}}
        of_no_user = users.viewer(CircuitMaintenance, models.Note, ObjectChange, constraints=no_user)

        self.assertEqual({type(row.what) for row in self.people(blind)}, {Acknowledgement})
        self.assertEqual(self.edits(of_no_user), [])
        self.assertEqual({row.who for row in self.people(of_no_user) if isinstance(row.what, models.Note)}, {""})

    def test_edits_of_one_maintenance_are_its_own(self):
        other = app.create_maintenance("M-2", self.provider)
        for maintenance in (self.maintenance, other):
            self.edit(maintenance, ticket="T-1")

        found = read_edits(Visibility.of(self.everybody), CircuitMaintenance.objects.filter(pk=other.pk))

        self.assertEqual([edit.maintenance for edit in found], [other])

    def test_edits_of_other_maintenances_do_not_count_for_the_limit(self):
        self.edit(ticket="T-1")
        kind, other = ContentType.objects.get_for_model(CircuitMaintenance), app.create_maintenance("M-2")
        ObjectChange.objects.bulk_create(
            ObjectChange(
                changed_object_type=kind,
                changed_object_id=other.pk,
                request_id=uuid4(),
                action="update",
                object_data={},
                object_data_v2={},
            )
            for _ in range(MOST)
        )

        found = read_edits(Visibility.of(self.everybody), CircuitMaintenance.objects.filter(pk=self.maintenance.pk))

        self.assertEqual([edit.maintenance for edit in found], [self.maintenance])


class CostTest(ChangesCase):
    """The number of queries."""

    def grow(self, size):
        """Create maintenances up to this number, with changes of every kind."""
        for number in range(CircuitMaintenance.objects.count(), size):
            maintenance = app.create_maintenance(f"MORE-{number}", self.provider)
            for hours in (-1, 1, 2):
                self.notify(hours, f"C-{hours}", maintenance=maintenance)
            self.edit(maintenance, ack=True)
            self.edit(maintenance, status=Status.COMPLETED)
            with web_request_context(self.user):
                models.Note.objects.create(maintenance=maintenance, title="Hello")

    def test_ten_times_the_rows_take_as_many_queries(self):
        counts = []
        read_changes(Visibility.of(self.everybody), SINCE)
        for size in (3, 30):
            self.grow(size)
            with CaptureQueriesContext(connection) as queries:
                found = read_changes(Visibility.of(self.everybody), min(SINCE, timezone.now() - HOUR))
            counts.append(len(queries))
            self.assertGreaterEqual(len(found.rows), 4 * (size - 1))
        with self.assertNumQueries(7):
            count_changes(Visibility.of(self.everybody), SINCE)

        self.assertEqual(counts, [9, 9])


class StartOfDayTest(TestCase):
    """Since when."""

    def test_three_days_before_monday_is_friday_from_its_first_minute_in_the_users_zone(self):
        monday = NOON + 3 * DAY
        with timezone.override("Asia/Tokyo"):
            self.assertEqual(start_of_day(monday, 3).isoformat(), "2026-11-20T00:00:00+09:00")
