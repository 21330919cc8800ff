"""Words of status, weighed in their sentence: "if ... is cancelled or postponed" and "when it is completed" say nothing.

A word counts most in the field of a status, then in the subject and in the first lines, least further down.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from nautobot_circuit_maintenance.mail.blocks import MailText
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.status_words import (
    COMPLETED,
    CONDITION,
    CONFIRMED,
    FUTURE,
    IN_PROCESS,
    OTHER,
    STRONG,
    SUBJECT_WORDS,
    WEAK_WORDS,
)
from nautobot_circuit_maintenance.reading.candidates.words import Vocabulary, Word

FIELD, SUBJECT, TOP, BODY, WEAK = 5, 4, 3, 2, 1


class StatusWord(NamedTuple):
    """A word that says a status."""

    span: Span
    status: str
    weight: int
    """FIELD, SUBJECT, TOP, BODY or WEAK."""


_STATUS = {status.replace("-", "_"): status for status in (*STRONG, CONFIRMED)}
_CONDITION, _FUTURE = "C", "F"
_VOCABULARY = Vocabulary(
    {
        f"{kind}_{status.replace('-', '_')}": stems
        for kind, table in (("S", STRONG), ("W", WEAK_WORDS), ("T", SUBJECT_WORDS))
        for status, stems in table.items()
    }
    | {_CONDITION: CONDITION[0], _FUTURE: FUTURE},
    {f"S_{status.replace('-', '_')}": words for status, words in OTHER.items()} | {_CONDITION: CONDITION[1]},
)
_FIELD = re.compile(
    r"(?<![^\W\d_])status(?:[ ]of[ ][a-z ]{2,20})?[ ]?[:=-]?[ \n]{0,2}(?P<value>[^\n]{3,40})",
    re.IGNORECASE,
)
_BOUNDARY = re.compile(r"[.!?。！？\n;]")
_CLAUSE = re.compile(r"[.!?。！？\n;](?!\d)|,")
_LONGEST_SENTENCE, _LONGEST_FUTURE = 300, 80
_TOP_CHARACTERS = 700
_TITLE_CHARACTERS = 150
"""Behind the subject; weak words say nothing further down."""
_LONGEST = 3_000
_HISTORY = re.compile(r"notes?[ ]history|history[ ]of[ ]updates|previous[ ]updates", re.IGNORECASE)
_HISTORY_LINE = re.compile(r"\n[ ]?\d{4}-\d\d-\d\d[ T]\d\d:\d\d[^\n]{0,12}[ ]-[ ]")
_FOOTER = re.compile(
    r"disclaimer|confidential|if you have any questions|this e-?mail (?:is|may|and)|key terms|\ndefinitions?\b"
    r"|color explanation",
    re.IGNORECASE,
)


def statuses_in(mail: MailText) -> tuple[StatusWord, ...]:
    """Return the words of status that a message says of itself, in order."""
    if not mail.lines:
        return ()
    subject_end = mail.lines[0].end
    end = next((line.start for line in mail.lines if line.is_quoted), len(mail.text))
    text = _without_end(mail.text[: min(end, _LONGEST)], subject_end)
    fields = [match.span("value") for match in _FIELD.finditer(text)]
    older = [(match.end(), text.find("\n", match.end())) for match in _HISTORY_LINE.finditer(text)][1:]
    found: list[StatusWord] = []
    used: set[tuple[int, int]] = set()
    words = sorted(_VOCABULARY.find(text))
    conditions = [word.start for word in words if word.group == _CONDITION]
    futures = [word.end for word in words if word.group == _FUTURE]
    for word in words:
        if word.group in (_CONDITION, _FUTURE) or _is_future(text, word, futures):
            continue
        field = next((span for span in fields if span[0] <= word.start < span[1] and span not in used), None)
        if field:
            used.add(field)
            found.append(StatusWord(Span(word.start, word.end), _STATUS[word.group[2:]], FIELD))
        elif (weight := _weight(word, subject_end)) and not _is_conditional(
            text, word, conditions, is_subject=weight == SUBJECT
        ):
            status = StatusWord(Span(word.start, word.end), _STATUS[word.group[2:]], weight)
            found.append(_weaker(status, older))
    return tuple(found)


def _without_end(text: str, subject_end: int) -> str:
    """Return the text up to its history of updates and its footer."""
    for mark in (_HISTORY, _FOOTER):
        if found := mark.search(text, subject_end):
            text = text[: found.start()]
    return text


def _weight(word: Word, subject_end: int) -> int:
    """Return how much a word counts where it stands; 0 for a weak one further down, and for a label."""
    distance = word.start - subject_end
    if word.group.startswith("T") and distance >= 0:
        return 0
    if word.group.startswith("W"):
        return WEAK if distance <= _TITLE_CHARACTERS else 0
    return SUBJECT if distance < 0 else TOP if distance < _TOP_CHARACTERS else BODY


def _is_conditional(text: str, word: Word, conditions: Sequence[int], *, is_subject: bool) -> bool:
    """Return whether the sentence of a word says that it may be so, or will be; in a subject only what stands before it."""
    earliest = max(0, word.start - _LONGEST_SENTENCE)
    start = max((found.end() for found in _BOUNDARY.finditer(text, earliest, word.start)), default=earliest)
    end = word.start
    if not is_subject:
        following = _BOUNDARY.search(text, word.end, word.end + _LONGEST_SENTENCE)
        end = following.end() if following else word.end + _LONGEST_SENTENCE
    place = bisect_left(conditions, start)
    return place < len(conditions) and conditions[place] < end or "?" in text[start:end]


def _is_future(text: str, word: Word, futures: Sequence[int]) -> bool:
    """Return whether a word for what began or is over is in the future: "will be completed"; a comma ends what it is said of."""
    if _STATUS[word.group[2:]] not in (COMPLETED, IN_PROCESS):
        return False
    place = bisect_left(futures, word.start)
    start = futures[place - 1] if place else 0
    return bool(place and word.start - start < _LONGEST_FUTURE) and not _CLAUSE.search(text, start, word.start)


def _weaker(word: StatusWord, older: list[tuple[int, int]]) -> StatusWord:
    """Return a word with the least weight if it is in an older line of a list of updates, the newest first (Lumen)."""
    is_older = any(start <= word.span.start and (word.span.end <= end or end < 0) for start, end in older)
    return word._replace(weight=WEAK) if is_older else word
