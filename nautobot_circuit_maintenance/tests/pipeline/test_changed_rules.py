"""Reprocess after the rules or readers changed: what was not edited follows them, what people did stays.

A maintenance "of other rules" is one on record, with its baseline, as other rules concluded it from the same evidence.
"""

from datetime import datetime, timedelta
from typing import Any

from nautobot.circuits.models import Circuit
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.domain.baseline import Baseline
from nautobot_circuit_maintenance.domain.conclusion import CircuitState
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceBaseline,
    Notification,
    ParsedNotification,
)
from nautobot_circuit_maintenance.models.providers import NEW_UIDS_FIELD
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
END = START + 4 * HOUR
C12 = (("C-1", "OUTAGE"), ("C-2", "OUTAGE"))
OLD = Window(START - DAY, END - DAY)
"""The window as other rules concluded it."""


def announcement(after: float, name: str = "M-1", **facts: Any) -> bytes:
    """Return the mail of an update issued so many hours after noon."""
    return mail(Bcop(name, issued=NOON + timedelta(hours=after), **facts))


class ChangedRules(PipelineTestCase):
    """Maintenances on record as other rules concluded them."""

    def reprocess(self) -> None:
        """Read everything again."""
        requeue(Notification.objects.all())
        drain_waiting(RunOptions(now=NOON + 3 * DAY, user=self.user))

    def now_reads(self, raw: bytes) -> None:
        """Let the newest notification read as these bytes do, as a better reader would read it."""
        Notification.objects.filter(pk=Notification.objects.first().pk).update(raw=raw)

    def facts(self, name: str = "M-1") -> dict[str, Any]:
        """Return everything that is concluded of a maintenance."""
        row = self.maintenance(name)
        return {
            "status": row.status,
            "description": row.description,
            "windows": [tuple(span) for span in row.windows.values_list("start_time", "end_time")],
            "cancelled": row.cancelled_windows,
            "doubts": [doubt["kind"] for doubt in row.doubts],
            "impacts": {
                impact.cid: (impact.impact, None if impact.in_all_windows else len(impact.windows.all()))
                for impact in row.impacts.all()
            },
        }

    def of_other_rules(self, name: str = "M-1") -> dict[str, Any]:
        """Put a maintenance as other rules concluded it; return what today's rules conclude.

        Another status, description and window, another impact on C-1, no C-2, and a C-9 that is not affected today.
        """
        today = self.facts(name)
        row = self.maintenance(name)
        states = [CircuitState("C-1", "DEGRADED"), CircuitState("C-9", "OUTAGE")]
        CircuitMaintenance.objects.filter(pk=row.pk).update(
            status="TENTATIVE", description="As it was", start_time=OLD.start, end_time=OLD.end, doubts=[]
        )
        row.windows.all().delete()
        row.windows.create(start_time=OLD.start, end_time=OLD.end)
        row.impacts.all().delete()
        CircuitImpact.objects.bulk_create(
            CircuitImpact(maintenance=row, cid=state.cid, impact=state.impact) for state in states
        )
        baseline = Baseline("TENTATIVE", "As it was", frozenset([OLD]), {each.cid.casefold(): each for each in states})
        MaintenanceBaseline.objects.filter(maintenance=row).update(json=baseline.to_json())
        self.assertNotEqual(self.facts(name), today)
        return today

    def edit(self, which: str = "M-1", /, **values: Any) -> CircuitMaintenance:
        """Edit as a person does in a form."""
        row = self.maintenance(which)
        for key, value in values.items():
            setattr(row, key, value)
        row.validated_save()
        return row


