"""Start and end of a window in a form: local times, also in the night when clocks are changed."""

from datetime import datetime, timezone
from typing import Any

from django import forms
from django.utils.timezone import get_current_timezone, make_naive


class WindowStartField(forms.DateTimeField):
    """Takes a local time that comes twice in that night as the first: a window must not look shorter than it is."""

    fold = 0

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment in UTC; refuse a local time that does not exist or that UTC has no year for, and say why."""
        try:
            moment = super().to_python(value)
        except forms.ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
            moment = self._of_changed_clock(error.params["datetime"])
        try:
            # In UTC, for Python compares the clocks on the wall where two moments are of the same zone.
            return moment.astimezone(timezone.utc) if moment else None
        except OverflowError as error:  # datetime.astimezone: the first or the last day of the calendar
            raise forms.ValidationError("No calendar has that time in UTC. Write another year.") from error

    def _of_changed_clock(self, wall: datetime) -> datetime:
        zone = get_current_timezone()
        moment = wall.replace(tzinfo=zone, fold=self.fold)
        if make_naive(moment.astimezone(timezone.utc), zone) == wall:
            return moment
        raise forms.ValidationError(
            f"There is no {wall:%H:%M} on that day in {zone}: clocks are put forward then. Write an earlier or later time."
        )


class WindowEndField(WindowStartField):
    """Takes a local time that comes twice as the second."""

    fold = 1


def as_shown(moment: datetime | None) -> datetime | None:
    """Return what a form shows of a moment; a stored one that reads as what came back is what was meant."""
    return make_naive(moment).replace(microsecond=0) if moment else None
