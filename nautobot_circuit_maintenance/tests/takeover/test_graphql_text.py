"""Saved GraphQL queries."""

from nautobot_circuit_maintenance.takeover.graphql_text import rewritten


def test_a_field_of_another_name_keeps_its_old_one_in_the_response():
    query = "query { circuit_maintenances { name circuitimpact_set { impact circuit { cid } } } }"

    assert rewritten(query) == (
        "query { circuit_maintenances { name circuitimpact_set: impacts { impact circuit { cid } } } }"
    )


def test_the_impacts_of_a_circuit_have_a_name_of_their_own():
    query = (
        "{ circuits { circuitimpact_set { impact } } c: circuit_maintenance(id: 1) { x: circuitimpact_set { id } } }"
    )

    assert rewritten(query) == (
        "{ circuits { circuitimpact_set: maintenance_impacts { impact } } c: circuit_maintenance(id: 1) { x: impacts { id } } }"
    )


def test_other_queries_and_words_in_strings_stay():
    query = '{ circuits(q: "circuitimpact_set") { cid } }'

    assert rewritten(query) == query


def test_what_is_no_query_is_not_rewritten():
    assert rewritten("{ circuitimpact_set") is None
