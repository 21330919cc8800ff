"""Time zones as providers write them, in every season."""

from datetime import datetime, timedelta, timezone
from unittest import TestCase
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st

from nautobot_circuit_maintenance.reading import library, zones
from nautobot_circuit_maintenance.reading.corrections import notes

# One of January, April (north: summer), July, October (south: summer; north: still summer) and December.
TABLE = {
    "ET": (-5, -4, -4, -4, -5),
    "CT": (-6, -5, -5, -5, -6),
    "MT": (-7, -6, -6, -6, -7),
    "PT": (-8, -7, -7, -7, -8),
    "EST": (-5,) * 5,
    "EDT": (-4,) * 5,
    "CDT": (-5,) * 5,
    "MDT": (-6,) * 5,
    "PDT": (-7,) * 5,
    "CET": (1,) * 5,
    "CEST": (2,) * 5,
    "BST": (1,) * 5,
    "IST": (5.5,) * 5,
    "JST": (9,) * 5,
    "AEST": (10,) * 5,
    "AEDT": (11,) * 5,
    "TRT": (3,) * 5,
    "MSK": (3,) * 5,
    "UTC": (0,) * 5,
    "GMT": (0,) * 5,
}
MONTHS = (1, 4, 7, 10, 12)
HOUR = timedelta(hours=1)
local_times = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(
    lambda time: time.replace(second=0, microsecond=0)
)
PLACES = {"ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles"}


class ZoneWords(TestCase):
    """Each word is a zone of its own; the four without a season follow the clocks of the place."""

    def test_hours_ahead_of_utc_in_five_months(self) -> None:
        for word, hours in TABLE.items():
            found = tuple(ahead(word, datetime(2026, month, 8, 1)) for month in MONTHS)
            self.assertEqual(found, hours, word)

    def test_every_word_is_within_fourteen_hours_of_utc(self) -> None:
        for word in zones.WORDS:
            self.assertLessEqual(abs(ahead(word, datetime(2026, 6, 1))), 14, word)

    def test_words_in_small_letters_and_unknown_words_are_no_zones(self) -> None:
        for word in ("et", "cest", "LT", "LOCAL", "HRS", "AM", "", "GMT+15", "GMT+", "+3"):
            self.assertIsNone(zones.zone(word), word)

    def test_a_word_out_of_season_is_known(self) -> None:
        january, july = datetime(2026, 1, 8), datetime(2026, 7, 8)
        wrong_in_january = {word for word in TABLE if zones.contradicts_season(word, january)}
        wrong_in_july = {word for word in TABLE if zones.contradicts_season(word, july)}
        self.assertEqual(wrong_in_january, {"EDT", "CDT", "MDT", "PDT", "CEST", "BST"})
        self.assertEqual(wrong_in_july, {"EST", "CET", "AEDT"})

    @given(st.sampled_from(sorted(PLACES)), local_times)
    def test_words_without_a_season_are_the_clock_of_the_place(self, word: str, local: datetime) -> None:
        self.assertEqual(read(f"{local:%Y-%m-%d %H:%M} {word}"), utc(local.replace(tzinfo=ZoneInfo(PLACES[word]))))

    @given(st.sampled_from(sorted(zones.WORDS)), local_times)
    def test_whatever_the_library_reads_with_dateutil_has_the_zone_beside_it(self, word: str, local: datetime) -> None:
        expected = utc(local.replace(tzinfo=zones.zone(word)))
        self.assertEqual(read(f"{local:%Y-%m-%d %H:%M} {word}"), expected)
        self.assertEqual(read(f"{local:%d %b %Y %I:%M %p} {word}"), expected)


class Offsets(TestCase):
    """ "GMT+3" is three hours ahead of Greenwich, however it is written."""

    @given(st.integers(-14, 14), st.sampled_from((0, 30, 45)), local_times)
    def test_every_spelling_is_read_alike(self, hours: int, minutes: int, local: datetime) -> None:
        ahead_of_utc = timedelta(hours=hours, minutes=minutes if hours >= 0 else -minutes)
        if abs(ahead_of_utc) > 14 * HOUR:
            return
        sign, number = "-" if hours < 0 else "+", abs(hours)
        spellings = [f"GMT{sign}{number}:{minutes:02}", f"UTC{sign}{number:02}{minutes:02}"]
        spellings += [f"(GMT {sign}{number:02}:{minutes:02})", f"UTC {sign} {number}:{minutes:02}"]
        if not minutes:
            spellings += [f"GMT{sign}{number}", f"UTC{sign}{number:02}", f"( UTC{sign}{number} )"]
        for spelling in spellings:
            self.assertEqual(read(f"{local:%d.%m.%Y %H:%M} {spelling}", dayfirst=True), local - ahead_of_utc, spelling)

    def test_what_only_looks_like_an_offset_is_left_alone(self) -> None:
        for text in (
            "22:00 GMT - 31/10/2021",
            "22:00 GMT-31.10.2021",
            "22:00 GMT+3-06:00",
            "GMT+15",
            "GMT+3:75:00",
            "22:00-03:00",
            "AGMT+3",
            "2021-10-31T22:00+03:00",
        ):
            self.assertEqual(zones.with_iso_offsets(text), text)


class UnknownWords(TestCase):
    """An unknown word in the place of a zone is a doubt."""

    def test_an_unknown_word_is_a_doubt(self) -> None:
        self.assertEqual(read("2026-12-08 01:00 XYZ"), datetime(2026, 12, 8, 1))
        self.assertEqual(notes.doubts, ['The time zone "XYZ" is unknown; 2026-12-08 01:00 was read as UTC.'])

    def test_a_word_out_of_season_is_a_doubt(self) -> None:
        self.assertEqual(read("2026-07-08 01:00 EST"), datetime(2026, 7, 8, 6))
        doubt = 'The time zone "EST" is not in use on 2026-07-08; the time may be an hour off.'
        self.assertEqual(notes.doubts, [doubt])

    def test_a_known_word_and_no_word_are_none(self) -> None:
        for text in ("2026-12-08 01:00", "2026-12-08 01:00 UTC", "2026-12-08 01:00 ET", "2026-12-08 01:00 GMT+3"):
            read(text)
            self.assertEqual(notes.doubts, [], text)


def ahead(word: str, local: datetime) -> float:
    """Return how many hours a zone is ahead of UTC."""
    offset = local.replace(tzinfo=zones.zone(word)).utcoffset()
    assert offset is not None
    return offset / HOUR


def utc(time: datetime) -> datetime:
    """Return a time in UTC, without its zone."""
    return time.astimezone(timezone.utc).replace(tzinfo=None)


def read(text: str, **options: bool) -> datetime:
    """Return what a module of the library reads, in UTC."""
    library.load()
    notes.clear()
    # pylint: disable-next=import-outside-toplevel  # loads the library
    from circuit_maintenance_parser.parsers import megaport

    found = megaport.parser.parse(text, **options)
    return utc(found.replace(tzinfo=found.tzinfo or timezone.utc))
