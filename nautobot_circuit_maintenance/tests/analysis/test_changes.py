"""What changed since a moment: all that a user may see, by mail and by people, without what changed nothing."""

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
from nautobot_circuit_maintenance.analysis.changes import Acknowledgement, Mail, read_changes
from nautobot_circuit_maintenance.analysis.manual_changes import MOST, Edit, read_edits
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import PIPELINE_CONTEXT, CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.tests import fixtures
from nautobot_circuit_maintenance.tests.analysis import world
from nautobot_circuit_maintenance.ui.periods import start_of_day

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SINCE = fixtures.NOON
NIGHT = {"start": 1_800_000_000, "end": 1_800_014_400}


class ChangesCase(TestCase):
    """A provider that writes, and someone who sees everything."""

    def setUp(self):
        """Create both; what is created now counts for nobody's work since the moment that is asked for."""
        super().setUp()
        self.everybody = world.superuser()
        self.provider = fixtures.create_provider("ISP 1")
        self.maintenance = fixtures.create_maintenance("M-1", self.provider)

    def tell(self, hours, *cids, maintenance=None, arrives=None, **words):
        """Let the provider write so many hours after the moment."""
        issued = SINCE + hours * HOUR
        maintenance = maintenance or self.maintenance
        mail = fixtures.create_notification(
            maintenance.provider, received_at=issued if arrives is None else SINCE + arrives * HOUR
        )
        circuits = [{"circuit_id": cid, "impact": "OUTAGE"} for cid in cids]
        item = fixtures.parser_item(maintenance.name, issued, **{"circuits": circuits, **NIGHT, **words})
        return fixtures.create_parsed(mail, maintenance, issued_at=issued, json=[item])

    def changed(self, user=None):
        """Return what changed by mail."""
        return [
            row for row in read_changes(Visibility.of(user or self.everybody), SINCE).rows if isinstance(row.what, Mail)
        ]

    def edit(self, maintenance=None, **fields):
        """Let a person save a maintenance in the web UI."""
        maintenance = models.CircuitMaintenance.objects.get(pk=(maintenance or self.maintenance).pk)
        with web_request_context(self.user):
            for name, value in fields.items():
                setattr(maintenance, name, value)
            maintenance.validated_save()


