"""Revisions: what a chunk makes of maintenances that persons, other mails and deletions have been at."""

from datetime import timedelta

import pytest
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, Notification, ParsedNotification
from nautobot_circuit_maintenance.models.sort_figures import count_again
from nautobot_circuit_maintenance.pipeline.apply.store import overwrite_stored
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail
from nautobot_circuit_maintenance.tests.pipeline.test_chunks import record, records

DAY = timedelta(days=1)
C12 = (("C-1", "OUTAGE"), ("C-2", "OUTAGE"))


def announcement(after: float, name: str = "M-1", **facts) -> bytes:
    """Return the mail of an update issued so many hours after noon."""
    return mail(Bcop(name, issued=NOON + timedelta(hours=after), **facts))


class RevisionTestCase(PipelineTestCase):
    """Mails that are digested together."""

    def together(self, *raws: bytes) -> None:
        """Record these messages and digest what waits, in one chunk."""
        record(*raws)
        drain_waiting(RunOptions(now=NOON + DAY, user=self.user))
        self.assertEqual(set(Notification.objects.values_list("state", "error")), {("parsed", "")})

    def again(self, *raws: bytes) -> None:
        """Read all notifications again, the newest ones as these bytes."""
        for row, raw in zip(Notification.objects.order_by("-received_at"), raws):
            Notification.objects.filter(pk=row.pk).update(raw=raw)
        requeue(Notification.objects.all())
        self.together()

    def spans(self, name: str = "M-1") -> list:
        """Return start and end of each window."""
        return list(self.maintenance(name).windows.values_list("start_time", "end_time"))


class Persons(RevisionTestCase):
    """What a person wrote stays, whatever else the chunk does."""

    @pytest.mark.postgresql("has two circuit IDs of one maintenance that differ only in case")
    def test_an_impact_that_a_person_added_in_another_case_stays_beside_the_providers(self):
        """A reminder, another impact, and a list without the circuit: each is about the provider's own row."""
        self.together(announcement(0, circuits=C12))
        CircuitImpact(maintenance=self.maintenance(), cid="c-1", impact="DEGRADED").validated_save()

        self.together(announcement(24, circuits=C12, sequence=1))
        self.assertEqual(self.impacts(), {"C-1": "OUTAGE", "C-2": "OUTAGE", "c-1": "DEGRADED"})

        self.together(announcement(48, circuits=(("C-1", "NO-IMPACT"), ("C-2", "OUTAGE"))))
        self.assertEqual(self.impacts(), {"C-1": "NO-IMPACT", "C-2": "OUTAGE", "c-1": "DEGRADED"})

        self.together(announcement(72, circuits=(("C-2", "OUTAGE"),)))
        self.assertEqual(self.impacts(), {"C-2": "OUTAGE", "c-1": "DEGRADED"})

    def test_notifications_find_a_maintenance_whose_provider_a_person_removed(self):
        """Read again, nothing changes; a new update is about it, too, and the provider stays removed."""
        self.together(announcement(0))
        maintenance = self.maintenance()
        maintenance.provider = None
        maintenance.validated_save()

        self.again()
        self.together(announcement(1, status="COMPLETED"))

        found = CircuitMaintenance.objects.get()
        self.assertEqual((found.pk, found.provider, found.status), (maintenance.pk, None, "COMPLETED"))
        self.assertFalse(found.maintenance_notes.exists())

    def test_an_edit_is_kept_through_the_words_of_a_chunk_until_one_of_them_is_about_it(self):
        """Three mails in one chunk: the second changes the status, no mail the description."""
        self.together(announcement(0))
        maintenance = self.maintenance()
        maintenance.description, maintenance.status = "Call Eve", "COMPLETED"
        maintenance.validated_save()

        self.together(
            announcement(1, sequence=1),
            announcement(2, status="CANCELLED"),
            announcement(3, status="CANCELLED", sequence=1),
        )

        self.assertEqual((self.maintenance().description, self.maintenance().status), ("Call Eve", "CANCELLED"))

    def test_an_acknowledgement_goes_with_the_first_news_of_a_chunk_though_the_last_take_it_back(self):
        """As it would between two runs: someone must look again."""
        self.together(announcement(0))
        maintenance = self.maintenance()
        maintenance.ack = True
        maintenance.validated_save()

        self.together(announcement(1, start=START + DAY), announcement(2, start=START))

        self.assertFalse(self.maintenance().ack)
        self.assertEqual([each["ack"] for each in records()][-2:], [False, False])

    def test_an_acknowledgement_is_removed_before_the_windows_are_added_for_which_it_goes(self):
        """So that those are reminded of."""
        self.together(announcement(0))
        maintenance = self.maintenance()
        maintenance.ack = True
        maintenance.validated_save()

        self.together(announcement(1, start=START + DAY))

        self.assertLess(self.maintenance().unacknowledged_at, self.maintenance().windows.get().created)

    def test_a_manual_maintenance_is_adopted_by_a_chunk_and_recorded_as_an_update(self):
        """The first mail changes what the person wrote, the second is about a maintenance of its own."""
        CircuitMaintenance(name="M-1", provider=self.provider, ticket="CHG-7").validated_save()
        ObjectChange.objects.all().delete()

        self.together(announcement(0), announcement(1, "M-2"))

        self.assertEqual((self.maintenance().status, self.maintenance().ticket), ("CONFIRMED", "CHG-7"))
        self.assertEqual([(each["action"], each["name"]) for each in records()], [("create", "M-2"), ("update", "M-1")])


