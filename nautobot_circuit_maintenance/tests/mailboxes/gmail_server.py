"""A server that behaves like the documented Gmail API and Google's token endpoint, on loopback."""

import base64
import hashlib
import json
import re
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.parser import BytesHeaderParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from nautobot_circuit_maintenance.tests.mailboxes.http_faults import response, unharmed

Query = dict[str, list[str]]
SERVICE_ACCOUNT = "reader@project.iam.gserviceaccount.example"
MODIFY = "https://www.googleapis.com/auth/gmail.modify"
AUDIENCE = "https://oauth2.googleapis.com/token"


class Refusal(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def api_error(status: int, reason: str, message: str = "No.") -> Refusal:
    """Make an error in the form of Google's APIs."""
    errors = [{"domain": "global", "reason": reason, "message": message}]
    return Refusal(status, {"error": {"code": status, "message": message, "errors": errors}})


@dataclass
class Stored:
    """A message in the account."""

    raw: bytes
    milliseconds: int
    labels: set[str]


@dataclass
class GmailAccount:
    """What is in the account, how the API is to behave, and what it was asked."""

    address: str
    key: rsa.RSAPrivateKey
    url: str = ""
    scopes: tuple[str, ...] = ("https://www.googleapis.com/auth/gmail.readonly", "https://mail.google.com/")
    """Those that the administrator delegated."""
    page_size: int = 500
    estimate: int | None = None
    """The size that messages are said to have; None for the true one."""
    messages: dict[str, Stored] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=lambda: {"INBOX": "INBOX", "SPAM": "SPAM"})
    history: list[dict[str, Any]] = field(default_factory=list)
    history_id: int = 1000
    forgotten: int = 0
    """History ids up to this one have expired."""
    refuses_unknown_ids: bool = False
    """Whether a batch fails because of an id that is gone."""
    refusals: list[Refusal] = field(default_factory=list)
    """Given out one by one before the API answers again."""
    token_refusal: Refusal | None = None
    tokens: set[str] = field(default_factory=set)
    changing: set[str] = field(default_factory=set)
    """Tokens that allow to change labels."""
    client: tuple[str, str] = ("client.apps.googleusercontent.com", "client/secret+1")
    """ID and secret of the OAuth client of the operator."""
    codes: dict[str, str] = field(default_factory=dict)
    """Authorization codes, each with the challenge that its request had."""
    refresh_tokens: set[str] = field(default_factory=set)
    granted: str = "https://www.googleapis.com/auth/gmail.readonly"
    """Scopes that the owner left selected."""
    gives_refresh_token: bool = True
    redirect_uri: str = ""
    requests: list[str] = field(default_factory=list)
    send: Callable[[str, socket.socket, bytes], bool] = lambda _kind, connection, answer: unharmed(connection, answer)
    """Sends a response of a kind: token, profile, labels, list, metadata, raw or history; False ends the connection."""

    def credentials(self) -> dict[str, str]:
        """Return what the JSON key of the service account holds."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "client_email": SERVICE_ACCOUNT,
            "private_key_id": "1",
            "private_key": pem.decode(),
            "token_uri": f"{self.url}/token",
        }

    def deliver(self, raw: bytes, received_at: datetime, *labels: str) -> str:
        """Put a message into the account; ids say nothing about the order."""
        id_ = secrets.token_hex(8)
        stored = Stored(raw, int(received_at.timestamp() * 1000), {*labels, "UNREAD"})
        self.messages = {**self.messages, id_: stored}  # a request may be looking at the one before
        self.remember("messagesAdded", id_)
        return id_

    def label(self, id_: str, label: str) -> None:
        """Put a label on a message."""
        self.messages[id_].labels.add(label)
        self.remember("labelsAdded", id_, labelIds=[label])

    def remember(self, kind: str, *ids: str, **more: Any) -> None:
        """Add one record to the history; ids increase with gaps."""
        changes = [{"message": {"id": id_, "threadId": id_}, **more} for id_ in ids]
        self.history.append({"id": str(self.history_id + 7), kind: changes})
        self.history_id += 7  # last: a client that gets this ID must find the record

    def names(self) -> list[str]:
        """Return what was asked for, without the ids of messages."""
        return [re.sub(r"messages/\w+", "message", path.removeprefix("/gmail/v1/users/me/")) for path in self.requests]


class _Server(ThreadingHTTPServer):
    block_on_close = False  # a client may have left connections open

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet: clients hang up, and some do not trust the certificate."""