class MailTest(ChangesCase):
    """What providers changed."""

    def test_a_new_one_is_announced(self):
        row = self.tell(1, "C-1")

        (change,) = self.changed()

        self.assertTrue(change.what.difference.is_first)
        self.assertEqual((change.at, change.who, change.maintenance), (row.received_at, row.sender, self.maintenance))

    def test_what_came_before_is_what_it_is_compared_with(self):
        self.tell(-9, "C-1")
        self.tell(1, "C-1", "C-2", status="RE-SCHEDULED", start=1_800_086_400, end=1_800_100_800)

        (change,) = self.changed()

        difference = change.what.difference
        self.assertEqual((difference.before.status, difference.after.status), ("CONFIRMED", "RE-SCHEDULED"))
        self.assertEqual(difference.moved_by, DAY)
        self.assertEqual([word.cid for word in difference.circuits_new], ["C-2"])

    def test_several_mails_are_told_as_one_change_and_the_last_that_changed_something_is_named(self):
        self.tell(-9, "C-1")
        self.tell(1, "C-1", status="RE-SCHEDULED")
        last = self.tell(2, "C-1", status="CANCELLED")
        self.tell(3, "C-1", status="CANCELLED")

        (change,) = self.changed()

        self.assertEqual(change.what.newest, last)
        self.assertEqual(change.what.difference.before.status, "CONFIRMED")
        self.assertEqual(change.what.difference.after.status, "CANCELLED")

    def test_reminders_are_left_out_and_so_is_what_was_taken_back(self):
        self.tell(-9, "C-1")
        self.tell(1, "C-1")
        self.assertEqual(self.changed(), [])

        self.tell(2, "C-1", status="CANCELLED")
        self.tell(3, "C-1")

        self.assertEqual(self.changed(), [])

    def test_a_late_one_that_changes_nothing_is_left_out(self):
        self.tell(-9, "C-1")
        self.tell(-2, "C-1", status="CANCELLED")
        self.tell(-5, "C-1", status="TENTATIVE", arrives=4)

        self.assertEqual(self.changed(), [])

    def test_what_arrived_counts_whenever_it_was_issued(self):
        self.tell(-9, "C-1")
        late = self.tell(-5, "C-1", status="CANCELLED", arrives=4)

        (change,) = self.changed()

        self.assertEqual(change.at, late.received_at)

    def test_a_late_one_that_moves_what_a_newer_one_cancelled_counts_when_it_arrived(self):
        self.tell(-9, "C-1")
        self.tell(2, status="CANCELLED", start=0, end=0)
        late = self.tell(1, "C-1", arrives=20, start=1_800_086_400, end=1_800_100_800)

        (change,) = self.changed()

        self.assertEqual(change.at, late.received_at)
        self.assertEqual(change.what.difference.after.status, "CANCELLED")
        self.assertEqual(change.what.count, 2)

    def test_a_late_one_that_changes_nothing_is_not_the_last_to_change_something(self):
        self.tell(-9, "C-1")
        cancelled = self.tell(2, "C-1", status="CANCELLED")
        self.tell(1, "C-1", status="TENTATIVE", arrives=20)

        (change,) = self.changed()

        self.assertEqual(change.at, cancelled.received_at)

    def test_what_arrived_before_is_no_change(self):
        self.tell(-1, "C-1")

        self.assertEqual(self.changed(), [])

    def test_the_newest_comes_first(self):
        other = fixtures.create_maintenance("M-2", self.provider)
        self.tell(2, "C-1")
        self.tell(5, "C-1", maintenance=other)

        self.assertEqual([change.maintenance for change in self.changed()], [other, self.maintenance])

    def test_whoever_sees_one_provider_sees_nothing_of_the_others(self):
        other = fixtures.create_maintenance("M-2", fixtures.create_provider("ISP 2"))
        for maintenance in (self.maintenance, other):
            self.tell(1, "C-1", maintenance=maintenance)
        constrained = world.viewer(*world.ALL, constraints=world.BY_PROVIDER)

        self.assertEqual([change.maintenance for change in self.changed(constrained)], [self.maintenance])
        self.assertEqual(self.changed(world.viewer(CircuitMaintenance)), [])
        self.assertEqual(self.changed(world.viewer(models.ParsedNotification)), [])

    def test_mails_that_a_user_may_not_see_say_nothing(self):
        seen = self.tell(1, "C-1")
        self.tell(2, "SECRET", status="CANCELLED")
        constraints = {models.ParsedNotification: {"sender": seen.sender}}
        user = world.viewer(CircuitMaintenance, models.ParsedNotification, constraints=constraints)

        (change,) = self.changed(user)

        self.assertEqual(change.what.difference.after.status, "CONFIRMED")
        self.assertEqual([word.cid for word in change.what.difference.after.impacts], ["C-1"])

    def test_the_message_is_readable_for_whoever_may_view_it(self):
        self.tell(1, "C-1")
        without = world.viewer(CircuitMaintenance, models.ParsedNotification)

        self.assertTrue(self.changed()[0].what.is_readable)
        self.assertFalse(self.changed(without)[0].what.is_readable)

    def test_only_so_many_are_read(self):
        self.tell(1, "C-1")
        self.assertTrue(read_changes(Visibility.of(self.everybody), SINCE).is_all)
        for number in range(MOST):
            self.tell(2 + number, maintenance=fixtures.create_maintenance(f"MORE-{number}", self.provider))

        found = read_changes(Visibility.of(self.everybody), SINCE)

        self.assertEqual(len(found.rows), MOST)
        self.assertFalse(found.is_all)
        self.assertNotIn(self.maintenance, [row.maintenance for row in found.rows])

    def test_what_others_may_see_takes_no_place_away(self):
        self.tell(1, "C-1")
        other = fixtures.create_provider("ISP 2")
        for number in range(MOST):
            self.tell(2 + number, maintenance=fixtures.create_maintenance(f"MORE-{number}", other))

        of_one = {CircuitMaintenance: world.BY_PROVIDER[CircuitMaintenance]}
        found = self.changed(world.viewer(*world.ALL, constraints=of_one))

        self.assertEqual([change.maintenance for change in found], [self.maintenance])


