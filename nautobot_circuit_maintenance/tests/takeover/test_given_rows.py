"""The nastinesses of the given database, one by one; these tests do not exist where it is absent."""

import pytest
from django.contrib.auth import get_user_model
from nautobot.extras.models import (
    CustomField,
    DynamicGroup,
    GraphQLQuery,
    Job,
    ObjectChange,
    SavedView,
    ScheduledJob,
    TaggedItem,
    UserSavedViewAssociation,
)
from nautobot.users.models import ObjectPermission

from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, Note, Notification

pytestmark = [
    pytest.mark.postgresql("the databases of the older package are PostgreSQL's"),
    pytest.mark.usefixtures("after"),
]
UI = "plugins:nautobot_circuit_maintenance"


def parts(pk: str) -> tuple[str | None, str]:
    """Return the provider and the name of a maintenance."""
    row = CircuitMaintenance.objects.select_related("provider").get(pk=pk)
    return row.provider and row.provider.name, row.name


def notes(pk: str) -> list[str]:
    """Return the titles of the warnings on a maintenance."""
    return sorted(Note.objects.filter(maintenance=pk, level="WARNING").values_list("title", flat=True))


def test_names_are_taken_apart():
    assert parts("be789557-bb44-4a59-bb0e-3c6e68c6f3c2") == ("Hanse Kabel Netze AG", "HK000")
    assert parts("ff454622-453c-4807-8147-06f7d7d440a1") == ("Ångström Nät", "ÅN-1/ä")
    assert parts("323df07f-fa34-42d8-a2b2-3f4aae59bbe5") == ("Nordlight Fibre", "SPACED")
    assert parts("996c4d4e-5408-494d-8e7f-dd45a828af72") == ("Nordlight Fibre", "Nordlight Fibre-")
    assert parts("75ebc369-146e-4ba1-90d7-f6497de962ea") == (None, "Moving the rack, ask Eva")
    assert parts("1e507042-6748-4583-b56d-131f64771d93") == (None, "Extinct Telecom-EX-77")
    assert parts("d6a92cec-df7f-4fb0-9798-f920dc2e28c3") == ("Delta-Net", "8")


def test_what_is_ambiguous_is_left_whole_with_a_warning():
    pk = "106889ec-4840-4bf1-b096-bed56f57b869"

    assert parts(pk) == (None, "Delta-Net-7")
    assert notes(pk) == ["Provider or maintenance ID unknown"]
    assert notes("8e6691f5-0dea-4d3e-bd1b-035b7485fd2f") == ["Provider or maintenance ID unknown"]


def test_two_rows_that_are_one_maintenance_are_one_row():
    [kept] = CircuitMaintenance.objects.filter(provider__name="Nordlight Fibre", name__iexact="NL-1000")

    assert str(kept.pk) == "0b36f6b1-17cc-42db-b76b-a6fcf16b00ef"
    assert kept.status == "CANCELLED"
    assert "Merged with a second record" in notes(kept.pk)
    assert not ObjectChange.objects.filter(changed_object_id="6ac10d5d-8dda-4c90-8477-ce0e909afdd6").exists()


def test_an_unknown_status_and_equal_times_get_a_warning():
    row = CircuitMaintenance.objects.get(pk="d3fedacf-6e57-49cf-9926-370f19f44b08")
    assert (row.status, notes(row.pk)) == ("UNKNOWN", ["Status unknown"])
    assert CircuitMaintenance.objects.get(pk="323df07f-fa34-42d8-a2b2-3f4aae59bbe5").status == "CONFIRMED"
    short = CircuitMaintenance.objects.get(pk="f85edbb3-db36-4ebd-ae1a-585dde7c1129")
    assert (short.end_time - short.start_time).total_seconds() == 60
    assert notes(short.pk) == ["End time corrected"]


