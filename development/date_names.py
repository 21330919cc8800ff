"""Write the names of months, weekdays, cities and countries that mail is read with, from CLDR: `python -m development.date_names`.

Babel is needed only here; the table that this writes is part of the package. A month's name that two languages give to
different months ("listopad") has all of them.
"""

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from babel import Locale
from babel.core import get_global

TABLE = Path(__file__).parents[1] / "nautobot_circuit_maintenance" / "reading" / "candidates" / "names.json"
LANGUAGES = "ar bg ca cs da de el en es et fi fr he hr hu id it ja ko lt lv nb nl pl pt ro ru sk sl sr sr_Latn sv tr uk vi zh".split()
SHORTEST = 3
NO_PLACES = frozenset(
    """casey center christmas columbia cordoba córdoba damas davis easter fas gana georgia granada guadalupe guinea indie
    indien island jersey knox lao lebanon mali malis man merida mérida naso nome norfolk norra oral palmer pert petersburg
    resolute reunion reunión reunião reunió riunione réunion salvador septe soul tai troll vincennes wake
    восток мали малі того""".split()
)
"""Words that mean something else beside a time more often: other words of some language, or other places of the name."""
# Of countries with several zones, the one that CLDR calls primary.
PRIMARY = {
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "DE": "Europe/Berlin",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
}
# Written in mail beside the forms of CLDR.
EXTRA_MONTHS = {
    "sept": 9,
    "sep": 9,
    "jul": 7,
    "jun": 6,
    "okt": 10,
    "dez": 12,
    "mrz": 3,
    "maerz": 3,
    "maart": 3,
    "mrt": 3,
}


def main() -> None:
    """Write the table."""
    locales = [Locale.parse(language) for language in LANGUAGES]
    months = _numbered(locales, "months")
    for name, number in EXTRA_MONTHS.items():
        months[name].add(number)
    table = {
        "months": {name: sorted(numbers) for name, numbers in sorted(months.items())},
        "weekdays": {name: sorted(numbers) for name, numbers in sorted(_numbered(locales, "days").items())},
        "cities": dict(sorted(_cities(locales).items())),
        "countries": dict(sorted(_countries(locales).items())),
    }
    text = json.dumps(table, ensure_ascii=False, indent=0, separators=(",", ":"))
    TABLE.write_text(f"{text}\n", encoding="utf-8")


def _numbered(locales: list[Any], kind: str) -> dict[str, set[int]]:
    """Return the names of months (1 to 12) or weekdays (0 is Monday), folded, with their numbers."""
    found: dict[str, set[int]] = defaultdict(set)
    for locale in locales:
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in getattr(locale, kind)[context][width].items():
                    folded = name.casefold().rstrip(".")
                    if len(folded) >= (SHORTEST if kind == "months" else 2) and not any(map(str.isdigit, folded)):
                        found[folded].add(number)
    return found


def _cities(locales: list[Any]) -> dict[str, str]:
    """Return the cities that zones are named after, folded, in all languages, each with the zone that most of these mean."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for locale in locales:
        for zone, names in locale.time_zones.items():
            if "city" in names:
                found[names["city"].casefold()][zone] += 1
    for zone in get_global("zone_territories"):
        if "/" in zone and not zone.startswith("Etc/"):
            found[zone.rpartition("/")[2].replace("_", " ").casefold()][zone] += 1
    return {
        name: zones.most_common(1)[0][0] for name, zones in found.items() if len(name) > 1 and name not in NO_PLACES
    }


def _countries(locales: list[Any]) -> dict[str, str]:
    """Return the countries that have one zone, folded, in all languages; names of two countries are left out."""
    zones = get_global("territory_zones")
    of_country = {code: names[0] for code, names in zones.items() if len(names) == 1 and "/" in names[0]} | PRIMARY
    found: dict[str, set[str]] = defaultdict(set)
    for locale in locales:
        for code, zone in of_country.items():
            if name := locale.territories.get(code):
                found[name.casefold()].add(zone)
    usable = (name for name in found if name not in NO_PLACES and name.count(" ") < 2)
    return {name: next(iter(found[name])) for name in usable if len(found[name]) == 1}


if __name__ == "__main__":
    main()
