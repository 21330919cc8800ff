"""What operators do with notifications and their sources, in a browser."""

from playwright.sync_api import Page, expect

from development.e2e.conftest import APP
from development.e2e.test_maintenances import open_list

SUBJECT = "form table tbody td a[href*='/notifications/']"


def open_source(page: Page, name: str) -> None:
    """Open a source from the yellow button of the maintenances."""
    open_list(page, f"{APP}/maintenances/")
    page.get_by_role("link", name="Notification Sources").first.click()
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_the_providers_of_a_source_are_chosen(page: Page):
    open_source(page, "notices")
    page.get_by_role("link", name="Edit Notification Source").click()
    chosen = page.locator(".select2-selection__choice")
    expect(chosen.first).to_be_visible()
    before = chosen.count()

    page.locator("#id_providers").evaluate(
        "element => { element.options[0].selected = false; $(element).trigger('change'); }"
    )
    page.get_by_role("button", name="Update", exact=True).click()
    expect(page.get_by_text("Modified notification source")).to_be_visible()
    page.get_by_role("link", name="Edit Notification Source").click()

    expect(chosen).to_have_count(before - 1)


def test_a_failed_mail_shows_reason_and_source(page: Page):
    open_list(page, f"{APP}/notifications/?state=failed")
    page.locator(SUBJECT).first.click()
    expect(page.get_by_text("Reason")).to_be_visible()

    page.get_by_role("tab", name="Source").or_(page.get_by_role("link", name="Source", exact=True)).first.click()

    expect(page.locator("pre").first).to_contain_text("Subject:")


def test_source_connection_is_tested(page: Page):
    open_source(page, "interconnect")

    page.get_by_role("button", name="Test Connection").click()

    expect(page.get_by_text("Connection successful.")).to_be_visible()


def test_a_failed_mail_is_read_again(page: Page):
    open_list(page, f"{APP}/notifications/?state=failed")
    page.locator(SUBJECT).first.click()

    page.get_by_role("button", name="Reprocess").click()

    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_html_of_a_mail_is_shown_and_nothing_of_it_comes_from_elsewhere(page: Page):
    open_list(page, f"{APP}/notifications/?q=CMT20458")
    page.locator(SUBJECT).first.click()

    page.get_by_role("link", name="HTML", exact=True).or_(
        page.get_by_role("tab", name="HTML", exact=True)
    ).first.click()

    frame = page.frame_locator("iframe[title='HTML of the message']")
    expect(frame.locator("body")).to_contain_text("CMT20458")
    assert page.locator("iframe[sandbox]").get_attribute("sandbox") == "allow-popups allow-popups-to-escape-sandbox"
