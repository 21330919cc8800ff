"""The token in the URL of a calendar feed: good for this feed only, stored as its digest, shown once."""

import secrets
from hashlib import sha256

from nautobot_circuit_maintenance.models import Subscription

_BYTES = 32


def digest(token: str) -> str:
    """Return what is stored of a token; it is as random as the token, so that an index may compare it."""
    return sha256(token.encode()).hexdigest()


def new_token(subscription: Subscription) -> str:
    """Give a subscription a new token and return it; the former one ends."""
    token = secrets.token_urlsafe(_BYTES)
    _store(subscription, digest(token))
    return token


def revoke(subscription: Subscription) -> None:
    """End the token of a subscription."""
    _store(subscription, None)


def _store(subscription: Subscription, stored: str | None) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(token_hash=stored, token_used_at=None)
