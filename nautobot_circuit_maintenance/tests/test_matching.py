"""Matching: which circuit of a provider an id means; nothing is guessed."""

from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, CircuitMatcher
from nautobot_circuit_maintenance.models.matching import link_unmatched
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_circuits, create_provider


class Matching(PipelineTestCase):
    """Within one provider: exact, then without case, then without punctuation."""

    def match(self, cid: str) -> str | None:
        """Return the circuit id of the match."""
        found = CircuitMatcher(self.provider.pk).match([cid])
        self.assertLessEqual(set(found), {cid})
        return Circuit.objects.get(pk=found[cid]).cid if found else None

    def test_the_exact_id_comes_first(self):
        """Also where others differ in case only."""
        create_circuits(self.provider, "AB/1", "ab/1", "AB-1")

        self.assertEqual([self.match(cid) for cid in ("AB/1", "ab/1", "AB-1")], ["AB/1", "ab/1", "AB-1"])

    def test_case_does_not_matter_where_only_one_fits(self):
        """A circuit that fits without case goes before those that fit without punctuation."""
        create_circuits(self.provider, "AB/1", "AB-1")

        self.assertEqual(self.match("ab/1"), "AB/1")

    def test_blanks_and_punctuation_do_not_matter_where_only_one_fits(self):
        """Providers write one id in many ways."""
        create_circuits(self.provider, "IC-123.456 / A")

        for cid in ("IC 123456-A", "ic123456a", "IC_123456/A"):
            self.assertEqual(self.match(cid), "IC-123.456 / A")

    def test_what_fits_two_circuits_fits_none(self):
        """A wrong circuit would be worse than none."""
        create_circuits(self.provider, "AB/1", "ab/1", "X-Y", "XY-")

        self.assertIsNone(self.match("Ab/1"))
        self.assertIsNone(self.match("xy"))

    def test_ids_without_letters_and_digits_fit_only_exactly(self):
        """Else any of them would fit any other."""
        create_circuits(self.provider, "--")

        self.assertEqual((self.match("--"), self.match("***")), ("--", None))

    def test_another_providers_circuit_never_fits(self):
        """Ids are a provider's own."""
        create_circuits(create_provider("Carrier", ""), "Z-9")

        self.assertIsNone(self.match("Z-9"))

    def test_the_unmatched_of_every_provider_are_linked_to_its_own_circuits(self):
        """And what a person linked stays."""
        carrier = create_provider("Carrier", "")
        theirs = create_circuits(carrier, "C-1")[0]
        for provider in (self.provider, carrier):
            maintenance = CircuitMaintenance.objects.create(name="M-1", provider=provider)
            CircuitImpact.objects.create(maintenance=maintenance, cid="c-1")
        by_hand = CircuitMaintenance.objects.create(name="M-2", provider=self.provider)
        CircuitImpact.objects.create(maintenance=by_hand, cid="C-1", circuit=self.circuits[2])
        CircuitImpact.objects.create(maintenance=CircuitMaintenance.objects.create(name="Ours"), cid="C-1")

        self.assertEqual(link_unmatched(), 2)

        found = CircuitImpact.objects.values_list("maintenance__provider__name", "maintenance__name", "circuit")
        expected = {
            ("ISP", "M-1", self.circuits[0].pk),
            ("Carrier", "M-1", theirs.pk),
            ("ISP", "M-2", self.circuits[2].pk),
            (None, "Ours", None),
        }
        self.assertEqual(set(found), expected)
