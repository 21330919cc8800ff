"""The documentation: Nautobot finds it, it names every field, and every picture is shown."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.messages import get_messages
from django.contrib.messages.middleware import MessageMiddleware
from django.test import RequestFactory
from django.urls import reverse
from nautobot.apps.testing import TestCase

from nautobot_circuit_maintenance.views import DocumentationView

APP = "nautobot_circuit_maintenance"
ROOT = Path(__file__).resolve().parents[2]
WITHOUT_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
# A diagram of Mermaid makes the theme load that from another host.
FROM_ELSEWHERE = re.compile(r'<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="?(?:https?:)?//[^>]*>|class="?mermaid')
PICTURES = sorted(path.name for path in (ROOT / "docs" / "images").iterdir())
PAGES = [ROOT / "README.md", ROOT / "FAQ.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What every row of Nautobot's has, and what stays inside.
NOT_EXPLAINED = {"id", "created", "last_updated", "_custom_field_data", "raw"}


def text_of(page: Path) -> str:
    """Return a page without its code, in which brackets are not links."""
    return WITHOUT_CODE.sub("", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_is_shown_on_a_page(picture):
    assert [page.name for page in PAGES if re.search(rf"images/{re.escape(picture)}[)#]", text_of(page))]


@pytest.mark.parametrize(
    "model",
    # These are internal: no page, list or API shows them.
    [
        model
        for model in apps.get_app_config(APP).get_models()
        if model.__name__
        not in (
            *("MailboxConsent", "MaintenanceBaseline", "MaintenanceChange", "MaintenanceKey", "ManualReading"),
            "EndedFeed",
            "ProviderQuarter",
            "PublishedState",
            "SettledDoubt",
        )
    ],
    ids=lambda model: model.__name__,
)
def test_the_page_of_a_model_names_every_field(model):
    if model.__name__ == "MaintenanceWindow":  # no page of its own: windows are part of their maintenance
        model_page, fields = "circuitmaintenance", {"windows"}
    else:
        model_page = model._meta.model_name
        fields = {field.name for field in (*model._meta.fields, *model._meta.many_to_many)} - NOT_EXPLAINED
    page = (ROOT / "docs" / "models" / f"{model_page}.md").read_text(encoding="utf-8")

    assert [name for name in sorted(fields) if f"`{name}`" not in page] == []


@pytest.mark.usefixtures("documentation")
def test_the_site_loads_nothing_from_another_host():
    pages = list((ROOT / APP / "docs").rglob("*.html"))

    assert len(pages) > len(PAGES)
    assert not {found[0] for page in pages for found in FROM_ELSEWHERE.finditer(page.read_text(encoding="utf-8"))}


@pytest.mark.usefixtures("documentation")
class DocumentationViewTest(TestCase):
    """The Docs button in Nautobot's list of apps."""

    def test_the_button_leads_to_the_site_for_who_is_logged_in(self):
        """Nautobot serves it out of the package."""
        address = reverse(f"plugins:{APP}:docs")

        app_page = self.client.get(reverse("apps:app_detail", kwargs={"app": APP}))
        site = self.client.get(address, follow=True)

        self.assertContains(app_page, f'href="{address}"')
        self.assertContains(app_page, f'href="{reverse(f"plugins:{APP}:dashboard")}" class="btn')
        self.assertEqual(site.redirect_chain, [("/docs/circuit-maintenance/index.html", 302)])
        self.assertIn(b"Circuit Maintenance", b"".join(site.streaming_content))
        self.client.logout()
        self.assertRedirects(self.client.get(address), f"{reverse('login')}?next={address}")

    def test_a_clone_without_the_site_links_to_an_explanation(self):
        """It is not a server error."""
        request = RequestFactory().get(reverse(f"plugins:{APP}:docs"))
        request.user, request.session = self.user, {}
        view = MessageMiddleware(DocumentationView.as_view(site=ROOT / "no such folder"))

        response = view(request)

        self.assertEqual((response.status_code, response.url), (302, reverse("apps:app_detail", kwargs={"app": APP})))
        self.assertIn("invoke docs", "".join(map(str, get_messages(request))))
