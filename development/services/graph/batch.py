"""Answers of Graph to several requests in one (JSON batching): here, about the categories of messages."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from development.services.graph.tenant import Refusal, Tenant, graph_error

MOST = 20
_MESSAGE = re.compile(r"/users/([^/]+)/messages/([^/?]+)")


def batch(tenant: Tenant, body: dict[str, Any], token: str) -> dict[str, Any]:
    """Answer each request of a batch, the last one first: the order is not promised."""
    tenant.before("/v1.0/$batch")
    if tenant.refusals:
        raise tenant.refusals.pop(0)
    if token not in tenant.tokens:
        raise graph_error(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
    requests = body["requests"]
    if len(requests) > MOST or len({each["id"] for each in requests}) < len(requests):
        raise graph_error(400, "BadRequest", "Number of batch request steps exceeds the maximum value of 20.")
    return {"responses": [one(tenant, each) for each in reversed(requests)]}


def one(tenant: Tenant, request: dict[str, Any]) -> dict[str, Any]:
    """Answer one request."""
    tenant.batched.append(f"{request['method']} {request['url']}")
    try:
        return {"id": request["id"], "status": 200, "headers": {}, "body": answer(tenant, request)}
    except Refusal as refusal:
        return {"id": request["id"], "status": refusal.status, "headers": refusal.fields, "body": refusal.body}


def answer(tenant: Tenant, request: dict[str, Any]) -> dict[str, Any]:
    """Answer message: get, or message: update, which needs a permission of its own and replaces all categories."""
    if tenant.batch_refusals:
        raise tenant.batch_refusals.pop(0)
    found = _MESSAGE.match(request["url"])
    if not found or unquote(found[1]) != tenant.address:
        raise graph_error(404, "ErrorInvalidUser", "The requested user is invalid.")
    if request["method"] == "PATCH" and not tenant.may_write:
        raise graph_error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    id_ = unquote(found[2])
    if id_ not in tenant.messages:
        raise graph_error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    stored = tenant.messages[id_]
    if request["method"] == "PATCH":
        if request["headers"].get("If-Match", stored.etag) != stored.etag:
            raise graph_error(412, "ErrorIrresolvableConflict", "The send or update operation could not be performed.")
        stored = replace(stored, categories=list(request["body"]["categories"]), version=stored.version + 1)
        tenant.messages = {**tenant.messages, id_: stored}
        tenant.log.append(("updated", stored.folder, id_))
    return {"id": id_, "@odata.etag": stored.etag, "categories": stored.categories}
