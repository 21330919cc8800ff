"""Which circuit ID a provider means by what it wrote; a wrong circuit would be worse than none."""

import re

import pytest
from hypothesis import example, given, strategies as st

from nautobot_circuit_maintenance.choices import MatchedByChoices
from nautobot_circuit_maintenance.domain import circuit_ids
from nautobot_circuit_maintenance.domain.circuit_ids import Kind, WantedId, known_keys, needle_of


def match(wanted: str, *known: str, kind: Kind = Kind.CID) -> tuple[str, str] | None:
    """Return the known ID that is meant, and the step that found it."""
    found: dict[circuit_ids.Key, set[str]] = {}
    for each in known:
        for key in known_keys(each, kind):
            found.setdefault(key, set()).add(each)
    return WantedId(wanted).choose(found)


def step(wanted: str, known: str, kind: Kind = Kind.CID) -> str | None:
    """Return the step in which what a provider wrote means a known ID."""
    found = match(wanted, known, kind=kind)
    return found and found[1]


def test_the_steps_are_the_choices_of_the_model():
    steps = [value for value, _ in MatchedByChoices.CHOICES]
    assert list(WantedId("A-1").keys) == steps[:-1] and steps[-1] == MatchedByChoices.MANUAL


@pytest.mark.parametrize(
    "wanted, known, expected",
    [
        ("AB-1", "AB-1", "exact"),
        ("ab-1", "AB-1", "case"),
        ("\uff21\uff22\uff0d\uff11", "AB-1", "case"),  # full-width
        ("IC\u2011359\u00a0871", "IC-359 871", "case"),  # no-break hyphen and space
        ("IC\u2013359", "IC-359", "case"),  # en dash
        ("IC-359\u00ad871", "IC-359871", "case"),  # soft hyphen
        ("\u200bIC-359 ", "IC-359", "case"),  # zero-width space
        ("STRASSE 1", "stra\xdfe 1", "case"),
        ("e\u0301-1", "\xc9-1", "case"),
        ("10-1", "10.1", "separators"),
        ("10 / 1", "10.1", "separators"),
        ("A12-3", "A-12-3", "separators"),
        ("AB 77 9", "AB-77/9", "separators"),
        ("ab779", "AB-779", "separators"),
        ("L2-987654.", "L2-987654", "separators"),
        ("#L2-987654", "L2-987654", "separators"),
        ("ETH/100/42//ISP", "ETH/100/0042//ISP", "zeros"),
        ("A-0", "A-000", "zeros"),
        ("CKT: L2-987654", "L2-987654", "inside"),
        ("CKT:L2-987654", "L2-987654", "inside"),
        ("Circuit l2-987654", "L2-987654", "inside"),
        ("IC-359871 (Frankfurt)", "IC-359871", "inside"),
        ("IC-359871, Frankfurt - Paris", "IC-359871", "inside"),
        ("IC-359871; see above", "IC-359871", "inside"),
        ("IC-359871. It is down.", "IC-359871", "inside"),
        ("IC-359871 - Frankfurt", "IC-359871", "inside"),
        ("IC-359871 / Frankfurt", "IC-359871", "inside"),
        ("circuit '10.1'", "10.1", "inside"),
        ("circuit \u201c10.1\u201d", "10.1", "inside"),
        ("circuit \u300c10.1\u300d", "10.1", "inside"),
        ("circuit\uff1a10.1", "10.1", "inside"),
        ("Leitung IC-359 871 nach Paris", "IC-359 871", "inside"),
        ("IC-359 100 Mbit/s", "IC-359", "inside"),
        ("IC-359 10G", "IC-359", "inside"),
        ("ID AB:12", "AB:12", "inside"),
    ],
)
def test_what_means_a_known_id(wanted, known, expected):
    assert step(wanted, known) == expected


@pytest.mark.parametrize(
    "wanted, known",
    [
        ("101", "10.1"),
        ("1/0-1", "10.1"),
        ("1.01", "10.1"),
        ("10.1", "101"),
        ("ABC-1/1", "ABC-11"),
        ("AB-CD", "ABCD"),
        ("ABCD", "AB CD"),
        ("10.1.5", "10.1"),
        ("5.10.1", "10.1"),
        ("10.1-5", "10.1"),
        ("10.1/5", "10.1"),
        ("circuit 10.1.5", "10.1"),
        ("circuit 10.1-B", "10.1"),
        ("circuit 10.1#5", "10.1"),
        ("circuit 10.1_5", "10.1"),
        ("XL2-9876543", "L2-987654"),
        ("XL2-987654", "L2-987654"),
        ("CKT#L2-987654", "L2-987654"),
        ("ID A-1", "A-1"),  # shorter than four characters
        ("line Paris", "Paris"),  # no digit
        ("IC-359 871", "IC-359"),  # the blank is a separator within the number
        ("IC-359 871 (Frankfurt)", "IC-359"),
        ("IC-359 871 / 5", "IC-359"),
        ("12 34.5", "34.5"),
        ("\u0915\u093f-1", "\u0915\u0940-1"),  # another vowel sign of the same letter
        ("***", "--"),
        ("", "--"),
    ],
)
def test_what_does_not_mean_a_known_id(wanted, known):
    assert match(wanted, known) is None


def test_the_first_step_that_finds_something_decides():
    assert match("ab-1", "AB-1", "ab 1", "AB.1") == ("AB-1", "case")
    assert match("ab/1", "AB-01", "AB_1") == ("AB_1", "separators")
    assert match("ab-1000 (x)", "AB-1000", "XAB-1000") == ("AB-1000", "inside")