class Unedited(ChangedRules):
    """No person touched the maintenance."""

    def setUp(self) -> None:
        """Announce it twice."""
        super().setUp()
        self.receive(announcement(0, uid="1", circuits=C12), announcement(5, uid="2", circuits=C12, start=START + DAY))

    def test_everything_follows_the_rules_of_today_though_the_evidence_is_the_same(self):
        today = self.of_other_rules()
        evidence = list(ParsedNotification.objects.order_by("pk").values())

        self.reprocess()

        self.assertEqual(self.facts(), today)
        self.assertEqual(today["doubts"], ["second-window"])
        self.assertEqual(list(ParsedNotification.objects.order_by("pk").values()), evidence)

    def test_there_is_one_change_record_and_none_the_next_time(self):
        self.of_other_rules()
        before = ObjectChange.objects.count()

        self.reprocess()
        self.reprocess()

        self.assertEqual(ObjectChange.objects.count(), before + 1)

    def test_a_new_notification_brings_it_in_line_as_well(self):
        today = self.of_other_rules()

        self.receive(announcement(6, uid="2", circuits=C12, start=START + DAY))  # a reminder

        self.assertEqual(self.facts(), today)

    def test_an_acknowledgement_of_something_else_is_withdrawn(self):
        self.of_other_rules()
        self.edit(ack=True)

        self.reprocess()

        self.assertFalse(self.maintenance().ack)

    def test_an_acknowledgement_stays_if_only_a_description_differs(self):
        today = self.facts()
        self.edit(ack=True)
        baseline = Baseline.from_json(MaintenanceBaseline.objects.get().json).to_json() | {"description": "Was"}
        MaintenanceBaseline.objects.update(json=baseline)
        CircuitMaintenance.objects.update(description="Was")

        self.reprocess()

        self.assertEqual((self.facts(), self.maintenance().ack), (today, True))

    def test_without_a_baseline_nothing_is_taken_for_granted(self):
        """Of a maintenance that was concluded before baselines were kept, everything that differs may be an edit."""
        self.of_other_rules()
        MaintenanceBaseline.objects.all().delete()
        before = self.facts() | {"doubts": ["second-window"]}

        self.reprocess()

        self.assertEqual(self.facts(), before)


class Edited(ChangedRules):
    """A person edited something; the rest follows the rules."""

    def setUp(self) -> None:
        """Announce it, and put it as other rules concluded it."""
        super().setUp()
        self.receive(announcement(0, circuits=C12))
        self.today = self.of_other_rules()

    def assert_stays(self, **expected: Any) -> None:
        """Expect what today's rules conclude, except for this, after reading everything again, and once more."""
        for _ in range(2):
            self.reprocess()
            self.assertEqual(self.facts(), self.today | expected)

    def test_a_status(self):
        self.edit(status="COMPLETED")

        self.assert_stays(status="COMPLETED")

    def test_a_description(self):
        self.edit(description="Call Eve")

        self.assert_stays(description="Call Eve")

    def test_a_window(self):
        self.edit(start_time=START - HOUR, end_time=END)

        self.assert_stays(windows=[(START - HOUR, END)])

    def test_the_impact_on_a_circuit(self):
        impact = self.maintenance().impacts.get(cid="C-1")
        impact.impact = "NO-IMPACT"
        impact.validated_save()

        self.assert_stays(impacts={"C-1": ("NO-IMPACT", None), "C-2": ("OUTAGE", None)})

    def test_an_added_impact(self):
        self.maintenance().impacts.create(cid="X-1", impact="DEGRADED")

        self.assert_stays(
            impacts={"C-1": ("OUTAGE", None), "C-2": ("OUTAGE", None), "X-1": ("DEGRADED", None)},
        )

    def test_a_removed_impact(self):
        self.maintenance().impacts.get(cid="C-1").delete()

        self.assert_stays(impacts={"C-2": ("OUTAGE", None)})

    def test_a_link_by_hand_even_of_a_circuit_that_the_rules_do_not_name_any_more(self):
        impact = self.maintenance().impacts.get(cid="C-9")
        impact.circuit = Circuit.objects.get(cid="C-3")
        impact.validated_save()

        self.assert_stays(
            impacts={"C-1": ("OUTAGE", None), "C-2": ("OUTAGE", None), "C-9": ("OUTAGE", None)},
        )
        self.assertEqual(self.maintenance().impacts.get(cid="C-9").circuit, impact.circuit)

    def test_until_the_provider_announces_something_new_about_it(self):
        self.edit(status="COMPLETED", description="Call Eve")

        self.receive(announcement(8, circuits=C12, status="CANCELLED"))

        self.assertEqual((self.facts()["status"], self.facts()["description"]), ("CANCELLED", "Call Eve"))

    def test_another_reading_of_the_same_message_is_nothing_new(self):
        """The reader erred, the person corrected it; the rest is read better."""
        self.edit(start_time=START - HOUR, end_time=END)
        self.now_reads(announcement(0, circuits=(("C-1", "NO-IMPACT"),), start=START + 3 * HOUR))

        self.reprocess()

        facts = self.facts()
        self.assertEqual((facts["windows"], facts["impacts"]), ([(START - HOUR, END)], {"C-1": ("NO-IMPACT", None)}))


