"""Telxius: backup windows, zones in brackets, IDs that the library makes up, cancellations."""

import re
from typing import Any

from nautobot_circuit_maintenance.reading import zones
from nautobot_circuit_maintenance.reading.corrections.base import Data, Method, Modules, notes, text_of, wrap

_BRACKETS = re.compile(r"\(([^)]*)\)")
_SUBJECT = re.compile(r"\[CANCELL?ED\]\s*(?:EMERGENCY )?(?:SCHEDULED )?Maintenance Notification: ([A-Z0-9]+) - (.*)")


class TelxiusWindows:
    """Telxius: a line "(Backup Window)" counts as a window, the zone in brackets is ignored, each window has an ID.

    The heading names the zone, "SCHEDULE // VENTANA(S) DE TRABAJO (UTC):", or each line does. The second window
    becomes the maintenance "SWX0036020-2", which the provider does not know and never completes or cancels.
    Samples: the library's own tests, telxius1 and telxius3.
    """

    name = "Telxius: windows"
    sample = (
        b"<b>NOTIFICATION NUMBER:</b> SWX1 <br><b>SCHEDULE // VENTANA(S) DE TRABAJO (CET):</b><ul>"
        b"<li>24-Nov-2026 05:00 - 24-Nov-2026 08:00</li><li>25-Nov-2026 05:00 - 25-Nov-2026 08:00</li>"
        b"<li>26-Nov-2026 05:00 - 26-Nov-2026 08:00 (Backup Window)</li></ul>"
    )
    right = (("SWX1", 1795492800, 1795503600), ("SWX1", 1795579200, 1795590000))

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is read otherwise."""
        items = modules("telxius").HtmlParserTelxius1().parser_hook(self.sample, "text/html")
        return tuple((item["maintenance_id"], item["start"], item["end"]) for item in items) != self.right

    def install(self, modules: Modules) -> None:
        """Read the lines of the schedule again, and give all windows the ID of the mail."""
        module = modules("telxius")

        def parse_list_dates(original: Method, parser: Any, lines: Any, events: list[Data]) -> None:
            texts = [text_of(line) for line in lines]
            counted = [text for text in texts if not _is_backup(text)] or texts
            zone = _zone(text_of(lines[0].find_previous("b"))) if lines else ""
            found = [_event(module, parser, text, zone) for text in counted]
            try:
                before: list[Data] = []
                original(parser, lines, before)
            except ValueError:
                before = []
            if found != before:
                notes.correct(self.name)
            events += found

        def parse_html(original: Method, parser: Any, soup: Any) -> list[Data]:
            items: list[Data] = original(parser, soup)
            if len({item.get("maintenance_id") for item in items}) > 1:
                notes.correct(self.name)
            return [{**item, "maintenance_id": items[0].get("maintenance_id")} for item in items]

        wrap(module.HtmlParserTelxius1, "parse_list_dates", parse_list_dates)
        wrap(module.HtmlParserTelxius1, "parse_html", parse_html)


def _is_backup(text: str) -> bool:
    return any("backup" in note.lower() for note in _BRACKETS.findall(text))


def _zone(text: str) -> str:
    """Return the last zone that a string has in brackets; empty if it has none."""
    written: list[str] = [note.strip() for note in _BRACKETS.findall(text)]
    return next((note for note in reversed(written) if zones.zone(note)), "")


def _event(module: Any, parser: Any, text: str, zone: str) -> Data:
    """Return the window of a line; a zone of its own goes before that of the heading."""
    own = _zone(text) or zone
    start, end = _BRACKETS.sub("", text).strip().split(" - ")
    return {
        "start": parser.dt2ts(module.parser.parse(f"{start.strip()} {own}".strip())),
        "end": parser.dt2ts(module.parser.parse(f"{end.strip()} {own}".strip())),
    }


class TelxiusCancelled:
    """Telxius: "[CANCELLED]  Maintenance Notification" is not read, "[CANCELLED] SCHEDULED ..." becomes CONFIRMED.

    Sample: the library's own tests, telxius5.
    """

    name = "Telxius: cancelled"
    sample = "[CANCELLED]  Maintenance Notification: SWX0037366 - ACME"
    right = "CANCELLED"

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is not cancelled."""
        [data] = modules("telxius").SubjectParserTelxius1().parse_subject(self.sample)
        return bool(data.get("status") != modules("telxius").Status(self.right))

    def install(self, modules: Modules) -> None:
        """Read the subjects of cancellations."""
        module = modules("telxius")

        def parse_subject(original: Method, parser: Any, subject: str) -> list[Data]:
            found: list[Data] = original(parser, subject)
            if not (match := _SUBJECT.search(subject)):
                return found
            notes.correct(self.name)
            return [{"maintenance_id": match[1], "account": match[2], "status": module.Status(self.right)}]

        wrap(module.SubjectParserTelxius1, "parse_subject", parse_subject)
