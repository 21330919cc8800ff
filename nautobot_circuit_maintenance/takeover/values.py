"""Rewrites what other rows say about the older package inside their values: views, columns, constraints, filters, queries."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Q, Value
from django.db.models.functions import Replace

from nautobot_circuit_maintenance.takeover.graphql_text import rewritten
from nautobot_circuit_maintenance.takeover.names import Providers
from nautobot_circuit_maintenance.takeover.permissions import rewrite_permissions
from nautobot_circuit_maintenance.takeover.references import rewrite
from nautobot_circuit_maintenance.takeover.tables import APP, Entry
from nautobot_circuit_maintenance.takeover.world import World

_PAGES = f"plugins:{APP}:"
_VIEWS = {f"{_PAGES}rawnotification_list": f"{_PAGES}notification_list"}
_TABLES = {
    "RawNotificationTable": "NotificationTable",
    "CircuitMaintenanceTable": "CircuitMaintenanceListTable",
    "NoteTable": "CircuitMaintenanceNoteTable",
}
_COLUMNS = {
    "providers": "provider",
    "circuits": "impacts",
    "parsed": "state",
    "stamp": "sent_at",
    "raw_notification": "notification",
}
_FILTERS = {"raw_notification": "notification", "stamp": "sent_at", "since": "received_at__gte"}
_PATHS = {
    "maintenance": "maintenances",
    "impact": "circuit-impacts",
    "note": "notes",
    "rawnotification": "notifications",
    "parsednotification": "parsed-notifications",
    "source": "sources",
}
"""By the older package's path of a page: ours."""
_WITHOUT_FEATURES = ("notification", "parsednotification")
"""What has no custom fields, webhooks and relationships with us."""
_UNGROUPED = (*_WITHOUT_FEATURES, "notificationsource")
"""What has no dynamic groups with us."""


def rewrite_values(world: World, providers: Providers) -> None:
    """Rewrite everything; what cannot be rewritten is listed."""
    _rewrite_views(world)
    _rewrite_users(world)
    rewrite_permissions(world, providers)
    _rewrite_groups(world, providers)
    _hide_relationships(world)
    _rewrite_queries(world)
    rewrite_log(world.apps)
    _list_templates(world)


def _rewrite_views(world: World) -> None:
    for row in world.apps.get_model("extras", "SavedView").objects.filter(view__startswith=_PAGES):
        config = _config(row.config)
        if (row.view, row.config) != (_VIEWS.get(row.view, row.view), config):
            rewrite(world, row, view=_VIEWS.get(row.view, row.view), config=config)
    for row in world.apps.get_model("extras", "UserSavedViewAssociation").objects.filter(view_name__in=list(_VIEWS)):
        rewrite(world, row, view_name=_VIEWS[row.view_name])


def _config(config: Any) -> Any:
    """Return the configuration of a saved view in our words."""
    if not isinstance(config, Mapping):
        return config
    found = dict(config)
    if isinstance(config.get("table_config"), Mapping):
        found["table_config"] = _tables(config["table_config"])
    if isinstance(config.get("filter_params"), Mapping):
        found["filter_params"] = _filters(config["filter_params"])
    if isinstance(config.get("sort_order"), list):
        found["sort_order"] = [_sorting(each) for each in config["sort_order"]]
    return found


def _sorting(column: Any) -> Any:
    if not isinstance(column, str):
        return column
    sign = "-" if column.startswith("-") else ""
    return sign + _COLUMNS.get(column.removeprefix("-"), column.removeprefix("-"))


