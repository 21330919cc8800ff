"""The second opinion on the page of a notification: its reasons, and the words that it is about."""

from collections.abc import Iterable
from typing import Any

from django.template import Context
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from nautobot.apps.ui import Panel
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.alternatives import WITHOUT_ZONE
from nautobot_circuit_maintenance.models import Notification, ParsedNotification, SettledDoubt
from nautobot_circuit_maintenance.models.keys import id_key
from nautobot_circuit_maintenance.models.providers import provider_facts
from nautobot_circuit_maintenance.ui import formatting


class FindingsPanel(Panel):
    """Why what was read is not confirmed; on the page of a notification, or of what it announced."""

    label = "Second Opinion"
    body_content_template_path = "nautobot_circuit_maintenance/inc/findings.html"

    def should_render(self, context: Context) -> bool:
        """Render only if there are reasons; they are queried once."""
        context["findings"] = _findings(context["object"], context["request"].user)
        return bool(context["findings"]) and super().should_render(context)

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Add the reasons, each with its badge, and where to answer which time zone the provider means."""
        zone_url, provider = _zone_question(context["object"], context["request"].user)
        rows = [
            (
                formatting.confidence_badge(each["level"]),
                {**each, "asks_zone": zone_url and each["sentence"].endswith(WITHOUT_ZONE)},
            )
            for each in context["findings"]
        ]
        return {**super().get_extra_context(context), "findings": rows, "zone_url": zone_url, "provider": provider}


def _zone_question(instance: Notification | ParsedNotification, user: Any) -> tuple[str, Provider | None]:
    """Return where a user answers which time zone the provider means; empty if it is known, or the user may not."""
    if not isinstance(instance, Notification) or provider_facts(instance.provider).zone:
        return "", None
    if not user.has_perm("circuits.change_provider", instance.provider):
        return "", None
    url = reverse("plugins:nautobot_circuit_maintenance:notification_rule", args=[instance.pk])
    return f"{url}?zone=", instance.provider


def highlighted(text: str, notification: Notification, user: Any) -> SafeString:
    """Return the text of a message, escaped, with the words that its findings are about marked."""
    # pylint: disable-next=import-outside-toplevel  # loads lxml
    from nautobot_circuit_maintenance.mail.quoting import places_of

    findings = _findings(notification, user)
    quotes = [(finding["quote"], finding["span"][0]) for finding in findings if finding["quote"]]
    pieces: list[tuple[str, str]] = []
    end = 0
    for start, stop in places_of(text, quotes):
        pieces.append((text[end:start], text[start:stop]))
        end = stop
    return format_html("{}{}", format_html_join("", "{}<mark>{}</mark>", pieces), text[end:])


def _findings(instance: Notification | ParsedNotification, user: Any) -> list[dict[str, Any]]:
    """Return the findings that the user may view, each with who settled it (None: no one)."""
    if isinstance(instance, ParsedNotification):
        evidence = ParsedNotification.objects.filter(pk=instance.pk)
    else:
        evidence = Visibility.of(user).of_model(ParsedNotification).filter(notification=instance)
    rows = list(evidence.exclude(findings=[]).order_by().values_list("json__maintenance_id", "findings"))
    settled = {(each.maintenance_id, each.sentence): each for each in _settled(instance, is_needed=bool(rows))}
    return [
        {**finding, "settled": settled.get((id_key(maintenance_id), finding["sentence"]))}
        for maintenance_id, findings in rows
        for finding in findings
    ]


def _settled(instance: Notification | ParsedNotification, *, is_needed: bool) -> Iterable[SettledDoubt]:
    return SettledDoubt.objects.filter(fingerprint=instance.fingerprint) if is_needed else ()
