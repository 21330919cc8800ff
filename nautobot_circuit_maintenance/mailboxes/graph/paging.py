"""Watches that what is read page by page comes to an end, though each page is as Microsoft documents it."""

from dataclasses import dataclass, field

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.graph.session import GraphSession

MAX_EMPTY = 200
"""Empty pages after each other. Some are normal in a delta; after so many, the next run continues where this one ends."""


@dataclass
class Paging:
    """The pages of one list or round."""

    session: GraphSession
    links: set[str] = field(default_factory=set)
    empty: int = 0
    """Empty pages since the last one that was not."""

    def after(self, link: str, *, is_empty: bool) -> str:
        """Return the link that a page has to the next one, empty on the last; raises MailboxError if it was followed before."""
        if link and link in self.links:
            raise self.session.unexpected("pages in a circle")
        self.links.add(link)
        self.empty = self.empty + 1 if is_empty else 0
        return link

    @property
    def is_endless(self) -> bool:
        """Whether nothing but empty pages comes."""
        return self.empty >= MAX_EMPTY

    def check(self) -> None:
        """Raise MailboxError if so; what was reached is stored before."""
        if self.is_endless:
            sentence = (
                f"Microsoft Graph answers for mailbox '{self.session.settings.account}' with one empty page after the other; no "
                "messages were skipped, and the next run will continue."
            )
            raise MailboxError("GRAPH-17", sentence)
