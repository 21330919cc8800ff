"""Every page of the app: no violation that axe finds, no id twice, no layout that shifts, nothing too wide, no broken link."""

import re
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from development.demo.live import LiveSite
from development.e2e import walk
from development.e2e.browser import Watch
from development.e2e.conftest import APP, SECONDS

FORMS = re.compile("/(add|edit)/$")
"""What core renders as a form, whose headings are not in order."""
GROWING = re.compile("/sources/[^/]+/edit/$")
"""Core's form, whose choice of several takes more lines when its script has run."""
DASHBOARD_HEIGHT = 1300
MOST_SHIFT = 0.05
OF_ONE, OF_MAINTENANCE = re.compile("[0-9a-f]{8}-"), re.compile(f"{APP}/maintenances/[^/]+/$")
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
OF_CORE = ("id_columns",)
"""Ids that core's pages have twice."""

AXE = files("axe_core_python").joinpath("axe.min.js").read_text()
# Core's: the order of headings in its forms, an empty one above them, and the colors of links, numbers, buttons and column names.
RUN = """async ([isForm, isCore]) => {
    const rules = {"color-contrast": {enabled: false}, "heading-order": {enabled: !isForm}};
    const foreign = [[".select2"], [".flatpickr-calendar"], ["form .col-lg-8 > h3"], [".hljs"]];
    const colored = [["a"], [".badge.bg-primary"], [".btn"], ["button"], ["th"], [".alert"], [".nav"]];
    const panels = [".ncm-stacked", "[hx-get*='circuit-maintenance']", "a[href*='plugins/circuit-maintenance']"];
    const wanted = (isCore ? panels : [""]).map((each) => `main ${each}`.trim()).filter((each) => document.querySelector(each));
    if (!wanted.length) return ["nothing of ours is on it"];
    const found = await axe.run({include: wanted.map((each) => [each]), exclude: foreign}, {rules});
    if (isCore) return found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
    const ours = [".badge:not(.bg-primary)", ".card-body", "td", ".ncm-tiles"].filter((each) => document.querySelector(`main ${each}`));
    const contrast = ours.length && await axe.run(
        {include: ours.map((each) => [`main ${each}`]), exclude: [...foreign, ...colored]}, {runOnly: ["color-contrast"]},
    );
    const all = [...found.violations, ...(contrast ? contrast.violations : [])];
    return all.map((each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}"""
TWICE = """() => {
    const counts = {};
    document.querySelectorAll("main [id]").forEach((each) => { counts[each.id] = (counts[each.id] || 0) + 1; });
    return Object.keys(counts).filter((id) => counts[id] > 1);
}"""
# What core puts beside ours may scroll, and its menu at the end of a row stands out by ten pixels.
WIDE = """(isCore) => {
    const page = document.documentElement;
    const found = !isCore && page.scrollWidth > innerWidth ? [`the page: ${page.scrollWidth} in ${innerWidth}`] : [];
    document.querySelectorAll("main .table-responsive:has(.ncm-stacked)").forEach((each) => {
        if (each.scrollWidth > each.clientWidth + 10) found.push(`${each.innerText.slice(0, 60)}: ${each.scrollWidth} in ${each.clientWidth}`);
    });
    return found;
}"""
# Core's lists come after the page and push footer and bulk buttons down; its tabs are folded on a phone and pull all of the content up.
SHIFT = """() => new Promise((done) => {
    const isOurs = ({node}) => node instanceof Element && node.matches("main *") && !node.matches("#bulk-action-buttons");
    const isAll = ({node}) => node instanceof Element && node.matches("main");
    let sum = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((each) => {
        const isCore = each.sources.some(isAll) || !each.sources.some(isOurs);
        sum += each.hadRecentInput || isCore ? 0 : each.value;
    })).observe({type: "layout-shift", buffered: true});
    setTimeout(() => done(sum), 300);
})"""


def open_page(page: Page, address: str) -> None:
    """Open a page and wait until it is drawn."""
    page.goto(address)
    page.wait_for_load_state("networkidle")


@pytest.fixture(scope="module")
def addresses(site: LiveSite) -> list[str]:  # pylint: disable=unused-argument  # it has set up Django
    """Return the addresses of all pages, after creating what the demo has none of."""
    with ThreadPoolExecutor(1) as beside:  # Django refuses to ask the database beside Playwright's event loop
        beside.submit(walk.fill).result()
        return beside.submit(walk.pages).result()


