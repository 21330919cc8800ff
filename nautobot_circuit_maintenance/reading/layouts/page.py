"""A message as layouts look at it: its candidates, the windows that it states, and the marks of what stands in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from nautobot_circuit_maintenance.mail.parts import MailContent
from nautobot_circuit_maintenance.reading.candidates.message import Candidates, candidates_of
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.gates.stated import StatedWindows, stated_windows
from nautobot_circuit_maintenance.reading.layouts.marks import Mark, Marks
from nautobot_circuit_maintenance.reading.layouts.shapes import tokens_in


class Spot(NamedTuple):
    """A word with digits in what the message says itself."""

    text: str
    span: Span
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Page:
    """One message."""

    content: MailContent
    received: datetime
    sender: str
    """The address in the field From, in lower case."""
    known: Known

    @cached_property
    def found(self) -> Candidates:
        """What stands in the message."""
        return candidates_of(self.content, self.received, self.known.inventory)

    @cached_property
    def marks(self) -> Marks:
        """The marks of its values."""
        return Marks(self.found.mail)

    def stated(self, *, zone: str, order: str) -> StatedWindows:
        """Return the windows that it states, with what is known of the provider and its layout."""
        return stated_windows(
            self.found.moments, self.received, zone=zone, order=order, is_forward=self.found.is_forward
        )

    def spots(self, shapes: Sequence[str]) -> Iterator[Spot]:
        """Yield the words with digits that are no date and no time, and what has one of these shapes."""
        mail = self.found.mail
        times = [token.span for tokens in self.found.moments.tokens.by_line.values() for token in tokens]
        taken = {offset for span in times for offset in range(span.start, span.end)}
        for span in tokens_in(mail.text, shapes):
            line = mail.lines[mail.line_number(span.start)]
            is_quoted = line.is_quoted and not self.found.is_forward
            if span.end <= line.end and not is_quoted and span.start not in taken:
                yield Spot(mail.text[span.start : span.end], span, tuple(self.marks.of(span)))