class Renamed(ChangedRules):
    """A person renamed the maintenance, or gave it to another provider."""

    def setUp(self) -> None:
        """Announce it twice, with another one beside it."""
        super().setUp()
        self.receive(announcement(0), announcement(5, start=START + HOUR), announcement(0, "M-2"))

    def assert_kept(self, row: CircuitMaintenance) -> None:
        """Expect the same maintenances after reading everything again, with the same evidence."""
        before = list(CircuitMaintenance.objects.order_by("pk").values())
        evidence = list(ParsedNotification.objects.order_by("pk").values())
        impacts = list(CircuitImpact.objects.order_by("pk").values())

        self.reprocess()

        self.assertEqual(list(CircuitMaintenance.objects.order_by("pk").values()), before)
        self.assertEqual(list(ParsedNotification.objects.order_by("pk").values()), evidence)
        self.assertEqual(list(CircuitImpact.objects.order_by("pk").values()), impacts)
        self.assertEqual(row.parsed_notifications.count(), 2)

    def test_a_name(self):
        self.assert_kept(self.edit(name="Our change 7"))

    def test_a_provider(self):
        self.assert_kept(self.edit(provider=create_provider("Other", "noc@other.example")))

    def test_both(self):
        self.assert_kept(self.edit(name="Our change 7", provider=create_provider("Other", "noc@other.example")))

    def test_no_provider_any_more(self):
        self.assert_kept(self.edit(provider=None))

    def test_a_name_that_another_maintenance_had(self):
        self.edit("M-2", name="Spare")

        self.assert_kept(self.edit(name="M-2"))

    def test_of_two_with_one_id_the_renamed_one_is_found(self):
        """The code before made a second maintenance for what came after it was renamed; no one touched that."""
        row = self.edit(name="Our change 7")
        other = self.maintenance("M-2")
        other.keys.update(value="m-1")
        CircuitMaintenance.objects.filter(pk=other.pk).update(name="M-1", provider_maintenance_id="M-1")

        self.receive(announcement(9, status="CANCELLED"))

        row.refresh_from_db()
        self.assertEqual(row.status, "CANCELLED")

    def test_the_rules_go_on(self):
        """Not the name, but the rest is the provider's."""
        today = self.of_other_rules()
        self.edit(name="Our change 7")

        self.reprocess()

        self.assertEqual(self.facts("Our change 7"), today)
        self.assertEqual(CircuitMaintenance.objects.count(), 2)


class Matched(ChangedRules):
    """Links that earlier comparisons made."""

    def setUp(self) -> None:
        """Link 10.1 with 101, as a comparison without separators did."""
        super().setUp()
        Circuit.objects.filter(cid="C-3").update(cid="101")
        self.receive(announcement(0, circuits=(("10.1", "OUTAGE"), ("C-1", "OUTAGE"))))
        self.impact = self.maintenance().impacts.get(cid="10.1")

    def link(self, matched_by: str) -> None:
        """Link as the code before did."""
        CircuitImpact.objects.filter(pk=self.impact.pk).update(
            circuit=Circuit.objects.get(cid="101"), matched_by=matched_by
        )

    def test_a_wrong_link_is_removed_when_its_notification_is_read_again(self):
        self.link("separators")

        self.reprocess()

        self.impact.refresh_from_db()
        self.assertEqual((self.impact.circuit, self.impact.matched_by), (None, ""))
        self.assertEqual(self.maintenance().impacts.get(cid="C-1").matched_by, "exact")

    def test_or_becomes_the_right_one(self):
        self.link("separators")
        right = Circuit.objects.get(cid="C-2")
        Circuit.objects.filter(pk=right.pk).update(cid="10-1")

        self.reprocess()

        self.impact.refresh_from_db()
        self.assertEqual((self.impact.circuit, self.impact.matched_by), (right, "separators"))

    def test_a_link_that_may_be_a_persons_stays(self):
        for matched_by in ("manual", ""):
            self.link(matched_by)

            self.reprocess()

            self.impact.refresh_from_db()
            self.assertEqual(self.impact.circuit, Circuit.objects.get(cid="101"))

    def test_an_exact_link_stays_when_the_circuit_gets_another_id(self):
        Circuit.objects.filter(cid="C-1").update(cid="RENAMED")

        self.reprocess()

        self.assertEqual(self.maintenance().impacts.get(cid="C-1").circuit, Circuit.objects.get(cid="RENAMED"))


