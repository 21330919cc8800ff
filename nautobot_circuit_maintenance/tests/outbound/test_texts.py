"""What messages say, in words that were written down before the code ran."""

import json
from dataclasses import replace
from datetime import timezone
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from nautobot_circuit_maintenance.outbound.facts import digest_facts, facts
from nautobot_circuit_maintenance.outbound.state import MailState, Occasion, SiteState, from_json
from nautobot_circuit_maintenance.outbound.texts import subject_of, write, write_digest
from nautobot_circuit_maintenance.tests.outbound.states import (
    HOUR,
    NEW_YORK,
    NIGHT,
    SECOND,
    STATE,
    SYDNEY,
    WINDOW,
    changed,
)

BERLIN = ZoneInfo("Europe/Berlin")
UTC = timezone.utc
FIRST_NIGHT = "Tue 01 Dec 2026 22:00 – Wed 02 Dec 2026 02:00 UTC"
SECOND_NIGHT = "Wed 02 Dec 2026 22:00 – Thu 03 Dec 2026 02:00 UTC"
MOVED = changed(windows=(SECOND,))
AFFECTED = "OUTAGE at SYD1, DEGRADED at NYC1"
SITE = SiteState("1", "SYD1", "dark", "dark on Tue 01 Dec", (("dark", *WINDOW),), "https://nautobot.example/risk/1/")
MAIL = MailState("1", "Planned work", "failed", "noc@lumen.example", "READ-01: No maintenance found.")
SOURCE = MailState("2", "NOC mailbox", "failing", error="IMAP-02: refused", since=NIGHT)


@pytest.mark.parametrize(
    ("occasion", "headline"),
    [
        (Occasion("new", STATE), f"Lumen maintenance 42 (CONFIRMED): {AFFECTED}, {FIRST_NIGHT}."),
        (
            Occasion("new", changed(windows=(), circuits=())),
            "Lumen maintenance 42 (CONFIRMED): no circuit is known, no window is known.",
        ),
        (
            Occasion("new", changed(windows=(WINDOW, SECOND), circuits=(changed(NEW_YORK, sites=()),))),
            f"Lumen maintenance 42 (CONFIRMED): DEGRADED on NYC-7, {FIRST_NIGHT} and 1 more window.",
        ),
        (
            Occasion("changed", MOVED, STATE),
            f"Lumen 42: the window moved 24 h later, from {FIRST_NIGHT} to {SECOND_NIGHT}.",
        ),
        (
            Occasion("changed", changed(MOVED, status="RE-SCHEDULED", circuits=(NEW_YORK,)), STATE),
            f"Lumen 42: the window moved 24 h later, from {FIRST_NIGHT} to {SECOND_NIGHT}, and 2 more changes.",
        ),
        (Occasion("changed", STATE), f"Lumen maintenance 42 (CONFIRMED): {AFFECTED}, {FIRST_NIGHT}."),
        (
            Occasion("cancelled", changed(status="CANCELLED"), STATE),
            f"Lumen 42 is CANCELLED; it was planned for {FIRST_NIGHT}.",
        ),
        (Occasion("changed", changed(replaced_by="43"), STATE), "Lumen 42 was replaced by 43."),
        (
            Occasion("cancelled", changed(exists=False), STATE),
            f"Lumen 42 was deleted from Nautobot; it was planned for {FIRST_NIGHT}.",
        ),
        (
            Occasion("changed", changed(matches=False, circuits=(NEW_YORK,)), STATE),
            "Lumen 42 no longer matches your subscription: circuit SYD-1 (OUTAGE at SYD1) is no longer affected.",
        ),
        (Occasion("starts-soon", STATE, STATE, WINDOW), f"Lumen 42 starts soon: {FIRST_NIGHT}, {AFFECTED}."),
        (
            Occasion("not-acknowledged", STATE, STATE, WINDOW),
            f"Lumen 42 is not acknowledged and starts soon: {FIRST_NIGHT}, {AFFECTED}.",
        ),
        (Occasion("started", STATE, None, WINDOW), f"The window of Lumen 42 has started: {FIRST_NIGHT}, {AFFECTED}."),
        (
            Occasion("ended", STATE, STATE, WINDOW),
            f"The window of Lumen 42 has ended: {FIRST_NIGHT} (status CONFIRMED).",
        ),
        (
            Occasion("ended", changed(windows=())),
            "The window of Lumen 42 has ended: no window is known (status CONFIRMED).",
        ),
        (
            Occasion("overdue", changed(windows=(WINDOW, SECOND)), STATE, SECOND),
            "Lumen 42 is overdue: its last window ended at Thu 03 Dec 2026 02:00 UTC, and its status is still CONFIRMED.",
        ),
        (Occasion("at-risk", SITE), "SYD1: dark on Tue 01 Dec"),
        (Occasion("at-risk", SiteState("1", "SYD1", ""), SITE), "SYD1 is no longer at risk."),
        (Occasion("needs-a-person", MAIL), 'An email from noc@lumen.example needs a person: "Planned work" (failed).'),
        (
            Occasion("needs-a-person", SOURCE),
            "The notification source NOC mailbox is failing since Tue 01 Dec 2026 22:00 UTC.",
        ),
        (Occasion("needs-a-person", replace(SOURCE, state="ok")), "The notification source NOC mailbox is read again."),
    ],
)
def test_the_headline_says_what_happened(occasion, headline):
    written = write(occasion, zone=UTC)
    assert written.headline == headline
    assert written.text.startswith(f"{headline}\n\n") or written.text == f"{headline}\n"


