"""Sets the tables of the older package aside, puts them back, and drops them.

Their constraints and indexes go first: they keep providers and circuits from being deleted, and Django gives ours the same names.
Each step looks at what is there, because MySQL cannot roll back a changed table: after a kill, the next attempt continues.
"""

from typing import Any

from nautobot_circuit_maintenance.takeover.tables import (
    LEDGER_TABLE,
    NAMES,
    Entry,
    aside,
    original,
)

_UNIQUE = (
    (
        "circuitimpact",
        "nautobot_circuit_mainten_maintenance_id_circuit_i_01065132_uniq",
        ("maintenance_id", "circuit_id"),
    ),
    ("note", "nautobot_circuit_mainten_maintenance_id_title_f955987f_uniq", ("maintenance_id", "title")),
    (
        "notificationsource_providers",
        "nautobot_circuit_mainten_notificationsource_id_pr_9ccb622d_uniq",
        ("notificationsource_id", "provider_id"),
    ),
    (
        "rawnotification",
        "nautobot_circuit_mainten_stamp_provider_id_subjec_d019bb68_uniq",
        ("stamp", "provider_id", "subject"),
    ),
    ("circuitmaintenance", "nautobot_circuit_maintenance_circuitmaintenance_name_key", ("name",)),
    ("notificationsource", "nautobot_circuit_maintenance_notificationsource_name_key", ("name",)),
)
_FOREIGN = (
    ("circuitimpact", "nautobot_circuit_mai_circuit_id_aa3b3e67_fk_circuits_", "circuit_id", "circuits_circuit"),
    *(
        (table, f"nautobot_circuit_mai_maintenance_id_{digest}_fk_nautobot_", "maintenance_id", "circuitmaintenance")
        for table, digest in (("circuitimpact", "e694b6c4"), ("note", "a921fd63"), ("parsednotification", "69ac05dd"))
    ),
    (
        "notificationsource_providers",
        "nautobot_circuit_mai_notificationsource_i_9272c714_fk_nautobot_",
        "notificationsource_id",
        "notificationsource",
    ),
    (
        "notificationsource_providers",
        "nautobot_circuit_mai_provider_id_4f346362_fk_circuits_",
        "provider_id",
        "circuits_provider",
    ),
    ("rawnotification", "nautobot_circuit_mai_provider_id_fb268d9b_fk_circuits_", "provider_id", "circuits_provider"),
    ("rawnotification", "nautobot_circuit_mai_source_id_23f33df7_fk_nautobot_", "source_id", "notificationsource"),
    (
        "parsednotification",
        "nautobot_circuit_mai_raw_notification_id_7a753618_fk_nautobot_",
        "raw_notification_id",
        "rawnotification",
    ),
)
_INDEXES = (
    ("notificationsource", "nautobot_circuit_mainten_name_1a0fe035_like", "name", "like"),
    ("circuitmaintenance", "nautobot_circuit_mainten_name_c8921598_like", "name", "like"),
    ("parsednotification", "nautobot_circuit_maintenan_maintenance_id_69ac05dd", "maintenance_id", ""),
    ("circuitimpact", "nautobot_circuit_maintenan_maintenance_id_e694b6c4", "maintenance_id", ""),
    (
        "notificationsource_providers",
        "nautobot_circuit_maintenan_notificationsource_id_9272c714",
        "notificationsource_id",
        "",
    ),
    ("notificationsource_providers", "nautobot_circuit_maintenan_provider_id_4f346362", "provider_id", ""),
    ("rawnotification", "nautobot_circuit_maintenan_provider_id_fb268d9b", "provider_id", ""),
    ("parsednotification", "nautobot_circuit_maintenan_raw_notification_id_7a753618", "raw_notification_id", ""),
    ("circuitimpact", "nautobot_circuit_maintenance_circuitimpact_circuit_id_aa3b3e67", "circuit_id", ""),
    ("note", "nautobot_circuit_maintenance_note_maintenance_id_a921fd63", "maintenance_id", ""),
    ("rawnotification", "nautobot_circuit_maintenance_rawnotification_source_id_23f33df7", "source_id", ""),
)
"""What the older package's migrations made, by table: the way back makes it again."""


