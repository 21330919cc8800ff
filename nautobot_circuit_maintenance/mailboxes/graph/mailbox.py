"""A folder of Microsoft 365 as a mailbox: Microsoft Graph, read by an application without a user.

What is new comes from a *delta* of the folder (Graph's "Get incremental changes to messages in a folder"). Its first round
lists what is in the folder already; the messages from then on are those that arrive, or that are moved there.
"""

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar
from urllib.parse import quote

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.domain.escaping import in_markdown
from nautobot_circuit_maintenance.mailboxes.base import TIMEOUT, Batch, FetchRequest
from nautobot_circuit_maintenance.mailboxes.cursor import Backlog, JsonCursor, mailbox_identity
from nautobot_circuit_maintenance.mailboxes.graph import responses
from nautobot_circuit_maintenance.mailboxes.graph.cursor import GraphCursor
from nautobot_circuit_maintenance.mailboxes.graph.errors import Rejected
from nautobot_circuit_maintenance.mailboxes.graph.folders import find_folder
from nautobot_circuit_maintenance.mailboxes.graph.listing import Listing
from nautobot_circuit_maintenance.mailboxes.graph.messages import GraphMessages
from nautobot_circuit_maintenance.mailboxes.graph.paging import Paging
from nautobot_circuit_maintenance.mailboxes.graph.responses import Item, Page
from nautobot_circuit_maintenance.mailboxes.graph.session import GraphSession
from nautobot_circuit_maintenance.mailboxes.graph.settings import GraphSettings
from nautobot_circuit_maintenance.mailboxes.incremental import FetchPlan, due_backlog

logger = logging.getLogger(__name__)

NEW_AT_ONCE = 100
"""Messages on a page of what is new: a run that is killed reads at most one page again."""
SKIMMED_AT_ONCE = 1000
"""Messages on a page of the first round, of which only the last link is of interest."""
CHECK_FOLDER_EVERY = timedelta(hours=1)
"""A delta follows its folder wherever that is renamed or moved to; the path in the settings may mean another one by then."""
OVERLAP = timedelta(days=1)
"""Where there is no delta: how far back each run looks for messages that appeared late."""
_LISTED = "since "
"""Start of a mark where there is no delta."""


class _StartOver(MailboxError):
    """Graph does not know the state of the delta any more, or fails at what it has to show."""


