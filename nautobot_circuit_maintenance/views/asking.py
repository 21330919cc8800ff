"""Pages that ask for one thing before they do what a button says."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme
from nautobot.apps.ui import Titles

ASKING = {
    "methods": ["get", "post"],
    "custom_view_base_action": "change",
    "http_method_names": ["get", "post", "head", "options"],
}
"""Options of an action that shows a form, and does what it is for with what was entered."""
TITLED = {"view_action": "generic", "view_titles": Titles(titles={"generic": "{{ title }}"})}
"""The context of a page whose heading is its ``title``, escaped: a title of core's is a template."""


def ask(
    request: HttpRequest, form: forms.Form, *, title: str, button: str, return_url: str, **context: Any
) -> HttpResponse:
    """Show a form; ``explanation`` and ``repeated`` fields, pairs of name and value, are optional."""
    known = {"title": title, "button": button, "return_url": return_url, "form": form, **TITLED}
    return TemplateResponse(request, "nautobot_circuit_maintenance/ask.html", {**known, **context})


def answered(request: HttpRequest, form_class: Any, **kwargs: Any) -> Any:
    """Return the form, with what was entered once it was shown."""
    return form_class(request.POST if request.method == "POST" else None, **kwargs)


def back_to(request: HttpRequest, otherwise: str) -> str:
    """Return the page of this site where the user came from, if the request names one."""
    url = request.POST.get("return_url") or request.GET.get("return_url") or ""
    is_local = url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    return url if is_local else otherwise


def repeated(request: HttpRequest, names: Iterable[str]) -> list[tuple[str, str]]:
    """Return these fields of the request, for the form to send once more."""
    return [(name, value) for name in names for value in request.POST.getlist(name)]
