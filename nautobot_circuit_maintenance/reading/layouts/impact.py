"""The impact of the circuits: what the words of the message say, where they said it in the examples; else the worst taught."""

from nautobot_circuit_maintenance.domain.updates import IMPACTS, AnnouncedImpact
from nautobot_circuit_maintenance.reading.layouts.examples import Example
from nautobot_circuit_maintenance.reading.layouts.layout import ImpactField
from nautobot_circuit_maintenance.reading.layouts.page import Page


def learned(field: ImpactField, example: Example) -> ImpactField:
    """Return the field with what an example adds."""
    taught = {circuit.impact for circuit in example.confirmed.circuits}
    if not taught:
        return field
    worst = max(taught, key=IMPACTS.index)
    others = (field.otherwise,) if field.otherwise else ()
    return ImpactField(field.from_words and taught == {_said(example.page)}, max((worst, *others), key=IMPACTS.index))


def find(field: ImpactField, page: Page, cids: tuple[str, ...]) -> tuple[AnnouncedImpact, ...]:
    """Return the circuits with their impact."""
    impact = (_said(page) if field.from_words else "") or field.otherwise or IMPACTS[-1]
    return tuple(AnnouncedImpact(cid, impact) for cid in cids)


def _said(page: Page) -> str:
    """Return what the first word of impact says; empty without any."""
    return page.found.impacts[0].impact if page.found.impacts else ""