@contextmanager
def gmail_server(account: GmailAccount, certificates: Path | None = None) -> Iterator[GmailAccount]:
    """Serve an account until the block ends; with TLS where there is a folder of `development.services.imap.make_certificates`."""

    class Handler(_Handler):
        mailbox = account

    with _Server(("127.0.0.1", 0), Handler) as server:
        account.url = f"http://127.0.0.1:{server.server_port}"
        if certificates:
            account.url = f"https://localhost:{server.server_port}"
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
            # The connection's own thread shakes hands: no one has to wait for a silent client.
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield account
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    mailbox: GmailAccount
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # pylint: disable=redefined-builtin  # the base's name
        """Keep quiet."""

    def do_POST(self) -> None:  # pylint: disable=invalid-name  # http.server's name
        """Give out an access token, or change labels."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path.startswith("/gmail/"):
            path = urlsplit(self.path).path
            self.mailbox.requests.append(path)
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            self.answer("labels", lambda: change(self.mailbox, path, json.loads(body), token))
            return
        self.mailbox.requests.append("token")
        form = parse_qs(body)
        revoked = form.get("token", [""])[0]
        if self.path == "/revoke":
            self.answer("token", lambda: revoke(self.mailbox, revoked))
        else:
            self.answer("token", lambda: issue_token(self.mailbox, form))

    def do_GET(self) -> None:  # pylint: disable=invalid-name  # http.server's name
        """Answer the API."""
        url = urlsplit(self.path)
        self.mailbox.requests.append(url.path)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        query = parse_qs(url.query)
        self.answer(kind_of(url.path, query), lambda: call(self.mailbox, url.path, query, token))

    def answer(self, kind: str, ask: Callable[[], Any]) -> None:
        """Send what a function returns, or its refusal."""
        try:
            status, answer = 200, ask()
        except Refusal as refusal:
            status, answer = refusal.status, refusal.body
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.close_connection = not self.mailbox.send(kind, self.connection, response(status, body))


def kind_of(path: str, query: Query) -> str:
    """Name a request of the API."""
    name, _, id_ = path.removeprefix("/gmail/v1/users/me/").partition("/")
    return name if name != "messages" else query["format"][0] if id_ else "list"


def issue_token(account: GmailAccount, form: Query) -> dict[str, Any]:
    """Exchange a signed assertion for a token (RFC 7523 section 2.1, Google's guide for service accounts)."""
    if account.token_refusal:
        raise account.token_refusal
    if form["grant_type"] in (["authorization_code"], ["refresh_token"]):
        return consented(account, {name: values[0] for name, values in form.items()})
    if form["grant_type"] != ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
        raise Refusal(400, {"error": "unsupported_grant_type"})
    head, claims, signature = form["assertion"][0].split(".")
    try:
        account.key.public_key().verify(
            unpadded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
        )
    except InvalidSignature:
        raise Refusal(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}) from None
    header, asked = json.loads(unpadded(head)), json.loads(unpadded(claims))
    check_claims(account, asked)
    if header["alg"] != "RS256":
        raise Refusal(400, {"error": "invalid_grant", "error_description": "Invalid JWT: alg."})
    token = secrets.token_urlsafe()
    account.tokens.add(token)
    if MODIFY in asked["scope"]:
        account.changing.add(token)
    return {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}


