"""Teaching: a notification that a person filled in becomes the example of a new layout, or of one that is corrected."""

from collections.abc import Iterable

from django.db import transaction

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.models import MailLayout, Notification
from nautobot_circuit_maintenance.models.layouts import is_layout
from nautobot_circuit_maintenance.pipeline.inventories import Inventories
from nautobot_circuit_maintenance.pipeline.layouts.messages import page_of
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.layouts.examples import Confirmed, Example, TeachingError
from nautobot_circuit_maintenance.reading.layouts.layout import Layout
from nautobot_circuit_maintenance.reading.layouts.learn import correct
from nautobot_circuit_maintenance.reading.layouts.stored import applies_to_json, fields_json, layout_of

_MOST_EARLIER = 20
"""Examples that a new one is compared with, the newest."""


def on_record(row: Notification) -> MaintenanceUpdate | None:
    """Return what is on record of a notification; None if it announces no maintenance, or several."""
    parsed = list(row.parsed_notifications.order_by()[:2])
    return parsed[0].as_update() if len(parsed) == 1 else None


def taught_with(row: Notification, layout: MailLayout) -> Layout:
    """Return what a layout would be with a notification as a further example, or what a new one would be.

    Raises TeachingError with a sentence for a person.
    """
    known = Inventories([row.provider_id]).known(row.provider)
    example = example_of(row, known)
    before, earlier = Layout(), []
    if layout.present_in_database:
        before = layout_of(layout.applies_to, layout.fields)
        others = layout.examples.exclude(pk=row.pk).select_related("provider").order_by("-received_at")
        earlier = list(_examples(others[:_MOST_EARLIER], known))
    return correct(before, example, earlier)


def example_of(row: Notification, known: Known) -> Example:
    """Return a notification as an example; raises TeachingError if it cannot be one."""
    update = on_record(row)
    if update is None:
        raise TeachingError(
            "A layout is taught with an email about exactly one maintenance. Add it from this email first."
        )
    if is_layout(update.parser.name):  # That proves nothing about layouts.
        raise TeachingError("A layout read this email. Correct it with Add from This Email to teach something else.")
    if len({frozenset(event.circuits) for event in update.events}) > 1:
        raise TeachingError(
            "A layout cannot learn which circuit is affected in which window: it reads all in all of them."
        )
    try:
        page = page_of(row, known)
    except ParseError as error:
        raise TeachingError(str(error)) from error
    return Example(page, Confirmed(update.maintenance_id, update.status, update.windows, update.circuits))


def _examples(rows: Iterable[Notification], known: Known) -> Iterable[Example]:
    """Yield the examples whose messages and readings are still stored."""
    for row in rows:
        try:
            yield example_of(row, known)
        except TeachingError:
            continue


def teach(row: Notification, layout: MailLayout) -> MailLayout:
    """Teach a layout, stored or not, with a notification and save it as a draft; raises TeachingError or ValidationError."""
    with transaction.atomic():
        if layout.present_in_database:
            layout = MailLayout.objects.select_for_update(of=("self",)).get(pk=layout.pk)
        learned = taught_with(row, layout)
        layout.change(applies_to_json(learned), fields_json(learned))
        layout.validated_save()
        layout.examples.add(row)
    return layout