def _tables(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of tables by our names."""
    found = {}
    for name, table in config.items():
        if name in _TABLES and isinstance(table, Mapping) and isinstance(table.get("columns"), list):
            columns = list(dict.fromkeys(_COLUMNS.get(each, each) for each in table["columns"]))
            found[_TABLES[name]] = {**table, "columns": columns}
        else:
            found[name] = table
    return found


def _filters(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return filter parameters by our names."""
    found: dict[str, Any] = {}
    for name, value in params.items():
        if name == "parsed":
            first = value[0] if isinstance(value, list) and value else value
            found["state"] = ["parsed"] if str(first).lower() in ("true", "1", "yes") else ["failed", "ignored"]
        else:
            found[_FILTERS.get(name, name)] = value
    return found


def _rewrite_users(world: World) -> None:
    """Rename the tables whose columns users chose; "NoteTable" is core's too and stays."""
    for row in world.apps.get_model("users", "User").objects.filter(config_data__has_key="tables"):
        tables = row.config_data["tables"]
        if isinstance(tables, Mapping) and {"RawNotificationTable", "CircuitMaintenanceTable"} & tables.keys():
            kept = {name: each for name, each in tables.items() if name == "NoteTable"}
            others = {name: each for name, each in tables.items() if name != "NoteTable"}
            rewrite(world, row, config_data={**row.config_data, "tables": {**_tables(others), **kept}})


def _rewrite_groups(world: World, providers: Providers) -> None:
    """Rewrite the filters of dynamic groups."""
    groups = world.apps.get_model("extras", "DynamicGroup").objects.filter(content_type__app_label=APP)
    for row in groups.select_related("content_type"):
        if row.content_type.model in _UNGROUPED:
            reason = f"The dynamic group '{row.name}' is static now: these cannot be grouped by filters."
            rewrite(world, row, group_type="static", filter={}, reason=reason)
            continue
        found = _filters(row.filter) if isinstance(row.filter, Mapping) else row.filter
        if isinstance(found, dict) and row.content_type.model == "circuitmaintenance" and found.get("name"):
            names = found["name"] if isinstance(found["name"], list) else [found["name"]]
            found["name"] = [_new_name(each, providers) for each in names]
        if found != row.filter:
            rewrite(world, row, filter=found)


def _hide_relationships(world: World) -> None:
    """Hide the relationships of models that have none with us: the pages of what they are related to could not show them."""
    ours = Q(source_type__app_label=APP, source_type__model__in=_WITHOUT_FEATURES)
    ours |= Q(destination_type__app_label=APP, destination_type__model__in=_WITHOUT_FEATURES)
    for row in world.apps.get_model("extras", "Relationship").objects.filter(ours):
        reason = f"The relationship '{row.label}' is hidden: notifications have none. What it relates is kept."
        rewrite(world, row, source_hidden=True, destination_hidden=True, reason=reason)


def _new_name(name: Any, providers: Providers) -> Any:
    provider = providers.prefix_of(name) if isinstance(name, str) else None
    return (name[len(providers.names[provider]) + 1 :].strip() or name) if provider else name


def _rewrite_queries(world: World) -> None:
    """Rewrite saved GraphQL queries; one that cannot be read is listed."""
    for row in world.apps.get_model("extras", "GraphQLQuery").objects.filter(query__contains="circuitimpact_set"):
        found = rewritten(row.query)
        if found is None:
            reason = f"The GraphQL query '{row.name}' cannot be read. Replace circuitimpact_set by impacts in it."
            world.note("extras.graphqlquery", row.pk, Entry.LISTED, reason=reason)
        elif found != row.query:
            rewrite(world, row, query=found)


def rewrite_log(apps: Any, *, back: bool = False) -> None:
    """Let the links in job logs lead to our pages, or to theirs again; not in the ledger, as there may be millions."""
    entries = apps.get_model("extras", "JobLogEntry").objects
    for pair in _PATHS.items():
        older, own = (f"/plugins/circuit-maintenance/{each}/" for each in (pair[::-1] if back else pair))
        changed = Replace("absolute_url", Value(older), Value(own))
        entries.filter(absolute_url__contains=older).update(absolute_url=changed)


def _list_templates(world: World) -> None:
    """List what contains code or text that a person has to look at, or that has no effect with us."""
    for row, sentence in _to_be_looked_at(world):
        world.note(row._meta.label_lower, row.pk, Entry.LISTED, reason=sentence)


def _to_be_looked_at(world: World) -> Iterator[tuple[Any, str]]:
    def get(name: str) -> Any:
        return world.apps.get_model("extras", name).objects

    of_ours = {"content_type__app_label": APP}
    fields = "names have no provider in front, raw notifications are notifications, circuitimpact_set is impacts"
    for name, called in (
        ("CustomLink", "custom link"),
        ("ExportTemplate", "export template"),
        ("ComputedField", "computed field"),
    ):
        for row in get(name).filter(**of_ours).select_related("content_type"):
            label = getattr(row, "name", None) or row.label
            yield row, f"Look at the {called} '{label}' of {row.content_type.model}: {fields}."
    for name, called in (("Webhook", "webhook"), ("JobHook", "job hook"), ("CustomField", "custom field")):
        for row in (
            get(name).filter(content_types__app_label=APP, content_types__model__in=_WITHOUT_FEATURES).distinct()
        ):
            yield row, f"The {called} '{getattr(row, 'name', None) or row.label}' has no effect on notifications."
