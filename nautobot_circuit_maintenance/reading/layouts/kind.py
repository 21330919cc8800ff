"""Whether a message is of a layout: its sender or subject, and the headings and labels that all examples have."""

import re
from collections.abc import Iterator

from nautobot_circuit_maintenance.reading.layouts.examples import Example
from nautobot_circuit_maintenance.reading.layouts.layout import AppliesTo
from nautobot_circuit_maintenance.reading.layouts.marks import words_of
from nautobot_circuit_maintenance.reading.layouts.page import Page
from nautobot_circuit_maintenance.reading.layouts.status import subject_of

_GREETING = re.compile(
    r"dear|hello|hi\b|good|greetings|sehr geehrte|hallo|guten|bonjour|cher|madame|buen|estimad|hola|prezad|olá|car[oa]\b|gentil|egregi"
    r"|geachte|beste|szanown|vážen|kære|hej|hyvä|уважаем|здравств|sayın|tisztelt|stimat|yth|お客様|尊敬|kind|regards|mit freundlich"
    r"|cordial|atenciosa|saludos|saluti|thank|danke|merci|gracias|obrigad|grazie",
    re.IGNORECASE,
)
_MOST_WORDS = 6
_MOST = 40
_SHARE, _SHARE_OF_FIRST = 0.6, 0.35
"""How many of the headings a message must have: of one example it is not known which of them are constant."""


def learned(applies_to: AppliesTo, example: Example, *, is_first: bool) -> AppliesTo:
    """Return the conditions with what an example adds; headings that it lacks are dropped."""
    headings = list(_headings(example.page))
    words = headings[:_MOST] if is_first else [word for word in applies_to.words if word in headings]
    return AppliesTo(
        tuple(dict.fromkeys((*applies_to.senders, _domain(example.page)))),
        tuple(dict.fromkeys((*applies_to.subjects, subject_of(example.page)))),
        tuple(words),
    )


def is_met(applies_to: AppliesTo, page: Page, *, examples: int) -> bool:
    """Return whether a message is of the layout."""
    if _domain(page) not in applies_to.senders and subject_of(page) not in applies_to.subjects:
        return False
    headings = set(_headings(page))
    present = sum(word in headings for word in applies_to.words)
    return present >= (_SHARE if examples > 1 else _SHARE_OF_FIRST) * len(applies_to.words)


def _domain(page: Page) -> str:
    return page.sender.rpartition("@")[2]


def _headings(page: Page) -> Iterator[str]:
    """Yield the headings and labels of a message: short lines without digits, and what stands before a colon."""
    mail = page.found.mail
    for line in mail.lines:
        text = mail.of(line)
        if line.is_subject or line.is_quoted and not page.found.is_forward or _GREETING.match(text.strip()):
            continue
        head, colon, _ = text.partition(":")
        label = head if colon else text
        words = words_of(label)
        if words and len(words) <= _MOST_WORDS and (colon or not any(map(str.isdigit, label))):
            yield " ".join(words)
