"""Answers of Microsoft's login server: the discovery, and access tokens for an application."""

import secrets
from typing import Any
from urllib.parse import unquote

import jwt
from cryptography.x509 import load_pem_x509_certificate

from development.services.graph.tenant import Query, Tenant, login_error


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
        raise login_error(
            401, "invalid_client", 7000215, f"Invalid client secret provided: {form.get('client_secret')}."
        )
    if form["scope"] not in (f"{tenant.url}/.default", *tenant.scopes):
        raise login_error(
            400, "invalid_resource", 500011, f"The resource principal named {form['scope']} was not found."
        )
    token = "ey" + secrets.token_urlsafe(64)
    tenant.tokens.add(token)
    return {
        "token_type": "Bearer",
        "expires_in": 3599,
        "ext_expires_in": 3599,
        "access_token": token,
    }  # nosec B105 # a name of RFC 6750


def _check_assertion(tenant: Tenant, assertion: str) -> None:
    known = load_pem_x509_certificate(tenant.certificate).public_key()
    try:
        jwt.decode(assertion, known, ["PS256", "RS256"], audience=f"{tenant.url}/{tenant.id}/oauth2/v2.0/token")
    except jwt.PyJWTError as error:
        raise login_error(
            401, "invalid_client", 700027, f"Client assertion failed signature validation. {error}"
        ) from None
