"""What a CSV file exports and imports again is what it was; what a file cannot hold is refused, not lost."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Circuit
from nautobot.core.api.exceptions import SerializerNotFound
from nautobot.core.api.parsers import NautobotCSVParser
from nautobot.core.api.renderers import NautobotCSVRenderer
from nautobot.core.api.utils import get_serializer_for_model
from nautobot.extras.context_managers import web_request_context
from nautobot.extras.models import Contact, CustomField, Role, Tag, Team

from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
    NoteLevelChoices as Level,
)
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MailLayout,
    MaintenanceChange,
    Note,
    Subscription,
)
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.risk_case import configured

API = "plugins-api:nautobot_circuit_maintenance-api"
IMPORTED = (CircuitMaintenance, CircuitImpact, Note, MailLayout, Subscription)
OF_PEOPLE = (CircuitMaintenance, CircuitImpact, Note)
DAY = timedelta(days=1)
TEXTS = ("=1+1", "'=1+1", "''=1", "'quoted'", '-5 dB,\nthen "0 dB"', "+49 30", "@here", "{braces}", "a, b/c", "Übersee")


def file_of(model: type) -> str:
    """Return all rows as Nautobot's export job writes them."""
    serializer = get_serializer_for_model(model)(
        model.objects.order_by("pk"), many=True, context={"request": None}, force_csv=True
    )
    return NautobotCSVRenderer().render(serializer.data)


def import_file(model: type, text: str) -> list[dict[str, Any]]:
    """Import a file as Nautobot's job does; return the errors of each row."""
    serializer_class = get_serializer_for_model(model)
    context = {"request": None, "serializer_class": serializer_class}
    errors = []
    for entry in NautobotCSVParser().parse(io.BytesIO(text.encode()), parser_context=context):
        serializer = serializer_class(data=entry, context={"request": None})
        if serializer.is_valid():
            serializer.save()
        else:
            errors.append(serializer.errors)
    return errors


def rows_of(model: type) -> list[dict[str, str]]:
    """Return the cells that an import reads, row by row."""
    fields = get_serializer_for_model(model)(context={"request": None}).fields
    rows = []
    for row in csv.DictReader(io.StringIO(file_of(model))):
        kept = {name for name in row if (field := fields.get(name.partition("__")[0])) and not field.read_only}
        rows.append({name: cell for name, cell in row.items() if name in kept or name.startswith("cf_")})
    return rows


