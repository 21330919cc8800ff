"""Apply: a maintenance is concluded from everything announced about it, and only the difference is written."""

from datetime import datetime, timedelta

from django.contrib.contenttypes.models import ContentType
from nautobot.extras.choices import CustomFieldTypeChoices
from nautobot.extras.models import CustomField, ObjectChange, Tag

from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    Note,
    Notification,
    ParsedNotification,
)
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail, message

C1_OUTAGE = (("C-1", "OUTAGE"),)
C12_OUTAGE = (("C-1", "OUTAGE"), ("C-2", "OUTAGE"))
FOUR_HOURS = timedelta(hours=4)


def hours(count: float) -> timedelta:
    """Return so many hours."""
    return timedelta(hours=count)


def announcement(after: float, **facts) -> bytes:
    """Return the mail of an update issued so many hours after noon."""
    return mail(Bcop(issued=NOON + hours(after), **facts))


class ApplyTestCase(PipelineTestCase):
    """What tests ask of the stored maintenance."""

    def status(self, name: str = "M-1") -> str:
        """Return the status."""
        return self.maintenance(name).status

    def windows(self, name: str = "M-1") -> list[tuple[datetime, datetime]]:
        """Return the windows in time order."""
        return list(self.maintenance(name).windows.values_list("start_time", "end_time"))

    def edit(self, **values) -> None:
        """Edit the maintenance as a person does in a form."""
        maintenance = self.maintenance()
        for name, value in values.items():
            setattr(maintenance, name, value)
        maintenance.validated_save()

    def change_records(self) -> int:
        """Count the change records of maintenances."""
        return ObjectChange.objects.filter(changed_object_type__model="circuitmaintenance").count()


