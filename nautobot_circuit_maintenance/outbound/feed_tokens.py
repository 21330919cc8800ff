"""Tokens of calendar feeds: good for one feed only, stored as SHA-256, and shown once."""

import re
import secrets
from hashlib import sha256

from nautobot_circuit_maintenance.models import Subscription

_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
"""So many bytes as base64url."""
_REVOKED = "-"
"""Before the hash of a token that was revoked, which is one character shorter then: a reader is to know that it is gone for good."""
MASK = "***"


class Revoked(Exception):
    """The token was good once."""


def new_token(subscription: Subscription) -> str:
    """Give the feed of a subscription a new token and return it; the one before is good no longer."""
    token = secrets.token_urlsafe(_BYTES)
    _store(subscription, digest(token))
    return token


def revoke(subscription: Subscription) -> None:
    """End the feed of a subscription: its token is not good for anything any more."""
    stored = Subscription.objects.filter(pk=subscription.pk).values_list("token_hash", flat=True).first()
    if stored and not stored.startswith(_REVOKED):
        _store(subscription, _marked(stored))


def find(token: str) -> Subscription | None:
    """Return the subscription of a token, with its owner, by the index; None if there is none. Raises Revoked."""
    if not _TOKEN.fullmatch(token):
        return None
    wanted = digest(token)
    rows = Subscription.objects.filter(token_hash__in=(wanted, _marked(wanted))).select_related("owner")
    found: Subscription | None = rows.first()
    if found and found.token_hash != wanted:
        raise Revoked
    return found


def has_feed(subscription: Subscription) -> bool:
    """Return whether the subscription has a token that is good."""
    return bool(subscription.token_hash and not subscription.token_hash.startswith(_REVOKED))


def _store(subscription: Subscription, stored: str) -> None:
    """Store a hash, and nothing else of this copy of the row."""
    subscription.token_hash, subscription.token_used_at = stored, None
    Subscription.objects.filter(pk=subscription.pk).update(token_hash=stored, token_used_at=None)


def digest(token: str) -> str:
    """Return what is stored of a token; it is as random as the token, so that an index may compare it."""
    return sha256(token.encode()).hexdigest()


def _marked(stored: str) -> str:
    return _REVOKED + stored[:-1]
