"""Taught layouts in the pipeline: what they read, what they refuse, when they go live and when they stop."""

from datetime import datetime, timedelta, timezone

import yaml
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.choices import MailLayoutStateChoices as LayoutState
from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.mail.limits import Limits
from nautobot_circuit_maintenance.models import CircuitMaintenance, MailLayout, Notification, ParsedNotification
from nautobot_circuit_maintenance.pipeline.layouts import files
from nautobot_circuit_maintenance.pipeline.layouts.messages import page_of
from nautobot_circuit_maintenance.pipeline.layouts.replay import replay
from nautobot_circuit_maintenance.pipeline.layouts.states import change_state
from nautobot_circuit_maintenance.pipeline.layouts.teaching import teach
from nautobot_circuit_maintenance.pipeline.manual import apply_by_person, update_of, with_others
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.layouts.examples import TeachingError
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail

TEXT = """Hello,

Change: {name}
Start: {start} UTC
End: {end} UTC
Circuits: {circuits}
{more}
The ISP NOC
"""


def window(day: int, hours: float = 4) -> Window:
    """Return a window of the month after the emails."""
    start = datetime(2027, 1, day, 22, tzinfo=timezone.utc)
    return Window(start, start + timedelta(hours=hours))


def notice(name: str, day: int, *, circuits: str = "C-1", more: str = "", subject: str = "", **options) -> bytes:
    """Return a notice that no parser reads."""
    start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in window(day))
    text = TEXT.format(name=name, start=start, end=end, circuits=circuits, more=more)
    return mail(subject=subject or f"Planned work {name}", text=text, **options)


class LayoutCase(PipelineTestCase):
    """A notice that a person filled in."""

    def setUp(self):
        super().setUp()
        self.person = get_user_model().objects.create_superuser(username="person")
        self.receive(notice("CHG-4711", 14))
        self.row = self.notification("CHG-4711")
        self.fill_in(self.row, "CHG-4711", 14)

    def fill_in(self, row, name, day, **changes):
        """Add a maintenance from a notification, as a person does."""
        values = {"status": "CONFIRMED", "windows": [window(day)], "circuits": ["C-1"], "impact": "OUTAGE", **changes}
        update = update_of(row, self.person, maintenance_id=name, **values)
        return apply_by_person(row, with_others(row, update), self.person, NOON)

    def layout(self, state=LayoutState.LIVE) -> MailLayout:
        """Return a layout that was taught with the notice and put into a state."""
        layout = teach(self.row, MailLayout(provider=self.provider, name="Notices"))
        replay(layout, now=NOON)
        if state != LayoutState.DRAFT:
            change_state(layout, state)
        layout.refresh_from_db()
        return layout

    def notification(self, name) -> Notification:
        """Return the notification whose subject names this."""
        return Notification.objects.get(subject__contains=name)

    def reprocess(self):
        """Read all notifications again."""
        requeue(Notification.objects.all())
        drain_waiting(RunOptions(now=NOON + timedelta(days=1)))


class CircuitsOfWindows(LayoutCase):
    """Which circuit is affected in which window, a layout cannot learn."""

    def setUp(self):
        super().setUp()
        self.nights = {"windows": [window(20), window(21)], "circuits": ["C-1", "C-2"]}
        more = "Start: {:%Y-%m-%d %H:%M} UTC\nEnd: {:%Y-%m-%d %H:%M} UTC".format(*window(21))
        self.receive(notice("CHG-5200", 20, circuits="C-1, C-2", more=more))

    def test_it_is_not_taught(self):
        row = self.notification("CHG-5200")
        self.fill_in(row, "CHG-5200", 20, **self.nights, circuits_of={window(20): ["C-1"]})

        with self.assertRaisesRegex(TeachingError, "which circuit is affected in which window"):
            teach(row, MailLayout(provider=self.provider, name="Nights"))

    def test_it_differs_from_what_a_layout_reads(self):
        layout = self.layout(LayoutState.DRAFT)
        self.fill_in(self.notification("CHG-5200"), "CHG-5200", 20, **self.nights)
        result = replay(layout, now=NOON)
        self.assertEqual((result["agree"], result["other"], result["wrong"]), (2, 0, 0))

        row = self.notification("CHG-5200")
        self.fill_in(row, "CHG-5200", 20, **self.nights, circuits_of={window(20): ["C-1"]})

        result = replay(layout, now=NOON)
        self.assertEqual((result["agree"], result["other"], result["wrong"]), (1, 1, 0))
        [difference] = result["differences"]
        sides = [difference[side]["circuits_of"] for side in ("record", "layout")]
        self.assertEqual(sides, [[["C-1"], []], [[], []]])