def consented(account: GmailAccount, form: dict[str, str]) -> dict[str, Any]:
    """Exchange a code, or a refresh token, for an access token (Google's "Using OAuth 2.0 for Web Server Applications")."""
    if (form["client_id"], form["client_secret"]) != account.client:
        raise Refusal(401, {"error": "invalid_client", "error_description": f"Unauthorized {form['client_secret']}"})
    token = secrets.token_urlsafe(40)
    answer = {"access_token": token, "expires_in": 3599, "token_type": "Bearer", "scope": account.granted}
    if form["grant_type"] == "refresh_token":
        if form["refresh_token"] not in account.refresh_tokens:
            raise Refusal(400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
        if not set(form.get("scope", "").split()) <= set(account.granted.split()):
            raise Refusal(400, {"error": "invalid_scope", "error_description": "Some requested scopes were invalid."})
        account.tokens.add(token)
        if MODIFY in form.get("scope", ""):
            account.changing.add(token)
        return answer
    hashed = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
    if account.codes.pop(form["code"], None) != hashed or form["redirect_uri"] != account.redirect_uri:
        raise Refusal(400, {"error": "invalid_grant", "error_description": f"Malformed auth code {form['code']}."})
    account.tokens.add(token)
    if not account.gives_refresh_token:
        return answer
    account.refresh_tokens.add(refresh := "1//" + secrets.token_urlsafe(48))
    return {**answer, "refresh_token": refresh}


def revoke(account: GmailAccount, token: str) -> dict[str, Any]:
    """Forget a refresh token."""
    if account.token_refusal:
        raise account.token_refusal
    if token not in account.refresh_tokens:
        raise Refusal(400, {"error": "invalid_token", "error_description": "Token expired or revoked"})
    account.refresh_tokens.discard(token)
    return {}


def check_claims(account: GmailAccount, claims: dict[str, Any]) -> None:
    """Refuse an assertion as Google does."""
    if claims["iss"] != SERVICE_ACCOUNT or claims["aud"] != AUDIENCE:
        raise Refusal(400, {"error": "invalid_grant", "error_description": "Invalid JWT."})
    if not claims["iat"] - 60 < time.time() < claims["exp"] <= claims["iat"] + 3600:
        raise Refusal(400, {"error": "invalid_grant", "error_description": "Invalid JWT: must be short-lived."})
    if claims["sub"] != account.address:
        raise Refusal(400, {"error": "invalid_grant", "error_description": "Invalid email or User ID"})
    if not set(claims["scope"].split()) <= set(account.scopes):
        text = "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes"
        raise Refusal(401, {"error": "unauthorized_client", "error_description": text})


def unpadded(text: str) -> bytes:
    """Decode base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def call(account: GmailAccount, path: str, query: Query, token: str) -> Any:
    """Answer one request of the API."""
    if account.refusals:
        raise account.refusals.pop(0)
    if token not in account.tokens:
        raise api_error(401, "authError", "Invalid Credentials")
    name, _, id_ = path.removeprefix("/gmail/v1/users/me/").partition("/")
    if name == "profile":
        return {"emailAddress": account.address, "historyId": str(account.history_id)}
    if name == "labels":
        return {"labels": [{"id": key, "name": name} for key, name in account.labels.items()]}
    if name == "history":
        return list_history(account, query)
    if name == "messages":
        return show(account, id_, query) if id_ else list_messages(account, query)
    raise api_error(404, "notFound", "Not Found")


def change(account: GmailAccount, path: str, body: dict[str, Any], token: str) -> dict[str, Any]:
    """Answer users.labels.create, users.messages.modify and batchModify."""
    if account.refusals:
        raise account.refusals.pop(0)
    if token not in account.changing:
        raise api_error(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
    name, _, rest = path.removeprefix("/gmail/v1/users/me/").partition("/")
    if name == "labels":
        return create_label(account, body["name"])
    change_labels(account, body if rest == "batchModify" else {**body, "id": rest.removesuffix("/modify")})
    return {}


def create_label(account: GmailAccount, name: str) -> dict[str, Any]:
    """Create a label."""
    if name in account.labels.values():
        raise api_error(409, "aborted", "Label name exists or conflicts")
    account.labels[id_ := f"Label_{len(account.labels)}"] = name
    return {"id": id_, "name": name}


def change_labels(account: GmailAccount, body: dict[str, Any]) -> None:
    """Change the labels of a message, or of several; a response about several says nothing about ids that are gone."""
    ids = body.get("ids", [body.get("id")])
    unknown = [each for each in ids if each not in account.messages]
    if unknown and ("id" in body or account.refuses_unknown_ids):
        raise api_error(404, "notFound", f"Requested entity {unknown[0]} was not found.")
    for id_ in set(ids) - set(unknown):
        for label in body.get("addLabelIds", []):
            account.label(id_, label)
        account.messages[id_].labels.difference_update(body.get("removeLabelIds", []))


def list_messages(account: GmailAccount, query: Query) -> dict[str, Any]:
    """Answer users.messages.list: newest first."""
    after = int(query["q"][0].removeprefix("after:")) * 1000
    labels = set(query["labelIds"])
    if not labels <= set(account.labels):
        raise api_error(400, "invalidArgument", "Invalid label")
    found = [id_ for id_, stored in account.messages.items() if labels <= stored.labels and stored.milliseconds > after]
    if query.get("includeSpamTrash") != ["true"]:
        found = [id_ for id_ in found if "SPAM" not in account.messages[id_].labels]
    found.sort(key=lambda id_: account.messages[id_].milliseconds, reverse=True)
    answer = page(account, query, [{"id": id_, "threadId": id_} for id_ in found], "messages")
    return {**answer, "resultSizeEstimate": len(found)}


def list_history(account: GmailAccount, query: Query) -> dict[str, Any]:
    """Answer users.history.list: oldest first; what has the label now."""
    start = int(query["startHistoryId"][0])
    if start <= account.forgotten:
        raise api_error(404, "notFound", "Requested entity was not found.")
    kinds = {kind.replace("message", "messages").replace("label", "labels") for kind in query["historyTypes"]}
    label = query["labelId"][0]
    records = []
    for record in account.history:
        changed = {kind: changes for kind, changes in record.items() if kind in kinds}
        ids = [change["message"]["id"] for changes in changed.values() for change in changes]
        gone_or_labelled = [id_ not in account.messages or label in account.messages[id_].labels for id_ in ids]
        if int(record["id"]) > start and any(gone_or_labelled):
            records.append(record)
    return {**page(account, query, records, "history"), "historyId": str(account.history_id)}


def page(account: GmailAccount, query: Query, items: list[Any], name: str) -> dict[str, Any]:
    """Return one page; an empty list is left out, as the API does."""
    start = int(query.get("pageToken", ["0"])[0])
    end = start + min(int(query["maxResults"][0]), account.page_size)
    answer: dict[str, Any] = {name: items[start:end]} if items[start:end] else {}
    return {**answer, "nextPageToken": str(end)} if end < len(items) else answer


def fields_of(raw: bytes) -> bytes:
    """Return the header without lines that are not fields, where Python's reader would stop."""
    lines = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    return b"\r\n".join(line for line in lines if b":" in line or line.startswith((b" ", b"\t"))) + b"\r\n\r\n"


def show(account: GmailAccount, id_: str, query: Query) -> dict[str, Any]:
    """Answer users.messages.get in the formats metadata and raw."""
    stored = account.messages.get(id_)
    if stored is None:
        raise api_error(404, "notFound", "Requested entity was not found.")
    answer: dict[str, Any] = {
        "id": id_,
        "threadId": id_,
        "labelIds": sorted(stored.labels),
        "internalDate": str(stored.milliseconds),
        "sizeEstimate": len(stored.raw) if account.estimate is None else account.estimate,
    }
    if query["format"] == ["raw"]:
        return {**answer, "raw": base64.urlsafe_b64encode(stored.raw).decode()}
    wanted = {name.lower() for name in query.get("metadataHeaders", [])}
    fields = BytesHeaderParser().parsebytes(fields_of(stored.raw)).items()
    headers = [{"name": name, "value": str(value)} for name, value in fields if not wanted or name.lower() in wanted]
    return {**answer, "payload": {"headers": headers}}
