"""HTTP responses that the pages and the REST API share."""

from django.http import HttpRequest, HttpResponse

from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.models import Notification

MESSAGE_TYPE = "message/rfc822"
NOT_STORED = "The original message is not stored (too large, or purged)."


def has_storable_query(request: HttpRequest) -> bool:
    """Return whether databases take the query string: not if it has NUL characters or lone surrogates."""
    words = (word for name, values in request.GET.lists() for word in (name, *values))
    return all(storable(word) == word for word in words)


def eml_response(notification: Notification) -> HttpResponse:
    """Return the original message as a download that browsers never render."""
    return HttpResponse(
        bytes(notification.raw or b""),
        content_type=MESSAGE_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="{notification.pk}.eml"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