class PeopleTest(ChangesCase):
    """What people changed."""

    def people(self, user=None):
        """Return what happened by hand."""
        return read_changes(Visibility.of(user or self.everybody), timezone.now() - HOUR).rows

    def edits(self, user=None):
        """Return the edits among it."""
        return [row.what for row in self.people(user) if isinstance(row.what, Edit)]

    def test_an_edit_is_told_with_what_it_was_and_by_whom(self):
        self.edit(status=Status.CONFIRMED)
        self.edit(status=Status.COMPLETED, ticket="T-1", end_time=self.maintenance.end_time + HOUR)

        edit = self.edits()[0]

        self.assertEqual(edit.who, self.user.username)
        self.assertEqual((edit.difference.before.status, edit.difference.after.status), ("CONFIRMED", "COMPLETED"))
        self.assertEqual(edit.fields, {"ticket": ("", "T-1")})
        self.assertEqual(len(edit.difference.windows_new), 1)

    def test_what_the_pipeline_recorded_is_not_told_but_compared_with(self):
        self.edit(status=Status.CONFIRMED)
        ObjectChange.objects.update(change_context_detail=PIPELINE_CONTEXT)
        self.assertEqual(self.edits(), [])

        self.edit(status=Status.COMPLETED)

        self.assertEqual([edit.difference.before.status for edit in self.edits()], ["CONFIRMED"])

    def test_without_a_record_before_it_only_the_edit_itself_is_known(self):
        self.edit(status=Status.CONFIRMED)

        (edit,) = self.edits()

        self.assertIsNone(edit.difference)
        self.assertFalse(edit.is_new)

    def test_a_save_that_changed_nothing_is_left_out(self):
        self.edit(status=Status.CONFIRMED)
        self.edit(status=Status.CONFIRMED)

        self.assertEqual(len(self.edits()), 1)

    def test_a_maintenance_added_by_hand_is_new(self):
        with web_request_context(self.user):
            fixtures.create_maintenance("BY HAND", self.provider)

        self.assertEqual([edit.is_new for edit in self.edits()], [True])

    def test_an_acknowledgement_is_told_once_and_its_end_too(self):
        self.edit(ticket="T-1")
        self.edit(ack=True)
        found = [row for row in self.people() if not isinstance(row.what, Edit) or row.what.difference]
        self.assertEqual([(row.who, row.what) for row in found], [(self.user.username, Acknowledgement())])

        self.edit(ack=False)

        self.assertEqual([edit.fields.get("ack") for edit in self.edits()], [(True, False), (False, True), None])

    def test_a_note_is_told_with_its_author(self):
        with web_request_context(self.user):
            note = models.Note.objects.create(maintenance=self.maintenance, title="Hello")

        (change,) = self.people()

        self.assertEqual((change.what, change.who), (note, self.user.username))

    def work_on_two_providers(self):
        """Let everything happen to two maintenances; return the other one."""
        other = fixtures.create_maintenance("M-2", fixtures.create_provider("ISP 2"))
        for maintenance in (self.maintenance, other):
            models.Note.objects.create(maintenance=maintenance, title="Hello")
            self.edit(maintenance, ticket="T-1", ack=True)
        return other

    def test_whoever_sees_one_provider_sees_nothing_of_the_others(self):
        self.work_on_two_providers()
        viewer = world.viewer(*world.ALL, models.Note, ObjectChange, constraints=world.BY_PROVIDER)

        found = self.people(viewer)

        self.assertEqual({type(row.what) for row in found}, {Acknowledgement, models.Note, Edit})
        self.assertEqual({row.maintenance for row in found}, {self.maintenance})

    def test_who_may_not_view_change_records_or_notes_sees_none(self):
        self.work_on_two_providers()
        blind = world.viewer(CircuitMaintenance)
        nobody = {ObjectChange: {"user_name": "nobody"}}
        of_nobody = world.viewer(CircuitMaintenance, models.Note, ObjectChange, constraints=nobody)

        self.assertEqual({type(row.what) for row in self.people(blind)}, {Acknowledgement})
        self.assertEqual(self.edits(of_nobody), [])
        self.assertEqual({row.who for row in self.people(of_nobody) if isinstance(row.what, models.Note)}, {""})

    def test_edits_of_one_maintenance_are_its_own(self):
        other = fixtures.create_maintenance("M-2", self.provider)
        for maintenance in (self.maintenance, other):
            self.edit(maintenance, ticket="T-1")

        found = read_edits(Visibility.of(self.everybody), CircuitMaintenance.objects.filter(pk=other.pk))

        self.assertEqual([edit.maintenance for edit in found], [other])

    def test_edits_of_others_take_no_place_away(self):
        self.edit(ticket="T-1")
        kind, other = ContentType.objects.get_for_model(CircuitMaintenance), fixtures.create_maintenance("M-2")
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
        """Let everything happen in as many maintenances."""
        for number in range(CircuitMaintenance.objects.count(), size):
            maintenance = fixtures.create_maintenance(f"MORE-{number}", self.provider)
            for hours in (-1, 1, 2):
                self.tell(hours, f"C-{hours}", maintenance=maintenance)
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

        self.assertEqual(counts, [9, 9])


class StartOfDayTest(TestCase):
    """Since when."""

    def test_three_days_before_monday_is_friday_from_its_first_minute_in_the_users_zone(self):
        monday = fixtures.NOON + 3 * DAY
        with timezone.override("Asia/Tokyo"):
            self.assertEqual(start_of_day(monday, 3).isoformat(), "2026-11-20T00:00:00+09:00")
