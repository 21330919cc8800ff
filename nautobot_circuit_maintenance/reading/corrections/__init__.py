"""Known errors of the parser library, each corrected by a class of its own.

They change how the library reads, before its output becomes updates; what they changed is stored with the evidence
(``ParserInfo.details["corrected"]``). Each is off where the installed library reads its sample right. They use the
parser modules of the library as they are passed in, and import nothing of it.
"""

import logging

from nautobot_circuit_maintenance.reading.corrections.base import Correction, Modules, notes
from nautobot_circuit_maintenance.reading.corrections.bso import BsoSlots
from nautobot_circuit_maintenance.reading.corrections.cogent import CogentMonthFirst, CogentZone
from nautobot_circuit_maintenance.reading.corrections.flag import FlagRows
from nautobot_circuit_maintenance.reading.corrections.hgc import HgcMinutes
from nautobot_circuit_maintenance.reading.corrections.lumen import LumenRows
from nautobot_circuit_maintenance.reading.corrections.offsets import Offsets
from nautobot_circuit_maintenance.reading.corrections.subjects import CancelledInSubject
from nautobot_circuit_maintenance.reading.corrections.summitig import SummitCircuits, SummitStatus
from nautobot_circuit_maintenance.reading.corrections.telxius import TelxiusCancelled, TelxiusWindows
from nautobot_circuit_maintenance.reading.corrections.turkcell import TurkcellCircuits, TurkcellDayFirst
from nautobot_circuit_maintenance.reading.corrections.zone_words import SummitZones, WindstreamZones, ZoneWords

__all__ = ["CORRECTIONS", "Correction", "Modules", "install", "is_needed", "notes"]

logger = logging.getLogger(__name__)

# In this order: the later ones read dates by the first.
CORRECTIONS: tuple[Correction, ...] = (
    Offsets(),
    ZoneWords(),
    WindstreamZones(),
    SummitZones(),
    SummitStatus(),
    SummitCircuits(),
    CogentMonthFirst(),
    CogentZone(),
    TurkcellDayFirst(),
    TurkcellCircuits(),
    BsoSlots(),
    TelxiusWindows(),
    TelxiusCancelled(),
    FlagRows(),
    LumenRows(),
    HgcMinutes(),
    CancelledInSubject(),
)


def install(modules: Modules) -> None:
    """Install the corrections that the library needs."""
    for correction in CORRECTIONS:
        if not is_needed(correction, modules):
            continue
        try:
            correction.install(modules)
        except (AttributeError, ImportError) as error:
            sentence = 'The correction "%s" does not fit the installed parser library: %s'
            logger.warning(sentence, correction.name, error, extra={"grouping": "Parser library"})
    notes.clear()


def is_needed(correction: Correction, modules: Modules) -> bool:
    """Return whether the library reads the sample of a correction wrong, or not at all."""
    try:
        return correction.is_needed(modules)
    except Exception:  # pylint: disable=broad-exception-caught  # whatever the library's parsers raise
        return True