class Live(LayoutCase):
    """A live layout."""

    def test_the_next_notices_are_read(self):
        self.layout()
        self.receive(notice("CHG-5200", 20, circuits="C-2, C-3"), notice("CHG-5201", 21))

        self.assertEqual(self.notification("CHG-5200").state, "parsed")
        maintenance = self.maintenance("CHG-5200")
        self.assertEqual((maintenance.start_time, maintenance.end_time), window(20))
        self.assertEqual(self.impacts("CHG-5200"), {"C-2": "OUTAGE", "C-3": "OUTAGE"})
        self.assertEqual((maintenance.status, maintenance.confidence), ("CONFIRMED", "confirmed"))
        evidence = ParsedNotification.objects.get(maintenance=maintenance)
        self.assertEqual(evidence.parser, "layout Notices v1")
        self.assertEqual(self.maintenance("CHG-5201").start_time, window(21).start)

    def test_what_it_refuses_says_why(self):
        self.layout()
        self.receive(notice("CHG-5200", 20, more="Alternate night: 2027-01-25 22:00 - 2027-01-26 02:00 UTC"))

        row = self.notification("CHG-5200")
        self.assertEqual(row.state, "failed")
        self.assertTrue(
            row.error.startswith("READ-40: Layout Notices refused the email. The email states a backup window")
        )
        self.assertIn("READ-0", row.error)
        self.assertFalse(CircuitMaintenance.objects.filter(name="CHG-5200").exists())

    def test_what_databases_do_not_store_is_left_out_of_what_it_quotes(self):
        self.layout()
        start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in window(3, hours=24 * 20))
        text = TEXT.format(name="CHG-5200", start=start, end=end, circuits="C-1", more="").replace("\nEnd", "\0\nEnd")
        self.receive(mail(subject="Planned work CHG-5200", text=text))

        self.assertEqual(self.notification("CHG-5200").state, "parsed")
        finding = ParsedNotification.objects.get(maintenance__name="CHG-5200").findings[0]
        self.assertEqual(finding["quote"], f"{start} UTC End: {end}")

    def test_looking_at_an_email_has_limits(self):
        self.row.raw = mail(text="a line\n" * 200_000)
        self.row.size = len(self.row.raw)

        with self.assertRaisesRegex(ParseError, "^READ-17: "):
            page_of(self.row, Known(), Limits(seconds=0.001))

    def test_a_calendar_is_left_to_its_reader(self):
        self.layout()
        start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in window(20))
        text = TEXT.format(name="CHG-5200", start=start, end=end, circuits="C-1", more="")
        self.receive(mail(Bcop("M-1"), subject="Planned work CHG-5200", text=text))

        self.assertEqual([row.parser for row in self.maintenance("M-1").parsed_notifications.all()], ["bcop"])
        self.assertFalse(CircuitMaintenance.objects.filter(name="CHG-5200").exists())

    def test_another_kind_of_email_fails_as_before(self):
        self.layout()
        self.receive(mail(subject="Invoice 2026-12", text="Please pay."))

        self.assertNotIn("READ-4", self.notification("Invoice").error)

    def test_two_layouts_that_read_differently_refuse(self):
        self.layout()
        other = MailLayout.objects.get()
        fields = {**other.fields, "circuits": {**other.fields["circuits"], "shapes": ["C-0", "A-0", "0"]}}
        fields["impact"] = {"from_words": False, "otherwise": "DEGRADED"}
        MailLayout.objects.create(
            provider=self.provider, name="Other", applies_to=other.applies_to, fields=fields, state=LayoutState.LIVE
        )
        self.receive(notice("CHG-5200", 20))

        self.assertTrue(self.notification("CHG-5200").error.startswith("READ-41"))

    def test_reading_again_changes_nothing(self):
        self.layout()
        self.receive(notice("CHG-5200", 20))
        before = list(ParsedNotification.objects.order_by("pk").values())
        records = ObjectChange.objects.count()

        self.reprocess()

        self.assertEqual(list(ParsedNotification.objects.order_by("pk").values()), before)
        self.assertEqual(ObjectChange.objects.count(), records)

    def test_what_it_read_stays_when_it_is_suspended_and_the_email_is_read_again(self):
        layout = self.layout()
        self.receive(notice("CHG-5200", 20))
        change_state(layout, LayoutState.SUSPENDED)

        self.reprocess()

        self.assertEqual(self.maintenance("CHG-5200").start_time, window(20).start)
        self.assertEqual(self.notification("CHG-5200").state, "failed")

    def test_layouts_cost_one_statement_and_only_where_something_failed(self):
        def statements(*mails):
            with CaptureQueriesContext(
                connection,
            ) as captured:
                self.receive(*mails)
            return [each["sql"] for each in captured if "maillayout" in each["sql"]]

        self.assertEqual(len(statements(mail(Bcop("M-1")))), 0)
        self.assertEqual(len(statements(notice("CHG-1", 20), notice("CHG-2", 21))), 1)