class RoundTripTest(TestCase):
    """Rows of every kind that people can import."""

    @classmethod
    def setUpTestData(cls):
        cls.isp = core.create_provider("=ISP, \"the\" 'first'")
        cls.maintenances = [
            app.create_maintenance(f"S-{number}", cls.isp, start=app.NOON + number * DAY, status=status)
            for number, status in enumerate(Status.values())
        ]
        cls.nights = cls.maintenances[0]
        cls.second = app.add_window(cls.nights, app.NOON + DAY, hours=6)
        app.add_window(cls.nights, app.NOON + DAY + timedelta(hours=1, microseconds=7), hours=2)  # overlaps
        cls.maintenances.append(CircuitMaintenance.objects.create(name="no provider, no window"))
        for number, text in enumerate(TEXTS):
            made = app.create_maintenance(text, cls.isp, description=text, ticket=text, ack=bool(number % 2))
            app.create_impact(made, text, Impact.values()[number % 4])
            Note.objects.create(maintenance=made, title=text, comment=text, level=Level.values()[number % 2])
        circuits = [core.create_circuit(cls.isp, f"C-{number}") for number in range(3)]
        app.create_impact(cls.nights, circuits[0])
        app.create_impact(cls.nights, circuits[1]).limit_to([cls.second])
        app.create_impact(cls.nights, circuits[2]).limit_to([])
        Note.objects.create(maintenance=cls.maintenances[-1], title="Of none")
        cls.add_tags_and_custom_fields()
        cls.add_layout_and_subscription()

    @classmethod
    def add_layout_and_subscription(cls):
        """Create one of each, with what Nautobot's files leave out or abridge."""
        app.create_layout(cls.isp, "=Layout")
        cls.owner = users.superuser()
        wanted = {"id": [str(cls.nights.pk)], "q": ["=1", 'a "b"']}
        made = app.create_subscription(cls.owner, "=Ours", maintenance_filter=wanted, events=["new", "cancelled"])
        made.contacts.set(Contact.objects.create(name=name, email=f"{name}@example.com") for name in "ab")
        made.teams.set([Team.objects.create(name="=noc, eu")])
        made.roles.set([Role.objects.create(name="noc")])

    @classmethod
    def add_tags_and_custom_fields(cls):
        """Give some of the rows what people add to Nautobot's models."""
        tags = [Tag.objects.create(name=name) for name in ("night work", "=urgent")]
        kinds = [ContentType.objects.get_for_model(model) for model in OF_PEOPLE]
        for kind, cells in ("text", "=1+1"), ("integer", -5), ("json", {"a": ["=1", None]}), ("boolean", False):
            field = CustomField.objects.create(type=kind, label=f"our {kind}")
            field.content_types.set(kinds)
            for row in (cls.nights, CircuitImpact.objects.first(), Note.objects.first()):
                row.refresh_from_db()
                row._custom_field_data[field.key] = cells
                row.validated_save()
        for tag in tags:
            tag.content_types.add(kinds[0])
        cls.nights.tags.set(tags)

    def setUp(self):
        super().setUp()
        hook = {"name": "mail", "kind": "webhook", "url": "https://hooks.example/1", "secret": "x"}
        self.enterContext(configured(instance="test", channels=[hook]))

    def test_an_empty_table_gets_what_was_exported(self):
        files = {model: file_of(model) for model in IMPORTED}
        before = {model: rows_of(model) for model in IMPORTED}
        spans = {row.name: row.spans for row in CircuitMaintenance.objects.all()}
        for model in IMPORTED:
            model.objects.all().delete()

        for model in IMPORTED:
            with self.subTest(model.__name__):
                self.assertEqual(import_file(model, files[model]), [])
                self.assertEqual(rows_of(model), before[model])
        self.assertEqual({row.name: row.spans for row in CircuitMaintenance.objects.all()}, spans)
        self.assertEqual(CircuitMaintenance.objects.get(pk=self.nights.pk).tags.count(), 2)
        affected = {row.cid: len(row.own_windows) for row in CircuitImpact.objects.filter(circuit__isnull=False)}
        self.assertEqual(affected, {"C-0": 3, "C-1": 1, "C-2": 0})
        self.assertEqual(Circuit.objects.filter(maintenance_impacts__isnull=False).count(), 3)

    def test_an_imported_maintenance_is_one_change(self):
        text = file_of(CircuitMaintenance)
        CircuitMaintenance.objects.all().delete()
        MaintenanceChange.objects.all().delete()
        import_file(CircuitMaintenance, text)

        changes = MaintenanceChange.objects.filter(maintenance_id=self.nights.pk)
        self.assertEqual([change.kind for change in changes], ["created"])

    def test_an_imported_subscription_is_the_importing_users_unless_that_is_a_superuser(self):
        user = users.viewer(CircuitMaintenance)
        text = f"name,channel,owner__username\nTheirs,mail,{self.owner.username}\n"
        hidden = json.dumps({"provider": [str(self.isp.pk)]}).replace('"', '""')
        with web_request_context(user):
            self.assertEqual(import_file(Subscription, text), [])
            errors = import_file(Subscription, f'name,channel,maintenance_filter\nHidden,mail,"{hidden}"\n')
        self.assertIn("maintenance_filter", errors[0])
        with web_request_context(self.owner):
            self.assertEqual(import_file(Subscription, text.replace("Theirs,", "Mine,")), [])

        self.assertEqual(Subscription.objects.get(name="Theirs").owner, user)
        self.assertEqual(Subscription.objects.get(name="Mine").owner, self.owner)

    def test_every_other_kind_of_row_is_refused_with_the_reason(self):
        refused = set()
        for model in apps.get_app_config("nautobot_circuit_maintenance").get_models():
            try:
                serializer = get_serializer_for_model(model)(data={"name": "X"}, context={"request": None})
            except SerializerNotFound:
                continue
            if model not in IMPORTED:
                self.assertFalse(serializer.is_valid(), model)
                self.assertIn("cannot be imported from CSV. ", str(serializer.errors["non_field_errors"]))
                refused.add(model.__name__)
        self.assertGreaterEqual(
            refused, {"NotificationSource", "Notification", "ParsedNotification", "Delivery", "UnknownSender"}
        )

    def test_windows_that_no_maintenance_can_have_are_refused(self):
        cells = {
            "2026-12-01T10:00:00Z/2026-12-01T09:00:00Z": "End time must be after start time.",
            "2026-12-01T10:00:00Z": "Datetime has wrong format",
            "tomorrow/later": "Datetime has wrong format",
        }
        for cell, message in cells.items():
            with self.subTest(cell):
                errors = import_file(CircuitMaintenance, f"name,status,windows\nNEW,CONFIRMED,{cell}\n")
                self.assertIn(message, str(errors[0]["windows"]))
        self.assertFalse(CircuitMaintenance.objects.filter(name="NEW").exists())

    def test_start_and_end_beside_windows_are_theirs_or_the_row_is_refused(self):
        header = "name,status,start_time,end_time,windows\n"
        night = "2026-12-01T22:00:00Z/2026-12-02T02:00:00Z"
        errors = import_file(
            CircuitMaintenance, f"{header}NEW,CONFIRMED,2026-12-01T21:00:00Z,2026-12-02T02:00:00Z,{night}\n"
        )
        self.assertEqual(errors, [{"start_time": ["By the windows, it is 2026-12-01T22:00:00Z."]}])

        self.assertEqual(import_file(CircuitMaintenance, f"{header}NEW,CONFIRMED,,,{night}\n"), [])
        one = f"{header}ONE,CONFIRMED,2026-12-01T21:00:00Z,2026-12-02T02:00:00Z,\n"
        self.assertEqual(import_file(CircuitMaintenance, one), [])
        self.assertEqual(CircuitMaintenance.objects.get(name="NEW").start_time.hour, 22)
        self.assertEqual(CircuitMaintenance.objects.get(name="ONE").windows.count(), 1)

    def test_a_file_without_the_windows_of_an_impact_is_refused(self):
        text = f"maintenance,cid,in_all_windows\n{self.nights.pk},NEW,False\n"

        errors = import_file(CircuitImpact, text)

        self.assertIn("would not be affected at all", str(errors[0]["windows"]))
        self.assertFalse(CircuitImpact.objects.filter(cid="NEW").exists())


