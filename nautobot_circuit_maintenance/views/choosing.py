"""Choosing what a doubtful reading is instead, and keeping a habit of the provider that it shows."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from rest_framework.decorators import action

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.alternatives import is_swapped
from nautobot_circuit_maintenance.domain.custom_fields import ORDER
from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.forms.moments import UNKNOWN_ZONE, ZoneInput
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification
from nautobot_circuit_maintenance.pipeline.choosing import choose
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.views.asking import ASKING, TITLED

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.pipeline.rules import Habit

_RULE = "plugins:nautobot_circuit_maintenance:notification_rule"
_QUESTIONS = {
    "order": "Does {} always write the {} first?",
    "zone": "Which time zone does {} mean where its emails name none?",
}


def choose_reading(request: HttpRequest, maintenance: CircuitMaintenance, *, fingerprint: str, sentence: str) -> str:
    """Apply the alternative that was clicked; return where to go: to the rule that it suggests, if it suggests one."""
    label, user = request.POST.get("choice", ""), request.user
    try:
        result = choose(maintenance, fingerprint, sentence, label, user, timezone.now())
    except (PermissionDenied, ParseError) as error:
        messages.error(request, str(error))
        return maintenance.get_absolute_url()
    if result is None:
        messages.warning(request, "This doubt no longer exists.")
        return maintenance.get_absolute_url()
    row, chosen = result
    messages.success(request, f"The maintenance follows your choice now: {chosen.label}.")
    if chosen.window and chosen.replaced and is_swapped(chosen.window, chosen.replaced):
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.pipeline.rules import order_of

        if order := order_of(row, chosen.window):
            if user.has_perm("circuits.change_provider", row.provider):
                return f"{reverse(_RULE, args=[row.pk])}?{urlencode({'order': order})}"
    exists = CircuitMaintenance.objects.filter(pk=maintenance.pk).exists()
    return maintenance.get_absolute_url() if exists else row.get_absolute_url()


class RuleMixin:
    """The page of notifications that offers a habit of the provider."""

    get_object: Any

    @action(detail=True, url_path="rule", url_name="rule", **ASKING)
    def rule(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Show how the provider's other emails read by a habit of it, then keep it."""
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.pipeline import rules

        row = self.get_object()
        habit, problem = _habit(request)
        if not request.user.has_perm("circuits.change_provider", row.provider):
            raise PermissionDenied("You may not change this provider.")
        if request.method == "POST" and habit.value:
            return self._keep(request, row, habit)
        rows = Visibility.of(request.user).notifications.filter(provider=row.provider)
        previews = list(rules.preview(rows, row.provider, habit))
        context = {
            "title": _QUESTIONS[habit.name].format(row.provider, habit.value.removesuffix(" first")),
            **TITLED,
            "notification": row,
            "habit": habit,
            "problem": problem,
            "zones": ZoneInput().render("zone", habit.value, {"id": "id_zone", "aria-label": "Time zone"}),
            "previews": [(each, _windows(each.recorded), _windows(each.read)) for each in previews],
            "differs": any(each.differs for each in previews),
        }
        return TemplateResponse(request, "nautobot_circuit_maintenance/rule.html", context)

    def _keep(self, request: HttpRequest, row: Notification, habit: "Habit") -> HttpResponse:
        row.provider.cf[habit.field.key] = habit.value
        try:
            row.provider.validated_save()
        except ValidationError as error:  # of the provider's other fields
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(
                request, f"{row.provider} {habit.sentence}. Reprocess its notifications to compare them again."
            )
        return redirect(row.get_absolute_url())


def _habit(request: HttpRequest) -> tuple["Habit", str]:
    """Return the habit that is asked about, and what is wrong with its value, which is empty then."""
    # pylint: disable-next=import-outside-toplevel  # not at each start
    from nautobot_circuit_maintenance.pipeline.rules import Habit

    given = request.POST if request.method == "POST" else request.GET
    if "zone" in given:
        zone = given["zone"].strip()
        is_known = zone in available_timezones()
        return Habit("zone", zone if is_known else ""), UNKNOWN_ZONE if zone and not is_known else ""
    order = given.get("order") or ORDER.choices[0]
    if order not in ORDER.choices:
        raise Http404("No such order of day and month.")
    return Habit("order", order), ""


def _windows(read: Iterable[Window]) -> SafeString:
    return formatting.windows((each.start, each.end) for each in read)
