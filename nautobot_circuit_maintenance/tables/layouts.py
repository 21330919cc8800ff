"""Table of mail layouts."""

import django_tables2 as tables
from nautobot.apps.tables import BaseTable, TagColumn, ToggleColumn

from nautobot_circuit_maintenance.models import MailLayout
from nautobot_circuit_maintenance.tables.columns import ActionsColumn, BadgeColumn
from nautobot_circuit_maintenance.tables.paging import KeysFirstMixin
from nautobot_circuit_maintenance.tables.stacking import StackedMixin


class MailLayoutTable(StackedMixin, KeysFirstMixin, BaseTable):
    """Mail layouts with their state."""

    pk = ToggleColumn()
    name = tables.Column(linkify=True)
    provider = tables.Column(linkify=True)
    state = BadgeColumn()
    tags = TagColumn(url_name="plugins:nautobot_circuit_maintenance:maillayout_list")
    actions = ActionsColumn(MailLayout)

    class Meta(BaseTable.Meta):
        model = MailLayout
        empty_text = "No mail layouts found"
        fields = ("pk", "name", "provider", "state", "version", "refusals", "suspended_because", "tags", "actions")
        default_columns = ("pk", "name", "provider", "state", "version", "refusals", "actions")
