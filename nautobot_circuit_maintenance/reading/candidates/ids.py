"""What may be the ID of a maintenance: what stands behind a word for one ("Ticket#123", "Vorgang: W-2026-0418"), or in the subject."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from nautobot_circuit_maintenance.mail.blocks import MailText
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.words import ID_LETTER, Vocabulary, pattern


class IdCandidate(NamedTuple):
    """A string that may be the ID of the maintenance."""

    span: Span
    text: str
    weight: int
    """How much speaks for it; 2 or more: a word names it, and it is in the subject as well."""


_LABELS = (
    r"""maintenance(?:_window)?_?# maintenance_(?:id|no|number|ref\w*|ticket)\b
    ticket\w* ref(?:erence|\.|_no|_nr)? reference\w* réf\w* referenz\w* referencia
    referência referentie change\b chg\b cr\b case\b(?!_of)(?<!in_case)(?<!this_case)(?<!that_case)(?<!any_case)
    work_?order order_of_work notification\b incident\b gcr\b gmud\b vorgang\w*
    maßnahme\w* caso\b(?!_d[eio]\b)(?<!in_caso)(?<!en_caso)(?<!em_caso)(?<!nel_caso)(?<!to_caso)(?<!te_caso)(?<!se_caso)
    código chamado\b protocolo\b número_d numéro_d intervention codice orden_de_trabajo wijziging\w* numer\b zgłoszeni\w*
    číslo ärende\w* sag\w* sak\w* työnumero çalışma_no номер заявк\w* azonosító nr\._lucrare κωδικός nomor\b notice_no advisory folio\b
    riferimento referans\w* referens\w* referinț\w* viite\w* tunnus\b nalog\b oznaka mã_số numeris\b numurs\b
    activity_id event_id project\b outage_id permit pcr\b tt\b""",
    "管理番号 作業番号 工事番号 工单号 編號 编号 작업번호 작업_번호",
)
_WORDS_BEHIND = (
    r"(?:[ ](?:id|no|nr|number|ref\w*|reference|nummer|numéro|número|tcl|name)"
    r"|[ ](?:of|de|du|del|della|di|da|do|der|van)[ ](?:the[ ]|la[ ]|l['’])?[^\W\d_]{2,20})?"
)
# Joined by a dash alone, the label is the start of the ID: "TT-2026-0933". A value may stand alone below its label.
_GAP = r"(?![-_/]\w)(?:[^\w\n]{0,12}|[^\w\n]{0,3}\n(?=[^\s,;]{4,40}[ ]?(?:\n|$)))"
_LABELLED = re.compile(
    rf"(?:{pattern(*_LABELS)}){_WORDS_BEHIND}{_GAP}"
    r"(?<![+])(?P<id>(?-i:[A-Z]{2,6}[ ])?(?=[^\s,;()\[\]<>|:]{0,39}\d)" + ID_LETTER + r"[\w./\\-]{1,40})",
    re.IGNORECASE,
)
_STARTS = Vocabulary.of({"label": _LABELS})
_TOKEN = re.compile(r"(?<![\w./-])(?=[\w./-]{0,39}\d)" + ID_LETTER + r"[\w./\\-]{3,40}", re.IGNORECASE)
_DATE_LIKE = re.compile(r"\d{1,4}[-./](?:\d{1,2}|[A-Za-z]{3})[-./]\d{2,4}.*|\d{1,2}[:.]\d\d.*|(?:19|20)\d\d")
_LONGEST = 4_000
_WEIGHT_LABEL, _WEIGHT_SUBJECT = 2, 1


def ids_in(mail: MailText) -> tuple[IdCandidate, ...]:
    """Return the candidates, the best first."""
    subject = mail.of(mail.lines[0]) if mail.lines else ""
    found: dict[str, IdCandidate] = {}
    for match in _labelled(mail.text[:_LONGEST]):
        _add(found, match["id"], Span(*match.span("id")), _WEIGHT_LABEL)
    for match in _TOKEN.finditer(subject):
        _add(found, match[0], Span(*match.span()), _WEIGHT_SUBJECT)
    return tuple(sorted(found.values(), key=lambda each: (-each.weight, each.span)))


def _labelled(text: str) -> Iterator[re.Match[str]]:
    """Yield the labels with what they name; only where one may start, which takes a fifth of the time."""
    end = 0
    starts = [*(place for place, _ in _STARTS.starts(text)), *(word.start for word in _STARTS.others(text))]
    for start in sorted(starts):
        if start >= end and (match := _LABELLED.match(text, start)):
            end = match.end()
            yield match


def _add(found: dict[str, IdCandidate], text: str, span: Span, weight: int) -> None:
    text = text.rstrip(".-/\\")
    if _DATE_LIKE.fullmatch(text):
        return
    span = Span(span.start, span.start + len(text))
    known = found.get(text.casefold())
    if known is None:
        found[text.casefold()] = IdCandidate(span, text, weight)
    elif not known.weight & weight:
        found[text.casefold()] = known._replace(weight=known.weight + weight)
