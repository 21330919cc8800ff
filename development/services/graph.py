"""A server that behaves like the documented Microsoft Graph and Microsoft's login server, with TLS on loopback.

`with graph_server(tenant, folder) as tenant` serves one tenant; msal accepts no login server without TLS.
"""

import json
import re
import secrets
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.parser import BytesHeaderParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import jwt
from cryptography.x509 import load_pem_x509_certificate

Query = dict[str, str]
_MESSAGES = re.compile(
    r"/v1\.0/users(?:/|\(')([^/']+)(?:'\))?/(?:mail[Ff]olders(?:/|\(')([^/']+)(?:'\))?/)?(messages|childFolders|$)?(?:/([^/]+))?(/\$value)?$"
)
_FOLDER = re.compile(r"/v1\.0/users/([^/]+)/mailFolders/([^/]+)$")


class Refusal(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, body: Any, **fields: str) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.fields = {name.replace("_", "-"): value for name, value in fields.items()}


def graph_error(status: int, code: str, message: str = "No.", **fields: str) -> Refusal:
    """Make an error in the form of Graph."""
    inner = {"date": "2026-11-30T12:00:00", "request-id": "0a", "client-request-id": "0b"}
    return Refusal(status, {"error": {"code": code, "message": message, "innerError": inner}}, **fields)


def login_error(status: int, error: str, number: int, text: str) -> Refusal:
    """Make an error in the form of the login server."""
    described = f"AADSTS{number}: {text} Trace ID: 0a Correlation ID: 0b Timestamp: 2026-11-30 12:00:00Z"
    return Refusal(status, {"error": error, "error_description": described, "error_codes": [number]})


@dataclass
class Stored:
    """A message in a folder."""

    raw: bytes
    received: datetime
    folder: str
    is_read: bool = False
    rotten: frozenset[str] = frozenset()
    """What fails for it: "list" (a page with it), "id" (even one with ids alone), "delta", "get", "value"."""


@dataclass
class Tenant:
    """What is in the tenant's one mailbox, how the servers are to behave, and what they were asked."""

    address: str = "noc@example.net"
    id: str = "11111111-2222-3333-4444-555555555555"
    client_id: str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
    client_secret: str = "it~is/a+secret.Value"  # nosec B105 # of a server on loopback
    certificate: bytes = b""
    """That of the application, in PEM."""
    url: str = ""
    ca_file: str = ""
    page_size: int = 1000
    """Messages on a page at most, whatever is asked for."""
    generations: int = 1000
    """States of deltas that the server remembers."""
    has_delta: bool = True
    has_sizes: bool = True
    has_headers: bool = True
    replays: bool = False
    """Whether each round repeats the change before it."""
    empty_pages: int = 0
    """Pages without messages that come first in each later round."""
    expired: tuple[int, str] = (410, "SyncStateNotFound")
    """Status and code of a delta that the server has forgotten."""
    alters: Callable[[bytes], bytes] = staticmethod(lambda raw: raw)
    """What Exchange makes of a message each time that it writes one."""
    messages: dict[str, Stored] = field(default_factory=dict)
    folders: dict[str, tuple[str, str]] = field(default_factory=lambda: {"F1": ("Posteingang", "root")})
    """Name and parent, by id; F1 is the inbox."""
    log: list[tuple[str, str, str]] = field(default_factory=list)
    """Kind, folder and id of each change."""
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    """Given out one by one before Graph answers again."""
    token_refusal: Refusal | None = None
    tokens: set[str] = field(default_factory=set)
    scopes: tuple[str, ...] = ("https://outlook.office365.com/.default",)
    """Resources beside Graph that tokens are given for."""
    requests: list[str] = field(default_factory=list)
    """Paths and queries that Graph was asked for, and "token" or "discovery"."""
    before: Callable[[str], None] = staticmethod(lambda path: None)
    """Called before each answer of Graph."""
    send: Callable[[socket.socket, bytes], bool] = staticmethod(lambda connection, answer: _all(connection, answer))
    """Sends an answer of Graph; False ends the connection."""

    def deliver(self, raw: bytes, received: datetime, folder: str = "F1", rotten: frozenset[str] = frozenset()) -> str:
        """Put a message into a folder; ids say nothing about the order."""
        id_ = secrets.token_urlsafe(24) + "AAA="
        self.messages = {**self.messages, id_: Stored(raw, received, folder, rotten=rotten)}
        self.log.append(("created", folder, id_))
        return id_

    def delete(self, id_: str) -> None:
        """Remove a message."""
        stored = self.messages[id_]
        self.messages = {key: value for key, value in self.messages.items() if key != id_}
        self.log.append(("deleted", stored.folder, id_))

    def move(self, id_: str, folder: str) -> str:
        """Move a message to a folder, where it has another id."""
        stored = self.messages[id_]
        self.delete(id_)
        return self.deliver(stored.raw, stored.received, folder, stored.rotten)

    def names(self) -> list[str]:
        """Return what Graph was asked for, in words."""
        return [name_of(path) for path in self.requests]


