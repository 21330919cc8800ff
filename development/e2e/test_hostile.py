"""Email with scripts in every field, in a browser: no script runs, and nothing is requested from another machine."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from development.demo import runner
from development.demo.live import LiveSite
from development.e2e.browser import Watch
from development.e2e.conftest import APP, SECONDS

SENDER = "=x'/onfocus=ran`1`/autofocus='{{7*7}}@hostile.example"
SECOND_SENDER = "noc@hostile.example"
_numbers = count(1)

# Every script calls this; the watch treats an error on the console as a failure.
ALARM = "window.ran = (what) => console.error('RAN: ' + what);"
# Act like a pointer and a keyboard on every element: tooltips open, handlers run.
PROD = """() => document.querySelectorAll('main *, header *').forEach((element) => {
    for (const kind of ['mouseover', 'mouseenter', 'mousemove', 'focus', 'focusin'])
        element.dispatchEvent(new MouseEvent(kind, {bubbles: true, clientX: 300, clientY: 300}));
})"""


def payload() -> str:
    """Return a string that runs wherever it is not escaped: in an element, attribute, script, template or address."""
    number = next(_numbers)
    return (
        f"{number}\"'></title></script></textarea><img src=//evil.example/{number} onerror=ran({number})>"
        f"<script>ran({number})</script>{{{{7*7}}}}{{% debug %}}"
    )


def encoded(text: str) -> str:
    """Return an encoded word of a header (RFC 2047)."""
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


def hostile_mail(now: Any) -> bytes:
    """Return a message with scripts in every field of its calendar, its HTML and its attachments."""
    start, end = (f"{now + timedelta(hours=hours):%Y%m%dT%H%M%SZ}" for hours in (20, 24))
    calendar = "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            f"PRODID:-//{payload()}//EN",
            "BEGIN:VEVENT",
            f"UID:{payload()}",
            f"SUMMARY:{payload()} javascript:ran(0)",
            f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}",
            f"DTSTART:{start}",
            f"DTEND:{end}",
            "SEQUENCE:1",
            "ORGANIZER;CN=NOC:mailto:<script>ran(1)</script>@hostile.example",
            f"X-MAINTNOTE-PROVIDER:{payload()}",
            f"X-MAINTNOTE-ACCOUNT:{payload()}",
            f"X-MAINTNOTE-MAINTENANCE-ID:{payload()}",
            f"X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=OUTAGE:{payload()}",
            f"X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=DEGRADED:{HOSTILE_CID}",
            "X-MAINTNOTE-STATUS:CONFIRMED",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
    )
    html = f"<body onload=ran(1)>{payload()}<a href='javascript:ran(2)'>x</a><iframe src=//evil.example></iframe>"
    head = [
        f"From: {encoded(payload())} <{SENDER}>",
        f"Subject: {payload()}",
        f"Message-ID: <{payload()}>",
        f"Date: {now:%a, %d %b %Y %H:%M:%S} +0000",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="part"',
    ]
    parts = (
        ("text/plain; charset=utf-8", payload()),
        ("text/html; charset=utf-8", html),
        ("text/calendar; charset=utf-8", calendar),
        (f'application/<script>ran(3)</script>; name="{encoded(payload())}"', "x"),
    )
    body = "".join(f"\r\n--part\r\nContent-Type: {kind}\r\n\r\n{content}" for kind, content in parts)
    return ("\r\n".join(head) + "\r\n" + body + "\r\n--part--\r\n").encode()


HOSTILE_CID = payload()


@dataclass
class Hostile:
    """Pages that show the content of the emails."""

    addresses: list[str]
    details: list[str]
    """Objects that can be selected, edited and deleted."""


def create_provider() -> Any:
    """Create a provider whose names are scripts too, with a circuit."""
    # pylint: disable=import-outside-toplevel  # models
    from nautobot.circuits.models import Circuit, CircuitTermination, CircuitType, Provider
    from nautobot.dcim.models import Location
    from nautobot.extras.models import Status

    provider = Provider(name=payload())
    provider.cf["emails_circuit_maintenances"] = f"{SENDER},{SECOND_SENDER}"
    provider.cf["provider_parser_circuit_maintenances"] = "genericprovider"
    provider.save()
    status = Status.objects.get_for_model(Circuit).first()
    kind = CircuitType.objects.first()
    circuit = Circuit.objects.create(cid=HOSTILE_CID, provider=provider, circuit_type=kind, status=status)
    location = Location.objects.get(name="HAM1 Main Building")
    CircuitTermination.objects.create(circuit=circuit, term_side="A", location=location)
    return provider


def add_words(maintenance: Any, failed: Any) -> Any:
    """Add errors of servers and libraries, and a note of a user; return the note."""
    # pylint: disable=import-outside-toplevel  # models
    from django.contrib.auth import get_user_model
    from nautobot.apps.change_logging import web_request_context

    from nautobot_circuit_maintenance import models

    models.Notification.objects.filter(pk=failed.pk).update(error=payload())
    models.NotificationSource.objects.update(last_error=payload())
    with web_request_context(get_user_model().objects.get(username="admin")):
        # Nautobot's Markdown shows pictures; comments are by users, not from email.
        comment = payload().replace("//evil.example/", "data:,")
        note = models.Note.objects.create(maintenance=maintenance, title=payload(), comment=comment)
        maintenance.ticket = payload()
        maintenance.validated_save()
    return note


def attack(site: LiveSite) -> Hostile:
    """Ingest the emails normally, and return the pages that show them."""
    # pylint: disable=import-outside-toplevel  # models
    from nautobot.extras.models import ObjectChange

    from nautobot_circuit_maintenance import models

    provider = create_provider()
    broken = f"From: {SECOND_SENDER}\r\nSubject: {payload()}\r\nContent-Type: text/html\r\n\r\n{payload()}\r\n".encode()
    site.mailbox.deliver_all([(hostile_mail(site.now), None), (broken, None)], "notices")
    runner.run_job(lambda: "digesting scripts")
    maintenance = models.CircuitMaintenance.objects.get(provider=provider)
    mails = list(models.Notification.objects.filter(provider=provider).order_by("state"))
    assert [mail.state for mail in mails] == ["failed", "parsed"]
    note = add_words(maintenance, mails[0])
    objects = [maintenance, *maintenance.impacts.all(), note, *mails, *maintenance.parsed_notifications.all()]
    circuit = provider.circuits.get()
    others = [
        models.NotificationSource.objects.get(name="notices"),
        provider,
        circuit,
        circuit.circuit_termination_a.location,
    ]
    others.append(ObjectChange.objects.filter(changed_object_id=maintenance.pk).first())
    pages = [each.get_absolute_url() for each in (*objects, *others)]
    pages += [f"{each.get_absolute_url(api=True)}?format=api" for each in objects]
    tabs = ("text", "html", "attachments", "source")
    pages += [f"{mail.get_absolute_url()}{tab}/" for mail in mails for tab in tabs]
    return Hostile(pages, [each.get_absolute_url() for each in (maintenance, maintenance.impacts.first(), note)])


@pytest.fixture(scope="module", name="hostile")
def bring_in(site: LiveSite) -> Hostile:
    """Ingest the emails in a thread: Django refuses to work beside Playwright's event loop."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(attack, site).result()


