"""The calendar feed: read by programs that know its address, without a session."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils import timezone
from django.utils.http import parse_etags
from django.views import View

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.channel_settings.calendar import CalendarSettings
from nautobot_circuit_maintenance.models import Subscription
from nautobot_circuit_maintenance.outbound.errors import Silent
from nautobot_circuit_maintenance.outbound.feed import KEPT, FeedKey, feed, kept_etag
from nautobot_circuit_maintenance.outbound.feed_tokens import MASK, Revoked, find

logger = logging.getLogger(__name__)

_EVERY = timedelta(seconds=KEPT)
"""How exactly it is noted when a feed was last read."""


class FeedView(View):
    """A calendar at an address that is a secret: it goes into no log line, no referrer and no search engine."""

    http_method_names = ["get", "head"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer; from here on, the path of the request has no token, whatever logs it."""
        token = kwargs.pop("token")
        masked = request.path.replace(token, MASK)
        request.path = request.path_info = masked
        request.META["PATH_INFO"] = masked
        if request.resolver_match:
            request.resolver_match.kwargs = {"token": MASK}
        response = super().dispatch(request, token=token)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Return the calendar, or that it has not changed."""
        try:
            subscription = find(token)
        except Revoked:  # find
            return _refused(410, "FEED-01: The address of this calendar was revoked.")
        settings = get_app_settings().channels
        names = {each.name for each in settings.entries if isinstance(each, CalendarSettings)}
        if not (
            subscription and subscription.enabled and subscription.owner.is_active and subscription.channel in names
        ):
            return _refused(404, "FEED-02: There is no calendar at this address, or its owner or channel is gone.")
        now = timezone.now()
        _note_use(subscription, now)
        base = request.build_absolute_uri("/").rstrip("/")
        key = FeedKey.of(subscription, instance=settings.instance, base=base, now=now)
        known = parse_etags(request.headers.get("If-None-Match", ""))
        etag = kept_etag(key) if known else None
        if etag and _is_known(etag, known):
            return _kept(HttpResponseNotModified(), etag)
        try:
            found = feed(key, now=now)
        except Silent as error:  # feed: not an empty calendar, for readers would delete all entries
            return _refused(404, f"FEED-03: Nothing may be shown in the calendar of '{subscription}'. {error}")
        if _is_known(found.etag, known):
            return _kept(HttpResponseNotModified(), found.etag)
        response = HttpResponse(found.body, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="circuit-maintenance.ics"'
        return _kept(response, found.etag)

    head = get


def _kept(response: HttpResponse, etag: str) -> HttpResponse:
    response["ETag"] = etag
    response["Cache-Control"] = f"private, max-age={KEPT}"
    return response


def _refused(status: int, reason: str) -> HttpResponse:
    """Return an answer that gives no reason: who asks need not be the owner."""
    logger.info("Calendar feed: %s", reason)
    return HttpResponse("There is no calendar here.\n", status=status, content_type="text/plain; charset=utf-8")


def _note_use(subscription: Subscription, now: datetime) -> None:
    used = subscription.token_used_at
    if used is None or now - used >= _EVERY:
        Subscription.objects.filter(pk=subscription.pk).update(token_used_at=now)


def _is_known(etag: str, known: list[str]) -> bool:
    """Return whether the reader has this version; proxies that compress make the ETag a weak one (RFC 9110 13.1.2)."""
    return "*" in known or etag in {each.removeprefix("W/") for each in known}
