"""The ID of a message of which a part was read: what was read already is not what a person has to add."""

import re
from collections.abc import Collection
from dataclasses import replace

from nautobot_circuit_maintenance.reading.proposal.values import Field, Proposal

_ON_RECORD = "{} was read from this email and is on record. Enter the ID of the part that was not read."


def with_unread_id(proposal: Proposal, read: Collection[str], reason: str) -> Proposal:
    """Return the form with the ID that the reason of the unread part names; with none if only read ones are found.

    ``read``: the IDs of the maintenances that were read from the message.
    """
    field = proposal.maintenance_id
    known = {each.strip().casefold() for each in read}
    choices = (*([field.best] if field.best else []), *field.alternatives)
    fresh = [each for each in choices if each.value.strip().casefold() not in known]
    named = [each for each in fresh if _is_named(each.value, reason)]
    if named:
        wanted = Field(named[0], tuple(each for each in choices if each is not named[0]))
    elif field.best and field.best not in fresh:
        wanted = Field(None, choices, _ON_RECORD.format(field.best.value))
    else:
        return proposal
    return replace(proposal, maintenance_id=wanted)


def _is_named(name: str, reason: str) -> bool:
    """Return whether a reason has a name as a whole: W-70 is not in "W-703"."""
    return bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", reason, re.IGNORECASE))
