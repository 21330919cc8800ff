"""What became of the older package's rows, in words and numbers."""

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from django.apps import apps
from django.db.models import Count, ForeignKey

from nautobot_circuit_maintenance.takeover.tables import APP, NAMES, OLDER, Entry
from nautobot_circuit_maintenance.takeover.world import erase

_TITLE = "Take Over the Older Circuit Maintenance Package"
_LONGEST_LOG = 2_000


def counts() -> dict[str, dict[str, int]]:
    """Return the number of rows of each table that is set aside: all, by outcome, and unaccounted."""
    outcomes = Entry.objects.filter(table__in=NAMES).values_list("table", "outcome").annotate(number=Count("pk"))
    by_table: dict[str, dict[str, int]] = {name: {} for name in NAMES}
    for table, outcome, number in outcomes.order_by():
        by_table[table][outcome] = number
    found = {}
    for name in NAMES:
        rows = OLDER[name].objects.count()
        found[name] = {"rows": rows, **by_table[name], "unaccounted": rows - sum(by_table[name].values())}
    return found


def unaccounted() -> int:
    """Return the number of older rows of which nothing is known."""
    return sum(each["unaccounted"] for each in counts().values())


def remarks() -> Iterator[str]:
    """Yield a line for everything that was not one to one."""
    for entry in Entry.objects.exclude(outcome=Entry.MOVED, reason="").order_by("pk").iterator():
        into = f" into {entry.into}" if entry.into else ""
        yield f"{entry.table} {entry.row}: {entry.outcome}{into}. {entry.reason}".strip()


def references() -> Iterator[str]:
    """Yield how many rows of other models refer to ours by content type, and how many of them were rewritten."""
    rewritten = Entry.objects.exclude(table__in=NAMES).values_list("table").annotate(number=Count("pk"))
    changed = dict(rewritten.order_by())
    for model, field in sorted(_type_fields(), key=lambda each: (each[0]._meta.label_lower, each[1])):
        number = model._default_manager.filter(**{f"{field}__app_label": APP}).count()
        if number:
            yield f"{model._meta.label_lower}.{field}: {number:,} rows refer to the app"
    for table, number in sorted(changed.items()):
        yield f"{table}: {number:,} rewritten or listed"


def _type_fields() -> Iterator[tuple[Any, str]]:
    """Yield each foreign key to content types, those of many-to-many relations included."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and field.related_model._meta.label_lower == "contenttypes.contenttype":
                yield model, field.name


def remove_job_result(state: Any) -> None:
    """Remove the report: it is about a takeover that was undone."""
    results = state.get_model("extras", "JobResult").objects.filter(name=_TITLE)
    keys = list(results.values_list("pk", flat=True))
    erase(state.get_model("extras", "JobLogEntry").objects.filter(job_result_id__in=keys))
    erase(results)


def write_job_result(state: Any) -> None:
    """Store the report where operators look for results: as a job result, with the remarks as its log."""
    now = datetime.now(timezone.utc)
    result = state.get_model("extras", "JobResult").objects.create(
        name=_TITLE, status="SUCCESS", date_started=now, date_done=now, result=counts()
    )
    log = state.get_model("extras", "JobLogEntry")
    lines = []
    for number, line in enumerate(remarks()):
        if number == _LONGEST_LOG:
            line = "There are more: nautobot-server circuit_maintenance_takeover --report"
        lines.append(log(job_result_id=result.pk, log_level="info", grouping="takeover", message=line, created=now))
        if number == _LONGEST_LOG:
            break
    log.objects.bulk_create(lines)
