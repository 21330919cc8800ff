"""Reads what no parser reads: by the live layouts of the provider; those on trial only report what they would read."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from nautobot_circuit_maintenance.choices import MailLayoutStateChoices as State
from nautobot_circuit_maintenance.domain.alternatives import window_text
from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.text import shortened
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, ParserInfo
from nautobot_circuit_maintenance.mail.limits import run_limited
from nautobot_circuit_maintenance.models import MailLayout, Notification
from nautobot_circuit_maintenance.pipeline.layouts.messages import LIMITS, page_of
from nautobot_circuit_maintenance.reading.bcop import is_bcop
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.layouts.page import Page
from nautobot_circuit_maintenance.reading.layouts.read import LayoutReading, read
from nautobot_circuit_maintenance.reading.layouts.stored import LayoutFormatError, layout_of

logger = logging.getLogger(__name__)

MOST_LAYOUTS = 20
"""Layouts of a provider that a message is read with."""
_LONGEST_REFUSAL = 500
"""Characters: it may quote the message."""


class Attempt(NamedTuple):
    """What a layout makes of a message."""

    layout: MailLayout
    reading: LayoutReading
    fingerprint: str
    """Of the message."""


@dataclass
class LayoutReaders:
    """The layouts of some providers, read in one statement the first time that any is needed."""

    providers: Iterable[UUID]
    attempts: dict[UUID, list[Attempt]] = field(default_factory=dict)
    """What the live layouts made of each notification that was of their kind, by primary key of the notification."""

    @cached_property
    def _layouts(self) -> dict[UUID, list[MailLayout]]:
        rows = MailLayout.objects.filter(provider__in=set(self.providers), state__in=(State.LIVE, State.TRIAL))
        found: dict[UUID, list[MailLayout]] = {}
        for row in rows.order_by("name"):
            found.setdefault(row.provider_id, []).append(row)
        return found

    def read(self, row: Notification, known_of_provider: Callable[[], Known]) -> MaintenanceUpdate | str:
        """Return what a live layout reads, with its second opinion; else why none does, a sentence each.

        Two layouts that read the same message in different ways refuse it. The string is empty if no layout is for it: what
        has a BCOP calendar, is an automatic reply, or was sent by the app, is for none.
        """
        layouts = self._layouts.get(row.provider_id, [])[:MOST_LAYOUTS]
        if not layouts:
            return ""
        try:
            page = page_of(row, known_of_provider())
        except ParseError as error:
            return str(error)
        if any(map(is_bcop, page.content.calendars)) or page.content.automatic or page.content.own:
            return ""
        attempts = [Attempt(layout, attempt(layout, row, page), row.fingerprint) for layout in layouts]
        live = [each for each in attempts if each.layout.state == State.LIVE and each.reading.is_of_kind]
        self.attempts[row.pk] = live
        updates = [each.reading.update for each in live if each.reading.update]
        if updates and all(_is_same(update, updates[0]) for update in updates):
            return updates[0]
        if updates:
            return "READ-41: Layouts read this email in different ways."
        return " ".join(filter(None, map(_sentence, attempts)))


def attempt(layout: MailLayout, row: Notification, page: Page) -> LayoutReading:
    """Return what a layout makes of a message; a fault of ours is a refusal, too."""
    try:
        taught = layout_of(layout.applies_to, layout.fields)
        reading = run_limited(lambda: read(taught, page, row.provenance), LIMITS)
    except (LayoutFormatError, ParseError) as error:
        return LayoutReading(refusal=str(error))
    except Exception as error:  # pylint: disable=broad-exception-caught  # our own code, over any text
        logger.exception("Reading with a layout failed", extra={"skip_db_logging": True})
        return LayoutReading(refusal=f"Unexpected {type(error).__name__}.")
    if reading.update is None:
        return replace(reading, refusal=shortened(reading.refusal, _LONGEST_REFUSAL))
    parser = ParserInfo(layout.parser, details={"layout": str(layout.pk)})
    return replace(reading, update=replace(reading.update, parser=parser))


def _is_same(update: MaintenanceUpdate, other: MaintenanceUpdate) -> bool:
    return (update.maintenance_id, update.events) == (other.maintenance_id, other.events)


def _sentence(each: Attempt) -> str:
    """Return why a layout does not read a message, or what one on trial would read; empty if it is not of its kind."""
    layout, reading = each.layout, each.reading
    if not reading.is_of_kind:
        return ""
    if reading.update is None:
        return f"READ-40: Layout {layout} refused the email. {reading.refusal}"
    return f"READ-42: Layout {layout} is on trial and would read: {in_words(reading.update)}."


def in_words(update: MaintenanceUpdate) -> str:
    """Return what was read, for a sentence."""
    windows = ", ".join(map(window_text, update.windows[:5]))
    return f"{update.maintenance_id}, {update.status}, {windows or 'no window'}, {len(update.circuits)} circuit IDs"