def lines_of_change(now, last_state=STATE, zone=UTC) -> list[str]:
    text = write(Occasion("changed", now, last_state), zone=zone).text
    return text.partition("What changed:\n- ")[2].partition("\n\n")[0].split("\n- ")


@pytest.mark.parametrize(
    ("now", "last_state", "lines"),
    [
        (changed(status="TENTATIVE"), STATE, ["The status changed from CONFIRMED to TENTATIVE"]),
        (
            changed(windows=((NIGHT, NIGHT + 6 * HOUR),)),
            STATE,
            [f"The window changed, from {FIRST_NIGHT} to Tue 01 Dec 2026 22:00 – Wed 02 Dec 2026 04:00 UTC"],
        ),
        (changed(windows=(WINDOW, SECOND)), STATE, [f"A window was added: {SECOND_NIGHT}"]),
        (STATE, changed(windows=(WINDOW, SECOND)), [f"A window was removed: {SECOND_NIGHT}"]),
        (
            changed(circuits=(NEW_YORK, changed(SYDNEY, impact="NO-IMPACT"))),
            STATE,
            ["The impact on SYD-1 changed from OUTAGE to NO-IMPACT"],
        ),
        (
            changed(circuits=(NEW_YORK, changed(SYDNEY, cid="syd-1"))),
            STATE,
            [""],
        ),
        (
            changed(circuits=(*STATE.circuits, changed(SYDNEY, cid="X", sites=("A", "B")))),
            STATE,
            ["Circuit X (OUTAGE at A and B) was added"],
        ),
        (
            changed(windows=(WINDOW, SECOND), circuits=(NEW_YORK, changed(SYDNEY, windows=(SECOND,)))),
            changed(windows=(WINDOW, SECOND)),
            [f"Circuit SYD-1 is now affected in {SECOND_NIGHT}"],
        ),
        (changed(acknowledged=True), STATE, ["It was acknowledged"]),
        (STATE, changed(acknowledged=True), ["Its acknowledgement was removed"]),
        (changed(description="Other"), STATE, ["The description changed"]),
    ],
)
def test_each_change_is_named_with_old_and_new(now, last_state, lines):
    assert lines_of_change(now, last_state) == lines


def test_times_stand_in_utc_and_in_the_zone():
    (line,) = lines_of_change(MOVED, zone=BERLIN)
    assert line == (
        f"The window moved 24 h later, from {FIRST_NIGHT} (Tue 01 Dec 23:00 – Wed 02 Dec 03:00 CET) to {SECOND_NIGHT} "
        "(Wed 02 Dec 23:00 – Thu 03 Dec 03:00 CET)"
    )


def test_in_the_night_of_a_clock_change_each_end_has_its_zone():
    start = NIGHT.replace(month=10, day=24, hour=23)
    text = write(Occasion("new", changed(windows=((start, start + 4 * HOUR),))), zone=BERLIN).text
    assert "(Sun 25 Oct 01:00 CEST – 04:00 CET), 4 h" in text


def test_the_text_has_the_facts_by_site():
    text = write(
        Occasion("new", changed(circuits=(changed(SYDNEY, cid="Z", sites=()), *STATE.circuits))), zone=UTC
    ).text
    assert (
        "Affected:\n- NYC1: NYC-7, DEGRADED\n- SYD1: SYD-1, OUTAGE, Retail\n  https://nautobot.example/c/1/\n"
        "- No known site: Z, OUTAGE, Retail\n  https://nautobot.example/c/1/\n"
    ) in text
    assert (
        "Status: CONFIRMED\nAcknowledged: no\nTicket: CHG-9\nDescription: Fiber splice; bring a ladder, please\n"
        in text
    )
    assert text.endswith("\nhttps://nautobot.example/m/42/\n")


