"""Random stories that a provider might write about one maintenance, for Hypothesis."""

from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from nautobot_circuit_maintenance.domain.updates import (
    IMPACTS,
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    Provenance,
    Window,
)

MONDAY = datetime(2026, 3, 2, tzinfo=timezone.utc)
OPEN = ("TENTATIVE", "CONFIRMED", "CONFIRMED", "RE-SCHEDULED", "IN-PROCESS", "UNKNOWN", "NO-CHANGE")
ENDING = ("CANCELLED", "COMPLETED")


def hour(number: float) -> datetime:
    """Return the time this many hours after Monday, 0:00 UTC."""
    return MONDAY + timedelta(hours=number)


def night(day: float, hours: float = 4) -> Window:
    """Return the window of a night of March."""
    return Window(hour(24 * day), hour(24 * day + hours))


SWAPPED, NEXT_YEAR = night(276), night(375)
"""The tenth night, 12 March, with day and month the other way round; and a year later."""
NIGHTS = (
    *(night(10), night(10), night(10, 2), night(10.1), night(11), night(12)),
    *(night(1), night(1, 24), night(1, 31 * 24), night(60), night(400), SWAPPED, NEXT_YEAR),
)
"""Some overlap; the last are those of an ID that is used again."""
_HOURS = (0, 1, 1, 2, 3, 5, 24, 300, 2_000)

windows = st.lists(st.sampled_from(NIGHTS), max_size=2, unique=True).map(lambda found: tuple(sorted(found)))
circuits = st.lists(
    st.builds(AnnouncedImpact, st.sampled_from(("C-1", "c-1", "C-2", "C-3")), st.sampled_from(IMPACTS)), max_size=3
).map(tuple)


@st.composite
def events(draw: st.DrawFn) -> MaintenanceEvent:
    """Return an event; one of a calendar that ends nothing has windows, as no reader lets it pass without."""
    uid = draw(st.sampled_from(("u-1", "u-1", "u-1 ", "u-2", "u-3", None, None, "")))
    status = draw(st.sampled_from((*OPEN, *ENDING, *ENDING)))
    spans = draw(windows)
    if uid and status not in ENDING and not spans:
        spans = (draw(st.sampled_from(NIGHTS)),)
    recurrence_id = draw(st.sampled_from((None, None, None, *(f"{each.start:%Y-%m-%dT%H:%M:%SZ}" for each in NIGHTS))))
    method = draw(st.sampled_from((None, None, None, "PUBLISH", "ADD")))
    return MaintenanceEvent(
        status=status,
        windows=spans,
        circuits=draw(circuits),
        issued_at=draw(st.sampled_from((None, *map(hour, _HOURS)))),
        uid=uid,
        recurrence_id=recurrence_id if uid else None,
        sequence=draw(st.sampled_from((None, 0, 0, 1, 2, 3))) if uid is not None else None,
        method=method if uid is not None else None,
        default_status=draw(st.sampled_from((None, "TENTATIVE", "CONFIRMED"))) if status == "NO-CHANGE" else None,
    )


@st.composite
def stories(draw: st.DrawFn, *, most: int = 6) -> list[MaintenanceUpdate]:
    """Return updates about one maintenance, each of another message; some clocks are wrong."""
    found = []
    for number in range(draw(st.integers(1, most))):
        received = draw(st.sampled_from(_HOURS))
        sent = draw(st.sampled_from((None, 0, 0, 0, -1, -30, 50)))
        found.append(
            MaintenanceUpdate(
                maintenance_id=draw(st.sampled_from(("CHG-1", "chg-1 "))),
                events=tuple(draw(st.lists(events(), min_size=1, max_size=2))),
                provenance=Provenance(
                    received_at=hour(received),
                    sent_at=None if sent is None else hour(received + sent),
                    fingerprint=f"mail-{number}",
                ),
                description=draw(st.sampled_from(("", f"Text {number}"))),
            )
        )
    return found