def test_a_step_that_finds_two_ends_the_search():
    assert match("ab_12", "AB-12", "AB 12") is None
    assert match("ab12", "AB-12", "AB 12") is None
    assert match("ab-1", "AB-1", "Ab-1", "ab 1") is None
    assert match("A-7", "A-007", "A-07") is None
    assert match("from IC-1001 to IC-1002", "IC-1001", "IC-1002") is None


def test_an_alias_goes_before_ports_and_before_what_is_only_similar():
    found = {key: {"alias"} for key in known_keys("ab-1", Kind.ALIAS)}
    for key in known_keys("AB-1", Kind.PORT):
        found.setdefault(key, set()).add("port")
    for key in known_keys("AB 1", Kind.CID):
        found.setdefault(key, set()).add("similar")
    assert WantedId("AB-1").choose(found) == ("alias", "alias")
    del found["alias", "ab-1"]
    assert WantedId("AB-1").choose(found) == ("port", "port")


def test_an_alias_may_be_written_in_another_way_and_a_port_may_not():
    assert [step(each, "AL-770", Kind.ALIAS) for each in ("al-770", "al 770", "AL-0770", "CKT: al-770")] == [
        *("alias", "separators", "zeros", "inside")
    ]
    assert [step(each, "AL-770", Kind.PORT) for each in ("al-770", "al 770", "AL-0770", "CKT: al-770")] == [
        *("port", None, None, None)
    ]


SEPARATORS = " -./_#:()"
ids = st.text("AbC019" + SEPARATORS, min_size=1, max_size=12)
odd = st.text(st.characters(codec="utf-8") | st.sampled_from("019aB-. /\uff11\u2011\xa0\xdf"), min_size=1, max_size=30)


def numbers(text: str) -> list[str]:
    """Return the numbers of an ID, without leading zeros; by another way than the code under test."""
    return [str(int(number)) for number in re.split(r"[^0-9]+", text) if number]


@given(st.lists(st.sampled_from("0123456789"), min_size=2, max_size=8), st.data())
@example(["1", "0", "1"], None)
def test_ids_that_differ_in_a_separator_between_digits_never_match(digits, data):
    """One of two IDs has a separator where the other has none, whatever else stands around."""
    place = data.draw(st.integers(1, len(digits) - 1)) if data else 2
    between = data.draw(st.sampled_from(SEPARATORS)) if data else "."
    prefix = data.draw(st.sampled_from(["", "A", "AB-", "X/7/"])) if data else ""
    joined = prefix + "".join(digits)
    apart = prefix + "".join(digits[:place]) + between + "".join(digits[place:])
    assert match(apart, joined) is None
    assert match(joined, apart) is None


@given(ids, ids)
def test_a_match_has_the_same_numbers_or_contains_the_known_id(wanted, known):
    """Numbers are never joined, split or reordered; else the known ID stands there between two bounds."""
    found = step(wanted, known)
    if found in ("exact", "case", "separators", "zeros"):
        assert numbers(wanted) == numbers(known)
    elif found == "inside":
        bounds = r"(^|[ :()])", r"[-./]*($|[ :()])"
        assert re.search(
            bounds[0] + re.escape(" ".join(known.lower().split())) + bounds[1], " ".join(wanted.lower().split())
        )
        assert len(known) >= 4


@given(odd, odd)
def test_any_text_is_compared_and_an_id_means_itself(wanted, known):
    match(wanted, known)
    assert step(known, known) == "exact"


@st.composite
def spellings(draw):
    """Write the same runs of letters and digits in two ways, one of them with a remark."""
    runs = draw(
        st.lists(st.sampled_from(["7", "0042", "100", "ab", "K", "stra\xdfe", "\u0661"]), min_size=1, max_size=4)
    )
    change = st.sampled_from([str, str.upper, str.casefold, lambda run: run.lstrip("0") or "0", full_width])
    between = st.sampled_from([*SEPARATORS, "\u2011", "\xa0", " / "])
    texts = ["".join(draw(change)(run) + draw(between) for run in runs)[:-1] for _ in range(2)]
    return draw(st.sampled_from(["{}", "{} (x)", "CKT 5: {}", " {}."])).format(texts[0]), texts[1]


def full_width(text: str) -> str:
    """Return a string in full-width characters."""
    return "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)


@given(spellings())
def test_the_database_finds_every_id_that_matches(pair):
    """A needle of each occurs in the other, unless that one has more than ASCII; see ``models.matching``."""
    wanted, known = pair
    if not any(match(wanted, known, kind=kind) for kind in Kind):
        return
    if known.isascii():
        assert any(all(run in known.lower() for run in needle) for needle in WantedId(wanted).needles)
    if wanted.isascii():
        assert all(run in wanted.lower() for run in needle_of(known))


@given(
    st.from_regex(r"[AbC]{1,3}[-./]?[019]{3,5}([-./][019bC]{1,3})?", fullmatch=True),
    st.sampled_from(["CKT: {}", "{} (Paris)", "[{}] x", "x, {}; y", "\u201c{}\u201d z"]),
)
def test_an_id_with_a_remark_means_the_same_circuit(known, remark):
    assert match(remark.format(known), known)


@given(odd)
def test_the_spelling_is_stable(text):
    once = circuit_ids.spelling(text)
    assert circuit_ids.spelling(once) == once


def test_a_long_text_of_many_words_takes_little_time():
    wanted = WantedId("1 a, " * 10_000)
    assert len(wanted.words) < 2_000 and sum(len(keys) for keys in wanted.keys.values()) < 2_000
