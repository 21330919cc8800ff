"""BSO: several time slots in one mail."""

from dataclasses import dataclass, field
from typing import Any

from nautobot_circuit_maintenance.reading.corrections.base import Data, Method, Modules, notes, text_of, wrap

_LABELS = ("maintenance id", "timeslot start time", "timeslot end time", "expected impact")


@dataclass
class _Slot:
    """A time slot and what it affects."""

    start: str
    is_backup: bool
    end: str = ""
    circuits: list[tuple[str, str]] = field(default_factory=list)
    """IDs and words of impact; empty if only a later slot lists them."""


class BsoSlots:
    """BSO: one window from the start of the first slot to the end of the last, backup slots included.

    The library's own samples show two slots of seven hours, the second with "(Backup)" behind each label, which it reads
    as one window of 31 hours; the impact is that of the last slot. A backup slot counts only where there is no other.
    """

    name = "BSO: time slots"
    sample = (
        b"<table><tbody><tr><td>Maintenance Details</td></tr></tbody></table><table></table><table><tbody><tr><td>"
        b"<span>Maintenance ID</span><span>1</span>"
        b"<span>Timeslot start time</span><span>Aug 23, 2022 22:00 UTC</span>"
        b"<span>Timeslot end time</span><span>Aug 24, 2022 05:00 UTC</span>"
        b"<span>Expected impact level</span><span>C-1</span><span>Hard Down</span>"
        b"<span>Timeslot start time</span><span>Aug 24, 2022 22:00 UTC</span>"
        b"<span>Timeslot end time</span><span>Aug 25, 2022 05:00 UTC</span>"
        b"<span>Expected impact level</span><span>C-1</span><span>Hard Down</span>"
        b"<span>Timeslot start time (Backup)</span><span>Aug 25, 2022 22:00 UTC</span>"
        b"<span>Timeslot end time (Backup)</span><span>Aug 26, 2022 05:00 UTC</span>"
        b"<span>Expected impact level (Backup)</span><span>C-1</span><span>Hard Down</span></td></tr></tbody></table>"
    )
    right = ((1661292000, 1661317200), (1661378400, 1661403600))

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the slots of the sample are not the windows that are read."""
        items = modules("bso").HtmlParserBSO1().parser_hook(self.sample, "text/html")
        return tuple((item.get("start"), item.get("end")) for item in items) != self.right

    def install(self, modules: Modules) -> None:
        """Make a maintenance of each slot."""
        module = modules("bso")

        def parse_html(original: Method, parser: Any, soup: Any) -> list[Data]:
            items: list[Data] = original(parser, soup)
            slots = _counted(_slots(_texts(soup.find_all("table"))))
            found = [_item(module, parser, items[0], slot) for slot in slots]
            if not found or found == items:
                return items
            notes.correct(self.name)
            return found

        wrap(module.HtmlParserBSO1, "parse_html", parse_html)


def _texts(tables: Any) -> list[str]:
    """Return the labels and values of the maintenance, as the library finds them: two tables behind the heading."""
    headings = [
        index
        for index, table in enumerate(tables)
        if len(table.find_all("tbody")) == 1 and "Maintenance Details" in table.text
    ]
    place = headings[-1] + 2 if headings else len(tables)
    return [text_of(span) for span in tables[place].find_all("span")] if place < len(tables) else []


def _slots(texts: list[str]) -> list[_Slot]:
    """Return the slots of the pairs of label and value."""
    slots: list[_Slot] = []
    for index, label in enumerate(texts[:-1]):
        lowered = label.lower()
        if "timeslot start time" in lowered:
            slots.append(_Slot(texts[index + 1], "backup" in lowered))
        elif slots and "timeslot end time" in lowered:
            slots[-1].end = texts[index + 1]
        elif slots and "expected impact level" in lowered:
            slots[-1].circuits = _circuits(texts[index + 1 :])
    return slots


def _circuits(texts: list[str]) -> list[tuple[str, str]]:
    """Return the pairs of circuit and impact up to the next label."""
    pairs = []
    for circuit, impact in zip(texts[::2], texts[1::2]):
        if any(label in circuit.lower() for label in _LABELS):
            break
        pairs.append((circuit, impact))
    return pairs


def _counted(slots: list[_Slot]) -> list[_Slot]:
    complete = [slot for slot in slots if slot.end]
    return [slot for slot in complete if not slot.is_backup] or complete


def _item(module: Any, parser: Any, item: Data, slot: _Slot) -> Data:
    """Return the maintenance of one slot; the circuits are those of the mail if the slot lists none."""
    start, end = (parser.dt2ts(module.parser.parse(text)) for text in (slot.start, slot.end))
    if not slot.circuits:
        return {**item, "start": start, "end": end}
    circuits = [module.CircuitImpact(impact=_impact(module, words), circuit_id=cid) for cid, words in slot.circuits]
    return {**item, "start": start, "end": end, "circuits": circuits}


def _impact(module: Any, words: str) -> Any:
    """Return the impact that the library gives these words."""
    lowered = words.lower()
    if "switch hit" in lowered and "hard down" not in lowered:
        return module.Impact("REDUCED-REDUNDANCY")
    return module.Impact("NO-IMPACT" if "at risk only" in lowered and "hard down" not in lowered else "OUTAGE")
