"""Badges are readable: their text has enough contrast in both themes."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from development.demo.live import LiveSite
from development.e2e.browser import Watch
from development.e2e.conftest import APP, SECONDS

LEAST = 4.5
"""The contrast that WCAG 2 requires of small text (success criterion 1.4.3)."""

PAGES = (
    f"{APP}/dashboard/",
    f"{APP}/maintenances/?per_page=500",
    f"{APP}/circuit-impacts/?per_page=500",
    f"{APP}/notifications/?per_page=500",
    f"{APP}/parsed-notifications/?per_page=500",
)
OURS = {
    "TENTATIVE",
    "CONFIRMED",
    "RE-SCHEDULED",
    "IN-PROCESS",
    "COMPLETED",
    "CANCELLED",
    "NO-IMPACT",
    "REDUCED-REDUNDANCY",
    "DEGRADED",
    "OUTAGE",
    "Parsed",
    "Ignored",
    "Failed",
    "Superseded",
    "Unknown Circuit ID",
    "1 unknown",
}
"""Badges that the demo has on these pages."""

# Colors as computed by the browser, blended with the backgrounds below them.
MEASURE = """() => {
    const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
    const over = (upper, lower) => [0, 1, 2].map((i) => upper[i] * upper[3] + lower[i] * (1 - upper[3])).concat(1);
    const ground = (element) => {
        if (!element) return [255, 255, 255, 1];
        const own = parse(getComputedStyle(element).backgroundColor);
        return own[3] === 1 ? own : over(own, ground(element.parentElement));
    };
    const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const luminance = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
    return [...document.querySelectorAll("main .badge")].filter((b) => b.innerText.trim()).map((badge) => {
        const below = ground(badge);
        const pair = [luminance(below), luminance(over(parse(getComputedStyle(badge).color), below))];
        const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
        return [badge.innerText.trim().replace(/\\s+/g, " "), ratio];
    });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_badge_has_enough_contrast(chromium: Browser, site: LiveSite, logged_in: Any, watch: Watch, theme: str):
    context = chromium.new_context(base_url=site.url, storage_state=logged_in, color_scheme=theme)
    context.set_default_timeout(20 * SECONDS)
    page = context.new_page()
    watch.attach(page)
    lowest: dict[str, float] = {}

    for address in PAGES:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        for word, ratio in page.evaluate(MEASURE):
            lowest[word] = min(ratio, lowest.get(word, ratio))
    context.close()

    print(theme, {word: round(ratio, 1) for word, ratio in sorted(lowest.items())})
    assert set(lowest) >= OURS
    assert {word: ratio for word, ratio in lowest.items() if ratio < LEAST} == {}