@pytest.fixture(name="alarmed")
def open_with_alarm(chromium: Browser, site: LiveSite, logged_in: Any, watch: Watch) -> Iterator[BrowserContext]:
    """Return a browser context that reports every script that runs."""
    context = chromium.new_context(base_url=site.url, storage_state=logged_in)
    context.set_default_timeout(20 * SECONDS)
    context.add_init_script(ALARM)
    context.on("page", watch.attach)
    context.on("dialog", lambda dialog: watch.problems.append(f"dialog: {dialog.message}"))
    yield context
    context.close()


def look(page: Page, address: str) -> None:
    """Open a page, wait until it is loaded, and touch every element."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.evaluate(PROD)
    assert "evil.example" in page.content() or "{{7*7}}" in page.content(), f"nothing hostile on {address}"


def test_the_alarm_goes_off_where_something_runs(alarmed: BrowserContext, watch: Watch):
    page = alarmed.new_page()
    page.goto("/login/")

    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=//evil.example/x onerror=ran(1)>')")
    page.wait_for_function("performance.getEntriesByType('resource').some((each) => each.name.includes('evil'))")
    page.wait_for_timeout(SECONDS / 2)

    found = " ".join(watch.problems)
    watch.problems.clear()
    assert "RAN: 1" in found and "left this machine" in found


def test_nothing_runs_on_the_pages_of_an_object(hostile: Hostile, alarmed: BrowserContext, watch: Watch):
    page = alarmed.new_page()
    for address in hostile.addresses:
        look(page, address)
        assert not watch.problems, address


@pytest.mark.usefixtures("hostile")
def test_nothing_runs_in_lists_and_summaries(alarmed: BrowserContext, watch: Watch):
    page = alarmed.new_page()
    lists = ("maintenances", "circuit-impacts", "notes", "notifications", "parsed-notifications", "sources")
    addresses = [f"{APP}/{name}/?per_page=500" for name in lists]
    addresses += [f"{APP}/dashboard/", f"{APP}/changes/?days=30", "/search/?q=evil", "/extras/object-changes/"]
    for address in addresses:
        look(page, address)
        assert not watch.problems, address


def test_nothing_runs_in_forms_and_confirmations(hostile: Hostile, alarmed: BrowserContext, watch: Watch):
    page = alarmed.new_page()
    for address in hostile.details:
        for what in ("edit", "delete", "changelog", "notes"):
            look(page, f"{address}{what}/")
            assert not watch.problems, (address, what)
    for name in ("maintenances", "circuit-impacts", "notes"):
        for button in ("Edit Selected", "Delete Selected"):
            page.goto(f"{APP}/{name}/?per_page=500")
            page.wait_for_load_state("networkidle")
            page.locator("form table tbody tr", has_text="evil.example").first.locator("input[name=pk]").check()
            page.locator(f"button:has-text('{button}')").first.evaluate("element => element.click()")
            page.wait_for_load_state("networkidle")
            expect(page.get_by_text("evil.example").first).to_be_attached()
            page.evaluate(PROD)
            assert not watch.problems, (name, button)


@pytest.mark.usefixtures("hostile")
def test_nothing_runs_where_an_object_is_chosen(alarmed: BrowserContext, watch: Watch):
    page = alarmed.new_page()
    page.goto(f"{APP}/notes/add/")
    page.locator("#id_maintenance + .select2 .select2-selection").click()
    page.locator(".select2-search__field").last.fill("evil")

    choice = page.locator(".select2-results__option", has_text="evil.example").first
    expect(choice).to_be_visible()
    page.evaluate(PROD)
    choice.click()

    expect(page.locator("#id_maintenance + .select2")).to_contain_text("evil.example")
    assert not watch.problems