class Identity(ApplyTestCase):
    """A maintenance is a provider and the provider's id."""

    def test_the_first_notification_creates_the_maintenance_with_everything_it_announces(self):
        """Every attribute of the spec, and the evidence as real JSON."""
        self.receive(
            announcement(0, circuits=(("C-1", "OUTAGE"), ("C-2", "DEGRADED"), ("X-9", "NO-IMPACT")), sequence=3)
        )

        maintenance = self.maintenance()
        self.assertEqual((maintenance.status, maintenance.description), ("CONFIRMED", "Fibre work"))
        self.assertEqual((maintenance.start_time, maintenance.end_time), (START, START + FOUR_HOURS))
        self.assertEqual((maintenance.issued_at, maintenance.sequence, maintenance.ack), (NOON, 3, False))
        self.assertEqual(self.windows(), [(START, START + FOUR_HOURS)])
        self.assertEqual(
            list(maintenance.impacts.order_by("cid").values_list("cid", "impact", "circuit__cid")),
            [("C-1", "OUTAGE", "C-1"), ("C-2", "DEGRADED", "C-2"), ("X-9", "NO-IMPACT", None)],
        )
        evidence = ParsedNotification.objects.get()
        self.assertEqual((evidence.maintenance, evidence.notification), (maintenance, Notification.objects.get()))
        self.assertEqual((evidence.json["version"], evidence.json["maintenance_id"]), (1, "M-1"))
        self.assertEqual((evidence.status, evidence.outdated, evidence.issued_at), ("CONFIRMED", False, NOON))

    def test_a_mail_about_several_maintenances_makes_each_of_them(self):
        """With one piece of evidence each."""
        self.receive(mail(Bcop("M-1"), Bcop("M-2", status="TENTATIVE", circuits=(("C-2", "DEGRADED"),))))

        self.assertEqual((self.status("M-1"), self.status("M-2")), ("CONFIRMED", "TENTATIVE"))
        self.assertEqual((self.impacts("M-1"), self.impacts("M-2")), ({"C-1": "OUTAGE"}, {"C-2": "DEGRADED"}))
        self.assertEqual(Notification.objects.get().parsed_notifications.count(), 2)

    def test_one_id_of_two_providers_is_two_maintenances(self):
        """An id is unique for its provider only (BCOP 3.6.3)."""
        self.source.providers.add(create_provider("Carrier", "noc@carrier.example"))

        self.receive(announcement(0), mail(Bcop(status="CANCELLED"), sender="noc@carrier.example"))

        statuses = CircuitMaintenance.objects.values_list("provider__name", "name", "status")
        self.assertEqual(set(statuses), {("ISP", "M-1", "CONFIRMED"), ("Carrier", "M-1", "CANCELLED")})

    def test_an_id_that_is_used_again_a_year_later_is_the_same_row_with_all_its_evidence(self):
        """The later words hold, the earlier year stays in the timeline."""
        next_year = timedelta(days=365)
        self.receive(announcement(0, status="COMPLETED"))

        self.receive(announcement(365 * 24, start=START + next_year, circuits=(("C-3", "OUTAGE"),)))

        self.assertEqual(CircuitMaintenance.objects.count(), 1)
        self.assertEqual(self.windows(), [(START + next_year, START + next_year + FOUR_HOURS)])
        self.assertEqual(self.impacts(), {"C-3": "OUTAGE"})
        self.assertEqual(self.maintenance().parsed_notifications.count(), 2)

    def test_the_longest_id_fits_and_a_longer_one_fails_with_the_reason(self):
        """255 characters; the rest of the mail's fate is on its row."""
        self.receive(announcement(0, maintenance_id="M" * 255), announcement(1, maintenance_id="N" * 256))

        self.assertEqual(CircuitMaintenance.objects.get().name, "M" * 255)
        failed = Notification.objects.get(state="failed")
        self.assertIn("256 characters", failed.error)

    def test_a_maintenance_made_by_hand_takes_the_providers_words_and_keeps_what_it_does_not_mention(self):
        """The provider's words win, the change is recorded, a person's impact stays."""
        made = CircuitMaintenance(name="M-1", provider=self.provider, status="TENTATIVE", description="By phone")
        made.start_time, made.end_time, made.ticket = START - hours(9), START - hours(8), "CHG-7"
        made.validated_save()
        CircuitImpact.objects.create(maintenance=made, cid="C-3", circuit=self.circuits[2], impact="DEGRADED")

        self.receive(announcement(0))

        self.assertEqual(self.maintenance().pk, made.pk)
        self.assertEqual((self.status(), self.maintenance().description), ("CONFIRMED", "Fibre work"))
        self.assertEqual(self.windows(), [(START, START + FOUR_HOURS)])
        self.assertEqual(self.impacts(), {"C-1": "OUTAGE", "C-3": "DEGRADED"})
        self.assertEqual(self.maintenance().ticket, "CHG-7")
        self.assertEqual(ObjectChange.objects.get(changed_object_id=made.pk).action, "update")

    def test_a_maintenance_without_a_provider_is_never_matched(self):
        """It may have the same name and stays as it is."""
        CircuitMaintenance(name="M-1", description="In our own house").validated_save()

        self.receive(announcement(0))

        self.assertEqual(CircuitMaintenance.objects.get(provider=None).description, "In our own house")
        self.assertEqual(self.maintenance().description, "Fibre work")


