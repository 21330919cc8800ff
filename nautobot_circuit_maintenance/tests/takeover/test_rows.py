"""What becomes of each row of the database."""

from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from nautobot.extras.models import JobResult

from nautobot_circuit_maintenance.domain.conclusion import conclude
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceKey,
    Note,
    Notification,
    NotificationSource,
    ParsedNotification,
)
from nautobot_circuit_maintenance.takeover import report
from nautobot_circuit_maintenance.takeover.references import generic_references
from nautobot_circuit_maintenance.takeover.tables import APP, NAMES, OLDER, Entry
from nautobot_circuit_maintenance.tests.takeover import databases

pytestmark = [
    pytest.mark.postgresql("the databases of the older package are PostgreSQL's"),
    pytest.mark.usefixtures("after"),
]


def test_every_row_is_accounted_for_once():
    assert report.unaccounted() == 0
    for name in NAMES:
        entered = Counter(Entry.objects.filter(table=name).values_list("row", flat=True))
        assert entered == Counter(str(pk) for pk in OLDER[name].objects.values_list("pk", flat=True)), name


def test_what_was_merged_is_merged_into_something_and_what_is_listed_has_a_reason():
    targets = {"circuitmaintenance": CircuitMaintenance, "circuitimpact": CircuitImpact, "note": CircuitImpact}
    targets["parsednotification"] = ParsedNotification
    for entry in Entry.objects.filter(table__in=NAMES).exclude(outcome=Entry.MOVED):
        if entry.outcome == Entry.MERGED:
            assert targets[entry.table].objects.filter(pk=entry.into).exists(), entry.__dict__
        else:
            assert entry.reason, entry.__dict__


def test_what_was_moved_has_its_key():
    models = {
        "circuitmaintenance": CircuitMaintenance,
        "circuitimpact": CircuitImpact,
        "note": Note,
        "notificationsource": NotificationSource,
        "rawnotification": Notification,
        "parsednotification": ParsedNotification,
    }
    for name, model in models.items():
        moved = set(Entry.objects.filter(table=name, outcome=Entry.MOVED).values_list("row", flat=True))
        assert moved <= {str(pk) for pk in model.objects.values_list("pk", flat=True)}, name
        assert moved, name


def test_nothing_that_an_operator_entered_is_lost():
    older = {row.pk: row for row in OLDER["circuitmaintenance"].objects.all()}
    for row in CircuitMaintenance.objects.all():
        was = older[row.pk]
        assert (row.ack, row.description, row.created, row.last_updated) == (
            was.ack,
            was.description,
            was.created,
            was.last_updated,
        )
        assert row._custom_field_data == was.custom_fields
        assert row.start_time == was.start_time
        assert row.end_time == max(was.end_time, was.start_time + timedelta(minutes=1))
        assert row.status in (was.status, was.status.upper(), "UNKNOWN")
        assert [(each.start_time, each.end_time) for each in row.windows.all()] == [(row.start_time, row.end_time)]


def test_every_message_has_its_bytes_and_a_state():
    for was in OLDER["rawnotification"].objects.all():
        row = Notification.objects.defer(None).get(pk=was.pk)
        assert bytes(row.raw) == bytes(was.raw)
        assert (row.provider_id, row.source_id, row.received_at) == (was.provider_id, was.source_id, was.stamp)
        assert row.state in ("parsed", "failed")
        assert row.state == "failed" or row.parsed_notifications.exists()
        assert ("TAKE-01" in row.error) == (row.taken_over == "cut" and row.state == "parsed")


def test_messages_that_were_cut_need_no_attention():
    assert not Notification.objects.needing_attention().filter(state="parsed").exists()


def test_all_evidence_can_be_concluded_and_found():
    for row in CircuitMaintenance.objects.filter(parsed_notifications__isnull=False).distinct():
        evidence = [each.as_update() for each in row.parsed_notifications.all()]
        assert conclude(evidence).name
        ids = {update.maintenance_id.strip().lower() for update in evidence}
        assert ids <= set(MaintenanceKey.objects.filter(maintenance=row, kind="id").values_list("value", flat=True))


def test_no_pickle_is_decoded_and_no_token_is_kept():
    names = set(connection.introspection.table_names())
    assert "older_nautobot_circuit_maintenance_notificationsource" in names
    for was in OLDER["notificationsource"].objects.all():
        row = NotificationSource.objects.get(pk=was.pk)
        assert row.last_error.startswith("TAKE-04") == bool(bytes(was.token))
        assert row.attach_all_providers == was.attach_all_providers


def test_the_content_type_and_its_permissions_are_those_of_notifications():
    assert not ContentType.objects.filter(app_label=APP, model="rawnotification").exists()
    names = Permission.objects.filter(content_type__app_label=APP, content_type__model="notification")
    assert set(names.values_list("codename", flat=True)) == {
        f"{action}_notification" for action in ("add", "change", "delete", "view")
    }


def test_no_reference_points_nowhere():
    """Each generic reference to one of our rows finds it; a deleted object's change records are as before."""
    from django.apps import apps

    dead = Counter()
    for model, type_field, key_field in generic_references(apps):
        if model._meta.label == "extras.ObjectChange":
            continue
        for row in model._base_manager.filter(**{f"{type_field}__app_label": APP}):
            target = getattr(row, type_field).model_class()
            if not target._base_manager.filter(pk=getattr(row, key_field)).exists():
                dead[model._meta.label] += 1
    assert not dead


def test_the_report_is_a_job_result():
    result = JobResult.objects.get(name="Take Over the Older Circuit Maintenance Package")

    assert result.result == report.counts()
    assert result.job_log_entries.count() == len(list(report.remarks()))


def test_a_second_run_of_the_migrations_changes_nothing():
    before = list(CircuitMaintenance.objects.order_by("pk").values())

    databases.migrate()

    assert list(CircuitMaintenance.objects.order_by("pk").values()) == before
    assert report.unaccounted() == 0
