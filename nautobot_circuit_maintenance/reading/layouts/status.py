"""The status: what was taught of this kind of message, or a clear word; whatever may be an end is refused.

Lumen sends announcements and completions under one subject; Tata's footer says "if the maintenance is cancelled".
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from nautobot_circuit_maintenance.domain.events import ENDING
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.status_words import (
    COMPLETED,
    CONFIRMED,
    IN_PROCESS,
    OTHER,
    STRONG,
    TENTATIVE,
    WEAK_WORDS,
)
from nautobot_circuit_maintenance.reading.candidates.statuses import BODY, SUBJECT, TOP, StatusWord
from nautobot_circuit_maintenance.reading.candidates.words import Vocabulary
from nautobot_circuit_maintenance.reading.layouts.examples import Example
from nautobot_circuit_maintenance.reading.layouts.layout import Kind, StatusField
from nautobot_circuit_maintenance.reading.layouts.marks import words_of
from nautobot_circuit_maintenance.reading.layouts.page import Page
from nautobot_circuit_maintenance.reading.layouts.refusal import Refusal

_ENDS = Vocabulary(
    {"S": " ".join(STRONG[status] for status in ENDING), "W": WEAK_WORDS[COMPLETED]},
    {"O": " ".join(OTHER[status] for status in ENDING)},
)
_LONGEST = 8_000
_MOST_PHRASES, _MOST_HARMLESS = 20, 100


class Status(NamedTuple):
    """The status of a message."""

    status: str
    is_supported: bool
    """Whether it was taught or a word says it; else it is assumed."""


def learned(field: StatusField, example: Example) -> StatusField:
    """Return the field with what an example adds."""
    page, status = example.page, example.confirmed.status
    own = [word.span for word in page.found.statuses if word.status == status]
    kind = Kind(status, subject_of(page), _phrases(page, own))
    # A completion also says that the work had begun: of such an email only words of an end say nothing.
    others = [word.span for word in page.found.statuses if word.status != status and status not in ENDING]
    harmless = _phrases(page, [span for span in (*_ends(page), *others) if span not in own])
    return StatusField(
        tuple(dict.fromkeys((*field.kinds, kind))), tuple(dict.fromkeys((*field.harmless, *harmless)))[:_MOST_HARMLESS]
    )


def find(field: StatusField, page: Page) -> Status:
    """Return the status of a message; raises Refusal if it may be another one."""
    words = [
        word
        for word in page.found.statuses
        if word.status != CONFIRMED and _phrase(page, word.span) not in field.harmless
    ]
    taught = _taught(field, page)
    if len(taught) > 1:
        raise Refusal("Its words fit emails of different status among the examples.")
    said = _said(words)
    found = Status(taught.pop(), True) if taught else said
    if found.status == CONFIRMED and said.status != CONFIRMED:
        found = said  # One subject for everything (Crown Castle): the words decide.
    if found.status in ENDING:
        _check_end(page, words, found.status)
    else:
        _check_open(field, page, words, found.status)
    return found


def _said(words: Sequence[StatusWord]) -> Status:
    """Return what the words say; an end only if its field, the subject, or two words say so, one of them on top."""
    best = max(words, key=lambda word: word.weight, default=None)
    if best is None:
        return Status(CONFIRMED, False)
    count = sum(word.status == best.status and word.weight >= BODY for word in words)
    is_clear = best.weight >= SUBJECT or best.weight == TOP and count > 1
    if best.status in ENDING and not is_clear:
        return Status(CONFIRMED, False)
    return Status(best.status, best.weight >= TOP)


def _check_end(page: Page, words: Sequence[StatusWord], status: str) -> None:
    """Raise Refusal if a word says something else as loudly as the end."""
    loudest = max((word.weight for word in words if word.status == status), default=0)
    for word in words:
        if word.status != status and word.weight >= max(loudest, BODY) and word.status not in (IN_PROCESS, TENTATIVE):
            raise Refusal(f'"{_phrase(page, word.span)}" may say that the status is {word.status}, not {status}.')


def _check_open(field: StatusField, page: Page, words: Sequence[StatusWord], status: str) -> None:
    """Raise Refusal if a word may say that the work is over, or another status than was taught."""
    for span in _ends(page):
        if (phrase := _phrase(page, span)) not in field.harmless:
            raise Refusal(f'"{phrase}" may say that the work is over, and no example had these words.')
    loudest = max((word.weight for word in words if word.status == status), default=0)
    for word in words:
        if word.status != status and (word.weight >= loudest):
            sentence = f'"{_phrase(page, word.span)}" may say that the status is {word.status}, and no example had these words.'
            raise Refusal(sentence)


def subject_of(page: Page) -> str:
    """Return the words of a subject."""
    return " ".join(words_of(page.content.subject))


def _taught(field: StatusField, page: Page) -> set[str]:
    """Return what emails of this kind were taught to say: with these words of status, or else with this subject."""
    present = {(word.status, _phrase(page, word.span)) for word in page.found.statuses}
    by_words = {
        kind.status
        for kind in field.kinds
        if kind.status != CONFIRMED and any((kind.status, phrase) in present for phrase in kind.phrases)
    }
    subject = subject_of(page)
    by_subject = {
        kind.status
        for kind in field.kinds
        if kind.subject == subject and (kind.status == CONFIRMED or not kind.phrases)
    }
    return by_words or by_subject


def _ends(page: Page) -> Iterator[Span]:
    """Yield the words of an end anywhere in what the message says itself."""
    mail = page.found.mail
    end = (
        next((line.start for line in mail.lines if line.is_quoted), len(mail.text))
        if not page.found.is_forward
        else len(mail.text)
    )
    for word in _ENDS.find(mail.text[: min(end, _LONGEST)]):
        yield Span(word.start, word.end)


def _phrases(page: Page, spans: Iterable[Span]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_phrase(page, span) for span in spans))[:_MOST_PHRASES]


def _phrase(page: Page, span: Span) -> str:
    """Return a word with the two before it and the one behind it in its line."""
    mail = page.found.mail
    line = mail.lines[mail.line_number(span.start)]
    before = words_of(mail.text[line.start : span.start])[-2:]
    behind = words_of(mail.text[span.end : line.end])[:1]
    return " ".join((*before, *words_of(mail.text[span.start : span.end]), *behind))