class Concluded(ApplyTestCase):
    """The order of arrival does not matter."""

    def test_a_late_older_mail_reverts_nothing_and_is_marked_as_superseded(self):
        """Neither status nor windows, description or circuits; and it leaves no change record."""
        self.receive(
            announcement(5, status="RE-SCHEDULED", start=START + hours(48), summary="Moved", circuits=C12_OUTAGE)
        )
        before, records = self.maintenance(), self.change_records()

        self.receive(message(announcement(0), NOON + hours(9)))

        after = self.maintenance()
        self.assertEqual((after.status, after.description), ("RE-SCHEDULED", "Moved"))
        self.assertEqual(self.windows(), [(START + hours(48), START + hours(52))])
        self.assertEqual(self.impacts(), dict(C12_OUTAGE))
        self.assertEqual((after.issued_at, after.last_updated), (before.issued_at, before.last_updated))
        self.assertEqual(self.change_records(), records)
        flags = ParsedNotification.objects.values_list("status", "outdated")
        self.assertEqual(set(flags), {("RE-SCHEDULED", False), ("CONFIRMED", True)})

    def test_evidence_is_outdated_once_nothing_of_it_stands(self):
        """A newer announcement replaces the one before; a completion ends it, so that both stand."""
        self.receive(announcement(0), announcement(1, status="IN-PROCESS"), announcement(2, status="COMPLETED"))

        current = ParsedNotification.objects.filter(outdated=False).order_by("issued_at")
        self.assertEqual([row.status for row in current], ["IN-PROCESS", "COMPLETED"])

    def test_a_bare_cancellation_or_completion_removes_no_circuit(self):
        """It lists none: they stay, as do the windows that it repeats."""
        for number, status in enumerate(("CANCELLED", "COMPLETED"), start=1):
            name = f"M-{number}"
            self.receive(announcement(0, maintenance_id=name, circuits=C12_OUTAGE))

            self.receive(announcement(5, maintenance_id=name, status=status, circuits=()))

            self.assertEqual((self.status(name), self.impacts(name)), (status, dict(C12_OUTAGE)))
            self.assertEqual(self.windows(name), [(START, START + FOUR_HOURS)])

    def test_a_notification_without_a_status_keeps_the_one_before(self):
        """NO-CHANGE moves the window and leaves the status alone."""
        self.receive(announcement(0, status="TENTATIVE"), announcement(5, status="", start=START + hours(1)))

        self.assertEqual(self.status(), "TENTATIVE")
        self.assertEqual(self.windows(), [(START + hours(1), START + hours(5))])
        self.assertEqual(ParsedNotification.objects.get(outdated=False).status, "NO-CHANGE")

    def test_a_status_that_was_never_announced_is_unknown(self):
        """Nothing is guessed."""
        self.receive(announcement(0, status=""))

        self.assertEqual(self.status(), "UNKNOWN")

    def test_one_mail_per_circuit_makes_one_maintenance_with_all_circuits(self):
        """Issued within the hour, of the same windows and status."""
        self.receive(
            announcement(0, circuits=(("C-1", "OUTAGE"),)),
            announcement(0.5, circuits=(("C-2", "DEGRADED"),)),
            announcement(0.9, circuits=(("C-3", "OUTAGE"), ("C-2", "OUTAGE"))),
        )

        self.assertEqual(self.impacts(), {"C-1": "OUTAGE", "C-2": "OUTAGE", "C-3": "OUTAGE"})

    def test_a_later_list_of_circuits_replaces_the_earlier_one(self):
        """More than an hour later, what is not listed is not affected any more."""
        self.receive(announcement(0, circuits=C12_OUTAGE), announcement(2, circuits=(("C-2", "DEGRADED"),)))

        self.assertEqual(self.impacts(), {"C-2": "DEGRADED"})

    def test_a_stamp_from_the_future_does_not_outrank_what_follows(self):
        """It counts from its receipt."""
        self.receive(message(announcement(24 * 300, status="TENTATIVE"), NOON), announcement(1, status="CANCELLED"))

        self.assertEqual(self.status(), "CANCELLED")


