"""Dismissing on the pages: with a reason, and only what the user has seen."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import Context
from django.template.defaultfilters import pluralize
from django.utils import timezone
from nautobot.apps.ui import Button
from rest_framework.decorators import action

from nautobot_circuit_maintenance.forms import DismissForm
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.models.dismissal import dismiss
from nautobot_circuit_maintenance.models.querysets import NotificationQuerySet
from nautobot_circuit_maintenance.views.asking import ASKING, answered, ask, back_to, repeated
from nautobot_circuit_maintenance.views.viewset import POST_ONLY, back_to_list, chosen_rows

_LIST = "plugins:nautobot_circuit_maintenance:notification_list"
_EXPLANATION = (
    "A dismissed notification is not counted as needing attention. It comes back if it is processed again with another "
    "result."
)


class DismissButton(Button):
    """A button for users who may change the notification, while there is something to dismiss."""

    def should_render(self, context: Context) -> bool:
        """Check the result, then the permissions with their constraints."""
        rows = Notification.objects.restrict(context["request"].user, "change").filter(pk=context["object"].pk)
        return rows.dismissible().exists()


class DismissMixin:
    """The pages of notifications that dismiss one, or several."""

    get_object: Any
    get_queryset: Any
    filter_queryset: Any

    @action(detail=True, url_path="dismiss", url_name="dismiss", **ASKING)
    def dismiss(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Ask for the reason, then dismiss the notification."""
        notification = self.get_object()
        return_url = back_to(request, notification.get_absolute_url())
        form = answered(request, DismissForm, initial={"seen": notification.result_key})
        if form.is_valid():
            _dismiss(request, self.get_queryset().filter(pk=notification.pk), form)
            return redirect(return_url)
        title = f"Dismiss {notification}"
        return ask(
            request, form, title=title, button="Dismiss", return_url=return_url, explanation=_explain(notification)
        )

    @action(detail=False, url_path="dismiss", url_name="bulk_dismiss", **POST_ONLY)
    def bulk_dismiss(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Ask for the reason, then dismiss the selected notifications, or all that the filters of the list match."""
        chosen, return_url = chosen_rows(self), back_to_list(request, _LIST)
        form = DismissForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            _dismiss(request, chosen, form)
            return redirect(return_url)
        count = chosen.dismissible().count()
        return ask(
            request,
            form,
            title=f"Dismiss {count} notification{pluralize(count)}",
            button="Dismiss",
            return_url=return_url,
            explanation=_EXPLANATION,
            repeated=repeated(request, ("pk", "_all")),
        )


def _explain(notification: Notification) -> str:
    return f"{notification.get_state_display()}: {notification.error} {_EXPLANATION}"


def _dismiss(request: HttpRequest, rows: NotificationQuerySet, form: DismissForm) -> None:
    """Dismiss these and show the result as messages."""
    data = form.cleaned_data
    result = dismiss(rows, request.user, reason=data["reason"], now=timezone.now(), seen=data["seen"])
    count = len(result.dismissed)
    if count:
        messages.success(request, f"Dismissed {count} notification{pluralize(count)}.")
    elif result.changed:
        messages.warning(
            request, f"{result.changed[0]} was processed again after this page was loaded and has not been dismissed."
        )
    else:
        messages.warning(request, "Nothing to dismiss: none of them needs attention.")