class Trial(LayoutCase):
    """A layout on trial, and one that is a draft."""

    def test_a_trial_reads_and_adds_nothing(self):
        self.layout(LayoutState.TRIAL)
        self.receive(notice("CHG-5200", 20))

        row = self.notification("CHG-5200")
        self.assertEqual(row.state, "failed")
        self.assertIn(
            "READ-42: Layout Notices is on trial and would read: CHG-5200, CONFIRMED, 2027-01-20 22:00 - 2027-01-21 02:00 UTC,"
            " 1 circuit IDs.",
            row.error,
        )
        self.assertFalse(CircuitMaintenance.objects.filter(name="CHG-5200").exists())

    def test_a_draft_is_not_asked(self):
        self.layout(LayoutState.DRAFT)
        self.receive(notice("CHG-5200", 20))

        self.assertNotIn("READ-4", self.notification("CHG-5200").error)


class Drift(LayoutCase):
    """A layout that no longer fits is suspended."""

    ALTERNATE = "Alternate night: 2027-01-25 22:00 - 2027-01-26 02:00 UTC"

    def test_three_refusals_in_a_row_suspend(self):
        layout = self.layout()
        for number in range(2):
            self.receive(notice(f"CHG-{number}", 20, more=self.ALTERNATE))
        layout.refresh_from_db()
        self.assertEqual((layout.state, layout.refusals), ("live", 2))

        self.receive(notice("CHG-9", 20, more=self.ALTERNATE))

        layout.refresh_from_db()
        self.assertEqual(layout.state, "suspended")
        self.assertTrue(layout.suspended_because.startswith("It refused 3 emails in a row. The email states a backup"))
        record = ObjectChange.objects.filter(changed_object_id=layout.pk).latest("time")
        self.assertEqual(record.object_data["state"], "suspended")
        self.assertNotIn("replay", record.object_data)

    def test_a_notice_that_is_read_starts_the_count_again(self):
        layout = self.layout()
        for number, more in enumerate((self.ALTERNATE, self.ALTERNATE, "", self.ALTERNATE, self.ALTERNATE)):
            self.receive(notice(f"CHG-{number}", 20, more=more))
        layout.refresh_from_db()

        self.assertEqual((layout.state, layout.refusals), ("live", 2))

    def test_processing_again_does_not_count(self):
        layout = self.layout()
        self.receive(notice("CHG-1", 20, more=self.ALTERNATE))
        for _ in range(4):
            self.reprocess()
        layout.refresh_from_db()

        self.assertEqual((layout.state, layout.refusals), ("live", 1))

    def test_a_person_who_corrects_what_it_read_suspends_it(self):
        layout = self.layout()
        self.receive(notice("CHG-5200", 20), notice("CHG-5201", 22))

        self.fill_in(self.notification("CHG-5200"), "CHG-5200", 20)
        layout.refresh_from_db()
        self.assertEqual(layout.state, "live")

        with CaptureQueriesContext(connection) as captured:
            self.fill_in(self.notification("CHG-5201"), "CHG-5201", 21)

        locking = [each["sql"] for each in captured if "FOR UPDATE" in each["sql"]]
        self.assertIn("maillayout", locking[-1], "after maintenances, as digestion locks them, or the two would meet")
        self.assertGreater(len(locking), 2)
        layout.refresh_from_db()
        self.assertEqual((layout.state, layout.suspended_because), ("suspended", "A person corrected what it read."))


