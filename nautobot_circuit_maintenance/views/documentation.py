"""Redirect from Nautobot's list of apps to the documentation site."""

from pathlib import Path

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from nautobot.apps.views import GenericView

_PACKAGE = Path(__file__).resolve().parent.parent


class DocumentationView(GenericView):
    """The documentation, which Nautobot serves from the package; a clone may not have built it."""

    site = _PACKAGE / "docs"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Redirect to the first page, or back to the page of the app with a message."""
        if (self.site / "index.html").is_file():
            return redirect("docs_file", app_base_url="circuit-maintenance", path="index.html")
        messages.warning(request, 'The documentation has not been built. Run "invoke docs" in the clone.')
        return redirect("apps:app_detail", app=_PACKAGE.name)
