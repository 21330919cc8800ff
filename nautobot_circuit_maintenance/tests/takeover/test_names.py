"""What the older name of a maintenance means."""

from uuid import UUID

from nautobot_circuit_maintenance.takeover.names import Parts, Providers, take_apart

NORDLIGHT, DELTA, DELTA_NET, HANSE = (UUID(int=number) for number in (1, 2, 3, 4))
PROVIDERS = Providers({NORDLIGHT: "Nordlight", DELTA: "Delta", DELTA_NET: "Delta-Net", HANSE: "Hanse Kabel Netze AG"})


def parts(name: str, *announced: tuple[UUID, str]) -> Parts:
    """Return the parts of a name."""
    return take_apart(name, announced, PROVIDERS)


def test_what_a_message_names_comes_first():
    assert parts("Delta-Net-7", (DELTA, "Net-7")) == Parts(DELTA, "Net-7", "Net-7")
    assert parts("Delta-Net-7", (DELTA_NET, "7")) == Parts(DELTA_NET, "7", "7")


def test_the_longest_provider_is_meant_if_no_message_says_anything():
    assert parts("Delta-Net-7") == Parts(DELTA_NET, "7")
    assert parts("Delta-7") == Parts(DELTA, "7")


def test_what_messages_of_two_providers_claim_is_left_whole():
    found = parts("Delta-Net-7", (DELTA, "Net-7"), (DELTA_NET, "7"))

    assert (found.provider, found.name, found.maintenance_id) == (None, "Delta-Net-7", "")
    assert found.doubt == "It may be any of these: Delta Net-7, Delta-Net 7."


def test_an_id_that_was_cut_is_restored():
    whole = "L" * 120
    cut = f"Nordlight-{whole}"[:100]

    assert parts(cut, (NORDLIGHT, whole)) == Parts(NORDLIGHT, whole, whole)
    assert parts(cut) == Parts(NORDLIGHT, "L" * 90)


def test_two_ids_that_were_cut_to_one_are_left_as_they_are():
    found = parts(f"Nordlight-{'L' * 120}"[:100], (NORDLIGHT, "L" * 120 + "A"), (NORDLIGHT, "L" * 120 + "B"))

    assert (found.provider, found.name, found.maintenance_id) == (NORDLIGHT, "L" * 90, "")
    assert found.doubt


def test_a_provider_that_was_renamed_since_is_found_by_its_messages():
    assert parts("Hanse Kabel-HK-1", (HANSE, "HK-1")) == Parts(HANSE, "HK-1", "HK-1")
    assert parts(("Hanse Kabel-" + "H" * 120)[:100], (HANSE, "H" * 120)) == Parts(HANSE, "H" * 120, "H" * 120)


def test_a_name_that_a_person_chose_stays_with_the_id_of_its_messages():
    assert parts("Moving the rack", (NORDLIGHT, "N-1")) == Parts(NORDLIGHT, "Moving the rack", "N-1")
    assert parts("Moving the rack") == Parts(None, "Moving the rack")


def test_case_and_blanks_do_not_matter():
    assert parts("nordlight-N-1") == Parts(NORDLIGHT, "N-1")
    assert parts("Nordlight-  SPACED  ") == Parts(NORDLIGHT, "SPACED")
    assert parts("nordlight-n-1", (NORDLIGHT, "N-1")) == Parts(NORDLIGHT, "N-1", "N-1")


def test_nothing_behind_the_provider_is_no_name():
    assert parts("Nordlight-") == Parts(NORDLIGHT, "Nordlight-")


def test_a_provider_that_is_gone_leaves_the_name_whole():
    assert parts("Extinct Telecom-EX-77") == Parts(None, "Extinct Telecom-EX-77")