@dataclass
class GraphMailbox(GraphMessages):
    """One folder of a mailbox, read with an access token that cannot change anything."""

    place: GraphCursor = field(init=False)
    """The folder, and how it is read: as in the last cursor, or looked up again."""
    is_restarted: bool = field(default=False, init=False)
    is_checked: bool = field(default=False, init=False)
    """Whether the folder was looked up in this run and that is not stored yet."""

    cursor_type = GraphCursor
    before_first = ""
    session_type: ClassVar[type[GraphSession]] = GraphSession
    timeout: ClassVar[float] = TIMEOUT

    @classmethod
    @contextmanager
    def open(cls, settings: GraphSettings, *, max_message_size: int) -> Iterator["GraphMailbox"]:
        """Prepare the login, without a request: a poll with nothing new costs one."""
        session = cls.session_type(settings, timeout=cls.timeout)
        with session.http:
            yield cls(settings, max_message_size, session)

    def check(self) -> None:
        """Find the folder and list it; raises MailboxError."""
        next(Listing(self.session, find_folder(self.session, self.settings.folder)).seconds(_now()), None)

    def reconnect(self) -> None:
        """Raise MailboxError unless Graph answers."""
        self.session.get(f"{self._folder_path}?$select=id")

    def identity(self) -> Mapping[str, Any]:
        """Return the mailbox and the path of the folder."""
        return mailbox_identity(self.settings, folder=self.settings.folder)

    def also_stored(self) -> dict[str, Any]:
        """Return the folder behind the path, how it is read, and the deferred messages."""
        place = self.place
        stored: dict[str, Any] = {"folder_id": place.folder_id, "checked_at": place.checked_at.isoformat()}
        flags = {name: True for name in ("is_skimming", "is_in_round") if getattr(place, name)}
        seen = {"seen": sorted(place.seen)} if place.seen else {}
        return {**stored, **flags, **seen, **super().also_stored()}

    @property
    def _folder_path(self) -> str:
        return f"{self.session.mailbox}/mailFolders/{quote(self.place.folder_id, safe='')}"

    def read_cursor(self, stored: JsonCursor) -> GraphCursor | None:
        """Return a stored cursor; None if it is about another folder than the path means by now."""
        cursor = GraphCursor.from_json(stored, self.identity())
        now = datetime.now(timezone.utc)
        if cursor and timedelta() <= now - cursor.checked_at < CHECK_FOLDER_EVERY:
            self.place = cursor
            return cursor
        folder_id = find_folder(self.session, self.settings.folder)
        self.is_checked = True
        self.place = replace(
            cursor or GraphCursor({}, "", is_skimming=True), folder_id=folder_id, checked_at=now, backlog=None
        )
        if cursor and cursor.folder_id == folder_id and not self._has_delta_again(cursor, now):
            return cursor
        self.place = replace(self.place, is_skimming=True, is_in_round=False, seen=frozenset())
        return None

    def _has_delta_again(self, cursor: GraphCursor, now: datetime) -> bool:
        """Return whether a folder that has to be listed can be followed by now; asked once a day."""
        if not cursor.mark.startswith(_LISTED) or cursor.checked_at.date() == now.date():
            return False
        try:
            self._delta(self.newest_mark(), 1)
        except Rejected:
            return False
        return True

    def newest_mark(self) -> str:
        """Return where the first round of the delta starts."""
        return f"{self._folder_path}/messages/delta?changeType=created&$select=id"

    def follow(self, plan: FetchPlan[str]) -> Iterator[Batch]:
        """Yield the batches of a plan; if Graph does not know its cursor any more, those of a new search."""
        try:
            yield from self._follow(plan)
        except _StartOver as error:
            if self.is_restarted:
                raise
            self.is_restarted = True
            logger.warning("%s: %s", self.settings.name, in_markdown(str(error)), extra=self.log_extra)
            self.warn_about_change(plan.request)
            folder_id = find_folder(self.session, self.settings.folder)
            self.place = replace(self.place, folder_id=folder_id, is_skimming=True, is_in_round=False, seen=frozenset())
            yield from self._follow(FetchPlan(plan.request, None, due_backlog(plan.request, None), self.newest_mark()))

    def _follow(self, plan: FetchPlan[str]) -> Iterator[Batch]:
        mark = plan.mark
        if self.place.is_skimming:
            backlog = plan.backlog and plan.backlog.after(plan.backlog.reached or self.before_first)
            for link in self._skimmed(mark):
                mark = link
                yield Batch((), self.cursor(mark, backlog))
                self.is_checked = False
        yield from super().follow(replace(plan, mark=mark))

    def _skimmed(self, link: str) -> Iterator[str]:
        """Yield where the first round continues after each page, and finally what starts the next round.

        Each link is stored at once: Graph remembers only the last ones.
        """
        paging = Paging(self.session)
        while self.place.is_skimming:
            try:
                page = self._delta(link, SKIMMED_AT_ONCE)
            except Rejected as error:
                is_refused = error.is_unsupported and link == self.newest_mark()
                if not (is_refused or error.is_broken):
                    raise self._start_over(error) from error
                sentence = "%s: There is no delta; the folder is listed instead: %s"
                logger.warning(sentence, self.settings.name, in_markdown(str(error)), extra=self.log_extra)
                page = Page([], True, "", f"{_LISTED}{_now()}")
            link = paging.after(page.next, is_empty=page.is_empty) or page.delta
            self.place = replace(self.place, is_skimming=bool(page.next))
            yield link
            paging.check()

    def _delta(self, link: str, size: int) -> Page:
        """Return a page of the delta; if Graph fails at it, a smaller one."""
        server = self.settings.server
        while True:
            try:
                page = self.session.read(link, lambda response: responses.page(response, server), page_size=size)
            except Rejected as error:
                if not error.is_broken or size == 1:
                    raise
                size = max(1, size // 10)
                continue
            if not (page.next or page.delta) or page.next == link:
                raise self.session.unexpected("a page of a delta without a link to the next one")
            return page

    @staticmethod
    def _start_over(error: Rejected) -> MailboxError:
        """Return what the error about a delta leads to."""
        if error.is_expired or error.is_broken:
            return _StartOver(error.code, error.message, permanent=error.permanent)
        return error

    def older_ids(self, backlog: Backlog[str], mark: str) -> Sequence[str]:
        """Not used: see ``search``."""
        raise NotImplementedError

    def search(self, request: FetchRequest, backlog: Backlog[str], mark: str) -> Iterator[Batch]:
        """Search older messages in the order of time and id, a second at a time."""
        start = (backlog.reached or "").partition("|")[0] or responses.written(backlog.since)
        is_first = backlog.senders == request.senders
        listing = Listing(self.session, self.place.folder_id)
        for items in listing.seconds(start):
            for batch in self._second(items, backlog, mark):
                yield batch if is_first else replace(batch, unknown_senders=())
        unreadable = tuple(listing.broken)
        yield Batch((), self.cursor(mark), searched=request.new_senders & backlog.senders, unreadable=unreadable)

    def _second(self, items: Sequence[Item], backlog: Backlog[str], mark: str) -> Iterator[Batch]:
        """Yield the messages of one second, or of some, that the search has not reached."""
        places = {item.id: f"{item.received}|{item.id}" for item in items}
        ids = [id_ for id_, place in places.items() if place > (backlog.reached or "")]

        def cursor_after(last: str) -> JsonCursor:
            return self.cursor(mark, backlog.after(places[last]))

        yield from self.batches(ids, backlog.senders, cursor_after, since=backlog.since)

    def newer(self, request: FetchRequest, mark: str) -> Iterator[Batch]:
        """Yield what arrived since the last round, one page after the other."""
        if mark.startswith(_LISTED):
            yield from self._newer_in_list(request, mark)
            return
        recorded, link, is_empty = mark, mark, True
        paging = Paging(self.session, {mark})
        while True:
            page = self._new_page(link)
            is_empty = is_empty and page.is_empty
            for batch in self._page_batches(page, request, link):
                recorded = batch.cursor[GraphCursor.mark_key]
                yield batch
            link = paging.after(page.next, is_empty=page.is_empty) or page.delta
            if page.delta:
                break
            if paging.is_endless:
                self.place = replace(self.place, is_in_round=True)
                yield Batch((), self.cursor(link))
            paging.check()
        is_due = not is_empty or self.place.is_in_round
        self.place = replace(self.place, is_in_round=False)
        if (recorded != link and is_due) or (recorded == mark and self.is_checked):
            yield Batch((), self.cursor(link))

    def _new_page(self, link: str) -> Page:
        try:
            return self._delta(link, NEW_AT_ONCE)
        except Rejected as error:
            raise self._start_over(error) from error

    def _page_batches(self, page: Page, request: FetchRequest, link: str) -> Iterator[Batch]:
        """Yield the messages of a page; only the last batch passes it, because a page has no order to continue in."""
        ids = [item.id for item in page.items]

        def cursor_after(last: str) -> JsonCursor:
            if last != ids[-1]:
                return self.cursor(link)
            self.place = replace(self.place, is_in_round=bool(page.next))
            return self.cursor(page.next or page.delta)

        yield from self.batches(ids, request.senders, cursor_after)

    def _newer_in_list(self, request: FetchRequest, mark: str) -> Iterator[Batch]:
        """Yield what is in the folder since shortly before the last run and was not seen by it."""
        start = responses.written(responses.moment(mark.removeprefix(_LISTED)) - OVERLAP)
        listing, is_new = Listing(self.session, self.place.folder_id), False
        there: set[str] = set()
        for items in listing.seconds(start):
            for batch in self._unseen(items, request, mark):
                is_new = True
                yield batch
            there |= {_digest(item.id) for item in items}
        if is_new or self.is_checked or listing.broken:
            self.place = replace(self.place, seen=frozenset(there))
            yield Batch((), self.cursor(f"{_LISTED}{_now()}"), unreadable=tuple(listing.broken))

    def _unseen(self, items: Sequence[Item], request: FetchRequest, mark: str) -> Iterator[Batch]:
        """Yield the messages that no run has looked at."""
        ids = [item.id for item in items if _digest(item.id) not in self.place.seen]

        def cursor_after(last: str) -> JsonCursor:
            passed = ids[: ids.index(last) + 1]
            self.place = replace(self.place, seen=self.place.seen | set(map(_digest, passed)))
            return self.cursor(mark)

        yield from self.batches(ids, request.senders, cursor_after)


def _digest(id_: str) -> str:
    """Return what is enough to recognize an id among those of a day."""
    return hashlib.sha256(id_.encode()).hexdigest()[:12]


def _now() -> str:
    return responses.written(datetime.now(timezone.utc))
