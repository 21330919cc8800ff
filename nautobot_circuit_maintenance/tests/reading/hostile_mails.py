"""Strategies for hostile messages: BCOP calendars and HTML with any invalid value, and damaged real messages."""

import base64
import quopri
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from nautobot_circuit_maintenance.tests.reading.parser_mails import HEADERS, windstream

SAMPLES = Path(__file__).parents[3] / "development" / "samples"
CORPUS = Path(__file__).parents[4] / "shared" / "corpus"

TEXTS = st.one_of(
    st.text(max_size=12),
    st.text(st.characters(codec=None), max_size=6),  # lone surrogates, too
    st.sampled_from(["", " ", "\0", "a\0b", "\ud800", "\u202eC-1", "None", "C-1", "c-1", "ß", "İ", "x" * 300]),
)
_LONG = ["x" * 255, "x" * 256, "x" * 300, "ä" * 100_000]
_IDS = st.sampled_from(["C-1", " \0", "\ud800", *_LONG, *_LONG]) | TEXTS
_TIMES = st.sampled_from(
    "20260310T010000Z 20260310T030000Z 99991231T235959Z 99990101T000000Z 00010101T000000Z 16000229T000000 19691231T235959Z "
    "19700101T000000Z 20260310 20260230T010000Z 20260310T250000Z PT2H 20260310T010000Z/PT1H 20260310T010000Z,20260311T010000Z "
    "T -1 0".split()
)
_NUMBERS = st.sampled_from(["-1", "0", "1", "-9223372036854775809", "9" * 19, "9" * 30, "9" * 5_000, "1.5", "1e9", "٣"])
_SPANS = st.one_of(
    st.just(("20260310T010000Z", "20260310T030000Z")),
    st.sampled_from(
        [
            ("20260310T010000Z", "99991231T235959Z"),
            ("99990101T000000Z", "99991231T235959Z"),
            ("16000229T000000", "20260310T010000Z"),
            ("00010101T000000Z", "19700101T000000Z"),
            ("19691231T235959Z", "20260310T010000Z"),
            ("20260310T030000Z", "20260310T010000Z"),
        ]
    ),
    st.tuples(_TIMES, _TIMES),
)
_ZONES = st.sampled_from(
    ["", ";TZID=Europe/Berlin", ";TZID=Nowhere/Land", ";TZID=", ";TZID=../../etc/passwd", ";VALUE=DATE"]
)
_STATUSES = st.sampled_from(
    "TENTATIVE CONFIRMED CANCELLED IN-PROCESS COMPLETED RE-SCHEDULED NO-CHANGE UNKNOWN confirmed".split()
)
_IMPACTS = st.sampled_from("NO-IMPACT REDUCED-REDUNDANCY DEGRADED OUTAGE TOTAL outage".split())
_LINES = {
    "SUMMARY:": TEXTS,
    "DTSTAMP:": _TIMES,
    "UID:": TEXTS,
    "SEQUENCE:": _NUMBERS,
    "ORGANIZER:": TEXTS,
    "X-MAINTNOTE-PROVIDER:": TEXTS,
    "X-MAINTNOTE-ACCOUNT:": TEXTS,
    "X-MAINTNOTE-MAINTENANCE-ID:": _IDS,
    "X-MAINTNOTE-IMPACT:": _IMPACTS,
    "X-MAINTNOTE-STATUS:": _STATUSES,
}
_SANE = {
    "SUMMARY:": "Card exchange",
    "DTSTAMP:": "20260302T090000Z",
    "UID:": "1",
    "SEQUENCE:": "1",
    "ORGANIZER:": "mailto:noc@example.com",
    "X-MAINTNOTE-PROVIDER:": "example.com",
    "X-MAINTNOTE-ACCOUNT:": "137",
    "X-MAINTNOTE-MAINTENANCE-ID:": "CHG-1",
    "X-MAINTNOTE-IMPACT:": "OUTAGE",
    "X-MAINTNOTE-STATUS:": "CONFIRMED",
}
_CHARSETS = st.sampled_from(
    [
        "=utf-8",
        "=utf-8",
        "=utf-16",
        "=iso-8859-1",
        "=us-ascii",
        "=x-none",
        "=punycode",
        "=utf-7",
        '="',
        "*=\0''x",
        "*1*=x",
    ]
)
_DAMAGE = [b"", b"\0", b"\xff\xfe", b"\r\n\r\n", b"--", b"=?x?b?=", b"99991231T235959Z", b"<table>" * 50, b"=", b"\\"]


@st.composite
def calendars(draw: st.DrawFn) -> str:
    """Draw a BCOP calendar: mostly valid, so that invalid values get past the first check."""
    events = [draw(_events()) for _ in range(draw(st.integers(1, 3)))]
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Maint Note//EN"]
    return "\r\n".join([*head, *events, draw(st.sampled_from(["END:VCALENDAR"] * 6 + ["", "END:VEVENT"])), ""])


