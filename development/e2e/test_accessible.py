"""Every page of the app: no violation that axe finds, no id twice, no layout that shifts, no link that answers an error."""

from importlib.resources import files
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from development.demo.live import LiveSite
from development.e2e.browser import Watch
from development.e2e.conftest import APP, SECONDS

PAGES = (
    f"{APP}/dashboard/",
    f"{APP}/dashboard/calendar/",
    f"{APP}/dashboard/providers/",
    f"{APP}/dashboard/health/",
    f"{APP}/changes/",
    f"{APP}/inbox/",
    f"{APP}/risk/",
    f"{APP}/risk/what-if/",
    f"{APP}/maintenances/",
    f"{APP}/maintenances/add/",
    f"{APP}/circuit-impacts/",
    f"{APP}/circuit-impacts/add/",
    f"{APP}/notes/",
    f"{APP}/notifications/",
    f"{APP}/sources/",
    f"{APP}/unknown-senders/",
    f"{APP}/parsed-notifications/",
    f"{APP}/mail-layouts/",
    f"{APP}/subscriptions/",
    f"{APP}/subscriptions/add/",
    f"{APP}/deliveries/",
)
FORMS = ("/add/",)
"""What core renders as a form, whose headings are not in order."""
LISTS = tuple(f"{APP}/{each}/" for each in ("maintenances", "circuit-impacts", "notes", "notifications", "sources"))
"""Of each that has any, the first object is opened too."""
DASHBOARD_HEIGHT = 1300
MOST_SHIFT = 0.05
MENU_CLOSED = {"name": "sidenav_collapsed", "value": "true"}
"""Core's menu is open until someone closes it, also where it leaves 150 of 390 pixels to the page."""
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
OF_CORE = ("id_columns",)
"""Ids that core's pages have twice."""

AXE = files("axe_core_python").joinpath("axe.min.js").read_text()
# Core's: the order of headings in its forms, an empty one above them, and the colors of links, numbers, buttons and column names.
RUN = """async (isForm) => {
    const rules = {"color-contrast": {enabled: false}, "heading-order": {enabled: !isForm}};
    const foreign = [[".select2"], [".flatpickr-calendar"], ["form .col-lg-8 > h3"]];
    const colored = [["a"], [".badge.bg-primary"], [".btn"], ["button"], ["th"], [".alert"], [".nav"]];
    const found = await axe.run({include: [["main"]], exclude: foreign}, {rules});
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
def addresses(chromium: Browser, site: LiveSite, logged_in) -> list[str]:
    """Return the pages, with one object of each list."""
    context = chromium.new_context(base_url=site.url, storage_state=logged_in)
    page = context.new_page()
    page.set_default_timeout(60 * SECONDS)
    found = list(PAGES)
    for address in LISTS:
        open_page(page, address)
        links = page.eval_on_selector_all("main tbody a", "links => links.map(link => link.getAttribute('href'))")
        found += [link for link in links if link.startswith(address) and link.strip("/") != address.strip("/")][:1]
    context.close()
    assert len(found) >= len(PAGES) + 3
    return found


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.nightly)])
@pytest.mark.parametrize("size", list(SIZES))
def test_pages_are_accessible_and_stand_still(
    chromium: Browser, site: LiveSite, logged_in, watch: Watch, addresses: list[str], size: str, theme: str
) -> None:
    """As the browser has them, on a desk and on a phone."""
    context = chromium.new_context(
        base_url=site.url, storage_state=logged_in, viewport=SIZES[size], color_scheme=theme, timezone_id="UTC"
    )
    if size == "phone":
        context.add_cookies([{**MENU_CLOSED, "url": site.url}])
    page = context.new_page()
    page.set_default_timeout(60 * SECONDS)
    watch.attach(page)
    problems: list[str] = []
    for address in addresses:
        open_page(page, address)
        found = [f"id twice: {each}" for each in page.evaluate(TWICE) if each not in OF_CORE]
        shift = page.evaluate(SHIFT)
        if shift > MOST_SHIFT:
            found.append(f"layout shift: {shift:.3f}")
        page.evaluate(AXE)
        found += page.evaluate(RUN, address.endswith(FORMS))
        problems += [f"{address}: {each}" for each in found]
    context.close()
    assert not problems, "\n".join(problems)


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
