"""Time zones named by a place or in words: "Central Time", "heure de Paris", "hora de Bogotá", "МСК", "北京时间", "dansk tid".

Only beside a word for "time", or where a name can mean nothing else; a place alone ("Paris - Lyon") says nothing.
"""

import re
from collections.abc import Iterator

from nautobot_circuit_maintenance.reading.candidates.names import country, names

Found = tuple[int, int, str]
"""Start, end, and a zone of the zone database or an offset ("+02:00")."""

_WORDS = {
    "мск": "Europe/Moscow",
    "seč": "+01:00",
    "selč": "+02:00",
    "sejč": "+01:00",
    "tsi": "Europe/Istanbul",
    "tsi\u0307": "Europe/Istanbul",  # a capital I with a dot, folded
    "wita": "+08:00",
    "wit": "+09:00",
    "clt": "-04:00",
    "clst": "-03:00",
    "hnec": "+01:00",
    "haec": "+02:00",
    "北京时间": "Asia/Shanghai",
    "北京時間": "Asia/Shanghai",
    "香港时间": "Asia/Hong_Kong",
    "香港時間": "Asia/Hong_Kong",
    "台北時間": "Asia/Taipei",
    "日本時間": "Asia/Tokyo",
    "日本標準時": "Asia/Tokyo",
    "한국시간": "Asia/Seoul",
    "한국 시간": "Asia/Seoul",
}
_US = {
    "eastern": "America/New_York",
    "central": "America/Chicago",
    "mountain": "America/Denver",
    "pacific": "America/Los_Angeles",
}
_COUNTRIES = {
    **dict.fromkeys(("uk", "british", "london", "londyn"), "Europe/London"),
    **dict.fromkeys(("irish", "ireland"), "Europe/Dublin"),
    **dict.fromkeys(("dansk", "danish", "denmark"), "Europe/Copenhagen"),
    **dict.fromkeys(("svensk", "swedish", "sweden"), "Europe/Stockholm"),
    **dict.fromkeys(("norsk", "norwegian", "norway"), "Europe/Oslo"),
    **dict.fromkeys(("suomen", "finnish", "finland"), "Europe/Helsinki"),
    **dict.fromkeys(("italiana", "italiano", "italian", "italia", "italy"), "Europe/Rome"),
    **dict.fromkeys(("française", "francaise", "francesa", "francese", "france", "french"), "Europe/Paris"),
    **dict.fromkeys(("deutsche", "deutscher", "german", "germany"), "Europe/Berlin"),
    **dict.fromkeys(("nederlandse", "dutch"), "Europe/Amsterdam"),
    **dict.fromkeys(("belge", "belgian", "belgische"), "Europe/Brussels"),
    **dict.fromkeys(("suisse", "schweizer", "swiss"), "Europe/Zurich"),
    **dict.fromkeys(("polski", "polskiego", "polish", "poland"), "Europe/Warsaw"),
    **dict.fromkeys(("peninsular", "española", "madrid"), "Europe/Madrid"),
    **dict.fromkeys(("київським", "києва", "kyiv", "kiev"), "Europe/Kyiv"),
    **dict.fromkeys(("московское", "московскому", "московского", "москвы", "москве", "moscow"), "Europe/Moscow"),
    **dict.fromkeys(("türkiye", "turkey", "turkish"), "Europe/Istanbul"),
    **dict.fromkeys(("brasília", "brasilia"), "America/Sao_Paulo"),
    **dict.fromkeys(("argentina",), "America/Argentina/Buenos_Aires"),
    **dict.fromkeys(("colombia", "colombiana"), "America/Bogota"),
    **dict.fromkeys(("perú", "peru"), "America/Lima"),
    **dict.fromkeys(("india", "indian"), "Asia/Kolkata"),
    **dict.fromkeys(("japan", "tokyo"), "Asia/Tokyo"),
    **dict.fromkeys(("korea", "korean"), "Asia/Seoul"),
    **dict.fromkeys(("china", "beijing"), "Asia/Shanghai"),
    **dict.fromkeys(("universal", "universel", "greenwich", "zulu"), "UTC"),
    **_US,
}
_OTHERS = frozenset("british neu new nieuw nouvelle nova nueva nuova".split())
"""Words that make another place of the name behind them: New Mexico, Papua New Guinea, British Columbia."""
_SEASONS = {
    ("eastern", "standard"): "-05:00",
    ("eastern", "daylight"): "-04:00",
    ("central", "standard"): "-06:00",
    ("central", "daylight"): "-05:00",
    ("mountain", "standard"): "-07:00",
    ("mountain", "daylight"): "-06:00",
    ("pacific", "standard"): "-08:00",
    ("pacific", "daylight"): "-07:00",
    ("british", "summer"): "+01:00",
    ("european", ""): "+01:00",
    ("european", "summer"): "+02:00",
    ("greenwich", "mean"): "UTC",
    ("universal", ""): "UTC",
}
_NAMED = re.compile(
    r"\b(?P<name>eastern|central|mountain|pacific|british|european|greenwich|universal)[ ]"
    r"(?:(?P<season>standard|daylight|summer|mean)[ ])?time\b",
    re.IGNORECASE,
)
_WORD = r"[^\W\d_]{2,20}"
_TIME_OF = re.compile(
    r"\b(?:heures?|horas?|horário|horario|ora|orario|czasu?|время|времени|часом|время|ortszeit|zeit|tid|time|saati?)"
    r"(?:[ ](?:locale?|oficial|officielle|legale|legal|normal))?[ ](?:(?:de|du|di|d'|do|da|of|in|à|en|av|i)[ ])?"
    rf"(?P<place>{_WORD}(?:[ ]{_WORD})?)",
    re.IGNORECASE,
)
_PLACE_TIME = re.compile(
    rf"(?P<place>(?:{_WORD}[ ])?(?!local|standard|summer|daylight){_WORD})[ ](?:local\b"
    r"|(?:local[ ]|standard[ ])?(?:time|zeit|ortszeit|tid|tijd|aikaa?|saati(?:yle)?|idő(?:ben)?|часом|времени|время)\b)",
    re.IGNORECASE,
)
# "3:00 AM Pacific", a cell "Eastern", "Local Time Zone: Central".
_US_ALONE = re.compile(
    r"(?:(?<=\d )|(?<=[ap]m )|(?<=m\. )|^[ ]?|zone[ ]?:[ ]?)(?:\([ ]?)?"
    r"(?P<name>eastern|central|mountain|pacific)(?=[ ]?$|[ ]?[,;.)-]|[ ]\d)",
    re.IGNORECASE,
)
_HINTS = re.compile(
    r"heure|hora|horário|ora\b|orario|czas|врем|час|zeit|tid\b|tijd|time|saat|aika|idő|zone|eastern|central|mountain|pacific|local"
    r"|мск|se[lj]?č|tsi|wita?\b|cls?t\b|hnec|haec|时间|時間|標準時|시간",
    re.IGNORECASE,
)
_SCRIPT_WITHOUT_BOUNDARIES = "\u2e80"
_CAPITALS = re.compile(r"[A-Z]{3,4}(?![^\W\d_])(?<![^\W\d_][A-Z]{3})(?<![^\W\d_][A-Z]{4})")
_OWN_WORDS = re.compile(
    "|".join(
        re.escape(word) if word > _SCRIPT_WITHOUT_BOUNDARIES else rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])"
        for word in _WORDS
    ),
    re.IGNORECASE,
)