class OnlyTheDifference(ApplyTestCase):
    """What a person wrote stays until the provider says something new about that very thing."""

    def setUp(self):
        """Receive what the persons edit."""
        self.receive(announcement(0, circuits=C12_OUTAGE))

    def test_a_reminder_without_a_change_writes_nothing(self):
        """No field, no row, no change record: only the evidence is more."""
        before, records = self.maintenance(), self.change_records()
        rows = set(self.maintenance().windows.values_list("pk")) | set(self.maintenance().impacts.values_list("pk"))

        self.receive(announcement(24, circuits=C12_OUTAGE, sequence=1))

        after = self.maintenance()
        self.assertEqual((after.last_updated, after.issued_at), (before.last_updated, NOON + hours(24)))
        self.assertEqual(set(after.windows.values_list("pk")) | set(after.impacts.values_list("pk")), rows)
        self.assertEqual(self.change_records(), records)
        self.assertEqual(after.parsed_notifications.count(), 2)

    def test_an_edited_status_stays_until_another_status_is_announced(self):
        """A new window does not state a status."""
        self.edit(status="COMPLETED")

        self.receive(announcement(24, circuits=C12_OUTAGE, start=START + hours(1)))
        self.assertEqual(self.status(), "COMPLETED")
        self.receive(announcement(48, circuits=C12_OUTAGE, start=START + hours(1), status="CANCELLED"))
        self.assertEqual(self.status(), "CANCELLED")

    def test_an_edited_description_stays_until_another_description_is_announced(self):
        """A cancellation with the old description leaves it alone."""
        self.edit(description="Ours: call Eve")

        self.receive(announcement(24, circuits=C12_OUTAGE, status="CANCELLED"))
        self.assertEqual(self.maintenance().description, "Ours: call Eve")
        self.receive(announcement(48, circuits=C12_OUTAGE, status="CANCELLED", summary="Called off"))
        self.assertEqual(self.maintenance().description, "Called off")

    def test_an_edited_window_stays_until_other_windows_are_announced(self):
        """Start and end, and the window that carries them."""
        mine = (START + hours(2), START + hours(3))
        self.edit(start_time=mine[0], end_time=mine[1])

        self.receive(announcement(24, circuits=C12_OUTAGE, status="IN-PROCESS"))
        self.assertEqual(self.windows(), [mine])
        self.assertEqual((self.maintenance().start_time, self.maintenance().end_time), mine)
        self.receive(announcement(48, circuits=C12_OUTAGE, status="IN-PROCESS", start=START + hours(7)))
        self.assertEqual(self.windows(), [(START + hours(7), START + hours(11))])

    def test_an_edited_impact_stays_until_another_impact_of_that_circuit_is_announced(self):
        """News about its neighbor is none about it."""
        self.maintenance().impacts.filter(cid="C-1").update(impact="NO-IMPACT")

        self.receive(announcement(24, circuits=(("C-1", "OUTAGE"), ("C-2", "DEGRADED"))))
        self.assertEqual(self.impacts(), {"C-1": "NO-IMPACT", "C-2": "DEGRADED"})
        self.receive(announcement(48, circuits=(("C-1", "REDUCED-REDUNDANCY"), ("C-2", "DEGRADED"))))
        self.assertEqual(self.impacts(), {"C-1": "REDUCED-REDUNDANCY", "C-2": "DEGRADED"})

    def test_a_circuit_that_a_person_chose_for_an_id_stays(self):
        """Also when the provider says something new about its impact."""
        impact = self.maintenance().impacts.get(cid="C-1")
        impact.circuit = self.circuits[2]
        impact.validated_save()

        self.receive(announcement(24, circuits=(("C-1", "DEGRADED"), ("C-2", "OUTAGE"))))

        impact.refresh_from_db()
        self.assertEqual((impact.impact, impact.circuit), ("DEGRADED", self.circuits[2]))

    def test_an_impact_that_a_person_added_stays_whatever_the_provider_lists(self):
        """It was never the provider's."""
        CircuitImpact(maintenance=self.maintenance(), circuit=self.circuits[2], impact="DEGRADED").validated_save()

        self.receive(announcement(24, circuits=C1_OUTAGE))

        self.assertEqual(self.impacts(), {"C-1": "OUTAGE", "C-3": "DEGRADED"})

    def test_an_impact_that_a_person_removed_stays_away_until_the_provider_announces_another(self):
        """A reminder does not bring it back, another impact does."""
        self.maintenance().impacts.get(cid="C-1").delete()

        self.receive(announcement(24, circuits=C12_OUTAGE, status="IN-PROCESS"))
        self.assertEqual(self.impacts(), {"C-2": "OUTAGE"})
        self.receive(announcement(48, circuits=(("C-1", "DEGRADED"), ("C-2", "OUTAGE")), status="IN-PROCESS"))
        self.assertEqual(self.impacts(), {"C-1": "DEGRADED", "C-2": "OUTAGE"})

    def test_what_only_persons_write_is_never_touched(self):
        """Ticket, tags, custom fields and notes."""
        field = CustomField.objects.create(label="Risk", key="risk", type=CustomFieldTypeChoices.TYPE_TEXT)
        field.content_types.add(ContentType.objects.get_for_model(CircuitMaintenance))
        tag = Tag.objects.create(name="VIP")
        tag.content_types.add(ContentType.objects.get_for_model(CircuitMaintenance))
        maintenance = self.maintenance()
        maintenance.ticket, maintenance.cf["risk"] = "CHG-7", "high"
        maintenance.validated_save()
        maintenance.tags.add(tag)
        note = Note.objects.create(maintenance=maintenance, title="Call Eve", comment="She has the key.")

        self.receive(
            announcement(24, status="CANCELLED", start=START + hours(1), summary="Off", circuits=(("C-3", "OUTAGE"),))
        )

        after = self.maintenance()
        self.assertEqual((after.ticket, after.cf["risk"], list(after.tags.all())), ("CHG-7", "high", [tag]))
        self.assertEqual(list(after.maintenance_notes.values_list("pk", "comment")), [(note.pk, "She has the key.")])

    def test_an_unchanged_maintenance_keeps_its_rows(self):
        """One more circuit is one more row; the others are not written again."""
        rows = set(self.maintenance().impacts.values_list("pk", "last_updated"))

        self.receive(announcement(24, circuits=(*C12_OUTAGE, ("C-3", "OUTAGE"))))

        self.assertLess(rows, set(self.maintenance().impacts.values_list("pk", "last_updated")))


