"""Panels of the page of one notification: its result, and the original message.

What reads messages is imported when one is shown, not at each start.
"""

# pylint: disable=import-outside-toplevel  # see above

import re
from typing import TYPE_CHECKING, Any

from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from nautobot.apps.ui import BaseTextPanel, DataTablePanel, KeyValueTablePanel
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.models.providers import PARSERS_FIELD
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.http import NOT_STORED
from nautobot_circuit_maintenance.ui.panels import VerbatimLabelsMixin
from nautobot_circuit_maintenance.views.opinion_panels import highlighted

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.mail.rendering import ReadableMessage

_TEMPLATES = "nautobot_circuit_maintenance/inc/"
_RELOAD = "<script>setTimeout(() => location.reload(), 4000);</script>"
_ADVICE = {
    State.PARSED: "",
    State.RECEIVED: f"Waiting to be processed. This page reloads until the result is known.{_RELOAD}",
    State.REFUSED: "If this really came from {provider}, ask your administrator to adjust the sender authentication of "
    "this source (trusted_authserv_ids, require_authentication), then click Reprocess. Otherwise no action is needed.",
    State.IGNORED: "No action needed unless it announces maintenance; in that case set the correct parser on {provider} "
    "and reprocess.",
    State.FAILED: "If this announces maintenance: set the correct parser on {provider} and click Reprocess, or "
    "{add_manually}. Otherwise no action is needed.",
}
_NO_PARSER = (
    "{provider} has no parser configured, so the parser with its own name was tried. Set the correct parser and "
    "reprocess. If the email itself is incomplete, contact {provider} or {add_manually}."
)
_INCOMPLETE = (
    "Other notifications from {provider} are parsed successfully. If this one announces maintenance, it is incomplete or "
    "in a different format: contact {provider} or {add_manually}. Otherwise no action is needed."
)
_PARTLY_READ = (
    "The maintenances below were read; the reason names the part that was not. If that part announces maintenance, contact "
    "{provider} or {add_manually}."
)
_NOT_REPROCESSABLE = (
    'It cannot be reprocessed because the original message is not stored. Run the job with "Since" to read it from the '
    "mailbox again."
)


def advice(
    notification: Notification, provider: SafeString, add_manually: SafeString, *, has_original: bool
) -> SafeString | str:
    """Return what a user can do about the state of a notification; empty if nothing needs to be done."""
    template = _ADVICE[notification.state]
    if notification.state == State.PARSED and notification.error:
        template = _PARTLY_READ
    if notification.state not in (State.PARSED, State.RECEIVED) and not has_original:
        template = _NOT_REPROCESSABLE
    elif notification.state == State.FAILED and _has_parsed_notifications(notification.provider):
        template = _INCOMPLETE
    elif notification.state == State.FAILED and not notification.provider.cf.get(PARSERS_FIELD):
        template = _NO_PARSER
    return format_html(template, provider=provider, add_manually=add_manually) if template else ""


def _has_parsed_notifications(provider: Provider) -> bool:
    """Return whether a notification of the provider was parsed, which shows that its parser is right."""
    return Notification.objects.filter(provider=provider, state=State.PARSED).exists()


def _add_manually(provider: Provider, user: Any) -> SafeString:
    """Suggest adding a maintenance, as a link to the form for users who may add one."""
    text = "add the maintenance manually"
    if not user.has_perm("nautobot_circuit_maintenance.add_circuitmaintenance"):
        return format_html("{}", text)
    form = reverse("plugins:nautobot_circuit_maintenance:circuitmaintenance_add")
    return format_html('<a href="{}?provider={}">{}</a>', form, provider.pk, text)


