"""Evidence: every update survives its JSON, and whatever does not follow the schema is an error that names the field."""

import json
from copy import deepcopy
from unittest import TestCase

from hypothesis import given, settings, strategies as st

from nautobot_circuit_maintenance.domain.evidence import EvidenceError, from_json, to_json
from nautobot_circuit_maintenance.domain.updates import (
    IMPACTS,
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    ParserInfo,
    Provenance,
    Window,
)
from nautobot_circuit_maintenance.tests.domain.test_conclusion import STATUSES, after, nights

PROVENANCE = Provenance(after(9), after(8), "f" * 64)
UPDATE = MaintenanceUpdate(
    maintenance_id="CHG-1",
    other_ids=("CHG-2",),
    account="ACME",
    provider="example.com",
    organizer="mailto:noc@example.com",
    description="Card exchange",
    provenance=PROVENANCE,
    parser=ParserInfo("genericprovider", "library 1.0", {"parsers": ["ICal"]}),
    events=(
        MaintenanceEvent(
            uid="1@example.com",
            recurrence_id="20260312T000000Z",
            sequence=2,
            method="REQUEST",
            status="CONFIRMED",
            issued_at=after(8),
            windows=(Window(after(240), after(244)),),
            circuits=(AnnouncedImpact("C-1", "OUTAGE"),),
        ),
    ),
)
JSON = {
    "version": 1,
    "maintenance_id": "CHG-1",
    "other_ids": ["CHG-2"],
    "account": "ACME",
    "provider": "example.com",
    "organizer": "mailto:noc@example.com",
    "description": "Card exchange",
    "events": [
        {
            "uid": "1@example.com",
            "recurrence_id": "20260312T000000Z",
            "sequence": 2,
            "method": "REQUEST",
            "status": "CONFIRMED",
            "issued_at": "2026-03-02T08:00:00Z",
            "windows": [{"start": "2026-03-12T00:00:00Z", "end": "2026-03-12T04:00:00Z"}],
            "circuits": [{"cid": "C-1", "impact": "OUTAGE"}],
        }
    ],
    "parser": {"name": "genericprovider", "version": "library 1.0", "details": {"parsers": ["ICal"]}},
}
"""What rows of version 1 look like; a change of this is a new version."""

texts = st.none() | st.text(max_size=5)
times = st.integers(0, 1000).map(after)
events = st.builds(
    MaintenanceEvent,
    uid=texts,
    recurrence_id=texts,
    sequence=st.none() | st.integers(-(2**63), 2**63 - 1),
    method=texts,
    status=st.sampled_from(STATUSES),
    issued_at=st.none() | times,
    windows=st.lists(st.integers(1, 30), max_size=3).map(lambda days: nights(*days)),
    circuits=st.lists(st.builds(AnnouncedImpact, st.text(), st.sampled_from(IMPACTS)), max_size=3).map(tuple),
)
updates = st.builds(
    MaintenanceUpdate,
    maintenance_id=st.text(min_size=1),
    events=st.lists(events, min_size=1, max_size=3).map(tuple),
    provenance=st.just(PROVENANCE),
    description=st.text(),
    other_ids=st.lists(st.text(), max_size=2).map(tuple),
    account=st.text(),
    provider=st.text(),
    organizer=st.text(),
    parser=st.builds(ParserInfo, st.text(), st.text(), st.dictionaries(st.text(), st.text(), max_size=2)),
)


class EvidenceTest(TestCase):
    """Version 1 of the schema."""

    def test_an_update_is_stored_like_this(self) -> None:
        self.assertEqual(to_json(UPDATE), JSON)
        self.assertEqual(from_json(JSON, PROVENANCE), UPDATE)

    @settings(deadline=None)
    @given(updates)
    def test_every_update_survives(self, update: MaintenanceUpdate) -> None:
        self.assertEqual(from_json(json.loads(json.dumps(to_json(update))), PROVENANCE), update)

    def test_other_versions_are_errors(self) -> None:
        for data in (JSON | {"version": 2}, {}, [], None, [{"maintenance_id": "CHG-1"}]):
            with self.subTest(data=data), self.assertRaisesRegex(EvidenceError, "this release reads version 1"):
                from_json(data, PROVENANCE)

    def test_errors_name_the_field(self) -> None:
        for field, value, message in (
            ("maintenance_id", "", "maintenance_id and events must not be empty"),
            ("maintenance_id", 7, "maintenance_id: invalid value 7"),
            ("account", None, "account: invalid value None"),
            ("other_ids", "CHG-2", "other_ids: invalid value 'CHG-2'"),
            ("parser", "ICal", "parser: invalid value 'ICal'"),
            ("parser", {"name": "", "version": 1, "details": {}}, "parser: version: invalid value 1"),
            ("events", [], "maintenance_id and events must not be empty"),
            ("events", [7], "events: must be an object, not 7"),
        ):
            with self.subTest(field=field, value=value):
                self.assert_error(JSON | {field: value}, message)

    def test_errors_name_the_field_of_an_event(self) -> None:
        for field, value, message in (
            ("status", "", "events: status must not be empty"),
            ("uid", 1, "events: uid: invalid value 1"),
            ("sequence", "1", "events: sequence: invalid value '1'"),
            ("sequence", True, "events: sequence: invalid value True"),
            ("issued_at", 1, "events: issued_at: invalid value 1"),
            ("issued_at", "", "must be a time in UTC, not ''"),
            ("issued_at", "yesterday", "must be a time in UTC, not 'yesterday'"),
            ("issued_at", "2026-03-02T08:00:00", "must be a time in UTC"),
            ("issued_at", "2026-03-02T08:00:00+01:00", "must be a time in UTC"),
            ("issued_at", "2026-03-02T08:00:00+01:00Z", "must be a time in UTC"),
            ("windows", [{"start": "2026-03-12T00:00:00Z"}], "windows: end is missing"),
            ("windows", [dict.fromkeys(("start", "end"), "2026-03-12T00:00:00Z")], "windows: end must be after start"),
            ("circuits", [{"cid": "C-1"}], "circuits: each must have a cid and an impact"),
            ("circuits", ["C-1"], "circuits: each must have a cid and an impact"),
            ("circuits", [{"cid": "C-1", "impact": "DOWN"}], "circuits: invalid circuit 'C-1': 'DOWN'"),
            ("circuits", [{"cid": 1, "impact": "OUTAGE"}], "circuits: invalid circuit 1: 'OUTAGE'"),
        ):
            with self.subTest(field=field, value=value):
                data = deepcopy(JSON)
                data["events"][0][field] = value  # type: ignore[index]  # JSON
                self.assert_error(data, message)

    def test_every_field_is_required(self) -> None:
        for field in JSON.keys() - {"version"}:
            self.assert_error({name: value for name, value in JSON.items() if name != field}, f"^{field} is missing")
        for field in JSON["events"][0]:  # type: ignore[index]  # JSON
            data = deepcopy(JSON)
            del data["events"][0][field]  # type: ignore[attr-defined]  # JSON
            self.assert_error(data, f"^events: {field} is missing")

    def assert_error(self, data: object, message: str) -> None:
        """Check that reading this JSON fails with a message."""
        with self.assertRaisesRegex(EvidenceError, message):
            from_json(data, PROVENANCE)