class Rows(RevisionTestCase):
    """What is written for several maintenances at once."""

    def test_windows_of_several_maintenances_come_move_and_go_in_one_chunk(self):
        """Each keeps to its own."""
        two = [mail(Bcop(name, start=START), Bcop(name, start=START + DAY)) for name in ("M-1", "M-2", "M-3")]
        self.together(*two)

        moved = announcement(2, "M-2", start=START + 5 * DAY)
        self.together(announcement(1, "M-1", start=START + DAY), moved, announcement(3, "M-3", start=START))

        hours = timedelta(hours=4)
        starts = {name: [start for start, end in self.spans(name) if end - start == hours] for name in ("M-1", "M-2")}
        self.assertEqual(starts, {"M-1": [START + DAY], "M-2": [START + 5 * DAY]})
        self.assertEqual(self.spans("M-3"), [(START, START + hours)])

    def test_an_impact_that_goes_and_comes_back_within_a_chunk_is_there_once_and_linked(self):
        """The row is a new one, as it would be between two runs."""
        self.together(announcement(0, circuits=C12))

        self.together(announcement(24, circuits=(("C-2", "OUTAGE"),)), announcement(48, circuits=C12))

        impacts = self.maintenance().impacts.values_list("cid", "circuit__cid")
        self.assertEqual(sorted(impacts), [("C-1", "C-1"), ("C-2", "C-2")])

    def test_only_the_newest_word_about_each_maintenance_is_not_outdated(self):
        """Whether it was stored before, comes in the middle of the chunk, or last."""
        self.together(announcement(0), announcement(9, "M-2"))

        self.together(announcement(5), announcement(1, "M-2"), announcement(3), announcement(8, "M-3"))

        newest = ParsedNotification.objects.filter(outdated=False).values_list("maintenance__name", "issued_at")
        expected = {("M-1", 5), ("M-2", 9), ("M-3", 8)}
        self.assertEqual(set(newest), {(name, NOON + timedelta(hours=after)) for name, after in expected})

    def test_evidence_of_a_deleted_notification_is_replaced_when_its_mail_comes_back_in_a_chunk(self):
        """Beside other news about the same maintenance."""
        self.together(announcement(0), announcement(1, "M-2"))
        Notification.objects.all().delete()

        self.together(announcement(0), announcement(1, "M-2"), announcement(2, status="CANCELLED"))

        self.assertEqual(ParsedNotification.objects.count(), 3)
        self.assertFalse(ParsedNotification.objects.filter(notification=None).exists())
        self.assertEqual(self.maintenance().status, "CANCELLED")

    def test_a_maintenance_that_others_still_name_is_not_withdrawn(self):
        """One of two mails reads otherwise now: the other's word holds, and no note warns of anything."""
        self.together(announcement(0), announcement(5, status="CANCELLED"))

        self.again(announcement(5, "M-2", status="CANCELLED"))

        self.assertEqual((self.maintenance().status, self.maintenance("M-2").status), ("CONFIRMED", "CANCELLED"))
        self.assertFalse(self.maintenance().maintenance_notes.exists())

    def test_the_record_of_a_new_maintenance_has_the_stored_values(self):
        """To the microsecond: else the first edit of a person would show a change of the time of creation."""
        self.together(announcement(0), announcement(1, "M-2"))

        for change in ObjectChange.objects.filter(changed_object_type__model="circuitmaintenance"):
            later = change.changed_object.to_objectchange("update")
            self.assertEqual(change.object_data_v2, later.object_data_v2)
            self.assertEqual(change.object_data, later.object_data)


class OverwriteTest(RevisionTestCase):
    """Rows that were read, changed, and are written."""

    def test_what_a_person_deleted_in_the_meantime_stays_deleted(self):
        """Nothing locks an impact between reading and writing it, and an INSERT would bring it back."""
        self.together(announcement(0, circuits=C12))
        first, second = CircuitImpact.objects.order_by("cid")
        CircuitImpact.objects.filter(pk=first.pk).delete()
        for row in (first, second):
            row.impact = "DEGRADED"

        with self.assertNumQueries(2):
            overwrite_stored([first, second], ["impact"])

        self.assertEqual(list(CircuitImpact.objects.values_list("pk", "impact")), [(second.pk, "DEGRADED")])
        count_again([second.maintenance_id])  # as those who write in bulk do

    def test_only_the_fields_that_are_named_are_written(self):
        self.together(announcement(0, circuits=C12))
        row = CircuitImpact.objects.first()
        stored = CircuitImpact.objects.filter(pk=row.pk).values().get()
        row.impact, row.cid = "DEGRADED", "ELSEWHERE"

        overwrite_stored([row], ["impact"])

        self.assertEqual(CircuitImpact.objects.filter(pk=row.pk).values().get(), {**stored, "impact": "DEGRADED"})
