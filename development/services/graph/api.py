"""Answers of Graph about the folders and messages of the mailbox."""

import re
import secrets
from datetime import timezone
from email.parser import BytesHeaderParser
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from development.services.graph.tenant import FOLDER, MESSAGES, Query, Stored, Tenant, graph_error


def call(tenant: Tenant, path: str, token: str, size: int) -> Any:
    """Answer one request of Graph."""
    tenant.before(path)
    if tenant.refusals:
        raise tenant.refusals.pop(0)
    if token not in tenant.tokens:
        raise graph_error(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
    parts = urlsplit(path)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    found = MESSAGES.match(parts.path) or FOLDER.match(parts.path)
    if not found:
        raise graph_error(400, "BadRequest", "Resource not found for the segment.")
    if unquote(found[1]).lower() != tenant.address.lower():
        raise graph_error(404, "ErrorInvalidUser", f"The requested user '{unquote(found[1])}' is invalid.")
    if found.re is FOLDER:
        return show_folder(tenant, unquote(found[2]))
    return in_folder(tenant, found, query, size)


def in_folder(tenant: Tenant, found: "re.Match[str]", query: Query, size: int) -> Any:
    """Answer a request about folders or messages."""
    folder = folder_id(tenant, unquote(found[2])) if found[2] else ""
    if found[3] == "childFolders":
        return list_folders(tenant, folder, query)
    if found[4] == "delta":
        return delta(tenant, folder, query, size)
    if found[4]:
        return show(tenant, unquote(found[4]), query, is_value=bool(found[5]))
    return list_messages(tenant, folder, query, found[0])


def folder_id(tenant: Tenant, name: str) -> str:
    """Return the id of a folder by its id or well-known name."""
    id_ = {"inbox": "F1", "msgfolderroot": "root"}.get(name.lower(), name)
    if id_ != "root" and id_ not in tenant.folders:
        raise graph_error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    return id_


def show_folder(tenant: Tenant, name: str) -> dict[str, Any]:
    """Answer mailFolder: get."""
    id_ = folder_id(tenant, name)
    return {"id": id_, "displayName": tenant.folders.get(id_, ("Top", ""))[0]}


def list_folders(tenant: Tenant, parent: str, query: Query) -> dict[str, Any]:
    """Answer mailFolder: list childFolders, with a search folder among them."""
    children = [{"id": id_, "displayName": name} for id_, (name, above) in tenant.folders.items() if above == parent]
    search = {"@odata.type": "#microsoft.graph.mailSearchFolder", "id": "S", "displayName": "Unread"}
    start, end = int(query.get("$skip", 0)), int(query.get("$skip", 0)) + min(
        int(query.get("$top", 10)), tenant.page_size
    )
    every = [search, *children]
    path = f"{tenant.url}/v1.0/users/{quote(tenant.address, safe='@')}/mailFolders/{parent}/childFolders?$top={query.get('$top', 10)}&$skip={end}"
    return {"value": every[start:end], **({"@odata.nextLink": path} if end < len(every) else {})}


def item(id_: str, stored: Stored, query: Query) -> dict[str, Any]:
    """Return a message in a list."""
    whole = {"id": id_, "@odata.etag": "W/1", "receivedDateTime": time_of(stored)}
    return {name: value for name, value in whole.items() if name[0] == "@" or name in query.get("$select", "id")}


def time_of(stored: Stored) -> str:
    """Return when a message was received, as Graph writes it."""
    return stored.received.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def list_messages(tenant: Tenant, folder: str, query: Query, path: str) -> dict[str, Any]:
    """Answer user: list messages, oldest first."""
    wanted = re.fullmatch(r"receivedDateTime ge (\S+Z)", query.get("$filter", ""))
    if query.get("$orderby") != "receivedDateTime" or not wanted:
        raise graph_error(400, "InefficientFilter", "The restriction or sort order is too complex for this operation.")
    found = [
        (id_, each) for id_, each in tenant.messages.items() if each.folder == folder and time_of(each) >= wanted[1]
    ]
    found.sort(key=lambda pair: time_of(pair[1]))
    start, top = int(query.get("$skip", 0)), min(int(query.get("$top", 10)), tenant.page_size)
    here = found[start : start + top]
    fatal = "id" if query.get("$select") == "id" else "list"
    if any(fatal in stored.rotten or "id" in stored.rotten for _, stored in here):
        raise graph_error(500, "InternalServerError", "Error while processing response.")
    answer: dict[str, Any] = {"value": [item(id_, stored, query) for id_, stored in here]}
    if start + top < len(found):
        others = "&".join(f"{name}={value}" for name, value in query.items() if name != "$skip")
        answer["@odata.nextLink"] = f"{tenant.url}{path}?{others}&$skip={start + top}".replace(" ", "%20")
    return answer


def delta(tenant: Tenant, folder: str, query: Query, size: int) -> dict[str, Any]:
    """Answer message: delta."""
    if not tenant.has_delta:
        raise graph_error(400, "BadRequest", "Change tracking is not supported against 'microsoft.graph.message'.")
    token = query.get("$skiptoken") or query.get("$deltatoken") or ""
    state = (
        tenant.states.get(token) if token else {"log": 0, "every": first_round(tenant, folder, query), **kept(query)}
    )
    if state is None:
        raise graph_error(
            *tenant.expired, "The sync state generation is not found; generation=149;[highest=157][157][155]."
        )
    if "$deltatoken" in query:
        state = later_round(tenant, folder, state)
    elif not token:
        state = {**state, "until": len(tenant.log), "offset": 0, "empty": tenant.empty_pages}
    every = state["every"]
    start, top = state["offset"], min(size or 10, tenant.page_size)
    is_empty = state["empty"] < tenant.empty_pages
    end = start if is_empty else start + top
    here = every[start:end]
    if any(id_ in tenant.messages and "delta" in tenant.messages[id_].rotten for id_ in (each["id"] for each in here)):
        raise graph_error(500, "InternalServerError", "Error while processing response.")
    answer: dict[str, Any] = {"value": here}
    if is_empty or end < len(every):
        following = {**state, "offset": end, "empty": state["empty"] + is_empty}
        return {**answer, "@odata.nextLink": link(tenant, folder, "$skiptoken", following)}
    following = {"log": state["until"], "kind": state["kind"], "$select": state["$select"]}
    return {**answer, "@odata.deltaLink": link(tenant, folder, "$deltatoken", following)}


def kept(query: Query) -> dict[str, Any]:
    """Return the parameters of the first request, which the links carry."""
    return {"kind": query.get("changeType", ""), "$select": query.get("$select", "")}


def first_round(tenant: Tenant, folder: str, query: Query) -> list[dict[str, Any]]:
    """Return what is in a folder."""
    return [item(id_, each, query) for id_, each in tenant.messages.items() if each.folder == folder]


def later_round(tenant: Tenant, folder: str, state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a round that starts, with everything that it will list."""
    since, until = max(0, state["log"] - 1) if tenant.replays else state["log"], len(tenant.log)
    news = [(kind, id_) for kind, where, id_ in tenant.log[since:until] if where == folder]
    every = [change(tenant, kind, id_, state) for kind, id_ in news if kind == (state["kind"] or kind)]
    return {**state, "every": every, "until": until, "offset": 0, "empty": 0}


def change(tenant: Tenant, kind: str, id_: str, state: dict[str, Any]) -> dict[str, Any]:
    """Return one entry of a later round."""
    if kind == "deleted" or id_ not in tenant.messages:
        return {"@odata.type": "#microsoft.graph.message", "id": id_, "@removed": {"reason": "deleted"}}
    return item(id_, tenant.messages[id_], state)


def link(tenant: Tenant, folder: str, kind: str, state: dict[str, Any]) -> str:
    """Return a link that stands for a state; the oldest are forgotten."""
    token = secrets.token_urlsafe(12)
    tenant.states[token] = state
    while len(tenant.states) > tenant.generations:
        del tenant.states[next(iter(tenant.states))]
    return f"{tenant.url}/v1.0/users('{quote(tenant.address, safe='@')}')/mailfolders('{folder}')/messages/delta?{kind}={token}"


def show(tenant: Tenant, id_: str, query: Query, *, is_value: bool) -> Any:
    """Answer message: get, or its content."""
    stored = tenant.messages.get(id_)
    if stored is None:
        text = "The specified object was not found in the store., The process failed to get the correct properties."
        raise graph_error(404, "ErrorItemNotFound", text)
    if ("value" if is_value else "get") in stored.rotten:
        raise graph_error(500, "ErrorMimeContentConversionFailed", "The content conversion failed.")
    if is_value:
        return tenant.alters(stored.raw)
    answer: dict[str, Any] = {"id": id_, "@odata.etag": "W/1", "receivedDateTime": time_of(stored)}
    if "$expand" in query:
        if not tenant.has_sizes:
            raise graph_error(400, "ErrorInvalidUrlQueryOption", "$expand is not supported.")
        answer["singleValueExtendedProperties"] = [{"id": "Integer 0xe08", "value": str(len(stored.raw))}]
    if not tenant.has_headers:
        return answer
    fields = BytesHeaderParser().parsebytes(fields_of(stored.raw)).items()
    return {**answer, "internetMessageHeaders": [{"name": name, "value": str(value)} for name, value in fields]}


def fields_of(raw: bytes) -> bytes:
    """Return the header without lines that are not fields, where Python's reader would stop."""
    lines = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    return b"\r\n".join(line for line in lines if b":" in line or line.startswith((b" ", b"\t"))) + b"\r\n\r\n"