def places_in(line: str) -> Iterator[Found]:
    """Yield the zones that a line names by a place or in words of their own."""
    if not _HINTS.search(line):
        return
    yield from _own_words(line)
    lower = line.lower()
    if any(name in lower for name, _ in _SEASONS):
        yield from _named(line)
    for pattern, near in ((_TIME_OF, 0), (_PLACE_TIME, -1)):
        for match in pattern.finditer(line):
            if zone := _zone_of(match["place"], near):
                yield (*match.span(), zone)


def _named(line: str) -> Iterator[Found]:
    """Yield the zones of North America and the British Isles in words."""
    for match in _NAMED.finditer(line):
        key = (match["name"].lower(), (match["season"] or "").lower())
        yield (*match.span(), _SEASONS.get(key) or _COUNTRIES.get(key[0], "UTC"))
    for match in _US_ALONE.finditer(line):
        yield (*match.span("name"), _US[match["name"].lower()])


def _own_words(line: str) -> Iterator[Found]:
    if line.isascii():
        for match in _CAPITALS.finditer(line):
            if zone := _WORDS.get(match[0].lower()):
                yield (*match.span(), zone)
        return
    for match in _OWN_WORDS.finditer(line):
        if not match[0].isascii() or match[0].isupper():
            yield (*match.span(), _WORDS[match[0].casefold()])


def _zone_of(place: str, near: int) -> str | None:
    """Return the zone of a place of one or two words, or of the one that is next to the word for time."""
    folded = place.casefold()
    cities = names().cities
    words = folded.split()
    parts = [] if len(words) > 1 and words[0] in _OTHERS else [words[near]]
    for word in (folded, *parts):
        if zone := _COUNTRIES.get(word) or (cities.get(word) if len(word) > 3 else None) or country(word):
            return zone
    return None
