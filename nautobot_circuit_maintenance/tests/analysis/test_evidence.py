"""The evidence of a maintenance."""

from unittest import TestCase

from nautobot_circuit_maintenance.analysis.evidence import Evidence
from nautobot_circuit_maintenance.domain.conclusion import conclude


class EvidenceTest(TestCase):
    """Without rows."""

    def test_without_evidence_the_conclusion_is_that_of_no_updates(self) -> None:
        self.assertEqual(Evidence([]).conclusion, conclude([]))
