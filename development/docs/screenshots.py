"""Take the screenshots of the documentation. Run by `invoke screenshots`."""

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from development.demo.live import LiveSite, live_site
from development.e2e.browser import Watch, browser, log_in
from development.services.database import say
from development.services.embedded import ROOT, ServiceError

FOLDER = ROOT / "docs" / "images"
APP = "/plugins/circuit-maintenance"
WIDTH, HEIGHT = 1440, 1000
TALLEST = 3200
LARGEST_BYTES = 250_000
COLORS = 192


@dataclass(frozen=True)
class Picture:
    """A screenshot: its page, the link to follow there, and its format."""

    name: str
    address: str
    click: str = ""
    """CSS selector of a link on that page to follow first."""
    then: str = ""
    """CSS selector of a link on the next page."""
    dark: bool = False
    show: str = ""
    """CSS selector of the element to show; empty for the top of the page."""


FIRST_OBJECT = "form table tbody tr td:nth-child(2) a"
PICTURES = (
    Picture("dashboard", f"{APP}/dashboard/"),
    Picture("circuit_maintenances", f"{APP}/maintenances/"),
    Picture("circuit_maintenances_dark", f"{APP}/maintenances/", dark=True),
    Picture("circuit_maintenance", f"{APP}/maintenances/?name=CMT20458", click=FIRST_OBJECT),
    Picture("circuit_maintenance_dark", f"{APP}/maintenances/?name=CMT20458", click=FIRST_OBJECT, dark=True),
    Picture("circuit_impacts", f"{APP}/circuit-impacts/"),
    Picture("notes", f"{APP}/notes/"),
    Picture("notifications", f"{APP}/notifications/"),
    Picture("notification", f"{APP}/notifications/?q=CMT20458", click="form table tbody td a[href*='/notifications/']"),
    Picture(
        "notification_failed",
        f"{APP}/notifications/?state=failed",
        click="form table tbody td a[href*='/notifications/']",
    ),
    Picture("inbox", f"{APP}/inbox/"),
    Picture(
        "add_from_email",
        f"{APP}/notifications/?q=CMT20458",
        click="form table tbody td a[href*='/notifications/']",
        then="a[href*='add-maintenance']",
    ),
    Picture("doubtful", f"{APP}/maintenances/?confidence=doubtful", click=FIRST_OBJECT),
    Picture("notification_sources", f"{APP}/sources/"),
    Picture("notification_source", f"{APP}/sources/?name=notices", click="form table tbody td a[href*='/sources/']"),
    Picture(
        "notification_source_dark",
        f"{APP}/sources/?name=notices",
        click="form table tbody td a[href*='/sources/']",
        dark=True,
    ),
    Picture(
        "circuit_panel",
        "/circuits/circuits/?q=AR-IC-331207",
        click="form table tbody td a[href*='/circuits/circuits/']",
    ),
    Picture("home", "/", show="#circuit-maintenance"),
)


def work() -> None:
    """Make some edits as users would; before Playwright starts, because Django refuses to work beside its event loop."""
    # pylint: disable=import-outside-toplevel  # import models
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from nautobot_circuit_maintenance.models import CircuitMaintenance, Note

    user = get_user_model().objects.get(username="admin")
    shown = CircuitMaintenance.objects.get(name="CMT20458")
    for title, comment, level in (
        ("Customers informed", "Harbour Vale and the shop in Conover Street know.", "INFO"),
        ("No second path", "CCF-FNY-000913 takes the same pole; ask for another night.", "WARNING"),
    ):
        Note.objects.create(maintenance=shown, title=title, comment=comment, level=level)
    for maintenance in CircuitMaintenance.objects.filter(name__in=("CHG-HV-7790", "NLF-W-612", "PFM-5131")):
        maintenance.acknowledge(user, timezone.now())
        maintenance.validated_save()


def contexts(chromium: Browser, site: LiveSite) -> dict[bool, BrowserContext]:
    """Return the administrator's browser contexts, dark and light."""
    page = chromium.new_page()
    log_in(page, site.url, "admin")
    cookies = page.context.storage_state()
    page.context.close()
    return {
        dark: chromium.new_context(
            base_url=site.url,
            storage_state=cookies,
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="dark" if dark else "light",
        )
        for dark in (True, False)
    }


def take(page: Page, picture: Picture) -> Path:
    """Write one picture."""
    page.goto(picture.address)
    page.wait_for_load_state("networkidle")
    for selector in filter(None, (picture.click, picture.then)):
        page.locator(selector).first.click()
        page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)  # charts are animated
    path = FOLDER / f"{picture.name}.png"
    if picture.show:
        page.locator(picture.show).last.screenshot(path=path)
    else:
        height = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST)
        page.set_viewport_size({"width": WIDTH, "height": height})  # otherwise the menu would end in the middle
        page.wait_for_timeout(500)
        page.screenshot(path=path)
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    return path


def shrink(path: Path) -> int:
    """Reduce a picture to as many colors as it needs; return its size in bytes."""
    with Image.open(path) as image:
        few = image.convert("RGB").quantize(colors=COLORS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    return path.stat().st_size


def run() -> int:
    """Take all screenshots; return the number of problems."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    watch = Watch()
    with ExitStack() as stack:
        site = stack.enter_context(live_site("screenshots"))
        work()
        chromium = stack.enter_context(browser())
        windows = contexts(chromium, site)
        for picture in PICTURES:
            page = windows[picture.dark].new_page()
            watch.attach(page)
            size = shrink(take(page, picture))
            page.close()
            say(f"{picture.name}.png: {size / 1000:.0f} kB")
            if size > LARGEST_BYTES:
                watch.problems.append(f"{picture.name}.png is larger than {LARGEST_BYTES / 1000:.0f} kB")
    for problem in watch.problems:
        say(problem)
    return len(watch.problems)


if __name__ == "__main__":
    try:
        sys.exit(1 if run() else 0)
    except ServiceError as reason:
        sys.exit(str(reason))