class Acknowledgement(ApplyTestCase):
    """What was acknowledged must be acknowledged again when it is something else."""

    def acknowledged_after(self, **news) -> bool:
        """Acknowledge a maintenance, let the provider tell news, and return whether it is acknowledged still."""
        facts = {"circuits": C12_OUTAGE, "status": "CONFIRMED", **news}
        self.receive(announcement(0, circuits=C12_OUTAGE))
        self.edit(ack=True)
        self.assertIsNotNone(self.maintenance().acknowledged_at)
        self.receive(announcement(24, **facts))
        after = self.maintenance()
        self.assertEqual(after.acknowledged_at is not None, after.ack)
        return after.ack

    def test_a_reminder_keeps_it(self):
        """Nothing is new."""
        self.assertTrue(self.acknowledged_after(sequence=9))

    def test_a_new_description_keeps_it(self):
        """Words change, facts do not."""
        self.assertTrue(self.acknowledged_after(summary="Fibre work near Utrecht"))

    def test_the_beginning_of_the_work_keeps_it(self):
        """As announced."""
        self.assertTrue(self.acknowledged_after(status="IN-PROCESS"))

    def test_the_end_of_the_work_keeps_it(self):
        """As announced."""
        self.assertTrue(self.acknowledged_after(status="COMPLETED"))

    def test_a_notification_without_a_status_keeps_it(self):
        """NO-CHANGE."""
        self.assertTrue(self.acknowledged_after(status=""))

    def test_a_bare_completion_keeps_it(self):
        """Listing no circuit does not change the circuits."""
        self.assertTrue(self.acknowledged_after(status="COMPLETED", circuits=()))

    def test_another_status_clears_it(self):
        """Cancelled, moved, tentative again."""
        for status in ("CANCELLED", "RE-SCHEDULED", "TENTATIVE"):
            with self.subTest(status=status):
                self.assertFalse(self.acknowledged_after(status=status))
                CircuitMaintenance.objects.all().delete()
                Notification.objects.all().delete()

    def test_another_window_clears_it(self):
        """Even by an hour."""
        self.assertFalse(self.acknowledged_after(start=START + hours(1)))

    def test_another_window_clears_it_also_when_the_work_is_in_process(self):
        """The status alone would have kept it."""
        self.assertFalse(self.acknowledged_after(status="IN-PROCESS", end=START + hours(9)))

    def test_one_more_circuit_clears_it(self):
        """More is affected than was acknowledged."""
        self.assertFalse(self.acknowledged_after(circuits=(*C12_OUTAGE, ("C-3", "OUTAGE"))))

    def test_one_circuit_less_clears_it(self):
        """Other circuits are affected than were acknowledged."""
        self.assertFalse(self.acknowledged_after(circuits=C1_OUTAGE))

    def test_another_impact_clears_it(self):
        """Worse or better."""
        self.assertFalse(self.acknowledged_after(circuits=(("C-1", "OUTAGE"), ("C-2", "NO-IMPACT"))))

    def test_news_clear_who_and_when_with_it(self):
        """The next one who acknowledges is another."""
        self.acknowledged_after(status="CANCELLED")

        after = self.maintenance()
        self.assertEqual((after.ack, after.acknowledged_by, after.acknowledged_at), (False, None, None))


