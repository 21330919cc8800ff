"""Parts of the page of one notification: what became of it, and the message itself, read only where it is shown."""

from typing import Any

from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from nautobot.apps.ui import BaseTextPanel, DataTablePanel, KeyValueTablePanel, PostButton
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.mail.rendering import (
    CUT,
    ReadableMessage,
    begin_of_text,
    readable,
    safe_document,
)
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.models.providers import PARSERS_FIELD
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.panels import VerbatimLabelsMixin

NOT_ON_RECORD = "The raw message is not on record: it was over the size limit, or has been purged."
_TEMPLATES = "nautobot_circuit_maintenance/inc/"
_ADVICE = {
    State.PARSED: "",
    State.RECEIVED: "Nothing: the next run of the job reads it.",
    State.REFUSED: "If {provider} did write it, let the administrator correct what the source demands of its senders "
    "(trusted_authserv_ids, require_authentication), then Reprocess. If not, leave it: it has changed nothing.",
    State.IGNORED: "Nothing, if it announces no work. If it does, set the right parser on {provider}, then Reprocess.",
    State.FAILED: "If it announces work, set the right parser on {provider}, then Reprocess, or {by_hand}. If it does "
    "not, leave it or delete it.",
}
_NO_PARSER = (
    "{provider} has no parser set, so the one of its own name is tried. Set the right one on it, then Reprocess. If the "
    "mail itself is incomplete, ask {provider} for it, or {by_hand}."
)
_INCOMPLETE = (
    "Other mail of {provider} is understood, so its parser is right. If this one announces work, it is incomplete or in "
    "another format: ask {provider}, or {by_hand}. If it does not, leave it or delete it."
)
_NO_BYTES = "It cannot be reprocessed: the raw message is not on record. Let the job read it from the mailbox again."


def advice(
    notification: Notification, provider: SafeString, by_hand: SafeString, *, has_bytes: bool
) -> SafeString | str:
    """Return what a person can do about the state of a notification, in words; empty where there is nothing to do."""
    words = _ADVICE[notification.state]
    if notification.state not in (State.PARSED, State.RECEIVED) and not has_bytes:
        words = _NO_BYTES
    elif notification.state == State.FAILED and _is_understood(notification.provider):
        words = _INCOMPLETE
    elif notification.state == State.FAILED and not notification.provider.cf.get(PARSERS_FIELD):
        words = _NO_PARSER
    return format_html(words, provider=provider, by_hand=by_hand) if words else ""


def _is_understood(provider: Provider) -> bool:
    """Tell whether some mail of a provider was read: then its parser is the right one."""
    return Notification.objects.filter(provider=provider, state=State.PARSED).exists()


def _by_hand(provider: Provider, user: Any) -> SafeString:
    """Say that a maintenance of a provider can be added, as a link to the form for those who may."""
    if not user.has_perm("nautobot_circuit_maintenance.add_circuitmaintenance"):
        return format_html("{}", "add the maintenance by hand")
    form = reverse("plugins:nautobot_circuit_maintenance:circuitmaintenance_add")
    return format_html('<a href="{}?provider={}">add the maintenance by hand</a>', form, provider.pk)


class ReprocessButton(PostButton):
    """Shown to those who may change this notification."""

    def should_render(self, context: Context) -> bool:
        """Ask the permissions, their constraints included."""
        user = context["request"].user
        return Notification.objects.restrict(user, "change").filter(pk=context["object"].pk).exists()


class ResultPanel(VerbatimLabelsMixin, KeyValueTablePanel):
    """What became of a message, and what to do about it."""

    label = "Result"
    context_data_key = "result"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Say it in words; attempts count only where they tell something."""
        notification: Notification = context["object"]
        has_bytes = Notification.objects.filter(pk=notification.pk, raw__isnull=False).exists()  # without reading them
        provider = provider_to_mend(notification.provider, context["request"].user)
        by_hand = _by_hand(notification.provider, context["request"].user)
        return {
            "State": formatting.badge(notification.state),
            "Reason": notification.error,
            "What to Do": advice(notification, provider, by_hand, has_bytes=has_bytes),
            "Attempts": notification.attempts,
        }


def provider_to_mend(provider: Provider, user: Any) -> SafeString:
    """Return the name of a provider, as a link to its form for those who may change it."""
    if not Provider.objects.restrict(user, "change").filter(pk=provider.pk).exists():
        return format_html("<strong>{}</strong>", provider)
    return format_html('<a href="{}">{}</a>', reverse("circuits:provider_edit", kwargs={"pk": provider.pk}), provider)


def read_object(context: Context) -> ReadableMessage | None:
    """Read the message of the page's notification from the database; None where it is not on record."""
    raw = context["object"].raw
    return None if raw is None else readable(bytes(raw))


class TextPanel(BaseTextPanel):
    """The words of a message, escaped."""

    label = "Text"
    body_content_template_path = f"{_TEMPLATES}message_text.html"

    def get_value(self, context: Context) -> str:
        """Read the message."""
        message = read_object(context)
        if message is None:
            return NOT_ON_RECORD
        return begin_of_text(message.text, is_cut=message.is_cut) or "The message has no text."


class HtmlPanel(BaseTextPanel):
    """The HTML of a message, without anything that loads or runs, in a frame that could do neither."""

    label = "HTML"
    body_content_template_path = f"{_TEMPLATES}message_html.html"

    def get_value(self, context: Context) -> dict[str, str]:
        """Read the message; the template shows a document or a word why there is none."""
        message = read_object(context)
        if message is None:
            return {"word": NOT_ON_RECORD}
        if not message.html.strip():
            return {"word": CUT if message.is_cut else "The message has no HTML."}
        return {"document": safe_document(message.html, is_cut=message.is_cut)}


class AttachmentsPanel(DataTablePanel):
    """Which other parts a message has; nobody opens them here."""

    label = "Attachments"
    context_data_key = "attachments"
    columns = ["name", "kind", "size"]
    column_headers = ["Name", "Type", "Size"]

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Read the message."""
        message = read_object(context)
        rows = [
            {"name": each.name or "(no name)", "kind": each.kind, "size": formatting.file_size(each.size)}
            for each in (message.attachments if message else ())
        ]
        if message and message.is_cut:
            rows.append({"name": CUT, "kind": "", "size": ""})
        word = NOT_ON_RECORD if message is None else "The message has no attachments."
        return {**super().get_extra_context(context), "data": rows or [{"name": word, "kind": "", "size": ""}]}


class SourceTextPanel(BaseTextPanel):
    """The raw message as text, escaped; those bytes that are not UTF-8 show as a replacement character."""

    label = "Source of the message"
    render_as = BaseTextPanel.RenderOptions.CODE

    def get_value(self, context: Context) -> str:
        """Read the bytes."""
        raw = context["object"].raw
        return NOT_ON_RECORD if raw is None else begin_of_text(bytes(raw).decode("utf-8", errors="replace"))
