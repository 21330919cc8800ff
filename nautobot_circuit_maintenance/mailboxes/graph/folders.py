"""Finds a folder by its path, such as "INBOX/Carriers"."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import summarize
from nautobot_circuit_maintenance.mailboxes.graph import responses
from nautobot_circuit_maintenance.mailboxes.graph.paging import Paging
from nautobot_circuit_maintenance.mailboxes.graph.session import GraphSession
from nautobot_circuit_maintenance.mailboxes.responses import UnexpectedResponse, field, text

_WELL_KNOWN = frozenset(
    "archive clutter conflicts conversationhistory deleteditems drafts inbox junkemail localfailures msgfolderroot outbox "
    "recoverableitemsdeletions scheduled searchfolders sentitems serverfailures syncissues".split()
)
"""Names that a folder has in every language (Graph's resource type mailFolder)."""
_ROOT = "msgfolderroot"


class _Folder(NamedTuple):
    id: str
    name: str


def find_folder(session: GraphSession, path: str) -> str:
    """Return the id of the folder at a path, whose names are separated by slashes; raises MailboxError.

    The first name may be a well-known one, which is found in every language; others are looked up as they are shown.
    """
    names = [name for name in path.split("/") if name.strip()] or ["inbox"]
    first = names[0].replace(" ", "").lower()
    if first in _WELL_KNOWN:
        folder, names = _well_known(session, first), names[1:]
    else:
        folder = _Folder(_ROOT, "the mailbox")
    for name in names:
        children = list(_children(session, folder.id))
        found = next((child for child in children if child.name.casefold() == name.strip().casefold()), None)
        if found is None:
            raise _missing(session, name, folder, children)
        folder = found
    return folder.id


def _well_known(session: GraphSession, name: str) -> _Folder:
    path = f"{session.mailbox}/mailFolders/{name}?$select=id,displayName"
    return session.read(path, lambda response: _Folder(text(response, "id"), name))


def _children(session: GraphSession, parent: str) -> Iterator[_Folder]:
    """Yield the folders right below one, hidden ones and searches left out."""
    path = f"{session.mailbox}/mailFolders/{quote(parent, safe='')}/childFolders?$select=id,displayName&$top=100"
    paging = Paging(session, {path})
    while path:
        folders, path = session.read(path, lambda response: _page(response, session.settings.server))
        paging.after(path, is_empty=not folders)
        paging.check()
        yield from folders


def _page(response: Any, server: str) -> tuple[list[_Folder], str]:
    values = field(response, "value", list)
    if not all(isinstance(value, dict) for value in values):
        raise UnexpectedResponse("'value' is wrong")
    real = [value for value in values if not str(value.get("@odata.type", "")).endswith("mailSearchFolder")]
    folders = [_Folder(text(value, "id"), text(value, "displayName")) for value in real]
    return folders, responses.link(response, "@odata.nextLink", server)


def _missing(session: GraphSession, name: str, parent: _Folder, children: list[_Folder]) -> MailboxError:
    known = summarize(child.name for child in children)
    sentence = (
        f"There is no folder '{name}' in {parent.name} of mailbox '{session.settings.account}'; set 'folder' to a path such "
        f"as INBOX/Carriers. Folders there: {known}."
    )
    return MailboxError("GRAPH-12", sentence, permanent=True)
