"""SummitIG: words of the status, and circuit IDs with the name of the customer."""

from typing import Any

from nautobot_circuit_maintenance.reading.corrections.base import Data, Method, Modules, notes, wrap

_STATUSES = {
    "cancelled": "CANCELLED",
    "canceled": "CANCELLED",
    "completed": "COMPLETED",
    "complete": "COMPLETED",
    "closed": "COMPLETED",
    "restored": "COMPLETED",
    "confirmed": "CONFIRMED",
    "scheduled": "CONFIRMED",
    "in process": "IN-PROCESS",
    "in progress": "IN-PROCESS",
    "in-progress": "IN-PROCESS",
    "started": "IN-PROCESS",
    "splicing": "IN-PROCESS",
    "postponed": "RE-SCHEDULED",
    "rescheduled": "RE-SCHEDULED",
    "re-scheduled": "RE-SCHEDULED",
    "tentative": "TENTATIVE",
}


class SummitStatus:
    """SummitIG: every status but three is TENTATIVE, "Cancelled" and "Completed" included.

    Case library/summitig-cancelled. A word that is unknown here, too, changes no status and is a doubt.
    """

    name = "SummitIG: status"
    sample = b"<table><tr><th>Event</th><td>EV-1</td></tr><tr><th>Status</th><td>Cancelled</td></tr></table>"
    right = "CANCELLED"

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is not cancelled."""
        [data] = modules("summitig").HtmlParserSummitIG().parser_hook(self.sample, "text/html")
        return bool(data["status"] != modules("summitig").Status(self.right))

    def install(self, modules: Modules) -> None:
        """Read the row "Status" with a longer list, in any case."""
        module = modules("summitig")

        def apply_field(original: Method, parser: Any, data: Data, key: str, value: str) -> None:
            original(parser, data, key, value)
            if key != "Status" or value in parser.STATUS_MAP:
                return
            status = _STATUSES.get(" ".join(value.lower().split()))
            if status is None:
                notes.doubt(f'The status "{value[:50]}" is unknown.')
            data["status"] = module.Status(status or "NO-CHANGE")
            notes.correct(self.name)

        wrap(module.HtmlParserSummitIG, "_apply_field", apply_field)


class SummitCircuits:
    """SummitIG: the name of the customer is part of each circuit ID.

    "C-1 Customer Inc" is the circuit C-1 of the company "Customer Inc" (case library/summitig-decorated-ids; the
    library's own sample has "TEST-001 Test Company" for "Test Company Inc").
    """

    name = "SummitIG: circuit IDs"
    sample = (
        b"<table><tr><th>Company</th><td>Customer Inc</td></tr>"
        b"<tr><th>Circuits</th><td>C-1 Customer Inc, C-2 Customer</td></tr></table>"
    )
    right = ("C-1", "C-2")

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the circuits of the sample have other IDs."""
        [data] = modules("summitig").HtmlParserSummitIG().parser_hook(self.sample, "text/html")
        return tuple(circuit.circuit_id for circuit in data["circuits"]) != self.right

    def install(self, modules: Modules) -> None:
        """Remove the name of the company, or the words that it starts with, from the end of each ID."""
        module = modules("summitig")

        def parse_html(original: Method, parser: Any, soup: Any) -> list[Data]:
            items: list[Data] = original(parser, soup)
            return [self._undecorated(module, item) for item in items]

        wrap(module.HtmlParserSummitIG, "parse_html", parse_html)

    def _undecorated(self, module: Any, item: Data) -> Data:
        if "circuits" not in item:
            return item
        before = [circuit.circuit_id.strip() for circuit in item["circuits"]]
        after = [_without(cid, item.get("account", "")) for cid in before]
        if after == before:
            return item
        notes.correct(self.name)
        pairs = zip(after, item["circuits"])
        return {**item, "circuits": [module.CircuitImpact(circuit_id=cid, impact=each.impact) for cid, each in pairs]}


def _without(cid: str, company: str) -> str:
    """Return a circuit ID without the name of a company behind it; all of it if nothing else would remain."""
    words, name = cid.split(), company.split()
    for length in range(min(len(name), len(words) - 1), 0, -1):
        if [word.lower() for word in words[-length:]] == [word.lower() for word in name[:length]]:
            return " ".join(words[:-length])
    return cid
