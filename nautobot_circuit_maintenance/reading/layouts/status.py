"""The status: what was taught of this kind of message, or a clear word; whatever may be an end is refused.

Lumen sends announcements and completions under one subject; Tata's footer says "if the maintenance is cancelled".
"""

from collections.abc import Iterator
from typing import NamedTuple

from nautobot_circuit_maintenance.mail.blocks import MailText
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.status_words import (
    CANCELLED,
    COMPLETED,
    CONFIRMED,
    OTHER,
    STRONG,
    WEAK_WORDS,
)
from nautobot_circuit_maintenance.reading.candidates.statuses import SUBJECT, TOP, StatusWord
from nautobot_circuit_maintenance.reading.candidates.words import Vocabulary
from nautobot_circuit_maintenance.reading.layouts.examples import Example
from nautobot_circuit_maintenance.reading.layouts.layout import Kind, StatusField
from nautobot_circuit_maintenance.reading.layouts.marks import words_of
from nautobot_circuit_maintenance.reading.layouts.page import Page
from nautobot_circuit_maintenance.reading.layouts.refusal import Refusal

ENDING = (CANCELLED, COMPLETED)
_ENDS = Vocabulary(
    {"S": " ".join(STRONG[status] for status in ENDING), "W": WEAK_WORDS[COMPLETED]},
    {"O": " ".join(OTHER[status] for status in ENDING)},
)
_LONGEST = 8_000
_MOST_PHRASES = 20


class Status(NamedTuple):
    """The status of a message."""

    status: str
    is_supported: bool
    """Whether it was taught or a word says it; else it is assumed."""


def learned(field: StatusField, example: Example) -> StatusField:
    """Return the field with what an example adds."""
    page, status = example.page, example.confirmed.status
    own = [word for word in page.found.statuses if word.status == status]
    kind = Kind(status, subject_of(page), tuple(dict.fromkeys(_phrase(page, word.span) for word in own))[:_MOST_PHRASES])
    saying = {word.span for word in own} if status in ENDING else set()
    harmless = [_phrase(page, span) for span in _ends(page) if span not in saying]
    return StatusField(
        tuple(dict.fromkeys((*field.kinds, kind))), tuple(dict.fromkeys((*field.harmless, *harmless)))[: 5 * _MOST_PHRASES]
    )


def find(field: StatusField, page: Page) -> Status:
    """Return the status of a message; raises Refusal if it may be another one."""
    said = max(page.found.statuses, key=lambda word: word.weight, default=None)
    taught = _taught(field, page)
    ends = [phrase for span in _ends(page) if (phrase := _phrase(page, span)) not in field.harmless]
    if len(taught) > 1:
        raise Refusal("Its words fit messages of different status among the examples.")
    if taught:
        found = Status(taught.pop(), True)
    elif said and said.weight >= (SUBJECT if said.status in ENDING else TOP):
        found = Status(said.status, True)
    else:
        found = Status(CONFIRMED, False)
    if found.status not in ENDING and ends:
        raise Refusal(f'"{ends[0]}" may say that the work is over, and no example had these words.')
    return found


def subject_of(page: Page) -> str:
    """Return the words of a subject."""
    return " ".join(words_of(page.content.subject))


def _taught(field: StatusField, page: Page) -> set[str]:
    """Return what messages of this kind were taught to say: with these words of status, or else with this subject."""
    phrases = {_phrase(page, word.span): word for word in page.found.statuses if word.weight >= TOP}
    by_words = {
        kind.status for kind in field.kinds for phrase in kind.phrases if phrase in phrases and phrases[phrase].status == kind.status
    }
    by_subject = {kind.status for kind in field.kinds if kind.subject == subject_of(page)}
    if len(by_words) == 1 and (len(by_subject) != 1 or by_words == by_subject):
        return by_words
    return by_words | by_subject if len(by_subject) == 1 else by_words


def _ends(page: Page) -> Iterator[Span]:
    """Yield the words of an end anywhere in what the message says itself."""
    mail = page.found.mail
    end = next((line.start for line in mail.lines if line.is_quoted), len(mail.text)) if not page.found.is_forward else len(mail.text)
    for word in _ENDS.find(mail.text[: min(end, _LONGEST)]):
        yield Span(word.start, word.end)


def _phrase(page: Page, span: Span) -> str:
    """Return a word with the two before it and the one behind it in its line."""
    mail = page.found.mail
    line = mail.lines[mail.line_number(span.start)]
    before = words_of(mail.text[line.start : span.start])[-2:]
    behind = words_of(mail.text[span.end : line.end])[:1]
    return " ".join((*before, *words_of(mail.text[span.start : span.end]), *behind))