def name_of(path: str) -> str:
    """Name a request."""
    parts = urlsplit(path)
    if parts.path.endswith("/delta"):
        return "delta"
    found = _MESSAGES.match(parts.path)
    if not found:
        return "folder" if _FOLDER.match(parts.path) else path
    if found[5]:
        return "value"
    return "message" if found[4] else "list" if found[3] == "messages" else "children"


def _all(connection: socket.socket, answer: bytes) -> bool:
    connection.sendall(answer)
    return True


class _Server(ThreadingHTTPServer):
    block_on_close = False  # a client may have left connections open

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet: clients hang up, and some do not trust the certificate."""


@contextmanager
def graph_server(tenant: Tenant, certificates: Path) -> Iterator[Tenant]:
    """Serve a tenant until the block ends, with certificates of `development.services.imap.make_certificates`."""

    class Handler(_Handler):
        served = tenant

    with _Server(("127.0.0.1", 0), Handler) as server:
        tenant.url, tenant.ca_file = f"https://localhost:{server.server_port}", str(certificates / "ca.pem")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
        # The connection's own thread shakes hands: no one has to wait for a silent client.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield tenant
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    served: Tenant
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # pylint: disable=redefined-builtin  # the base's name
        """Keep quiet."""

    def do_POST(self) -> None:  # pylint: disable=invalid-name  # http.server's name
        """Give out an access token."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.served.requests.append("token")
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.answer(lambda: issue_token(self.served, self.path, form), _all)

    def do_GET(self) -> None:  # pylint: disable=invalid-name  # http.server's name
        """Answer Graph, or the discovery of the login server."""
        if self.path.endswith("/.well-known/openid-configuration"):
            self.served.requests.append("discovery")
            self.answer(lambda: discover(self.served, self.path), _all)
            return
        self.served.requests.append(self.path)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        size = int((re.search(r"odata\.maxpagesize=(\d+)", self.headers.get("Prefer", "")) or "00")[1])
        self.answer(lambda: call(self.served, self.path, token, size), self.served.send)

    def answer(self, ask: Callable[[], Any], send: Callable[[socket.socket, bytes], bool]) -> None:
        """Send what a function returns, or its refusal."""
        fields: dict[str, str] = {}
        try:
            status, answer = 200, ask()
        except Refusal as refusal:
            status, answer, fields = refusal.status, refusal.body, refusal.fields
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        kind = "text/plain" if isinstance(answer, bytes) else "application/json"
        lines = [f"HTTP/1.1 {status} {'OK' if status == 200 else 'Refused'}", f"Content-Type: {kind}"]
        lines += [f"{name}: {value}" for name, value in fields.items()] + [f"Content-Length: {len(body)}", "", ""]
        self.close_connection = not send(self.connection, "\r\n".join(lines).encode() + body)


