"""HTTP responses that the pages and the REST API share."""

from django.http import HttpResponse

from nautobot_circuit_maintenance.models import Notification

MESSAGE_TYPE = "message/rfc822"
NOT_STORED = "The original message is not stored (too large, or purged)."


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