class Replay(LayoutCase):
    """A layout is tried before it goes live."""

    def test_what_agrees_differs_and_is_new(self):
        self.receive(notice("CHG-1", 20), notice("CHG-2", 21), notice("CHG-3", 22), mail(subject="Invoice"))
        self.fill_in(self.notification("CHG-1"), "CHG-1", 20)
        self.fill_in(self.notification("CHG-2"), "CHG-2", 23)
        layout = self.layout(LayoutState.DRAFT)
        found = layout.replay

        self.assertEqual((found["total"], found["read"], found["agree"], found["wrong"], found["new"]), (5, 4, 2, 1, 1))
        self.assertEqual((found["other_kind"], found["is_complete"]), (1, True))
        [difference] = found["differences"]
        self.assertEqual(difference["layout"]["windows"], [["2027-01-21T22:00:00Z", "2027-01-22T02:00:00Z"]])
        self.assertEqual(difference["record"]["windows"], [["2027-01-23T22:00:00Z", "2027-01-24T02:00:00Z"]])

    def test_nothing_goes_live_that_is_complete_but_wrong(self):
        self.receive(notice("CHG-2", 21))
        self.fill_in(self.notification("CHG-2"), "CHG-2", 23)
        layout = self.layout(LayoutState.DRAFT)

        with self.assertRaisesMessage(ValidationError, "It reads 1 of the stored notifications wrong."):
            change_state(layout, LayoutState.LIVE)
        self.assertFalse(layout.may_go_live)

    def test_nothing_goes_live_without_a_complete_replay_of_its_version(self):
        layout = teach(self.row, MailLayout(provider=self.provider, name="Notices"))
        for state in (LayoutState.TRIAL, LayoutState.LIVE):
            with self.assertRaisesMessage(ValidationError, "Replay this version"):
                change_state(layout, state)
        replay(layout, now=NOON, is_time_left=lambda: False)
        with self.assertRaisesMessage(ValidationError, "Replay this version"):
            change_state(layout, LayoutState.LIVE)

        replay(layout, now=NOON)
        change_state(layout, LayoutState.LIVE)

        layout.refresh_from_db()
        self.assertEqual(layout.state, "live")

    def test_a_status_that_differs_is_listed_and_does_not_stand_in_the_way(self):
        self.receive(notice("CHG-2", 21))
        self.fill_in(self.notification("CHG-2"), "CHG-2", 21, status="TENTATIVE")
        layout = self.layout()

        self.assertEqual((layout.replay["wrong"], layout.replay["other"]), (0, 1))
        self.assertEqual(layout.state, "live")


