"""Consent of the owner of a mailbox: to Google and back, and its end."""

import re
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.views import View
from rest_framework.decorators import action

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.gmail.settings import GmailSettings
from nautobot_circuit_maintenance.stored_consents import delete_consent, has_consent, read_consent, store_consent
from nautobot_circuit_maintenance.views.buttons import ChangeButton
from nautobot_circuit_maintenance.views.viewset import POST_ONLY

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.mailboxes.logins.consent import ConsentLibrary

_SESSION_KEY = "nautobot_circuit_maintenance.consent"
_ERROR = re.compile(r"[a-z_]{1,40}")
"""An error of Google (RFC 6749 section 4.1.2.1): the address may come from anyone."""
_LIFETIME = timedelta(minutes=10)


def settings_by_consent(name: str) -> GmailSettings | None:
    """Return the settings of a source that is read by consent; None for any other."""
    for source in get_app_settings().sources:
        if source.name == name and isinstance(source, GmailSettings) and source.is_by_consent:
            return source
    return None


def _library() -> "ConsentLibrary":
    """Load what asks Google: not at each start of a web process."""
    from nautobot_circuit_maintenance.mailboxes import opening  # pylint: disable=import-outside-toplevel  # see above

    return opening.library_of_consents()


class AuthorizeButton(ChangeButton):
    """A button for users who may change a source that is read by consent."""

    def should_render(self, context: Context) -> bool:
        """Check permissions and settings."""
        return settings_by_consent(context["object"].name) is not None and super().should_render(context)


class RevokeButton(ChangeButton):
    """The same, if there is a consent."""

    def should_render(self, context: Context) -> bool:
        """Check permissions and the consent, which may be left over from other settings."""
        return has_consent(context["object"]) and super().should_render(context)


class ConsentMixin:
    """Actions of the pages of the sources."""

    @action(detail=True, url_path="authorize", url_name="authorize", **POST_ONLY)
    def authorize(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Send the browser to Google; what its answer must match is in the session, for ten minutes and once."""
        source = self.get_object()  # type: ignore[attr-defined]  # of the view set
        settings = settings_by_consent(source.name)
        if settings is None:
            messages.error(request, "This source is not read by consent: set 'client_id' in PLUGINS_CONFIG.")
            return redirect(source.get_absolute_url())
        wanted = _library().ask(settings)
        request.session[_SESSION_KEY] = {
            "source": str(source.pk),
            "state": wanted.state,
            "verifier": wanted.verifier,
            "at": timezone.now().isoformat(),
        }
        return redirect(wanted.url)

    @action(detail=True, url_path="revoke", url_name="revoke", **POST_ONLY)
    def revoke(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Delete the consent here, and at Google if that can be reached."""
        source = self.get_object()  # type: ignore[attr-defined]  # of the view set
        settings = settings_by_consent(source.name)
        try:
            token = read_consent(source.name, settings.account) if settings else ""
            if settings and token:
                settings.client_secret.value()
                _library().revoke(settings, token)
        except MailboxError as error:  # read_consent, value, revoke
            delete_consent(source)
            words = "The consent was deleted here, but not at Google; remove the app under https://myaccount.google.com/connections"
            messages.warning(request, f"{words}. {error}")
        else:
            delete_consent(source)
            messages.success(request, "The consent was deleted and revoked.")
        return redirect(source.get_absolute_url())


class ConsentCallbackView(LoginRequiredMixin, View):
    """Where Google sends the browser back; one address for all sources, because Google must know it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Exchange the code for a refresh token, and store it; only for who began, and may change the source."""
        begun = request.session.pop(_SESSION_KEY, None)
        state = request.GET.get("state", "")
        if not begun or not secrets.compare_digest(begun["state"].encode(), state.encode()):
            messages.error(request, "This answer does not belong to a request of yours; click Authorize on the source.")
            return redirect(reverse("plugins:nautobot_circuit_maintenance:notificationsource_list"))
        changeable = models.NotificationSource.objects.restrict(request.user, "change")
        source = get_object_or_404(changeable, pk=begun["source"])
        problem = self._store(request, source, begun)
        if problem:
            messages.error(request, problem)
        else:
            messages.success(request, "The app may read the mailbox. Click Test Connection.")
        return redirect(source.get_absolute_url())

    @staticmethod
    def _store(request: HttpRequest, source: models.NotificationSource, begun: dict[str, str]) -> str:
        """Store the refresh token; return why there is none."""
        settings = settings_by_consent(source.name)
        if settings is None:
            return "This source is not read by consent any more."
        if timezone.now() - datetime.fromisoformat(begun["at"]) > _LIFETIME:
            return "That took longer than ten minutes; click Authorize again."
        code = request.GET.get("code", "")
        if not code:
            said = request.GET.get("error", "")
            error = said if _ERROR.fullmatch(said) else "access_denied"
            return f"Google was not allowed to give access ({error}); click Authorize again."
        try:
            settings.client_secret.value()
            token = _library().exchange(settings, code, begun["verifier"])
            if _is_stored(source, settings.account, token):
                return ""
            _library().revoke(settings, token)
        except MailboxError as error:  # value, exchange, revoke
            return str(error)
        return "The source was removed or renamed in the meantime; the consent was revoked."


def _is_stored(source: models.NotificationSource, account: str, token: str) -> bool:
    """Store a refresh token, unless the source has been removed or renamed; return whether it is stored."""
    with transaction.atomic():
        rows = models.NotificationSource.objects.select_for_update().filter(pk=source.pk, name=source.name)
        if rows.first() is None:
            return False
        store_consent(source, account, token)
        return True
