"""Reprocess: a notification is read again from its stored bytes, and all that follows from it is concluded again."""

from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from nautobot.apps.templatetags import render_markdown
from nautobot.extras.models import CustomField, Note as CoreNote, ObjectChange

from nautobot_circuit_maintenance.models import CircuitMaintenance, Note, Notification, ParsedNotification
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail
from nautobot_circuit_maintenance.tests.reading import parser_mails


class Reprocess(PipelineTestCase):
    """Every test stores other bytes than were parsed, as a better parser would read the same ones otherwise."""

    def reprocess(self) -> tuple[int, int]:
        """Read every notification again."""
        counts = requeue(Notification.objects.all())
        drain_waiting(RunOptions(now=NOON + timedelta(days=2), user=self.user))
        return counts

    def now_reads(self, raw: bytes) -> None:
        """Let the newest notification read as these bytes do."""
        Notification.objects.filter(pk=Notification.objects.first().pk).update(raw=raw)

    def test_a_failed_notification_is_parsed_once_its_provider_has_the_right_parser(self):
        """The reason goes, the attempts begin again."""
        self.provider.cf[PARSERS_FIELD] = ""
        self.provider.save()
        page = ("text/html", parser_mails.windstream("M-1"))
        self.receive(parser_mails.mail(page, From="noc@isp.example", Date="Fri, 20 Nov 2026 12:00:00 +0000"))
        self.assertEqual(Notification.objects.get().state, "failed")
        self.provider.cf[PARSERS_FIELD] = "windstream"
        self.provider.save()

        self.assertEqual(self.reprocess(), (1, 0))

        row = Notification.objects.get()
        self.assertEqual((row.state, row.error, row.attempts), ("parsed", "", 1))
        self.assertEqual(self.maintenance().status, "CONFIRMED")

    def test_reading_the_same_again_changes_nothing(self):
        """The same rows of evidence, no change record."""
        self.receive(mail(Bcop()), mail(Bcop(issued=NOON + timedelta(hours=5), status="CANCELLED")))
        before = CircuitMaintenance.objects.values().get()
        evidence = list(ParsedNotification.objects.order_by("issued_at").values())
        records = ObjectChange.objects.count()

        self.reprocess()

        self.assertEqual(CircuitMaintenance.objects.values().get(), before)
        self.assertEqual(ObjectChange.objects.count(), records)
        self.assertEqual(list(ParsedNotification.objects.order_by("issued_at").values()), evidence)
        # Of what was announced, and what cancels it, both stand.
        self.assertEqual(
            [(row["status"], row["outdated"]) for row in evidence], [("CONFIRMED", False), ("CANCELLED", False)]
        )

    def test_new_words_replace_the_old_ones(self):
        """Status, window and circuits follow; there is one piece of evidence."""
        self.receive(mail(Bcop()))
        self.now_reads(
            mail(Bcop(status="TENTATIVE", start=START + timedelta(hours=1), circuits=(("C-2", "DEGRADED"),)))
        )

        self.reprocess()

        self.assertEqual(self.maintenance().status, "TENTATIVE")
        self.assertEqual(self.maintenance().start_time, START + timedelta(hours=1))
        self.assertEqual(self.impacts(), {"C-2": "DEGRADED"})
        self.assertEqual(ParsedNotification.objects.get().status, "TENTATIVE")

    def test_both_the_maintenance_named_before_and_the_one_named_now_are_concluded_again(self):
        """The former falls back to what the other notifications say."""
        self.receive(mail(Bcop("M-1")), mail(Bcop("M-1", status="CANCELLED", issued=NOON + timedelta(hours=5))))
        self.now_reads(mail(Bcop("M-2", status="CANCELLED", issued=NOON + timedelta(hours=5))))

        self.reprocess()

        self.assertEqual((self.maintenance("M-1").status, self.maintenance("M-2").status), ("CONFIRMED", "CANCELLED"))
        self.assertFalse(ParsedNotification.objects.filter(outdated=True).exists())

    def test_a_maintenance_left_without_evidence_and_untouched_is_deleted(self):
        """With one change record, and none for its circuits."""
        self.receive(mail(Bcop("M-1", circuits=(("C-1", "OUTAGE"), ("C-2", "OUTAGE")))))
        pk = self.maintenance().pk
        self.now_reads(mail(Bcop("M-2")))

        self.reprocess()

        self.assertEqual([each.name for each in CircuitMaintenance.objects.all()], ["M-2"])
        record = ObjectChange.objects.get(
            action="delete", changed_object_type__app_label="nautobot_circuit_maintenance"
        )
        self.assertEqual((record.changed_object_id, record.user), (pk, self.user))

    def test_a_mail_that_is_no_longer_a_notification_withdraws_its_announcement(self):
        """It is ignored now, and the maintenance it made is gone."""
        self.receive(mail(Bcop()))
        self.provider.cf[PARSERS_FIELD] = "equinix"
        self.provider.save()
        self.now_reads(mail(subject="Your invoice"))

        self.reprocess()

        self.assertEqual(Notification.objects.get().state, "ignored")
        self.assertEqual(CircuitMaintenance.objects.count(), 0)

    def left_without_evidence(self, touch) -> CircuitMaintenance:
        """Let a person touch the maintenance, withdraw what was said about it, and return it."""
        self.receive(mail(Bcop("M-1")))
        touch(self.maintenance())
        self.now_reads(mail(Bcop("M-2")))
        self.reprocess()
        return self.maintenance("M-1")

    def test_the_note_names_other_maintenances_as_code(self):
        """Their IDs are what a sender wrote, and a note is Markdown."""
        self.receive(mail(Bcop("M-1")))
        maintenance = self.maintenance()
        maintenance.ticket = "CHG-1"
        maintenance.save()
        self.now_reads(mail(Bcop("![x](http://evil.example/t.png) <img src=//evil.example>")))
        self.reprocess()

        comment = self.maintenance("M-1").maintenance_notes.get().comment
        self.assertNotIn("<img", str(render_markdown(comment)))
        self.assertIn("evil.example", comment)

    def assert_flagged(self, maintenance: CircuitMaintenance) -> None:
        """Expect a warning that explains what to do."""
        self.assertEqual(maintenance.parsed_notifications.count(), 0)
        self.assertTrue(
            maintenance.maintenance_notes.filter(level="WARNING", title__contains="No longer referenced").exists()
        )

    def test_one_that_was_acknowledged_is_flagged_instead(self):
        """Someone counts on it."""
        self.assert_flagged(self.left_without_evidence(lambda row: edit(row, ack=True)))

    def test_one_that_has_a_ticket_is_flagged_instead(self):
        """Someone works on it."""
        self.assert_flagged(self.left_without_evidence(lambda row: edit(row, ticket="CHG-7")))

    def test_one_that_was_edited_is_flagged_and_keeps_the_edit(self):
        """Someone knew better."""
        maintenance = self.left_without_evidence(lambda row: edit(row, description="Call Eve", status="COMPLETED"))

        self.assert_flagged(maintenance)
        self.assertEqual((maintenance.description, maintenance.status), ("Call Eve", "COMPLETED"))

    def test_one_with_another_window_is_flagged_instead(self):
        """Someone moved it."""
        self.assert_flagged(
            self.left_without_evidence(lambda row: edit(row, end_time=row.end_time + timedelta(hours=1)))
        )

    def test_one_with_an_impact_of_ours_is_flagged_instead(self):
        """Someone added a circuit."""
        self.assert_flagged(self.left_without_evidence(lambda row: row.impacts.create(cid="C-3", impact="DEGRADED")))

    def test_one_with_a_note_is_flagged_and_keeps_the_note(self):
        """Someone wrote something down, here or in Nautobot's own notes."""
        maintenance = self.left_without_evidence(lambda row: Note.objects.create(maintenance=row, title="Call Eve"))

        self.assert_flagged(maintenance)
        self.assertTrue(maintenance.maintenance_notes.filter(title="Call Eve").exists())

    def test_one_with_a_note_of_nautobots_own_is_flagged_too(self):
        """A person's note is a person's note."""

        def note(row: CircuitMaintenance) -> None:
            kind = ContentType.objects.get_for_model(row)
            CoreNote.objects.create(
                assigned_object_type=kind, assigned_object_id=row.pk, user=self.user, user_name="operator", note="Eve"
            )

        self.assert_flagged(self.left_without_evidence(note))

    def test_one_with_a_filled_custom_field_is_flagged_instead(self):
        """What people add to Nautobot's models is theirs."""
        field = CustomField.objects.create(label="Risk", key="risk", type="text")
        field.content_types.add(ContentType.objects.get_for_model(CircuitMaintenance))

        def fill(row: CircuitMaintenance) -> None:
            row.cf["risk"] = "high"
            row.validated_save()

        self.assert_flagged(self.left_without_evidence(fill))

    def test_a_reading_that_fails_keeps_what_was_understood_before(self):
        """The evidence of the first reading stays, the state shows what happened."""
        self.receive(mail(Bcop()))
        self.now_reads(mail(text="Nothing to see"))

        self.reprocess()

        self.assertEqual(Notification.objects.get().state, "failed")
        self.assertEqual(ParsedNotification.objects.get().maintenance, self.maintenance())
        self.assertEqual(self.maintenance().status, "CONFIRMED")

    def test_an_address_that_moved_to_another_provider_takes_its_notifications_along(self):
        """The maintenance is that provider's now."""
        self.receive(mail(Bcop()))
        self.provider.cf[EMAILS_FIELD] = ""
        self.provider.save()
        carrier = create_provider("Carrier", "noc@isp.example")

        self.reprocess()

        maintenance = CircuitMaintenance.objects.get()
        self.assertEqual((maintenance.provider, Notification.objects.get().provider), (carrier, carrier))
        self.assertEqual(ParsedNotification.objects.get().maintenance, maintenance)

    def test_a_notification_without_raw_bytes_is_left_alone_and_counted(self):
        """There is nothing to read again."""
        self.receive(mail(Bcop("M-1")), mail(Bcop("M-2")))
        self.now_reads(None)

        self.assertEqual(self.reprocess(), (1, 1))

        self.assertEqual(set(Notification.objects.values_list("state", flat=True)), {"parsed"})
        self.assertEqual(CircuitMaintenance.objects.count(), 2)

    def test_an_edit_survives_when_the_same_is_read_again(self):
        """Nothing new was announced about that field."""
        self.receive(mail(Bcop()))
        edit(self.maintenance(), description="Call Eve")

        self.reprocess()

        self.assertEqual(self.maintenance().description, "Call Eve")


def edit(maintenance: CircuitMaintenance, **values) -> None:
    """Edit as a person does in a form."""
    for name, value in values.items():
        setattr(maintenance, name, value)
    maintenance.validated_save()
