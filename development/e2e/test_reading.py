"""What operators do with email that no parser reads, and with readings that are doubtful, in a browser."""

import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

from playwright.sync_api import Page, expect

from development.e2e.conftest import APP

API = "/api/plugins/circuit-maintenance"
SENDER = "planned-work@nordlys.example"
READ_SECONDS = 60


def token_of(page: Page) -> str:
    """Return what a request that changes something has to send."""
    return next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")


def deliver(page: Page, subject: str, text: str, sender: str = SENDER) -> str:
    """Send an email to the app and wait until it was read; return the ID of its notification."""
    message = (
        f"From: NOC <{sender}>\r\nTo: operations@customer.example\r\nSubject: {subject}\r\n"
        f"Date: {format_datetime(datetime.now(timezone.utc))}\r\nMessage-ID: <{subject.replace(' ', '.')}@isp.example>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}"
    )
    page.goto(f"{APP}/inbox/")
    response = page.request.post(
        f"{API}/notification/ingest/",
        data=message.encode(),
        headers={"Content-Type": "message/rfc822", "X-CSRFToken": token_of(page)},
    )
    assert response.ok, response.text()
    pk = response.json()["id"]
    deadline = time.monotonic() + READ_SECONDS
    while page.request.get(f"{API}/notification/{pk}/").json()["state"] == "received":
        assert time.monotonic() < deadline, "it still waits"
        page.wait_for_timeout(500)
    return pk


def day(number: int) -> str:
    """Return a day that many days ahead."""
    return f"{datetime.now(timezone.utc) + timedelta(days=number):%Y-%m-%d}"


def window_of(page: Page) -> list[str]:
    """Return start and end in the first row of windows."""
    return [page.locator(f"#id_windows-0-{name}_time").input_value() for name in ("start", "end")]


def test_a_failed_email_becomes_a_maintenance_and_leaves_the_inbox(page: Page):
    deliver(
        page,
        "Planned work E2E-4711",
        f"Reference: E2E-4711\nStart: {day(5)} 22:00 UTC\nEnd: {day(6)} 02:00 UTC\nCircuit: NLF-00311\n",
    )
    page.goto(f"{APP}/inbox/")
    page.get_by_role("link", name="Add from this email Planned work E2E-4711").click()
    expect(page.locator("mark").first).to_be_visible()
    expect(page.locator("#id_maintenance_id")).to_have_value("E2E-4711")
    assert window_of(page) == [f"{day(5)}T22:00", f"{day(6)}T02:00"]

    page.get_by_role("button", name="Add Maintenance").click()

    expect(page.get_by_role("alert").first).to_contain_text("E2E-4711")
    page.goto(f"{APP}/inbox/")
    expect(page.get_by_text("Planned work E2E-4711")).to_have_count(0)
    page.goto(f"{APP}/maintenances/?q=E2E-4711")
    expect(page.locator("table tbody a", has_text="E2E-4711").first).to_be_visible()


def test_an_alternative_is_taken_by_a_click_and_a_zone_is_asked_once(page: Page):
    pk = deliver(
        page,
        "Planned work without a zone",
        f"Change: E2E-1\nTicket: E2E-2\nStart: {day(7)} 22:00\nEnd: {day(8)} 02:00\nCircuit: NLF-00312\n",
    )
    page.goto(f"{APP}/notifications/{pk}/add-maintenance/")
    expect(page.get_by_text("No time zone stands beside the times.")).to_be_visible()
    page.locator("#id_answer-zone").select_option("Asia/Tokyo", force=True)
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#id_windows-0-start_time")).to_have_value(f"{day(7)}T13:00")

    page.get_by_role("button", name="E2E-2", exact=True).click()
    expect(page.locator("#id_maintenance_id")).to_have_value("E2E-2")
    page.get_by_role("button", name="Add Maintenance").click()
    expect(page.get_by_role("alert").first).to_be_visible()

    other = deliver(page, "Another without a zone", f"Ticket: E2E-3\nStart: {day(9)} 22:00\nEnd: {day(10)} 02:00\n")
    page.goto(f"{APP}/notifications/{other}/add-maintenance/")
    expect(page.locator("#id_windows-0-start_time")).to_have_value(f"{day(9)}T13:00")


def test_an_unknown_circuit_id_is_linked_and_leaves_the_inbox(page: Page):
    pk = deliver(page, "Planned work E2E-5", f"Ticket: E2E-5\nStart: {day(5)} 22:00 UTC\nEnd: {day(6)} 02:00 UTC\n")
    page.goto(f"{APP}/notifications/{pk}/add-maintenance/")
    page.locator("#id_other_ids").fill("FIBRE-E2E-1")
    page.get_by_role("button", name="Add Maintenance").click()
    page.goto(f"{APP}/inbox/")
    page.get_by_role("link", name="Link to a circuit FIBRE-E2E-1").click()
    page.locator("#id_circuit + .select2 .select2-selection").click()
    page.get_by_role("option", name="NLF-00313").click()

    page.get_by_role("button", name="Link", exact=True).click()

    expect(page.get_by_role("alert").first).to_contain_text("FIBRE-E2E-1 is now linked")
    page.goto(f"{APP}/inbox/")
    expect(page.get_by_text("FIBRE-E2E-1")).to_have_count(0)


def write_day_first(page: Page, order: str | None) -> None:
    """Keep the order of day and month in the emails of Cogent, or forget it."""
    provider = page.request.get("/api/circuits/providers/?name=Cogent Communications").json()["results"][0]["id"]
    response = page.request.patch(
        f"/api/circuits/providers/{provider}/",
        data={"custom_fields": {"date_order_circuit_maintenances": order}},
        headers={"X-CSRFToken": token_of(page)},
    )
    assert response.ok, response.text()


def test_a_doubtful_date_is_settled_by_choosing_what_is_right(page: Page):
    page.goto(f"{APP}/inbox/")
    write_day_first(page, "day first")
    date = "06/12/2027"
    deliver(
        page,
        f"{date} SN99 Planned Network Maintenance - Singapore, Singapore 1-300880117",
        f"Dear ACME,\n\nStart time: 05:00 PM (Singapore local time) {date}\n"
        f"End time: 09:00 PM (Singapore local time) {date}\nWork order number: SN99\n"
        "Order ID(s) impacted: 1-300880117\nExpected downtime: 1 hour\n\n"
        "Cogent customers receiving service in Singapore, Singapore will be affected by this work.\n",
        "support@cogent.example",
    )
    page.goto(f"{APP}/maintenances/?q=SN99")
    page.locator("table tbody a", has_text="SN99").first.click()
    expect(page.get_by_text("has day and month the other way round").first).to_be_visible()

    page.get_by_role("button", name="2027-12-06 09:00 - 2027-12-06 13:00 UTC").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("always write the day first?")
    page.get_by_role("link", name="Only This Email").click()
    expect(page.get_by_text("Entered by admin")).to_be_visible()
    expect(page.get_by_text("6 Dec").first).to_be_visible()
    write_day_first(page, None)
