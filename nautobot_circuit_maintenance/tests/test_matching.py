"""Matching: which circuit of a provider an id means; nothing is guessed."""

import tracemalloc

from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, CircuitMatcher
from nautobot_circuit_maintenance.models.matching import link_unmatched
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_circuits, create_provider


class Matching(PipelineTestCase):
    """Within one provider: exact, then without case, then without punctuation."""

    def match(self, cid: str) -> str | None:
        """Return the circuit id of the match."""
        found = CircuitMatcher().match([(self.provider.pk, cid)])
        self.assertLessEqual(set(found), {(self.provider.pk, cid)})
        return Circuit.objects.get(pk=found[self.provider.pk, cid]).cid if found else None

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

    def test_ids_of_several_providers_take_two_statements_and_no_more_when_asked_again(self):
        """One where every id is written as Nautobot knows it; the same id means another circuit to each provider."""
        theirs = [create_circuits(create_provider(f"Carrier {n}", ""), "C-1", "K/7") for n in range(3)]
        exact = {(pair[0].provider_id, pair[0].cid): pair[0].pk for pair in theirs}
        wanted = [*exact, *((pair[1].provider_id, "k 7") for pair in theirs), (self.provider.pk, "nobody's")]
        matchers = CircuitMatcher()

        with self.assertNumQueries(1):
            self.assertEqual(matchers.match(exact), exact)
        with self.assertNumQueries(2):
            found = matchers.match(wanted)
        with self.assertNumQueries(0):
            self.assertEqual(matchers.match(wanted), found)
        self.assertEqual(found, exact | {(pair[1].provider_id, "k 7"): pair[1].pk for pair in theirs})

    def test_circuits_that_nobody_asks_for_are_not_kept(self):
        """Memory does not grow with what Nautobot holds."""
        create_circuits(self.provider, *(f"X-{n}" for n in range(5_000)))
        matchers = CircuitMatcher()
        matchers.match([(self.provider.pk, "x 17")])  # what is loaded once is loaded

        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        matchers.match([(self.provider.pk, "x 18"), (self.provider.pk, "nobody's")])

        self.assertLess(tracemalloc.get_traced_memory()[1], 2 * 1024 * 1024)

    def test_linking_takes_as_many_statements_for_two_providers_as_for_one(self):
        """One where all is linked, two where nothing can be, four where something is."""
        for expected, cid in ((2, "nobody's"), (4, "c 1")):
            for name in ("ISP A", "ISP B"):
                provider = create_provider(f"{name} {cid}", "")
                create_circuits(provider, "C-1")
                maintenance = CircuitMaintenance.objects.create(name="M-1", provider=provider)
                CircuitImpact.objects.create(maintenance=maintenance, cid=cid)
            with self.subTest(cid), self.assertNumQueries(expected):
                self.assertEqual(link_unmatched(), 0 if expected == 2 else 2)
        CircuitImpact.objects.filter(circuit=None).delete()
        with self.assertNumQueries(1):
            self.assertEqual(link_unmatched(), 0)

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
