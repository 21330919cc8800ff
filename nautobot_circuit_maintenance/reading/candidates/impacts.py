"""Words of impact: an outage, a loss of redundancy, a degraded service, or nothing."""

import re
from typing import NamedTuple

from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.words import pattern

NO_IMPACT, REDUCED, DEGRADED, OUTAGE = "NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE"


class ImpactWord(NamedTuple):
    """A word that says an impact."""

    span: Span
    impact: str


_WORDS = {
    NO_IMPACT: pattern(
        r"""no_(?:service_)?(?:impact|outage|interruption) not_(?:service_)?(?:affect|impact)\w+ non_service_affecting without_impact
        keine_auswirkung\w* sans_impact sin_(?:afectación|impacto) sem_impacto nessun_impatto geen_impact bez_przerw\w*""",
        "影響なし 无影响 영향_없음",
    ),
    REDUCED: pattern(
        r"redundan\w+ resilien\w+ protection_loss at_risk\b unprotected\b loss_of_diversity redundanz\w* résilience redundancia",
        "冗長 冗余 이중화",
    ),
    DEGRADED: pattern(
        r"""degrad\w+ latency\b intermit\w+ flap\w* switch_hits? packet_loss micro-?(?:cuts?|cortes) beeinträchtig\w* dégrad\w+
        kwaliteitsverlies""",
        "瞬断 순단 闪断",
    ),
    OUTAGE: pattern(
        r"""outage\b hard_down loss_of_service service_(?:affecting|interruption|down) interrupt\w+ downtime\b down\b unavailab\w+ ausfall
        unterbrechung coupure\w* corte\b interrupción interrupção indisponib\w+ disservizio onderbreking przerw\w+ výpad\w+ avbrott
        afbrydelse avbrudd katko\w* kesinti\w* перерыв\w* kiesés întreruper\w+ gangguan""",
        "断 中断 통신_?단 중단",
    ),
}
_ALL = re.compile(
    "|".join(f"(?P<{impact.replace('-', '_')}>{words})" for impact, words in _WORDS.items()), re.IGNORECASE
)
_IMPACT = {impact.replace("-", "_"): impact for impact in _WORDS}
_LONGEST = 8_000


def impacts_in(text: str) -> tuple[ImpactWord, ...]:
    """Return the words of impact in a string, in order."""
    found = _ALL.finditer(text[:_LONGEST])
    return tuple(ImpactWord(Span(*match.span()), _IMPACT[match.lastgroup or ""]) for match in found)