@st.composite
def _events(draw: st.DrawFn) -> str:
    """Draw an event with one or two invalid values: with more, all would fail the same first check."""
    lies = draw(
        st.sets(st.sampled_from(["ids", "line", "times", "zone", "impacts", "duration", "one", "other"]), max_size=2)
    )
    lines = {name: f"{name}{value}" for name, value in _SANE.items()}
    if "line" in lies:
        name = draw(st.sampled_from(sorted(_LINES)))
        lines[name] = f"{name}{draw(_LINES[name])}"
    start, end = draw(_SPANS) if "times" in lies else ("20260310T010000Z", "20260310T030000Z")
    lines["DTSTART"] = f"DTSTART{draw(_ZONES) if 'zone' in lies else ''}:{start}"
    lines["DTEND"] = draw(st.sampled_from(["DURATION:PT2H", "DURATION:-P1W"])) if "duration" in lies else f"DTEND:{end}"
    for number, cid in enumerate(draw(st.lists(_IDS, max_size=3)) if "ids" in lies else ["C-1"]):
        impact = f";X-MAINTNOTE-OBJECT-IMPACT={draw(_IMPACTS)}" if "impacts" in lies else ""
        lines[f"ID {number}"] = f"X-MAINTNOTE-OBJECT-ID{impact}:{cid}"
    if "one" in lies:
        del lines[draw(st.sampled_from(sorted(lines)))]
    if "other" in lies:
        more = [
            "RRULE:FREQ=SECONDLY",
            "RDATE:20260311T010000Z",
            "RRULE:;;",
            "X-MAINTNOTE-OBJECT-ID:C-2",
            *lines.values(),
        ]
        lines["other"] = draw(st.sampled_from(more))
    return "\r\n".join(["BEGIN:VEVENT", *lines.values(), "END:VEVENT"])


_pages = st.one_of(
    st.builds(windstream, TEXTS, title=TEXTS, rows=st.integers(0, 3)),
    st.lists(st.sampled_from(["<table>", "<tr>", "<td>", "</td>", "<b>", "<!--", "&#0;", "Start:", "\0"]) | TEXTS).map(
        "".join
    ),
)


@st.composite
def _parts(draw: st.DrawFn) -> bytes:
    """Draw a part whose charset and encoding may be other than declared."""
    kind = draw(
        st.sampled_from(["text/calendar", "text/calendar", "text/html", "text/plain", "text/csv", "image/png", "x"])
    )
    text = draw(calendars() if kind == "text/calendar" else _pages)
    content = text.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-16"])), "surrogatepass")
    declared = draw(st.sampled_from(["8bit", "base64", "quoted-printable", "x-uuencode", "nonsense"]))
    used = declared if draw(st.integers(0, 4)) else "8bit"
    encode = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}.get(used, bytes)
    head = f"Content-Type: {kind}; charset{draw(_CHARSETS)}\r\nContent-Transfer-Encoding: {declared}\r\n\r\n"
    return head.encode() + encode(content)


def _together(children: list[bytes]) -> bytes:
    boundary = b"%d" % len(b"".join(children))
    parts = b"".join(b"\r\n--" + boundary + b"\r\n" + child for child in children)
    return (
        b"Content-Type: multipart/mixed; boundary=" + boundary + b"\r\n\r\n" + parts + b"\r\n--" + boundary + b"--\r\n"
    )


_trees = st.recursive(_parts(), lambda inner: st.lists(inner, max_size=3).map(_together), max_leaves=4)


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    """Draw a message of such parts."""
    subject = draw(TEXTS).encode("utf-8", "surrogatepass").translate(None, b"\r\n")
    head = b"".join(f"{name}: {value}\r\n".encode() for name, value in HEADERS.items() if name != "Subject")
    return head + b"Subject: " + subject + b"\r\nMIME-Version: 1.0\r\n" + draw(_trees)


@cache
def real_mails() -> list[tuple[str, bytes]]:
    """Return our samples, and the corpus if available, by folder or file names that contain the provider."""
    paths = sorted(SAMPLES.rglob("*.eml")) + sorted(CORPUS.rglob("*.eml"))
    return [(path.parent.name if SAMPLES in path.parents else path.stem, path.read_bytes()) for path in paths]


@st.composite
def damaged_mails(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw a real message that was cut, spliced and garbled, and the name of its file or folder."""
    name, raw = draw(st.sampled_from(real_mails()))
    for _ in range(draw(st.integers(1, 4))):
        # Positions as shares of the whole stay inside the message when Hypothesis shrinks it.
        start = int(len(raw) * draw(st.floats(0, 1)))
        end = start + draw(st.sampled_from([0, 1, 1, 2, 10, 200, len(raw)]))
        _, other = draw(st.sampled_from(real_mails()))
        piece = draw(st.sampled_from(_DAMAGE) | st.binary(max_size=4) | st.just(other[start : start + 3_000]))
        raw = raw[:start] + piece + raw[end:]
    return name, raw
