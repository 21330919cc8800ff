"""What the older package read from a message, as evidence of ours."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from nautobot_circuit_maintenance.domain.conclusion import conclude
from nautobot_circuit_maintenance.domain.evidence import from_json
from nautobot_circuit_maintenance.domain.updates import Provenance
from nautobot_circuit_maintenance.takeover.evidence import evidence_of, is_readable, keys_of, window_of
from nautobot_circuit_maintenance.tests.takeover.own_database import MORNING, announcement


def item(maintenance_id: str = "N-1", **values):
    """Return what was read."""
    return json.loads(json.loads(announcement(maintenance_id, **values)))


def concluded(*items):
    """Return what follows from it."""
    found = evidence_of(items, MORNING)
    return conclude([from_json(found.json, Provenance(MORNING, MORNING, "f"))])


def test_the_conclusion_is_what_was_read():
    found = concluded(item())

    assert (found.name, found.status, found.description) == ("N-1", "CONFIRMED", "Splice works")
    assert found.windows == ((MORNING + timedelta(days=1), MORNING + timedelta(hours=25)),)
    assert [(each.cid, each.impact) for each in found.impacts] == [("C-1", "OUTAGE")]
    assert found.issued_at == MORNING


def test_several_items_of_one_message_are_events_of_one_update():
    found = concluded(item(), item(start=int(MORNING.timestamp()), end=int(MORNING.timestamp()) + 60, uid="other"))

    assert len(found.windows) == 2


@pytest.mark.parametrize(
    "values",
    [
        {"status": "POSTPONED, SEE PORTAL"},
        {"status": None},
        {"circuits": [{"circuit_id": "C-1", "impact": "PARTIAL"}, {"circuit_id": ""}, "C-2", {}]},
        {"circuits": []},
        {"start": None, "end": "tomorrow"},
        {"start": 10**30, "end": -5},
        {"start": 5, "end": 5},
        {"stamp": None, "sequence": None},
        {"sequence": "3", "stamp": True},
        {"metadata": "none", "uid": None, "organizer": None, "summary": None, "account": 5},
        {"uid": "u" * 2_000, "summary": "s" * 50_000, "maintenance_id": "m" * 900},
        {"summary": "a\0b"},
    ],
)
def test_whatever_was_stored_can_be_concluded(values):
    assert concluded(item(**values)).name


@pytest.mark.parametrize("stored", [{}, [], None, 5, "text", {"maintenance_id": " "}, {"maintenance_id": None}])
def test_what_names_no_maintenance_is_no_evidence(stored):
    assert not is_readable(stored)


def test_the_keys_are_those_that_the_pipeline_looks_for():
    found = evidence_of([item("N-1", uid=" U-1 ")], MORNING)

    assert list(keys_of(found.json)) == [("id", "n-1"), ("uid", "U-1")]


def test_a_window_lasts_a_minute_at_least_and_has_a_calendar():
    assert window_of(MORNING, MORNING) == (MORNING, MORNING + timedelta(minutes=1))
    assert window_of(datetime(1, 1, 1, tzinfo=timezone.utc), MORNING) is None
