"""Tokens of calendar feeds: good for one feed only, stored as SHA-256, and shown once."""

import re
import secrets
from hashlib import sha256

from django.db import transaction
from django.db.models import Exists

from nautobot_circuit_maintenance.models import EndedFeed, Subscription

_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
"""So many bytes as base64url."""
MASK = "***"


class Revoked(Exception):
    """The token was good once."""


def new_token(subscription: Subscription) -> str:
    """Give the feed of a subscription a new token and return it; the one before is good no longer."""
    token = secrets.token_urlsafe(_BYTES)
    _replace(subscription, digest(token))
    return token


def revoke(subscription: Subscription) -> None:
    """End the feed of a subscription: its token is not good for anything any more."""
    _replace(subscription, None)


def find(token: str) -> Subscription | None:
    """Return the subscription of a token, with its owner, by the index; None if there is none. Raises Revoked."""
    if not _TOKEN.fullmatch(token):
        return None
    wanted = digest(token)
    ended = EndedFeed.objects.filter(token_hash=wanted)
    # A stale copy of the subscription may have brought back what has ended.
    rows = Subscription.objects.filter(~Exists(ended), token_hash=wanted).select_related("owner")
    found: Subscription | None = rows.first()
    if found is None and ended.exists():
        raise Revoked
    return found


def has_feed(subscription: Subscription) -> bool:
    """Return whether the subscription has a token that is good."""
    return bool(subscription.token_hash)


def _replace(subscription: Subscription, wanted: str | None) -> None:
    """Store a hash, and nothing else of this copy of the row; readers of the one before are to know that it has ended."""
    rows = Subscription.objects.filter(pk=subscription.pk)
    with transaction.atomic():
        before = rows.select_for_update().values_list("token_hash", flat=True).first()
        if before:
            EndedFeed.objects.get_or_create(token_hash=before)
        rows.update(token_hash=wanted, token_used_at=None)
    subscription.token_hash, subscription.token_used_at = wanted, None


def digest(token: str) -> str:
    """Return what is stored of a token; it is as random as the token, so that an index may compare it."""
    return sha256(token.encode()).hexdigest()