def problems_of(page: Page, address: str) -> list[str]:
    """Open a page, and return what is wrong with it."""
    open_page(page, address)
    is_core = not address.startswith(APP)
    found = [f"id twice: {each}" for each in page.evaluate(TWICE) if each not in OF_CORE]
    found += [f"too wide: {each}" for each in page.evaluate(WIDE, is_core)]
    shift = page.evaluate(SHIFT)
    if shift > MOST_SHIFT and not is_core and not GROWING.search(address):
        found.append(f"layout shift: {shift:.3f}")
    page.evaluate(AXE)
    return [*found, *page.evaluate(RUN, [bool(FORMS.search(address)), is_core])]


def walk_through(site: LiveSite, context: BrowserContext, watch: Watch, addresses: list[str]) -> str:
    """Return what is wrong with these pages, one problem a line."""
    page = context.new_page()
    page.set_default_timeout(60 * SECONDS)
    watch.attach(page)
    found = [f"{address}: {each}" for address in addresses for each in problems_of(page, address)]
    context.close()
    return "\n".join(found)


def window(chromium: Browser, site: LiveSite, logged_in, size: str, theme: str) -> BrowserContext:
    """Open a browser window of the administrator."""
    return chromium.new_context(
        base_url=site.url, storage_state=logged_in, viewport=SIZES[size], color_scheme=theme, timezone_id="UTC"
    )


@pytest.mark.parametrize("size", list(SIZES))
def test_pages_are_accessible_and_stand_still(
    chromium: Browser, site: LiveSite, logged_in, watch: Watch, addresses: list[str], size: str
) -> None:
    """The pages that are not about one object, and those of a maintenance."""
    few = [
        address
        for address in addresses
        if address.startswith(APP) and (OF_MAINTENANCE.search(address) or not OF_ONE.search(address))
    ]
    assert not walk_through(site, window(chromium, site, logged_in, size, "light"), watch, few)


@pytest.mark.nightly  # three minutes each
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_all_pages_are_accessible_and_stand_still(
    chromium: Browser, site: LiveSite, logged_in, watch: Watch, addresses: list[str], size: str, theme: str
) -> None:
    """As the URL configuration has them, and core's with our panels."""
    assert not walk_through(site, window(chromium, site, logged_in, size, theme), watch, addresses)


def test_what_is_not_visited_is_no_page(
    site: LiveSite,
) -> None:  # pylint: disable=unused-argument  # it has set up Django
    """All other URLs are visited, so that a new page is too."""
    assert set(walk.NOT_PAGES) <= {name for name, _ in walk.names()}


def test_on_a_phone_the_menu_begins_closed_and_opens(chromium: Browser, site: LiveSite, logged_in) -> None:
    """Core's menu leaves 150 of 390 pixels to the page."""
    page = window(chromium, site, logged_in, "phone", "light").new_page()
    menu = page.locator("#sidenav")
    for address in (f"{APP}/dashboard/", f"{APP}/maintenances/"):
        open_page(page, address)
        expect(menu).to_have_class("nb-sidenav-collapsed")
        menu.locator(".nb-sidenav-toggler").click()
        expect(menu).not_to_have_class("nb-sidenav-collapsed")
    page.context.close()


def test_the_dashboard_fits_on_one_screen_and_a_half(page: Page) -> None:
    """At 1440 pixels, with the menu open."""
    page.set_viewport_size({"width": 1440, "height": 900})
    open_page(page, f"{APP}/dashboard/")

    assert page.evaluate("document.querySelector('main').scrollHeight") <= DASHBOARD_HEIGHT


@pytest.mark.nightly  # two minutes
def test_no_internal_link_answers_an_error(page: Page, addresses: list[str]) -> None:
    """Every link of every page, once."""
    page.set_default_timeout(60 * SECONDS)
    links = set()
    for address in addresses:
        open_page(page, address)
        links |= set(page.eval_on_selector_all("main a[href]", "links => links.map(link => link.href)"))
    site = urlsplit(page.url).netloc
    inside = sorted({link.partition("#")[0] for link in links if urlsplit(link).netloc == site})

    failed = {link: status for link in inside if (status := page.request.get(link).status) >= 400}
    assert inside
    assert not failed
