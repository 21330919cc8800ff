"""The demo's data: objects in Nautobot, sample emails and the expected results."""

import base64
import email.header
import email.utils
import json
import quopri
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

SAMPLES = Path(__file__).parent

DAY_AND_TIME = re.compile(r"([+-]\d+)d (\d\d):(\d\d)")
HOURS_AND_MINUTES = re.compile(r"([+-])(\d+)h(?:(\d+)m)?")


@dataclass(frozen=True)
class Sample:
    """One email as delivered, and the result that was specified before any code read it."""

    name: str
    mailbox: str
    raw: bytes
    received_at: datetime
    expected: str
    reason: str
    maintenances: tuple[str, ...]


def load_world(now: datetime) -> dict[str, Any]:
    """Return locations, devices, providers and circuits as plain data; install dates are relative to `now`."""
    world = _read_json(SAMPLES / "world.json")
    for circuit in world["circuits"]:
        circuit["install_date"] = (now - timedelta(days=circuit.pop("installed_days_ago"))).date()
    return world


def load_samples(now: datetime) -> list[Sample]:
    """Return all samples in the order in which they reach the mailbox, which is not the order of issue."""
    render = _renderer(now)
    samples = [
        _sample({"folder": path.parent.name, "mailbox": expectation["mailbox"], **message}, render, now)
        for path, expectation in _expectations()
        for message in expectation["messages"]
    ]
    return sorted(samples, key=lambda sample: sample.received_at)


def expected_maintenances(now: datetime) -> list[dict[str, Any]]:
    """Return every maintenance as expected after all samples are digested; times are aware datetimes."""
    return [
        {
            **maintenance,
            "provider": expectation["provider"],
            "windows": [[moment(now, start), moment(now, end)] for start, end in maintenance["windows"]],
        }
        for _, expectation in _expectations()
        for maintenance in expectation["maintenances"]
    ]


def moment(now: datetime, offset: str) -> datetime:
    """Return the UTC time that an offset names: "+3d 22:00" counts days, "-2h10m" counts from the last full hour."""
    now = now.astimezone(timezone.utc)
    if match := DAY_AND_TIME.fullmatch(offset):
        days, hour, minute = (int(group) for group in match.groups())
        return now.replace(hour=hour, minute=minute, second=0, microsecond=0) + timedelta(days=days)
    if match := HOURS_AND_MINUTES.fullmatch(offset):
        sign, hours, minutes = match.groups()
        distance = timedelta(hours=int(hours), minutes=int(minutes or 0))
        full_hour = now.replace(minute=0, second=0, microsecond=0)
        return full_hour + distance if sign == "+" else full_hour - distance
    raise ValueError(f"not an offset: {offset!r}")


def _expectations() -> list[tuple[Path, dict[str, Any]]]:
    """Return every provider's written expectations with their path, in the order of the folder names."""
    return [(path, _read_json(path)) for path in sorted(SAMPLES.glob("*/expected.json"))]


def _read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object of the samples folder."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def _sample(message: dict[str, Any], render: Callable[[str], str], now: datetime) -> Sample:
    """Return one message as it is delivered; a `copy_of` differs from its original in the trace headers only."""
    folder = message["folder"]
    name = f"{folder}/{Path(message['file']).stem}"
    received_at = moment(now, message["received"])
    text = _trace_headers(name, received_at) + render(f"{folder}/{message.get('copy_of', message['file'])}")
    return Sample(
        name=name,
        mailbox=message["mailbox"],
        raw=text.replace("\n", "\r\n").encode(message.get("charset", "utf-8")),
        received_at=received_at,
        expected=message["expected"],
        reason=message.get("reason", ""),
        maintenances=tuple(message.get("maintenances", ())),
    )


def _trace_headers(name: str, received_at: datetime) -> str:
    """Return the header fields that our own mail server puts before a message."""
    queue_id = sha256(name.encode()).hexdigest()[:10].upper()
    return (
        "Delivered-To: notices@harbourvale.example\n"
        f"Received: from relay{len(name) % 3 + 1}.harbourvale.example (relay.harbourvale.example [192.0.2.25])\n"
        f"\tby mx.harbourvale.example with ESMTPS id {queue_id}\n"
        f"\tfor <notices@harbourvale.example>; {email.utils.format_datetime(received_at)}\n"
    )


def _renderer(now: datetime) -> Callable[[str], str]:
    """Return a function that renders the template of one message, given its path below the samples folder."""
    environment = Environment(  # nosec B701  # emails, not web pages: nothing to escape
        loader=FileSystemLoader(SAMPLES),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters |= {
        "at": partial(_at, now),
        "ical": lambda offset: f"{moment(now, offset):%Y%m%dT%H%M%SZ}",
        "mail_date": lambda offset: email.utils.format_datetime(moment(now, offset)),
        "base64": _base64,
        "quoted_printable": _quoted_printable,
        "encoded_word": lambda text, charset: email.header.Header(text, charset).encode(),
    }
    return lambda path: environment.get_template(path).render()


def _at(now: datetime, offset: str, layout: str, utc_offset: int = 0) -> str:
    """Return a time in a provider's own layout, `utc_offset` hours east of Greenwich."""
    return (moment(now, offset) + timedelta(hours=utc_offset)).strftime(layout)


def _base64(text: str, charset: str = "utf-8") -> str:
    """Return the base64 form of a MIME part that its template shows in clear."""
    return base64.encodebytes(text.replace("\n", "\r\n").encode(charset)).decode("ascii")


def _quoted_printable(text: str, charset: str = "utf-8") -> str:
    """Return the quoted-printable form of a MIME part that its template shows in clear."""
    return quopri.encodestring(text.encode(charset)).decode("ascii")