class NewUids(ChangedRules):
    """A person's answer: this provider makes a new UID for each email."""

    def answer(self, value: bool | None) -> None:
        """Answer on the provider."""
        self.provider.cf[NEW_UIDS_FIELD] = value
        self.provider.validated_save()

    def windows(self) -> list[datetime]:
        """Return the start of each window."""
        return [start for start, _ in self.facts()["windows"]]

    def test_a_new_date_replaces_the_one_before(self):
        self.answer(True)

        self.receive(announcement(0, uid="1"), announcement(5, uid="2", start=START + DAY))

        self.assertEqual((self.windows(), self.facts()["doubts"]), ([START + DAY], []))

    def test_without_the_answer_both_stand_with_a_doubt(self):
        self.receive(announcement(0, uid="1"), announcement(5, uid="2", start=START + DAY))

        self.assertEqual((self.windows(), self.facts()["doubts"]), ([START, START + DAY], ["second-window"]))

    def test_a_cancellation_under_another_uid_ends_what_stands(self):
        self.answer(True)

        self.receive(announcement(0, uid="1"), announcement(5, uid="2", start=START + DAY, status="CANCELLED"))

        self.assertEqual(self.facts()["status"], "CANCELLED")

    def test_the_answer_and_its_withdrawal_count_from_the_next_reprocessing(self):
        self.receive(announcement(0, uid="1"), announcement(5, uid="2", start=START + DAY))
        evidence = list(ParsedNotification.objects.order_by("pk").values_list("pk", "json"))
        self.answer(True)

        self.reprocess()

        self.assertEqual((self.windows(), self.facts()["doubts"]), ([START + DAY], []))
        self.assertEqual(list(ParsedNotification.objects.order_by("pk").values_list("pk", "json")), evidence)
        self.answer(None)
        self.reprocess()
        self.assertEqual((self.windows(), self.facts()["doubts"]), ([START, START + DAY], ["second-window"]))

    def test_an_edit_survives_the_answer(self):
        self.receive(announcement(0, uid="1"), announcement(5, uid="2", start=START + DAY))
        self.edit(status="IN-PROCESS")
        self.answer(True)

        self.reprocess()

        self.assertEqual((self.windows(), self.facts()["status"]), ([START + DAY], "IN-PROCESS"))

    def test_the_order_of_arrival_does_not_matter(self):
        self.answer(True)

        self.receive(announcement(5, uid="2", start=START + DAY), announcement(0, uid="1"))

        self.assertEqual(self.windows(), [START + DAY])

    def test_a_uid_under_two_ids_replaces_nothing(self):
        self.answer(True)

        self.receive(announcement(0, uid="1"), announcement(5, "M-2", uid="1", sequence=1))

        self.assertIsNone(self.maintenance().replaced_by)

    def test_other_providers_are_not_concerned(self):
        create = create_provider("Other", "noc@other.example")
        create.cf[NEW_UIDS_FIELD] = True
        create.validated_save()

        self.receive(announcement(0, uid="1"), announcement(5, uid="2", start=START + DAY))

        self.assertEqual(self.windows(), [START, START + DAY])
