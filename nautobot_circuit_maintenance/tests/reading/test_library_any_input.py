"""Every message gives updates that can be stored, or a short reason."""

import json
from datetime import timedelta
from unittest import TestCase

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from nautobot_circuit_maintenance.choices import CircuitImpactChoices, CircuitMaintenanceStatusChoices
from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.evidence import from_json, to_json
from nautobot_circuit_maintenance.domain.updates import NO_CHANGE, MaintenanceUpdate
from nautobot_circuit_maintenance.mail.headers import COLUMN_LENGTH
from nautobot_circuit_maintenance.reading.library import known_parser_names
from nautobot_circuit_maintenance.reading.parse import parse
from nautobot_circuit_maintenance.tests.reading.hostile_mails import calendars, damaged_mails, mails
from nautobot_circuit_maintenance.tests.reading.parser_mails import mail, provenance

STATUSES = {*CircuitMaintenanceStatusChoices.values(), NO_CHANGE}
IMPACTS = set(CircuitImpactChoices.values())
# Timing is not what these test, and messages are large.
whenever_ready = settings(deadline=None, suppress_health_check=list(HealthCheck))
# Deferred, because listing the names loads the library.
parsers = st.deferred(lambda: st.sampled_from([name for name in known_parser_names() if name != "openai"]))


@pytest.mark.slow
class EveryMail(TestCase):
    """Whatever it is made of."""

    def assert_text(self, text: str, length: int | None = None) -> None:
        """Check that every database stores it."""
        self.assertNotIn("\0", text)
        text.encode("utf-8")
        self.assertTrue(length is None or 0 < len(text) <= length)

    def assert_harmless(self, raw: bytes, *names: str) -> None:
        """Check that there are updates or a reason, and nothing else."""
        try:
            updates = parse(raw, names, provenance(raw)).updates
        except ParseError as error:
            self.assert_text(str(error), 1_000)
            return
        for update in updates:
            self.assert_storable(update)
        self.assertEqual(len({update.maintenance_id for update in updates}), len(updates))

    def assert_storable(self, update: MaintenanceUpdate) -> None:
        """Check that each value fits its column."""
        self.assert_text(update.maintenance_id, COLUMN_LENGTH)
        self.assertEqual(update.maintenance_id, update.maintenance_id.strip())
        self.assert_text(update.description)
        self.assertIn(update.status, STATUSES)
        for cid, impact in update.circuits:
            self.assert_text(cid, COLUMN_LENGTH)
            self.assertIn(impact, IMPACTS)
        for moment in (update.issued_at, *(moment for window in update.windows for moment in window)):
            self.assertEqual(moment.utcoffset(), timedelta(0))
            self.assertTrue(1970 <= moment.year < 9999)
        for window in update.windows:
            self.assertGreater(window.end, window.start)
        self.assertTrue(-(2**63) <= update.sequence < 2**63)
        text = json.dumps(to_json(update), ensure_ascii=False, allow_nan=False)
        self.assert_text(text)
        self.assertEqual(from_json(json.loads(text), update.provenance), update)

    @settings(whenever_ready, max_examples=250)
    @given(calendars())
    def test_a_calendar_whose_every_line_may_lie(self, text: str) -> None:
        self.assert_harmless(mail(("text/calendar", text.encode("utf-8", "surrogatepass"))), "genericprovider")

    @whenever_ready
    @given(mails(), st.lists(parsers, max_size=2))
    def test_nested_parts_with_wrong_types(self, raw: bytes, others: list[str]) -> None:
        self.assert_harmless(raw, "genericprovider", *others)

    @whenever_ready
    @given(damaged_mails(), parsers)
    def test_a_real_mail_cut_spliced_and_garbled(self, damaged: tuple[str, bytes], other: str) -> None:
        name, raw = damaged
        own = next((each for each in known_parser_names() if each in name.replace("_", "")), "genericprovider")

        self.assert_harmless(raw, own, other)
