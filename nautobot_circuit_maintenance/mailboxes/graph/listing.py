"""Lists a folder by time of receipt, in steps that can be continued later and that no deletion in between makes miss one.

Graph's own paging counts messages (``$skip``): if one is deleted between two pages, another is skipped. So each page starts
at the last time that was seen. Only messages that were received in the same second are paged through as Graph does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.graph import responses
from nautobot_circuit_maintenance.mailboxes.graph.errors import Rejected
from nautobot_circuit_maintenance.mailboxes.graph.paging import Paging
from nautobot_circuit_maintenance.mailboxes.graph.responses import Item, Page
from nautobot_circuit_maintenance.mailboxes.graph.session import GraphSession

PAGE = 100
MAX_BROKEN = 10
"""Messages that Graph may fail to list before the folder is considered broken, not the messages."""


@dataclass
class Listing:
    """A list of the messages in a folder from a time on."""

    session: GraphSession
    folder_id: str
    broken: list[str] = field(default_factory=list)
    """An error for each message that Graph fails to list."""

    def seconds(self, since: str) -> Iterator[list[Item]]:
        """Yield messages in order of time and id; all of one second come together."""
        found: dict[str, Item] = {}
        start, link = since, self._path(since)
        paging = Paging(self.session)
        while link:
            page = self._page(link, start)
            paging.after(page.next, is_empty=not page.items)
            paging.check()
            found |= {item.id: item for item in page.items}
            last = page.items[-1].received if page.items else start
            if not page.next:
                yield _sorted(found.values())
                return
            if last > start:
                yield _sorted(item for item in found.values() if item.received < last)
                found, start, link = {}, last, self._path(last)
                paging = Paging(self.session)
            else:
                link = page.next

    def _path(self, since: str, *, fields: str = "id,receivedDateTime", top: int = PAGE, skip: int = 0) -> str:
        # What is sorted by must also be filtered by, in the same order (Graph's "List messages").
        query = f"$filter=receivedDateTime%20ge%20{quote(since)}&$orderby=receivedDateTime&$select={fields}&$top={top}"
        skipping = f"&$skip={skip}" if skip else ""
        folder = quote(self.folder_id, safe="")
        return f"{self.session.mailbox}/mailFolders/{folder}/messages?{query}{skipping}"

    def _read(self, path: str) -> Page:
        server = self.session.settings.server
        return self.session.read(path, lambda response: responses.page(response, server))

    def _page(self, link: str, start: str) -> Page:
        """Return a page; if Graph fails at it, the same messages one by one, without those that it fails to list."""
        try:
            return self._read(link)
        except Rejected as error:
            if not error.is_broken:
                raise
        items: list[Item] = []
        skip = 0
        while True:
            reached = items[-1].received if items else start
            item = self._one(start, skip, reached)
            if item is _END:
                return Page(items, is_empty=not items, next="", delta="")
            items += [item] if item else []
            skip += 1
            if skip >= PAGE and reached > start:
                return Page(items, is_empty=False, next=link, delta="")

    def _one(self, start: str, skip: int, reached: str) -> Item | None:
        """Return one message by its position; None if Graph fails to list it, even by its id alone."""
        error: Rejected | None = None
        for fields in ("id,receivedDateTime", "id"):
            try:
                page = self._read(self._path(start, fields=fields, top=1, skip=skip))
                return Item(page.items[0].id, page.items[0].received or reached) if page.items else _END
            except Rejected as failure:
                if not failure.is_broken:
                    raise
                error = failure
        if error:
            self._note(start, error)
        return None

    def _note(self, start: str, error: MailboxError) -> None:
        """Keep the error about a message that cannot be listed; raises it if there are too many."""
        sentence = (
            f"GRAPH-13: Microsoft does not list a message in folder '{self.session.settings.folder}' that was received after "
            f"{start}; all others were read. Open the folder in Outlook and delete or move it. {error}"
        )
        if sentence not in self.broken:
            self.broken.append(sentence)
        if len(self.broken) > MAX_BROKEN:
            raise error


_END = Item("", "")


def _sorted(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (item.received, item.id))