class ResultPanel(VerbatimLabelsMixin, KeyValueTablePanel):
    """State and reason of a notification, and what to do about it."""

    label = "Result"
    context_data_key = "result"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Gather state, reason and suggested action."""
        notification: Notification = context["object"]
        user = context["request"].user
        has_original = Notification.objects.filter(pk=notification.pk, raw__isnull=False).exists()  # without reading it
        provider = provider_to_edit(notification.provider, user)
        add_manually = _add_manually(notification.provider, user)
        return {
            "State": formatting.state_badge(notification.state, notification.error),
            "Reason": notification.error,
            "Suggested Action": advice(notification, provider, add_manually, has_original=has_original),
            "Attempts": notification.attempts,
            **_dismissal(notification),
        }


def _dismissal(notification: Notification) -> dict[str, Any]:
    """Return who dismissed a result, when and why; nothing if no one did."""
    if notification.dismissed_at is None:
        return {}
    text = f"by {notification.dismissed_by or 'a deleted user'}: {notification.dismissed_reason}"
    label = "Dismissed" if notification.is_dismissed else "Dismissed with an Earlier Result"
    return {label: format_html("{} {}", formatting.datetime_badge(notification.dismissed_at), text)}


def provider_to_edit(provider: Provider, user: Any) -> SafeString:
    """Return the name of a provider, as a link to its form for users who may change it."""
    if not user.has_perm("circuits.change_provider", provider):
        return format_html("<strong>{}</strong>", provider)
    return format_html('<a href="{}">{}</a>', reverse("circuits:provider_edit", kwargs={"pk": provider.pk}), provider)


def read_object(context: Context) -> "ReadableMessage | None":
    """Read the original message of the page's notification; None if it is not stored."""
    from nautobot_circuit_maintenance.mail.rendering import readable

    raw = context["object"].raw
    return None if raw is None else readable(bytes(raw))


class TextPanel(BaseTextPanel):
    """The text of a message, escaped, with the words marked that its second opinion is about."""

    label = "Text"
    body_content_template_path = f"{_TEMPLATES}message_text.html"

    def get_value(self, context: Context) -> str:
        """Read the message."""
        from nautobot_circuit_maintenance.mail.rendering import truncated_text

        message = read_object(context)
        if message is None:
            return NOT_STORED
        text = truncated_text(message.text, is_truncated=message.is_truncated) or "The message has no text."
        return highlighted(text, context["object"], context["request"].user)


_LINES = re.compile(r"<(?:br|div|h[1-6]|li|p|pre|tr)\b")
_FRAME, _LINE = 4, 2
"""Rem: the frame can run nothing that would measure it, so that five lines do not take the height of fifty."""


class HtmlPanel(BaseTextPanel):
    """The sanitized HTML of a message, in a sandboxed frame that can neither load nor run anything."""

    label = "HTML"
    body_content_template_path = f"{_TEMPLATES}message_html.html"

    def get_value(self, context: Context) -> dict[str, str]:
        """Read the message; the template shows the document, or the reason why there is none."""
        from nautobot_circuit_maintenance.mail.rendering import TRUNCATED, safe_document

        message = read_object(context)
        if message is None:
            return {"reason": NOT_STORED}
        if not message.html.strip():
            return {"reason": TRUNCATED if message.is_truncated else "The message has no HTML."}
        document = safe_document(message.html, is_truncated=message.is_truncated)
        return {"document": document, "height": str(_FRAME + _LINE * len(_LINES.findall(document)))}


class AttachmentsPanel(DataTablePanel):
    """The attachments of a message; they cannot be opened here."""

    label = "Attachments"
    context_data_key = "attachments"
    columns = ["name", "kind", "size"]
    column_headers = ["Name", "Type", "Size"]
    body_content_template_path = f"{_TEMPLATES}attachments.html"

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Read the message."""
        from nautobot_circuit_maintenance.mail.rendering import TRUNCATED

        message = read_object(context)
        rows = [
            {"name": each.name or "(no name)", "kind": each.kind, "size": formatting.file_size(each.size)}
            for each in (message.attachments if message else ())
        ]
        if message and message.is_truncated:
            rows.append({"name": TRUNCATED, "kind": "", "size": ""})
        empty = NOT_STORED if message is None else "\u2014 No attachments \u2014"
        return {**super().get_extra_context(context), "data": rows, "empty": empty}


class SourceTextPanel(BaseTextPanel):
    """The source of a message, escaped; bytes that are not UTF-8 become replacement characters."""

    label = "Source"
    body_content_template_path = f"{_TEMPLATES}message_source.html"

    def get_value(self, context: Context) -> str:
        """Read the bytes."""
        from nautobot_circuit_maintenance.mail.rendering import truncated_text

        raw = context["object"].raw
        return NOT_STORED if raw is None else truncated_text(bytes(raw).decode("utf-8", errors="replace"))