def older_tables(connection: Any) -> set[str]:
    """Return the older package's tables that are where it made them; empty unless all signs are its own."""
    tables = set(connection.introspection.table_names())
    if original("rawnotification") not in tables:
        return set()
    return {name for name in NAMES if original(name) in tables and aside(name) not in tables}


def is_aside(connection: Any) -> bool:
    """Return whether the older package's tables are set aside."""
    return aside("rawnotification") in connection.introspection.table_names()


def set_aside(_apps: Any, schema_editor: Any) -> None:
    """Create the ledger, and rename the tables of the older package, if there are any."""
    connection = schema_editor.connection
    found = older_tables(connection)
    if not found:
        return
    # The ledger first: once the last table is renamed, no other attempt comes here.
    if LEDGER_TABLE not in connection.introspection.table_names():
        schema_editor.create_model(Entry)
    for name in NAMES:
        if name in found:
            _strip(schema_editor, original(name), foreign=True)
    for name in NAMES:
        if name in found:
            _strip(schema_editor, original(name), foreign=False)
            _rename(schema_editor, original(name), aside(name))


def put_back(_apps: Any, schema_editor: Any) -> None:
    """Rename the tables to what the older package calls them, with its constraints; ours must be gone."""
    connection = schema_editor.connection
    if not is_aside(connection):
        return
    for name in NAMES:
        _rename(schema_editor, aside(name), original(name))
    execute, quote = schema_editor.execute, schema_editor.quote_name
    is_postgresql = connection.vendor == "postgresql"
    for name, constraint, columns in _UNIQUE:
        listed = ", ".join(map(quote, columns))
        execute(f"ALTER TABLE {quote(original(name))} ADD CONSTRAINT {quote(constraint)} UNIQUE ({listed})")
    for name, index, column, kind in _INDEXES:
        if kind and not is_postgresql:
            continue
        operators = " varchar_pattern_ops" if kind else ""
        execute(f"CREATE INDEX {quote(index)} ON {quote(original(name))} ({quote(column)}{operators})")
    deferred = " DEFERRABLE INITIALLY DEFERRED" if is_postgresql else ""
    for name, constraint, column, target in _FOREIGN:
        referred = target if target in ("circuits_circuit", "circuits_provider") else original(target)
        execute(
            f"ALTER TABLE {quote(original(name))} ADD CONSTRAINT {quote(constraint)} FOREIGN KEY ({quote(column)}) "
            f"REFERENCES {quote(referred)} ({quote('id')}){deferred}"
        )
    schema_editor.delete_model(Entry)


def drop(schema_editor: Any) -> None:
    """Drop the tables that are set aside, and the ledger."""
    tables = schema_editor.connection.introspection.table_names()
    for name in [*map(aside, NAMES), LEDGER_TABLE]:
        if name in tables:
            schema_editor.execute(schema_editor.sql_delete_table % {"table": schema_editor.quote_name(name)})


def _strip(schema_editor: Any, table: str, *, foreign: bool) -> None:
    """Drop the foreign keys of a table, or all its other constraints and indexes but the primary key."""
    with schema_editor.connection.cursor() as cursor:
        found = schema_editor.connection.introspection.get_constraints(cursor, table)
    for name, constraint in found.items():
        if bool(constraint["foreign_key"]) is not foreign or constraint["primary_key"]:
            continue
        template = _drop_template(schema_editor, constraint)
        if template:
            values = {"table": schema_editor.quote_name(table), "name": schema_editor.quote_name(name)}
            schema_editor.execute(template % values)


def _drop_template(schema_editor: Any, constraint: dict[str, Any]) -> str:
    """Return the statement that drops a constraint or index; empty for one that goes with something else."""
    if constraint["foreign_key"]:
        return schema_editor.sql_delete_fk
    if constraint["unique"]:
        return schema_editor.sql_delete_unique
    if constraint["index"]:
        return schema_editor.sql_delete_index
    return ""  # checks and NOT NULL, whose names are their table's own


def _rename(schema_editor: Any, old: str, new: str) -> None:
    quote = schema_editor.quote_name
    schema_editor.execute(schema_editor.sql_rename_table % {"old_table": quote(old), "new_table": quote(new)})