class Teaching(LayoutCase):
    """Examples, corrections and versions."""

    def test_a_correction_is_a_new_version_that_has_to_be_replayed(self):
        layout = self.layout()
        self.receive(notice("CHG-1", 20, more=Drift.ALTERNATE))
        row = self.notification("CHG-1")
        self.fill_in(row, "CHG-1", 20)

        teach(row, layout)

        layout.refresh_from_db()
        self.assertEqual((layout.version, layout.state, layout.replay), (2, "draft", {}))
        self.assertEqual(set(layout.examples.all()), {self.row, row})
        replay(layout, now=NOON)
        change_state(layout, LayoutState.LIVE)
        self.receive(notice("CHG-2", 22, more=Drift.ALTERNATE))
        evidence = ParsedNotification.objects.get(notification=self.notification("CHG-2"))
        self.assertEqual(evidence.parser, "layout Notices v2")

    def test_nothing_is_learned_without_a_reading_of_a_person_or_a_parser(self):
        self.layout()
        self.receive(notice("CHG-1", 20), mail(subject="Invoice"))
        with self.assertRaisesMessage(TeachingError, "A layout read this email."):
            teach(self.notification("CHG-1"), MailLayout(provider=self.provider, name="Other"))
        with self.assertRaisesMessage(TeachingError, "Add it from this email first."):
            teach(self.notification("Invoice"), MailLayout(provider=self.provider, name="Other"))
        self.assertEqual(MailLayout.objects.count(), 1)

    def test_other_content_is_a_draft_of_the_next_version_whoever_saves_it(self):
        layout = self.layout()
        layout.fields = {**layout.fields, "impact": {"from_words": False, "otherwise": "DEGRADED"}}
        layout.validated_save()

        layout.refresh_from_db()
        self.assertEqual((layout.version, layout.state, layout.replay), (2, "draft", {}))

    def test_what_is_not_a_layout_is_not_saved(self):
        layout = self.layout()
        layout.fields = {"maintenance_id": 1}
        with self.assertRaisesMessage(ValidationError, '"fields.windows" is missing.'):
            layout.validated_save()


class Shared(LayoutCase):
    """Layouts as files."""

    def test_a_file_has_no_text_of_an_email_and_comes_back_as_a_draft(self):
        layout = self.layout()
        text = files.as_yaml([layout])
        for word in ("CHG-4711", "2027", "C-1", "Hello"):
            self.assertNotIn(word, text)
        layout.delete()

        done = files.import_layouts(files.from_yaml(text), type(self.provider).objects.all())

        [imported] = done["added"]
        self.assertEqual((imported.state, imported.name, imported.provider), ("draft", "Notices", self.provider))
        self.assertEqual(imported.fields, layout.fields)

    def test_the_same_content_changes_nothing_and_other_content_makes_a_draft(self):
        layout = self.layout()
        shared = yaml.safe_load(files.as_yaml([layout]))
        providers = type(self.provider).objects.all()
        self.assertEqual(len(files.import_layouts(files.from_yaml(yaml.safe_dump(shared)), providers)["unchanged"]), 1)
        layout.refresh_from_db()
        self.assertEqual(layout.state, "live")

        shared[0]["fields"]["impact"]["otherwise"] = "DEGRADED"
        files.import_layouts(files.from_yaml(yaml.safe_dump(shared)), providers)

        layout.refresh_from_db()
        self.assertEqual((layout.state, layout.version), ("draft", 2))

    def test_mistakes_are_named_and_nothing_is_imported(self):
        good = yaml.safe_load(files.as_yaml([self.layout()]))[0]
        MailLayout.objects.all().delete()
        cases = {
            "The file is not valid YAML": "a: [",
            "The file is not a list of 1 to 200 layouts.": "a: 1",
            "Layout 1 is not an object.": "- 1",
            'Layout 1: "name" is not a string': yaml.safe_dump([{**good, "name": 5}]),
            'Layout 1 (Notices): "code" is unknown.': yaml.safe_dump([{**good, "code": "x"}]),
            'Layout 1 (Notices): "applies_to" is not an object.': yaml.safe_dump([{**good, "applies_to": []}]),
            'Provider "Other" does not exist': yaml.safe_dump([good, {**good, "provider": "Other"}]),
        }
        for sentence, text in cases.items():
            with self.subTest(sentence), self.assertRaisesMessage(files.LayoutFileError, sentence):
                files.import_layouts(files.from_yaml(text), type(self.provider).objects.all())
        self.assertFalse(MailLayout.objects.exists())