def test_a_reminder_names_the_circuits_of_its_window_only():
    state = changed(windows=(WINDOW, SECOND), circuits=(changed(NEW_YORK, windows=(SECOND,)), SYDNEY))
    written = write(Occasion("starts-soon", state, None, WINDOW), zone=UTC)
    assert "NYC" not in written.headline + written.text.partition("Affected:")[2].partition("\n\n")[0]


def test_the_subject_is_that_of_the_first_message_whatever_happened_since():
    first = write(Occasion("new", STATE), zone=UTC)
    assert first.subject == "Lumen 42: NYC1, SYD1"
    later = Occasion("cancelled", changed(status="CANCELLED", circuits=()), STATE)
    assert write(later, zone=UTC, subject=first.subject).subject == first.subject
    assert write(later, zone=UTC, subject=first.subject, one_thread=False).subject == f"CANCELLED: {first.subject}"


def test_a_subject_lists_a_few_sites_and_is_one_line():
    circuits = tuple(changed(SYDNEY, cid=site, sites=(site,)) for site in "ABCDE")
    assert subject_of(changed(circuits=circuits)) == "Lumen 42: A, B, C and 2 more sites"
    assert "\n" not in subject_of(changed(name="4\r\nBcc: x@y.example"))
    assert len(subject_of(changed(name="4" * 500))) <= 200
    assert subject_of(SITE) == "Site at risk: SYD1"
    assert subject_of(MAIL) == "Needs a person: Planned work"


def test_a_digest_has_each_update_under_its_event_with_its_address():
    digest = write_digest(
        [
            Occasion("new", STATE),
            Occasion("changed", changed(status="CANCELLED"), STATE),
            Occasion("new", changed(name="43")),
        ],
        name="Morning",
        zone=UTC,
        footer=["Why you get this."],
    )
    assert digest.subject == "Morning: 2 new, 1 cancelled"
    assert digest.headline == "3 updates: 2 new, 1 cancelled."
    assert digest.text.count("https://nautobot.example/m/42/") == 3
    assert digest.text.index("New:") < digest.text.index("maintenance 43") < digest.text.index("Cancelled:")
    assert digest.text.endswith("Why you get this.\n")


def test_thousands_of_lines_are_counted():
    many = tuple(changed(SYDNEY, cid=f"C{number}") for number in range(3000))
    written = write(Occasion("new", changed(circuits=many, description="x" * 100_000)), zone=BERLIN)
    assert "- and 2950 more circuits" in written.text
    assert len(written.text) < 20_000
    digest = write_digest([Occasion("new", STATE)] * 400, name="Morning", zone=UTC)
    assert "- and 350 more updates" in digest.text


class Tags(HTMLParser):
    """Collects the tags and attributes of HTML, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value or "" for _name, value in attrs]

    def handle_data(self, data):
        self.text += data


@given(st.text(alphabet=st.sampled_from("<>&\"'/= abjscript:x\n")), st.text())
def test_html_has_no_tag_of_anyone_else(name, description):
    state = changed(
        name=name, description=description, url=f"javascript:{name}", circuits=(changed(SYDNEY, cid=name, url=name),)
    )
    found = Tags()
    found.feed(write(Occasion("new", state), zone=UTC).html)
    assert found.tags <= {"p", "strong", "ul", "li", "br", "a"}
    assert found.links == []


def test_html_says_what_the_text_says():
    written = write(Occasion("changed", MOVED, STATE), zone=BERLIN)
    found = Tags()
    found.feed(written.html)
    squeezed = "".join(found.text.split()) + " ".join(found.links)
    assert all("".join(line.lstrip("- ").rstrip(":").split()) in squeezed for line in written.text.splitlines())
    assert found.links == ["https://nautobot.example/c/1/", "https://nautobot.example/m/42/"]


def test_the_facts_are_json_from_which_the_state_can_be_read():
    stored = json.loads(json.dumps(facts(Occasion("starts-soon", MOVED, STATE, SECOND))))
    assert (stored["event"], from_json(stored["now"]), from_json(stored["before"])) == ("starts-soon", MOVED, STATE)
    assert stored["window"] == ["2026-12-02T22:00:00+00:00", "2026-12-03T02:00:00+00:00"]
    digest = json.loads(json.dumps(digest_facts([Occasion("new", STATE), Occasion("at-risk", SITE)])))
    assert [each["event"] for each in digest["updates"]] == ["new", "at-risk"]
