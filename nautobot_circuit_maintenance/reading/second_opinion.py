"""Adds to each update of a message what the comparison with the message says."""

import logging
from collections.abc import Callable
from dataclasses import replace

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.opinions import UNCHECKED, Finding, Opinion
from nautobot_circuit_maintenance.domain.text import shortened
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.mail.limits import Limits, run_limited
from nautobot_circuit_maintenance.mail.parts import MailContent
from nautobot_circuit_maintenance.reading.base import Reading
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.gates.judge import is_of_calendar, second_opinions

logger = logging.getLogger(__name__)

GATE = "second opinion"
"""Of the finding that says why there is no opinion."""

_LIMITS = Limits(cpu_seconds=2.0, seconds=20.0)
_LONGEST_SENTENCE = 500
_MOST_FINDINGS = 50


def with_opinions(reading: Reading, known_of_provider: Callable[[], Known]) -> Reading:
    """Return a reading whose updates have a second opinion, without the content of the message.

    ``known_of_provider`` is called only if something was read from text: calendars are compared with themselves. An error
    of a gate never fails a message: its updates are then unchecked, and the error is the reason.
    """
    content, updates = reading.content, reading.updates
    if content and updates:
        known = Known() if all(map(is_of_calendar, updates)) else known_of_provider()
        opinions = _opinions(content, updates, known)
        updates = tuple(replace(update, opinion=opinion) for update, opinion in zip(updates, opinions))
    return replace(reading, updates=updates, content=None)


def _opinions(content: MailContent, updates: tuple[MaintenanceUpdate, ...], known: Known) -> list[Opinion]:
    try:
        opinions = run_limited(lambda: second_opinions(content, updates, lambda _update: known), _LIMITS)
    except ParseError as error:
        opinions = [_without_opinion(error.message)] * len(updates)
    except Exception as error:  # pylint: disable=broad-exception-caught  # our gates, over any text
        logger.exception("The second opinion failed", extra={"skip_db_logging": True})
        opinions = [_without_opinion(f"Unexpected {type(error).__name__}: {error}")] * len(updates)
    return [bounded_opinion(opinion) for opinion in opinions]


def _without_opinion(reason: str) -> Opinion:
    sentence = f"READ-37: The reading could not be compared with the message. {reason}"
    return Opinion(UNCHECKED, (Finding(GATE, UNCHECKED, sentence),))


def bounded_opinion(opinion: Opinion) -> Opinion:
    """Return an opinion as it can be stored, with bounded findings: sentences quote the message."""
    findings = tuple(
        finding._replace(
            sentence=shortened(finding.sentence, _LONGEST_SENTENCE),
            otherwise=shortened(finding.otherwise, _LONGEST_SENTENCE),
            quote=shortened(finding.quote, _LONGEST_SENTENCE),
        )
        for finding in opinion.findings[:_MOST_FINDINGS]
    )
    return opinion._replace(findings=findings)
