"""A layout is taught in six clicks, and the next two emails are read by themselves: from a real mailbox, by the real job."""

import time
from datetime import datetime, timezone
from email.utils import format_datetime

from playwright.sync_api import Page, expect

from development.demo.live import LiveSite
from development.e2e.conftest import APP
from development.e2e.test_reading import SENDER, day, token_of

JOB = "Handle Circuit Maintenance Notifications"
RUN_SECONDS = 180


def arrive(page: Page, site: LiveSite, *numbers: int) -> None:
    """Put notices into the mailbox and run the job until it has read them."""
    now = datetime.now(timezone.utc)
    for number in numbers:
        subject = f"Planned work TEACH-{number}"
        message = (
            f"From: NOC <{SENDER}>\r\nTo: operations@customer.example\r\nSubject: {subject}\r\n"
            f"Date: {format_datetime(now)}\r\nMessage-ID: <teach-{number}@isp.example>\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\n"
            f"Dear customer,\r\n\r\nChange number: TEACH-{number}\r\nWork starts: {day(number)} 22:00 UTC\r\n"
            f"Work ends: {day(number + 1)} 02:00 UTC\r\nCircuit: NLF-00311\r\n"
        )
        site.mailbox.deliver_all([(message.encode(), now)], "notices")
    run_job(page)


def run_job(page: Page) -> None:
    """Run the job by REST, as a schedule does, and wait for its end."""
    page.goto(f"{APP}/inbox/")
    job = page.request.get("/api/extras/jobs/", params={"name": JOB}).json()["results"][0]["id"]
    headers = {"X-CSRFToken": token_of(page)}
    started = page.request.post(f"/api/extras/jobs/{job}/run/", data={"data": {}}, headers=headers)
    assert started.ok, started.text()
    result = started.json()["job_result"]["id"]
    deadline = time.monotonic() + RUN_SECONDS
    while not page.request.get(f"/api/extras/job-results/{result}/").json()["date_done"]:
        assert time.monotonic() < deadline, "the job still runs"
        page.wait_for_timeout(500)


def test_a_layout_is_taught_and_the_next_two_emails_are_read_by_themselves(page: Page, site: LiveSite):
    arrive(page, site, 10)
    page.goto(f"{APP}/inbox/")
    page.get_by_role("link", name="Add from this email Planned work TEACH-10").click()
    page.get_by_role("button", name="Add Maintenance").click()
    expect(page.get_by_role("alert").first).to_contain_text("TEACH-10")
    page.goto(f"{APP}/notifications/?q=TEACH-10")
    page.locator("table tbody a", has_text="Planned work TEACH-10").first.click()
    page.get_by_role("link", name="Teach This Layout").click()
    page.get_by_role("button", name="Teach", exact=True).click()
    expect(page.get_by_text("Nothing is complete but wrong: the layout can go live.")).to_be_visible()
    page.get_by_role("button", name="Go Live").click()
    expect(page.get_by_role("alert").first).to_contain_text("is live")

    arrive(page, site, 11, 12)

    for number in (11, 12):
        page.goto(f"{APP}/maintenances/?q=TEACH-{number}")
        page.locator("table tbody a", has_text=f"TEACH-{number}").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"TEACH-{number}")
        expect(page.get_by_text("NLF-00311").first).to_be_visible()
