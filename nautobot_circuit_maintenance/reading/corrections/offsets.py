"""Offsets from UTC with the wrong sign."""

from datetime import datetime, timedelta, timezone

from nautobot_circuit_maintenance.reading.corrections.base import Modules
from nautobot_circuit_maintenance.reading.corrections.dates import date_parsers


class Offsets:
    """All modules that use dateutil: "GMT+3" and "UTC-5" are read the wrong way round.

    dateutil follows POSIX, where "GMT+3" is three hours *behind* Greenwich. Providers mean three hours ahead of it:
    corpus 082_turkcell_turkcell2 and case library/turkcell-gmt-plus-3 (18.08.2021 00:30 GMT+3 is 21:30 UTC).
    """

    name = "sign of GMT+n"
    sample = "2021-08-18 00:30 GMT+3"
    right = datetime(2021, 8, 17, 21, 30, tzinfo=timezone.utc)

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is read with another offset."""
        return bool(modules("turkcell").parser.parse(self.sample).utcoffset() != timedelta(hours=3))

    def install(self, modules: Modules) -> None:
        """Let all modules read offsets as people write them."""
        for parser in date_parsers(modules):
            parser.offsets = self.name
