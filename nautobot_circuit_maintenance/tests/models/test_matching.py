"""Matching: which circuit of a provider an ID means, in a few statements and without keeping the circuits."""

import tracemalloc

import pytest
from nautobot.circuits.models import Circuit, CircuitTermination

from nautobot_circuit_maintenance.domain.circuit_ids import Kind
from nautobot_circuit_maintenance.domain.custom_fields import ALIASES
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, CircuitMatcher
from nautobot_circuit_maintenance.models.matching import link_unmatched, link_unmatched_to
from nautobot_circuit_maintenance.models.sort_figures import count_again
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_circuits, create_provider


def rename(circuit: Circuit, aliases: str) -> None:
    """Set the aliases of a circuit."""
    circuit.cf[ALIASES.key] = aliases
    circuit.validated_save()


def terminate(circuit: Circuit, side: str = "A", **fields) -> CircuitTermination:
    """Give a circuit a termination."""
    return CircuitTermination.objects.create(circuit=circuit, term_side=side, **fields)


class Matching(PipelineTestCase):
    """Within one provider: what the database reads for the rules of ``domain.circuit_ids``."""

    def match(self, cid: str) -> tuple[str, str] | None:
        """Return the circuit ID of the match, and how it was found."""
        found = CircuitMatcher().match([(self.provider.pk, cid)])
        self.assertLessEqual(set(found), {(self.provider.pk, cid)})
        if not found:
            return None
        [match] = found.values()
        return Circuit.objects.get(pk=match.circuit).cid, match.matched_by

    def test_each_step_finds_its_circuit(self):
        circuits = create_circuits(self.provider, "AB/100", "ETH/0042/77", "Q-5000", "Q-6000")
        rename(circuits[2], "Alpha 9, Beta-9")
        terminate(circuits[3], xconnect_id="21-884422", pp_info="PP 7 / 31")

        for cid, circuit, step in (
            ("AB/100", "AB/100", "exact"),
            ("ab/100", "AB/100", "case"),
            ("beta-9", "Q-5000", "alias"),
            ("ALPHA 9", "Q-5000", "alias"),
            ("21-884422", "Q-6000", "port"),
            ("pp 7 / 31", "Q-6000", "port"),
            ("ab 100", "AB/100", "separators"),
            ("beta 9", "Q-5000", "separators"),
            ("ETH/42/077", "ETH/0042/77", "zeros"),
            ("CKT: AB/100", "AB/100", "inside"),
            ("Beta-9 (Paris)", "Q-5000", "inside"),
        ):
            with self.subTest(cid):
                self.assertEqual(self.match(cid), (circuit, step))

    def test_circuits_with_other_forms_of_the_same_characters_are_found(self):
        """The database cannot search for them, so it returns all that have some."""
        create_circuits(self.provider, "\uff31\uff38/\uff11\uff12\uff13", "M\xdcNCHEN 1", "gro\xdf-7")

        self.assertEqual(self.match("qx/123"), ("\uff31\uff38/\uff11\uff12\uff13", "case"))
        self.assertEqual(self.match("m\xfcnchen-1"), ("M\xdcNCHEN 1", "separators"))
        self.assertEqual(self.match("GROSS-7"), ("gro\xdf-7", "case"))

    def test_characters_that_mean_something_to_the_database_mean_themselves(self):
        create_circuits(self.provider, "A%B", "AxB", "A_C", "AxC", "back\\slash")

        self.assertEqual(self.match("a%b"), ("A%B", "case"))
        self.assertEqual(self.match("a_c"), ("A_C", "case"))
        self.assertEqual(self.match("BACK\\SLASH"), ("back\\slash", "case"))
        self.assertIsNone(self.match("%"))

    def test_a_step_that_finds_two_ends_the_search(self):
        """The later steps would find one, the wrong one perhaps."""
        circuits = create_circuits(self.provider, "Q-1", "Q-2", "XC 9")
        for circuit in circuits[:2]:
            terminate(circuit, pp_info="XC-9")

        self.assertIsNone(self.match("xc-9"))

    @pytest.mark.postgresql("has two circuit IDs that differ only in case")
    def test_two_circuits_whose_ids_differ_only_in_case_are_told_apart_by_it(self):
        """Another spelling means neither."""
        create_circuits(self.provider, "AB/1000", "ab/1000")

        self.assertEqual(self.match("ab/1000"), ("ab/1000", "exact"))
        self.assertIsNone(self.match("Ab/1000"))

    def test_both_ends_of_one_circuit_are_one_match(self):
        terminate(self.circuits[0], "A", xconnect_id="XC-9")
        terminate(self.circuits[0], "Z", xconnect_id="XC-9")

        self.assertEqual(self.match("XC-9"), ("C-1", "port"))

    def test_another_providers_circuit_never_matches(self):
        [theirs] = create_circuits(create_provider("Carrier", ""), "Z-9")
        rename(theirs, "Z-10")
        terminate(theirs, xconnect_id="Z-11")

        self.assertEqual([self.match(cid) for cid in ("Z-9", "z 9", "Z-10", "Z-11", "ID: Z-10")], [None] * 5)

    def test_ids_of_several_providers_take_three_statements_and_none_when_asked_again(self):
        """One if every ID is exact; the same ID means another circuit to each provider."""
        theirs = [create_circuits(create_provider(f"Carrier {n}", ""), "C-1", "K/7") for n in range(3)]
        exact = {(pair[0].provider_id, pair[0].cid): (pair[0].pk, "exact") for pair in theirs}
        wanted = [*exact, *((pair[1].provider_id, "k 7") for pair in theirs), (self.provider.pk, "unknown 1")]
        matcher = CircuitMatcher()

        with self.assertNumQueries(1):
            self.assertEqual(matcher.match(exact), exact)
        with self.assertNumQueries(3):
            found = matcher.match(wanted)
        with self.assertNumQueries(0):
            self.assertEqual(matcher.match(wanted), found)
        self.assertEqual(found, exact | {(pair[1].provider_id, "k 7"): (pair[1].pk, "separators") for pair in theirs})

    def test_many_ids_take_as_many_statements(self):
        """There, all circuits of the provider are read instead of searched."""
        create_circuits(self.provider, *(f"K/{n}" for n in range(100)))
        wanted = [(self.provider.pk, f"k {n}") for n in range(200)]

        with self.assertNumQueries(3):
            found = CircuitMatcher().match(wanted)

        self.assertEqual(len(found), 100)

    def test_the_circuits_are_not_kept_in_memory(self):
        create_circuits(self.provider, *(f"X-{n}" for n in range(5_000)))
        wanted = [(self.provider.pk, f"x {n}") for n in range(17, 157)]
        CircuitMatcher().match(wanted)  # what is loaded once is loaded

        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        CircuitMatcher().match(wanted)

        self.assertLess(tracemalloc.get_traced_memory()[1], 3 * 1024 * 1024)


