"""A place in the text of a message."""

from typing import NamedTuple


class Span(NamedTuple):
    """Offsets into ``MailText.text``."""

    start: int
    end: int

    def joined(self, other: "Span") -> "Span":
        """Return the span from the start of one to the end of the other."""
        return Span(min(self.start, other.start), max(self.end, other.end))
