"""A message as layouts look at it: its candidates, the windows that it states, and the marks of what stands in it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from nautobot_circuit_maintenance.mail.parts import MailContent
from nautobot_circuit_maintenance.reading.candidates.message import Candidates, candidates_of
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.gates.stated import StatedWindows, stated_windows
from nautobot_circuit_maintenance.reading.layouts.marks import Mark, Marks, matches
from nautobot_circuit_maintenance.reading.layouts.shapes import shape_of, tokens_in


class Spot(NamedTuple):
    """A word with digits in what the message says itself."""

    text: str
    shape: str
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
        if (zone, order) not in self._stated:
            self._stated[zone, order] = stated_windows(
                self.found.moments, self.received, zone=zone, order=order, is_forward=self.found.is_forward
            )
        return self._stated[zone, order]

    @cached_property
    def _stated(self) -> dict[tuple[str, str], StatedWindows]:
        return {}

    def spots(self, shapes: Sequence[str]) -> tuple[Spot, ...]:
        """Return the words with digits that are neither a date nor a time, and what has one of these shapes."""
        key = tuple(shapes)
        if key not in self._spots:
            self._spots[key] = tuple(self._find_spots(key))
        return self._spots[key]

    def spots_at(self, places: Collection[Mark], shapes: Sequence[str]) -> Iterator[Spot]:
        """Yield those of the spots that stand in one of these places."""
        for spot in self.spots(shapes):
            if any(matches(place, mark) for place in places for mark in spot.marks):
                yield spot

    @cached_property
    def _spots(self) -> dict[tuple[str, ...], tuple[Spot, ...]]:
        return {}

    @cached_property
    def _times(self) -> frozenset[int]:
        """The offsets of dates and times."""
        tokens = self.found.moments.tokens.by_line.values()
        return frozenset(offset for own in tokens for token in own for offset in range(*token.span))

    def _find_spots(self, shapes: Sequence[str]) -> Iterator[Spot]:
        mail = self.found.mail
        for span in tokens_in(mail.text, shapes):
            line = mail.lines[mail.line_number(span.start)]
            is_quoted = line.is_quoted and not self.found.is_forward
            if span.end <= line.end and not is_quoted and span.start not in self._times:
                text = mail.text[span.start : span.end]
                yield Spot(text, shape_of(text), span, tuple(self.marks.of(span)))