def test_one_circuit_id_of_two_providers_and_in_two_cases():
    rows = CircuitImpact.objects.filter(maintenance="cb4c0141-053f-42e0-943e-1172caec368d")

    found = {(row.cid, row.circuit.provider.name, row.impact) for row in rows.select_related("circuit__provider")}
    assert len(found) == 2
    assert {provider for _, provider, _ in found} == {"Delta", "Delta-Net"}
    assert {impact for *_, impact in found} == {"OUTAGE"}


def test_circuit_ids_that_nautobot_does_not_know_are_impacts_and_edited_notes_stay():
    for cid in ("NL/UNKNOWN/1", "NL/GONE/1", "EX-9"):
        assert CircuitImpact.objects.get(cid=cid).circuit is None
    left = Note.objects.filter(title__startswith="Nonexistent").values_list("comment", flat=True)
    assert set(left) == {"empty id", "as the job wrote it"}


def test_messages_are_decoded():
    subjects = set(Notification.objects.values_list("subject", flat=True))

    assert "Planerat arbete ÅN-1 nät" in subjects
    assert Notification.objects.get(pk="322c6d49-366d-4b1d-8a4c-3e813459c529").taken_over == "cut"


def test_tags_and_groups_stay():
    assert TaggedItem.objects.filter(content_type__model="circuitmaintenance").count() == 8
    assert DynamicGroup.objects.get(name="Watch list").static_group_associations.count() == 2


def test_the_schedule_runs_our_job():
    schedule = ScheduledJob.objects.get(name="Scheduled Update Circuit Maintenances")

    assert schedule.enabled
    assert schedule.task == "nautobot_circuit_maintenance.jobs.HandleCircuitMaintenanceNotifications"
    assert (schedule.job_model.module_name, schedule.job_model.enabled) == ("nautobot_circuit_maintenance.jobs", True)
    assert (schedule.crontab, schedule.job_model.soft_time_limit) == ("*/15 * * * *", 900)
    assert Job.objects.get(pk=schedule.job_model_id).job_results.count() == 2
    overlap = ScheduledJob.objects.get(name="Scheduled Find Locations With Circuit Maintenance Overlap")
    assert overlap.enabled
    assert overlap.task == "nautobot_circuit_maintenance.jobs.FindSitesAtRisk"
    assert overlap.job_model.job_class_name == "FindSitesAtRisk"


def test_views_columns_and_queries_have_our_names():
    assert SavedView.objects.get(name="Unparsed").view == f"{UI}:notification_list"
    assert SavedView.objects.get(name="Unparsed").config["filter_params"] == {"state": ["failed", "ignored"]}
    table = SavedView.objects.get(name="My open ones").config["table_config"]
    assert table == {"CircuitMaintenanceListTable": {"columns": ["name", "status", "provider", "start_time"]}}
    assert UserSavedViewAssociation.objects.filter(view_name=f"{UI}:notification_list").count() == 1
    tables = get_user_model().objects.get(username="bob").config_data["tables"]
    assert set(tables) == {"NotificationTable", "CircuitMaintenanceListTable"}
    assert "circuitimpact_set: impacts" in GraphQLQuery.objects.get(name="maintenances").query


def test_constraints_mean_what_they_meant_and_never_more():
    change = ObjectPermission.objects.get(name="NOC change")
    assert change.constraints == {"provider__name": "Nordlight Fibre"}
    assert [each.model for each in change.object_types.all()] == ["circuitmaintenance"]
    [rest] = ObjectPermission.objects.filter(name__startswith="NOC change (")
    assert not rest.enabled
    parsed = ObjectPermission.objects.get(name="Parsed of one")
    assert parsed.constraints == {"notification__provider__name": "Delta"}


def test_custom_fields_have_our_labels():
    labels = CustomField.objects.filter(key__endswith="circuit_maintenances").values_list("label", flat=True)

    assert "Emails for Circuit Maintenance plugin" in labels
    assert "Emails for Circuit Maintenance app." not in labels