def discover(tenant: Tenant, path: str) -> dict[str, Any]:
    """Answer where tokens are issued."""
    if unquote(path.split("/")[1]) != tenant.id:
        raise login_error(400, "invalid_tenant", 90002, f"Tenant '{path.split('/')[1]}' not found.")
    here = f"{tenant.url}/{tenant.id}"
    ends = {"authorization_endpoint": f"{here}/oauth2/v2.0/authorize", "token_endpoint": f"{here}/oauth2/v2.0/token"}
    return {"issuer": f"{here}/v2.0", **ends}


def issue_token(tenant: Tenant, path: str, form: Query) -> dict[str, Any]:
    """Exchange a secret or a signed assertion for a token."""
    if tenant.token_refusal:
        raise tenant.token_refusal
    if path != f"/{tenant.id}/oauth2/v2.0/token" or form["grant_type"] != "client_credentials":
        raise login_error(400, "unsupported_grant_type", 70003, "No such grant.")
    if form["client_id"] != tenant.client_id:
        raise login_error(400, "unauthorized_client", 700016, f"Application '{form['client_id']}' was not found.")
    if "client_assertion" in form:
        _check_assertion(tenant, form["client_assertion"])
    elif form.get("client_secret") != tenant.client_secret:
        raise login_error(401, "invalid_client", 7000215, f"Invalid client secret provided: {form.get('client_secret')}.")
    if form["scope"] not in (f"{tenant.url}/.default", *tenant.scopes):
        raise login_error(400, "invalid_resource", 500011, f"The resource principal named {form['scope']} was not found.")
    token = "ey" + secrets.token_urlsafe(64)
    tenant.tokens.add(token)
    return {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token}


def _check_assertion(tenant: Tenant, assertion: str) -> None:
    known = load_pem_x509_certificate(tenant.certificate).public_key()
    try:
        jwt.decode(assertion, known, ["PS256", "RS256"], audience=f"{tenant.url}/{tenant.id}/oauth2/v2.0/token")
    except jwt.PyJWTError as error:
        raise login_error(401, "invalid_client", 700027, f"Client assertion failed signature validation. {error}") from None


def call(tenant: Tenant, path: str, token: str, size: int) -> Any:
    """Answer one request of Graph."""
    tenant.before(path)
    if tenant.refusals:
        raise tenant.refusals.pop(0)
    if token not in tenant.tokens:
        raise graph_error(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
    parts = urlsplit(path)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    found = _MESSAGES.match(parts.path) or _FOLDER.match(parts.path)
    if not found:
        raise graph_error(400, "BadRequest", "Resource not found for the segment.")
    if unquote(found[1]).lower() != tenant.address.lower():
        raise graph_error(404, "ErrorInvalidUser", f"The requested user '{unquote(found[1])}' is invalid.")
    if found.re is _FOLDER:
        return show_folder(tenant, unquote(found[2]))
    folder = folder_id(tenant, unquote(found[2])) if found[2] else ""
    if found[3] == "childFolders":
        return list_folders(tenant, folder, query)
    if found[4] == "delta":
        return delta(tenant, folder, query, size)
    if found[4]:
        return show(tenant, unquote(found[4]), query, is_value=bool(found[5]))
    return list_messages(tenant, folder, query, parts.path)


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
    start, end = int(query.get("$skip", 0)), int(query.get("$skip", 0)) + min(int(query.get("$top", 10)), tenant.page_size)
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
    found = [(id_, each) for id_, each in tenant.messages.items() if each.folder == folder and time_of(each) >= wanted[1]]
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
    state = tenant.states.get(token) if token else {"log": 0, "every": first_round(tenant, folder, query), **kept(query)}
    if state is None:
        raise graph_error(*tenant.expired, "The sync state generation is not found; generation=149;[highest=157][157][155].")
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
