"""What a reply states itself, apart from the notice that it quotes."""

import re
from collections.abc import Callable
from dataclasses import replace

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.mail.parts import MailContent, Parts
from nautobot_circuit_maintenance.mail.rendering import html_to_text
from nautobot_circuit_maintenance.reading.base import Reading

_ENDINGS = {
    "CANCELLED": re.compile(
        r"\b(?:cancel(?:l?ed)|will not take place|called off|abgesagt|annulée?|cancelad[oa])\b", re.I
    ),
    "COMPLETED": re.compile(r"\b(?:completed|successfully finished|abgeschlossen|terminée?|completad[oa])\b", re.I),
}
_UNSURE = re.compile(
    r"\b(?:if|unless|when|once|until|not|never|before|after|in case|should|falls|wenn|nicht|si|no)\b|\?", re.I
)
_SENTENCE = re.compile(r"[.!\n]")
_LONGEST_TEXT = 2_000
_DOUBT = "The status of {} is from the text above a quoted notice, the rest from the notice."


def read_newest(content: MailContent, read: Callable[[Parts], Reading]) -> Reading:
    """Read what a message states itself; of a reply that announces nothing, return what it quotes.

    A cancellation or completion in a line above the old notice takes its ID and window from that. Raises ParseError.
    """
    newest = content.newest()
    if newest == content.parts:
        return read(content.parts)
    try:
        reading = read(newest)
    except ParseError:
        reading = Reading()
    if reading:
        return reading
    whole = read(content.parts)
    if not whole or not content.is_reply:
        return whole
    if status := _ending(_text(newest)):
        return replace(whole, updates=tuple(_ended(update, status) for update in whole.updates))
    return Reading(quoted=tuple(update.maintenance_id for update in whole.updates))


def _text(parts: Parts) -> str:
    """Return the text that a person reads."""
    plain = [each.decode("utf-8", "replace") for each in parts.get("text/plain", ())]
    html = [html_to_text(each.decode("utf-8", "replace")) for each in parts.get("text/html", ())]
    return "\n".join(html or plain)


def _ending(text: str) -> str:
    """Return the ending word that a string states without a condition; empty if it states none."""
    for sentence in _SENTENCE.split(text[:_LONGEST_TEXT]):
        for status, pattern in _ENDINGS.items():
            if (found := pattern.search(sentence)) and not _UNSURE.search(sentence.replace(found[0], "")):
                return status
    return ""


def _ended(update: MaintenanceUpdate, status: str) -> MaintenanceUpdate:
    """Return an update with this status, and a doubt where the quoted notice has another one."""
    if update.status == status:
        return update
    events = tuple(event._replace(status=status) for event in update.events)
    return replace(update, events=events, doubts=(*update.doubts, _DOUBT.format(update.maintenance_id)))
