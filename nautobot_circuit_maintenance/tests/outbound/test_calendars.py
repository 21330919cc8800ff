"""Calendar entries, as another reader of calendars (the library icalendar) reads them."""

from datetime import timedelta, timezone

import pytest
from hypothesis import example, given, strategies as st
from icalendar import Calendar

from nautobot_circuit_maintenance.outbound.calendars import attachment, calendar, entries_of, text_property, vevent
from nautobot_circuit_maintenance.tests.outbound.states import HOUR, SECOND, STATE, SYDNEY, WINDOW, changed


def read(content: bytes) -> list:
    """Return the entries of a calendar file."""
    return list(Calendar.from_ical(content).walk("VEVENT"))


def attached(state=STATE, **values) -> list:
    return read(attachment(state, instance="live", organizer="noc@customer.example", **values))


def test_a_window_is_an_entry_with_the_facts_of_the_maintenance():
    (entry,) = attached()
    assert entry["UID"] == f"{STATE.id}-1@live"
    assert entry["SEQUENCE"] == 3
    assert (entry.decoded("DTSTART"), entry.decoded("DTEND")) == WINDOW
    assert entry.decoded("DTSTAMP") == entry.decoded("LAST-MODIFIED") == STATE.changed_at
    assert entry["SUMMARY"] == "Lumen 42 (NYC1, SYD1)"
    assert entry["LOCATION"] == "NYC1, SYD1"
    assert entry["STATUS"] == "CONFIRMED"
    assert entry["TRANSP"] == "TRANSPARENT"
    assert entry["ORGANIZER"] == "mailto:noc@customer.example"
    assert "ATTENDEE" not in entry
    assert "SYD-1: OUTAGE (SYD1)" in entry["DESCRIPTION"].split("\n")
    assert "Fiber splice; bring a ladder, please" in entry["DESCRIPTION"].split("\n")


def test_the_file_of_an_email_is_published():
    content = attachment(STATE, instance="live", organizer="noc@customer.example")
    assert Calendar.from_ical(content)["METHOD"] == "PUBLISH"


def test_a_window_that_moves_stays_the_same_entry():
    later = changed(windows=tuple((start + HOUR, end + HOUR) for start, end in STATE.windows), revision=4)
    assert [each["UID"] for each in attached(later)] == [each["UID"] for each in attached()]
    assert attached(later)[0]["SEQUENCE"] > attached()[0]["SEQUENCE"]


def test_windows_are_numbered_by_start_whatever_their_order():
    assert attached(changed(windows=(SECOND, WINDOW))) == attached(changed(windows=(WINDOW, SECOND)))


def test_a_window_that_was_told_and_is_gone_is_cancelled():
    last_state = changed(windows=(WINDOW, SECOND))
    first, second = attached(changed(revision=4), last_state=last_state)
    assert (first["STATUS"], second["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert second["UID"] == f"{STATE.id}-2@live"
    assert second.decoded("DTSTART") == SECOND[0]
    assert second["SUMMARY"].startswith("CANCELLED: ")


@pytest.mark.parametrize("values", [{"status": "CANCELLED"}, {"replaced_by": "43"}, {"exists": False}])
def test_what_does_not_take_place_is_cancelled_in_all_windows(values):
    found = attached(changed(windows=(WINDOW, SECOND), **values))
    assert [each["STATUS"] for each in found] == ["CANCELLED", "CANCELLED"]


@pytest.mark.parametrize(
    ("status", "wanted"), [("TENTATIVE", "TENTATIVE"), ("UNKNOWN", "TENTATIVE"), ("COMPLETED", "CONFIRMED")]
)
def test_the_status_of_an_entry(status, wanted):
    assert attached(changed(status=status))[0]["STATUS"] == wanted


def test_an_entry_names_the_circuits_of_its_window_only():
    first_night = changed(SYDNEY, windows=(WINDOW,))
    second_night = changed(SYDNEY, cid="SYD-2", windows=(SECOND,), sites=("SYD2",))
    first, second = attached(changed(windows=(WINDOW, SECOND), circuits=(first_night, second_night)))
    assert (first["LOCATION"], second["LOCATION"]) == ("SYD1", "SYD2")
    assert "SYD-2" not in first["DESCRIPTION"]


def test_times_of_any_zone_are_written_in_utc():
    zone = timezone(timedelta(hours=11))
    moved = changed(windows=tuple((start.astimezone(zone), end.astimezone(zone)) for start, end in STATE.windows))
    assert attached(moved) == attached()


@example("x\r\nATTENDEE:mailto:a@b.example", "\nEND:VEVENT\n\x0bX:1\x85Y:2\u2028Z:3")
@given(st.text(), st.text())
def test_no_text_adds_a_line_of_its_own(name, description):
    """Whatever a provider writes, the properties of the calendar stay ours, and no line is too long."""
    state = changed(name=name, description=description, provider=description, ticket=name, url=name)
    content = calendar(
        map(vevent, entries_of(state, instance="live")), properties=[text_property("X-WR-CALNAME", name)]
    )
    unfolded = content.replace(b"\r\n ", b"")
    assert {line.split(b":")[0] for line in unfolded.split(b"\r\n")} <= {
        *(b"BEGIN", b"END", b"VERSION", b"PRODID", b"CALSCALE", b"X-WR-CALNAME", b"UID", b"SEQUENCE", b"DTSTAMP"),
        *(
            b"LAST-MODIFIED",
            b"DTSTART",
            b"DTEND",
            b"SUMMARY",
            b"STATUS",
            b"TRANSP",
            b"DESCRIPTION",
            b"LOCATION",
            b"URL",
            b"",
        ),
    }
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert len(read(content)) == 1


def test_many_circuits_are_counted():
    many = tuple(changed(SYDNEY, cid=f"C{number}") for number in range(70))
    (entry,) = attached(changed(circuits=many))
    assert "and 20 more circuits" in entry["DESCRIPTION"]
    assert entry["LOCATION"] == "SYD1"