class Linking(PipelineTestCase):
    """Impacts whose circuit is added, renamed or given an alias later."""

    def announce(self, cid: str, **fields) -> CircuitImpact:
        """Create an impact as the pipeline does, in a maintenance of its own."""
        name = f"M-{CircuitMaintenance.objects.count() + 1}"
        maintenance = CircuitMaintenance.objects.create(name=name, provider=self.provider)
        impact = self.store(maintenance, cid, **fields)
        impact.refresh_from_db()
        return impact

    @staticmethod
    def store(maintenance: CircuitMaintenance, cid: str, **fields) -> CircuitImpact:
        """Store an impact as the pipeline does: `save` would link it."""
        [impact] = CircuitImpact.objects.bulk_create([CircuitImpact(maintenance=maintenance, cid=cid, **fields)])
        count_again([maintenance.pk])
        return impact

    def link_of(self, impact: CircuitImpact) -> tuple[str | None, str]:
        """Return the circuit ID that an impact is linked to, and how it was found."""
        impact.refresh_from_db()
        return impact.circuit and impact.circuit.cid, impact.matched_by

    def test_linking_takes_as_many_statements_for_two_providers_as_for_one(self):
        """One where everything is linked, three where nothing can be, seven where something can: two record it."""
        for expected, cid in ((3, "unknown 1"), (7, "c 1")):
            for name in ("ISP A", "ISP B"):
                provider = create_provider(f"{name} {cid}", "")
                create_circuits(provider, "C-1")
                self.store(CircuitMaintenance.objects.create(name="M-1", provider=provider), cid)
            with self.subTest(cid), self.assertNumQueries(expected):
                self.assertEqual(link_unmatched(), 0 if expected == 3 else 2)
        CircuitImpact.objects.filter(circuit=None).delete()
        with self.assertNumQueries(1):
            self.assertEqual(link_unmatched(), 0)

    def test_the_unmatched_of_every_provider_are_linked_to_its_own_circuits(self):
        """And what a person linked stays."""
        carrier = create_provider("Carrier", "")
        theirs = create_circuits(carrier, "C-1")[0]
        for provider in (self.provider, carrier):
            self.store(CircuitMaintenance.objects.create(name="M-1", provider=provider), "c-1")
        manual = CircuitMaintenance.objects.create(name="M-2", provider=self.provider)
        CircuitImpact.objects.create(maintenance=manual, cid="C-1", circuit=self.circuits[2])
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

    def test_a_new_circuit_links_what_means_it(self):
        """In whatever way it is written, and nothing else."""
        cids = (
            "NEW/0700",
            "new 0700",
            "CKT: new/0700",
            "NEW/700",
            "NEW/07001",
            "NEW/0700-1",
            "\uff2e\uff25\uff37/0700",
        )
        impacts = [self.announce(cid) for cid in cids]

        create_circuits(self.provider, "NEW/0700")

        steps = ("exact", "separators", "inside", "zeros", None, None, "case")
        expected = [("NEW/0700", step) if step else (None, "") for step in steps]
        self.assertEqual([self.link_of(impact) for impact in impacts], expected)

    def test_an_alias_and_a_port_link_what_means_them(self):
        impacts = [self.announce(cid) for cid in ("OLD/1", "XC-4711")]

        rename(self.circuits[0], "OLD/1")
        terminate(self.circuits[1], xconnect_id="xc-4711")

        self.assertEqual([self.link_of(impact) for impact in impacts], [("C-1", "alias"), ("C-2", "port")])

    def test_a_circuit_that_leaves_it_open_links_nothing(self):
        impact = self.announce("ab 12")
        create_circuits(create_provider("Carrier", ""), "AB 12")
        self.assertEqual(self.link_of(impact), (None, ""))
        circuits = create_circuits(self.provider, "Q-1", "Q-2")
        Circuit.objects.filter(pk=circuits[0].pk).update(cid="AB-12")  # as a bulk import: without signals

        create_circuits(self.provider, "AB/12")

        self.assertEqual(self.link_of(impact), (None, ""))

    def test_a_saved_circuit_costs_one_statement_if_nothing_may_mean_it(self):
        """However many impacts have no circuit."""
        for number in range(20):
            self.announce(f"unknown {number}")
        with self.assertNumQueries(1):
            self.assertEqual(link_unmatched_to(self.provider.pk, [("Z/99", Kind.CID)]), 0)

    def test_a_link_that_a_person_made_or_removed_stays(self):
        """Also where the circuit that the ID means is added later, and in the next run."""
        made, removed = self.announce("NEW/1"), self.announce("C-2", circuit=self.circuits[1], matched_by="exact")
        made.circuit = self.circuits[2]
        made.validated_save()
        removed.circuit = None
        removed.validated_save()

        create_circuits(self.provider, "NEW/1")
        self.circuits[1].validated_save()
        self.assertEqual(link_unmatched(), 0)

        self.assertEqual([self.link_of(each) for each in (made, removed)], [("C-3", "manual"), (None, "manual")])

    def test_saving_something_else_keeps_how_the_circuit_was_found(self):
        impact = self.announce("c 1", circuit=self.circuits[0], matched_by="separators")
        impact.impact = "DEGRADED"
        impact.validated_save()

        self.assertEqual(self.link_of(impact), ("C-1", "separators"))

    def test_an_impact_that_a_person_adds_without_a_circuit_is_linked_when_it_is_saved(self):
        maintenance = CircuitMaintenance.objects.create(name="M-1", provider=self.provider)
        impact = CircuitImpact.objects.create(maintenance=maintenance, cid="c-1")

        self.assertEqual(self.link_of(impact), ("C-1", "case"))

    def test_the_successor_of_a_deleted_circuit_is_linked(self):
        """Even where a person had linked the circuit that is gone: it is the circuit that went, not the link."""
        impact = self.announce("C-2")
        impact.circuit = self.circuits[1]
        impact.validated_save()
        self.circuits[1].delete()
        self.assertEqual(self.link_of(impact), (None, ""))

        create_circuits(self.provider, "C-2")

        self.assertEqual(self.link_of(impact), ("C-2", "exact"))