class Windows(ApplyTestCase):
    """Several windows under one id."""

    def two_nights(self, after: float = 0) -> bytes:
        """Return a mail that announces two windows, the later first."""
        second = Bcop(issued=NOON + hours(after), start=START + hours(24))
        return mail(second, Bcop(issued=NOON + hours(after), start=START))

    def test_all_windows_of_a_mail_are_kept_and_span_the_maintenance(self):
        """Start is the earliest start, end the latest end."""
        self.receive(self.two_nights())

        self.assertEqual(self.windows(), [(START, START + hours(4)), (START + hours(24), START + hours(28))])
        maintenance = self.maintenance()
        self.assertEqual((maintenance.start_time, maintenance.end_time), (START, START + hours(28)))
        self.assertEqual(maintenance.parsed_notifications.count(), 1)

    def test_a_window_that_is_called_off_goes_and_the_other_row_stays(self):
        """Start and end follow."""
        self.receive(self.two_nights())
        kept = self.maintenance().windows.get(start_time=START + hours(24)).pk

        self.receive(announcement(5, start=START + hours(24)))

        self.assertEqual([row.pk for row in self.maintenance().windows.all()], [kept])
        self.assertEqual(self.maintenance().start_time, START + hours(24))

    def test_a_window_that_ends_before_it_starts_is_refused_with_the_reason(self):
        """The end is after the start, always: what was announced before holds."""
        self.receive(announcement(0), announcement(5, start=START + hours(9), end=START + hours(8), status="TENTATIVE"))

        self.assertEqual((self.status(), self.windows()), ("CONFIRMED", [(START, START + hours(4))]))
        self.assertIn("start", Notification.objects.get(state="failed").error.lower())

    def test_a_cancellation_needs_no_valid_window(self):
        """Its meaning is clear without its times."""
        self.receive(announcement(0), announcement(5, start=START + hours(9), end=START + hours(8), status="CANCELLED"))

        self.assertEqual((self.status(), self.windows()), ("CANCELLED", [(START, START + hours(4))]))

    def test_the_order_of_the_windows_in_a_mail_is_no_news(self):
        """A reminder that lists them otherwise clears nothing."""
        self.receive(self.two_nights())
        self.edit(ack=True)

        self.receive(mail(Bcop(issued=NOON + hours(5)), Bcop(issued=NOON + hours(5), start=START + hours(24))))

        self.assertTrue(self.maintenance().ack)


class Evidence(ApplyTestCase):
    """What is kept of every notification."""

    def test_a_mail_that_is_recorded_again_after_its_row_was_deleted_is_one_piece_of_evidence(self):
        """Its evidence outlived the row, and is replaced by what is read now."""
        self.receive(announcement(0))
        Notification.objects.all().delete()
        self.assertEqual(ParsedNotification.objects.get().notification, None)

        self.receive(message(announcement(0)))

        self.assertEqual(ParsedNotification.objects.get().notification, Notification.objects.get())

    def test_evidence_repeats_what_a_timeline_needs(self):
        """It outlives its notification."""
        self.receive(message(announcement(0, sequence=4), NOON + hours(1)))
        Notification.objects.all().delete()

        row = ParsedNotification.objects.get()
        self.assertEqual((row.sender, row.subject, row.sequence), ("noc@isp.example", "Planned work", 4))
        self.assertEqual((row.sent_at, row.received_at), (NOON, NOON + hours(1)))
        self.assertEqual(row.maintenance, self.maintenance())

    def test_evidence_of_a_deleted_notification_still_counts(self):
        """A conclusion is drawn from everything that was ever announced."""
        self.receive(announcement(0, circuits=C12_OUTAGE), announcement(5, status="CANCELLED", circuits=()))
        Notification.objects.all().delete()

        self.receive(message(announcement(3, status="CONFIRMED", circuits=C12_OUTAGE), NOON + hours(9)))

        self.assertEqual((self.status(), self.impacts()), ("CANCELLED", dict(C12_OUTAGE)))
