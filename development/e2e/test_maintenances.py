"""What operators do with maintenances, in a browser."""

import re

from playwright.sync_api import Locator, Page, expect

from development.demo.live import LiveSite
from development.e2e.browser import Watch, log_in
from development.e2e.conftest import APP

LIST = f"{APP}/maintenances/"
PER_PAGE = "per_page=500"


def rows(page: Page) -> Locator:
    """Return the rows of a list that link to an object; the row for an empty list does not."""
    return page.locator("form table tbody tr:has(td a)")


def open_list(page: Page, address: str = LIST) -> None:
    """Open a list and wait for its rows, which a separate request loads."""
    with page.expect_response(lambda response: response.request.headers.get("hx-request") == "true"):
        page.goto(address)
    expect(page.locator("form table tbody tr").first).to_be_visible()


def open_maintenance(page: Page, name: str) -> None:
    """Open a maintenance from the list."""
    open_list(page, f"{LIST}?name={name}")
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_logging_in_leads_to_the_home_page_with_our_panel(chromium, site: LiveSite, watch: Watch):
    page = chromium.new_page()
    watch.attach(page)

    log_in(page, site.url, "admin")

    expect(page.get_by_text("Unacknowledged")).to_be_visible()
    page.close()


def test_every_count_of_the_dashboard_leads_to_as_many_rows(page: Page):
    """The tiles, and what needs attention on the tab *Health*."""
    page.goto(f"{APP}/dashboard/")
    links = page.locator(".ncm-tile a.stretched-link")
    counts = [
        (links.nth(number).get_attribute("href"), int(links.nth(number).locator(".ncm-count").inner_text()))
        for number in range(links.count())
    ]
    assert len(counts) == 6
    page.goto(f"{APP}/dashboard/health/")
    parts = page.locator(".list-group-item a", has_text=re.compile(r"^\d"))
    counts += [
        (parts.nth(number).get_attribute("href"), int(parts.nth(number).inner_text().split()[0]))
        for number in range(parts.count())
    ]
    assert len(counts) > 6

    for address, count in counts:
        if "/risk/" in address:  # a page, not a list
            page.goto(address)
            sites = page.get_by_text(re.compile(r"^Sites: \d+ dark, \d+ with one way left$")).inner_text()
            assert sum(map(int, re.findall(r"\d+", sites))) == count
            continue
        open_list(page, f"{address}&{PER_PAGE}")
        expect(rows(page), address).to_have_count(count)


def test_the_filters_find_what_is_asked(page: Page):
    open_list(page)
    page.get_by_role("link", name="Unknown circuit IDs").click()
    expect(page.locator("form table").get_by_text("1 unknown").first).to_be_visible()

    open_list(page, f"{LIST}?provider=Zayo&{PER_PAGE}")
    assert rows(page).count() > 0
    for row in rows(page).all():
        expect(row).to_contain_text("Zayo")


def test_acknowledgement_is_given_and_removed(page: Page):
    open_maintenance(page, "CMT20458")

    page.get_by_role("button", name="Acknowledge", exact=True).click()
    expect(page.get_by_text("Acknowledged Crown Castle CMT20458.")).to_be_visible()
    page.get_by_role("button", name="Remove Acknowledgement").click()

    expect(page.get_by_text("Removed acknowledgement from Crown Castle CMT20458.")).to_be_visible()
    expect(page.get_by_role("button", name="Acknowledge", exact=True)).to_be_visible()


def test_the_dashboard_acknowledges_in_one_click(page: Page):
    page.goto(f"{APP}/dashboard/")
    tile = page.locator(".ncm-tile", has_text="Unacknowledged").locator(".ncm-count")
    before = int(tile.inner_text())

    page.get_by_role("button", name=re.compile("^Acknowledge .*PWA-33120.1")).click()

    expect(page).to_have_url(re.compile("/dashboard/"))
    expect(tile).to_have_text(str(before - 1))


def test_several_maintenances_are_acknowledged_at_once(page: Page):
    open_list(page, f"{LIST}?ack=false&ended=false&{PER_PAGE}")
    before = rows(page).count()
    for number in range(3):
        rows(page).nth(number).locator("input[name=pk]").check()

    page.get_by_role("button", name="Acknowledge Selected").click()

    expect(page.get_by_text("Acknowledged 3 circuit maintenances.")).to_be_visible()
    open_list(page, f"{LIST}?ack=false&ended=false&{PER_PAGE}")
    expect(rows(page)).to_have_count(before - 3)


def test_a_note_is_added_to_a_maintenance(page: Page):
    open_maintenance(page, "900412")

    page.get_by_role("link", name="Add circuit maintenance note").click()
    page.get_by_label("Title").fill("Called the NOC")
    page.get_by_label("Comment").first.fill("They confirm the window.")
    page.get_by_role("button", name="Create", exact=True).click()
    open_maintenance(page, "900412")

    # In the timeline, and among the notes.
    expect(page.get_by_role("link", name="Called the NOC")).to_have_count(2)


def test_maintenances_are_imported_from_csv(page: Page):
    open_list(page)
    page.locator("#actions-dropdown").click()
    page.get_by_text("Import from CSV").click()
    page.get_by_text("CSV Text Input").click()
    page.get_by_label("CSV Data").fill(
        "name,provider__name,status,start_time,end_time\n"
        "BY-HAND-1,Zayo,CONFIRMED,2031-05-01T01:00:00Z,2031-05-01T05:00:00Z\n"
        "BY-HAND-2,Zayo,CONFIRMED,2031-05-02T01:00:00Z,2031-05-02T05:00:00Z\n"
    )
    page.get_by_role("button", name="Run Job Now").click()
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible()

    open_list(page, f"{LIST}?start_time__gte=2031-01-01&{PER_PAGE}")

    expect(rows(page)).to_have_count(2)


def test_the_global_search_finds_a_maintenance(page: Page):
    page.goto("/search/?q=PFM-5120")

    expect(page.get_by_role("link", name="PFM-5120").first).to_be_visible()
