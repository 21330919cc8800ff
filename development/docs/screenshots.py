"""Take the screenshots of the documentation. Run by `invoke screenshots`."""

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management import call_command
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from development.demo.live import LiveSite, live_site
from development.e2e.browser import Watch, browser, log_in
from development.services.database import say
from development.services.embedded import ROOT, ServiceError

FOLDER = ROOT / "docs" / "images"
APP = "/plugins/circuit-maintenance"
WIDTH, HEIGHT = 1440, 1000
PHONE = 390
"""Pixels of its width."""
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
    phone: bool = False
    show: str = ""
    """CSS selector of the element to show; empty for the top of the page."""


FIRST_OBJECT = "form table tbody td a[href*='/maintenances/']"
FIRST_NOTIFICATION = "form table tbody td a[href*='/notifications/']"
NOTICE = """From: NOC <planned-work@nordlys.example>
To: operations@customer.example
Subject: Planned work {name}
Date: {sent}
Message-ID: <{name}@nordlys.example>

Dear customer,

we have to replace a card in our node.

Change number: {name}
Work starts: {day} 22:00 UTC
Work ends: {day} 23:45 UTC
Circuit: NLF-00311{more}

Kind regards
Your NOC
"""
"""What no parser reads."""
DOUBTFUL = """From: support@cogent.example
To: operations@customer.example
Subject: {date} SN99 Planned Network Maintenance - Singapore, Singapore 1-300880117
Date: {sent}
Message-ID: <{date}@cogent.example>

Dear ACME,

Start time: 05:00 PM (Singapore local time) {date}
End time: 09:00 PM (Singapore local time) {date}
Work order number: SN99
Order ID(s) impacted: 1-300880117
Expected downtime: 1 hour

Cogent customers receiving service in Singapore, Singapore will be affected by this work.
"""
"""The same work on 6 December, then on 12 June."""
PICTURES = (
    Picture("dashboard", f"{APP}/dashboard/"),
    Picture("dashboard_dark", f"{APP}/dashboard/", dark=True),
    Picture("dashboard_phone", f"{APP}/dashboard/", phone=True),
    Picture("risk", f"{APP}/risk/"),
    Picture("circuit_maintenances", f"{APP}/maintenances/"),
    Picture("circuit_maintenances_dark", f"{APP}/maintenances/", dark=True),
    Picture("circuit_maintenance", f"{APP}/maintenances/?name=CMT20458", click=FIRST_OBJECT),
    Picture("circuit_maintenance_dark", f"{APP}/maintenances/?name=CMT20458", click=FIRST_OBJECT, dark=True),
    Picture("circuit_maintenance_phone", f"{APP}/maintenances/?name=CMT20458", click=FIRST_OBJECT, phone=True),
    Picture("circuit_impacts", f"{APP}/circuit-impacts/"),
    Picture("notes", f"{APP}/notes/"),
    Picture("notifications", f"{APP}/notifications/"),
    Picture("notification", f"{APP}/notifications/?q=CMT20458", click=FIRST_NOTIFICATION),
    Picture(
        "notification_failed",
        f"{APP}/notifications/?state=failed",
        click=FIRST_NOTIFICATION,
    ),
    Picture("inbox", f"{APP}/inbox/"),
    Picture(
        "add_from_email",
        f"{APP}/notifications/?q=CMT20458",
        click=FIRST_NOTIFICATION,
        then="a[href*='add-maintenance']",
    ),
    Picture("mail_layout", f"{APP}/mail-layouts/", click="form table tbody td a[href*='/mail-layouts/']"),
    Picture("doubtful", f"{APP}/maintenances/?q=SN99", click=FIRST_OBJECT),
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


def teach() -> None:
    """Let the administrator add two notices manually, correct the second, and teach a layout with the first."""
    # pylint: disable=import-outside-toplevel  # import models
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from nautobot_circuit_maintenance.domain.updates import Window
    from nautobot_circuit_maintenance.models import MailLayout, Notification
    from nautobot_circuit_maintenance.pipeline.layouts.replay import replay
    from nautobot_circuit_maintenance.pipeline.layouts.teaching import teach as teach_layout
    from nautobot_circuit_maintenance.pipeline.manual import apply_by_person, update_of

    user, now = get_user_model().objects.get(username="admin"), timezone.now()
    ingest(now)
    for number, minutes in ((7301, 0), (7302, 30)):
        row = Notification.objects.get(subject__endswith=f"NLF-{number}")
        start = (now + timedelta(days=number % 100)).replace(hour=22, minute=minutes, second=0, microsecond=0)
        window = Window(start, start.replace(hour=23, minute=45))
        update = update_of(
            row,
            user,
            maintenance_id=f"NLF-{number}",
            status="CONFIRMED",
            windows=[window],
            circuits=["NLF-00311"],
            impact="OUTAGE",
        )
        apply_by_person(row, [update], user, now)
    first = Notification.objects.get(subject__endswith="NLF-7301")
    replay(teach_layout(first, MailLayout(provider=first.provider, name="Planned work")), now=now)


def ingest(now: datetime) -> None:
    """Receive five notices that no parser reads, and two that contradict each other."""
    with TemporaryDirectory() as folder:
        for number in range(7301, 7306):
            more = f"\nAlternate night: {now + timedelta(days=9):%Y-%m-%d} 22:00 - 23:00 UTC" if number == 7305 else ""
            day = f"{now + timedelta(days=number % 100):%Y-%m-%d}"
            text = NOTICE.format(name=f"NLF-{number}", day=day, sent=format_datetime(now), more=more)
            (Path(folder) / f"{number}.eml").write_text(text, encoding="utf-8")
        for minutes, date in ((0, "12/06/2027"), (5, "06/12/2027")):
            text = DOUBTFUL.format(date=date, sent=format_datetime(now + timedelta(minutes=minutes - 10)))
            (Path(folder) / f"SN99-{minutes}.eml").write_text(text, encoding="utf-8")
        call_command("ingest_notifications", folder)


def context_of(picture: Picture, chromium: Browser, site: LiveSite, cookies: Any) -> BrowserContext:
    """Return the administrator's browser for a picture: dark or light, and with core's menu closed on a phone."""
    context = chromium.new_context(
        base_url=site.url,
        storage_state=cookies,
        viewport={"width": PHONE if picture.phone else WIDTH, "height": HEIGHT},
        color_scheme="dark" if picture.dark else "light",
    )
    if picture.phone:
        context.add_cookies([{"name": "sidenav_collapsed", "value": "true", "url": site.url}])
    return context


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
        width = PHONE if picture.phone else WIDTH
        page.set_viewport_size({"width": width, "height": height})  # otherwise the menu would end in the middle
        page.wait_for_timeout(500)
        page.screenshot(path=path)
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
        teach()
        chromium = stack.enter_context(browser())
        first = chromium.new_page()
        log_in(first, site.url, "admin")
        cookies = first.context.storage_state()
        for picture in PICTURES:
            context = context_of(picture, chromium, site, cookies)
            page = context.new_page()
            watch.attach(page)
            size = shrink(take(page, picture))
            context.close()
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
