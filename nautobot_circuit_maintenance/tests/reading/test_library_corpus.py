"""The corpus of real, anonymized messages; defined only where the corpus is available."""

import importlib.util
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from unittest import TestCase

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceUpdate, Window
from nautobot_circuit_maintenance.tests import corpus_record
from nautobot_circuit_maintenance.tests.reading.parser_mails import read

CORPUS = corpus_record.FOLDER
EXCEL = importlib.util.find_spec("pandas") is not None and importlib.util.find_spec("openpyxl") is not None


class EveryMessageOfTheCorpus(TestCase):
    """What is read from each message is what it says: by ``truth.json``, or else by what is on record for it."""

    maxDiff = None

    def test_parsable_messages_are_read_right(self) -> None:
        parsable = cases("parsable")
        self.assertGreater(len(parsable), 70)
        for case in parsable:
            with self.subTest(case["id"]):
                self.assertEqual([summary(update) for update in updates(case)], expected(case["true"]))

    def test_messages_with_a_known_error_are_noted_as_corrected(self) -> None:
        corrected = {case["id"] for case in cases("parsable") if was_corrected(case)}
        self.assertEqual(corrected, set(corpus_record.truth()))

    def test_only_what_was_not_read_is_doubtful(self) -> None:
        doubts = {case["id"]: doubt for case in cases("parsable") for each in updates(case) for doubt in each.doubts}
        missing = "111111111111112, 1111111111111113"
        self.assertEqual(doubts, {"082_turkcell_turkcell2": f"Some circuits of the message were not read: {missing}."})

    def test_negative_messages_are_errors_with_a_short_reason(self) -> None:
        for case in cases("negative"):
            with self.subTest(case["id"]):
                if case["true"]:  # a calendar that the standard allows
                    self.assertEqual([summary(update) for update in updates(case)], expected(case["true"]))
                else:
                    self.assert_fails(case)

    def test_calendars_are_read_whatever_the_filters_of_the_library(self) -> None:
        for case in cases("filtered"):
            with self.subTest(case["id"]):
                self.assertTrue(case["true"])
                self.assertEqual([summary(update) for update in updates(case)], expected(case["true"]))

    def test_messages_with_excel_sheets_need_the_extra(self) -> None:
        for case in cases("unparsable"):
            with self.subTest(case["id"]):
                if EXCEL:
                    found = [summary(update) for update in updates(case)]
                    self.assertEqual(found, expected(case["expected_with_xlsx_extra"]))
                else:
                    self.assertIn("Install the extra 'xlsx'", self.assert_fails(case))

    def assert_fails(self, case: Mapping[str, Any]) -> str:
        """Return the reason why a message cannot be read."""
        with self.assertRaises(ParseError) as caught:
            updates(case)
        self.assertTrue(0 < len(str(caught.exception)) <= 1_000)
        return str(caught.exception)


if not CORPUS.is_dir():  # Nothing to collect then, and nothing to skip.
    del EveryMessageOfTheCorpus


def cases(folder: str) -> list[dict[str, Any]]:
    """Return what is on record for the messages of a folder."""
    found = [record(path) for path in sorted((CORPUS / folder).glob("*.json"))]
    assert found, folder
    return found


def record(path: Path) -> dict[str, Any]:
    """Return what is on record for a message, and what it says."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return {**found, "path": path, "true": corpus_record.items(found, path.with_suffix(".eml").read_bytes())}


def was_corrected(case: Mapping[str, Any]) -> bool:
    """Return whether a correction changed what the library reads."""
    return any("corrected" in update.parser.details for update in updates(case))


def updates(case: Mapping[str, Any]) -> list[MaintenanceUpdate]:
    """Parse a message of the corpus."""
    return read(case["path"].with_suffix(".eml").read_bytes(), case["provider"])


def summary(update: MaintenanceUpdate) -> dict[str, Any]:
    """Return the values of an update, comparable with what is on record."""
    return {
        "id": update.maintenance_id,
        "windows": update.windows,
        "circuits": sorted(update.circuits),
        "status": update.status,
        "issued_at": update.issued_at,
        "sequence": update.sequence,
        "summary": update.description,
        "names": {(update.account, update.organizer, update.provider)},
        "uids": [event.uid or "0" for event in update.events],
    }


def expected(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Group what is on record by maintenance ID, as updates do."""
    by_id: dict[str, list[Mapping[str, Any]]] = {}
    for item in items:
        by_id.setdefault(item["maintenance_id"], []).append(item)
    return [in_one(same_id) for same_id in by_id.values()]


def in_one(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is on record about one maintenance."""
    return {
        "id": items[0]["maintenance_id"],
        "windows": tuple(sorted({Window(utc(item["start"]), utc(item["end"])) for item in items})),
        "circuits": sorted(AnnouncedImpact(c["circuit_id"], c["impact"]) for item in items for c in item["circuits"]),
        "status": items[-1]["status"],
        "issued_at": utc(items[-1]["stamp"]),
        "sequence": items[-1]["sequence"],
        "summary": items[-1]["summary"],
        "names": {(item["account"], item["organizer"], item["provider"]) for item in items},
        "uids": [item["uid"] for item in items],
    }


def utc(seconds: int) -> datetime:
    """Return a time of the corpus."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc)
