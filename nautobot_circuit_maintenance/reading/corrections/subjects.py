"""Cancellations that only the subject announces."""

import re
from typing import Any

from nautobot_circuit_maintenance.reading.corrections.base import Data, Method, Modules, notes, wrap

_CANCELLED = re.compile(r"\bcancel(?:l?ed|lation)\b", re.IGNORECASE)


class CancelledInSubject:
    """Equinix, FLAG, Global Cloud Xchange: "CANCELLED - Scheduled Software Upgrade" is CONFIRMED.

    The library looks for "scheduled", "reminder" and "notice" before it looks for "cancelled", and does not know the
    American spelling. (Corpus 031 and 033 show that subjects of Equinix have "Scheduled" in the title of the work.)
    """

    name = "cancelled in the subject"
    sample = "CANCELLED - Scheduled Software Upgrade - SG Metro Area Network Maintenance - 02-NOV-2022 [CHG0031000]"
    right = "CANCELLED"
    _parsers = {
        "equinix": "SubjectParserEquinix",
        "flag": "SubjectParserFlag1",
        "globalcloudxchange": "SubjectParserGcx1",
    }

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is not cancelled."""
        [data] = modules("equinix").SubjectParserEquinix().parse_subject(self.sample)
        return bool(data["status"] != modules("equinix").Status(self.right))

    def install(self, modules: Modules) -> None:
        """Let the word go before all others but "completed" and "rescheduled"."""
        for name, parser in self._parsers.items():
            module = modules(name)
            wrap(getattr(module, parser), "parse_subject", self._advice(module))

    def _advice(self, module: Any) -> Method:
        def parse_subject(original: Method, parser: Any, subject: str) -> list[Data]:
            [data] = original(parser, subject)
            if data.get("status") == module.Status("CONFIRMED") and _CANCELLED.search(subject):
                data["status"] = module.Status(self.right)
                notes.correct(self.name)
            return [data]

        return parse_subject