class RestTest(TestCase):
    """Windows that a client sends."""

    @classmethod
    def setUpTestData(cls):
        cls.isp = core.create_provider("ISP 1")
        cls.nights = app.create_maintenance("NIGHTS", cls.isp, start=app.NOON)
        app.add_window(cls.nights, app.NOON + DAY, hours=6)

    def setUp(self):
        super().setUp()
        self.client.force_login(users.superuser())
        self.url = reverse(f"{API}:circuitmaintenance-detail", args=[self.nights.pk])

    def patch(self, **values: Any):
        """Change the maintenance of two nights."""
        return self.client.patch(self.url, values, content_type="application/json")

    def spans(self) -> list[tuple]:
        """Return the stored windows."""
        return sorted(self.nights.windows.values_list("start_time", "end_time"))

    def test_a_file_that_was_downloaded_can_be_posted(self):
        before, url = self.spans(), reverse(f"{API}:circuitmaintenance-list")
        text = self.client.get(f"{url}?format=csv").getvalue().decode()
        CircuitMaintenance.objects.all().delete()

        response = self.client.post(url, text, content_type="text/csv")

        self.assertEqual((response.status_code, self.spans()), (201, before), response.content)

    def test_what_was_read_can_be_sent_back_and_copied(self):
        data = self.client.get(self.url).json()
        before = self.spans()
        sent = {name: data[name] for name in ("name", "status", "start_time", "end_time", "windows")}

        self.assertEqual(self.client.put(self.url, sent, content_type="application/json").status_code, 200)
        self.assertEqual(self.spans(), before)
        copy = {**sent, "name": "COPY", "provider": str(self.isp.pk)}
        answer = self.client.post(reverse(f"{API}:circuitmaintenance-list"), copy, content_type="application/json")
        self.assertEqual(answer.json()["windows"], data["windows"])

    def test_windows_move_start_and_end_and_none_removes_all(self):
        third = {"start_time": "2026-11-25T01:00:00Z", "end_time": "2026-11-25T02:00:00Z"}
        kept = {"start_time": "2026-11-20T12:00:00Z", "end_time": "2026-11-20T16:00:00Z"}

        data = self.patch(windows=[third, kept]).json()

        self.assertEqual((data["windows"], data["end_time"]), ([kept, third], third["end_time"]))
        self.assertEqual(self.patch(windows=[]).json()["start_time"], None)
        self.assertEqual(self.spans(), [])

    def test_the_only_window_moves_with_start_and_end_though_it_is_sent_unchanged(self):
        only = {"start_time": "2026-11-20T12:00:00Z", "end_time": "2026-11-20T16:00:00Z"}
        self.patch(windows=[only])

        data = self.patch(windows=[only], end_time="2026-11-20T18:00:00Z").json()

        self.assertEqual(data["windows"], [{**only, "end_time": "2026-11-20T18:00:00Z"}])

    def test_too_many_windows_are_refused(self):
        spans = [(app.NOON + number * DAY, app.NOON + number * DAY + timedelta(hours=1)) for number in range(101)]
        windows = [{"start_time": start.isoformat(), "end_time": end.isoformat()} for start, end in spans]

        self.assertEqual(self.patch(windows=windows).status_code, 400)
