"""Table of unknown senders."""

import django_tables2 as tables
from nautobot.apps.tables import BaseTable, BooleanColumn, ToggleColumn

from nautobot_circuit_maintenance.models import UnknownSender
from nautobot_circuit_maintenance.tables.columns import ActionsColumn, DateTimeBadgeColumn
from nautobot_circuit_maintenance.tables.paging import KeysFirstMixin
from nautobot_circuit_maintenance.tables.stacking import StackedMixin

_ASSIGN = """
{% if perms.nautobot_circuit_maintenance.change_unknownsender and perms.circuits.change_provider %}
    <li><a class="dropdown-item" href="{% url 'plugins:nautobot_circuit_maintenance:unknownsender_assign' pk=record.pk %}">
        <span class="mdi mdi-account-plus" aria-hidden="true"></span> Assign to a provider
    </a></li>
{% endif %}
"""


class UnknownSenderTable(StackedMixin, KeysFirstMixin, BaseTable):
    """Unknown senders, with the number of their emails."""

    pk = ToggleColumn()
    address = tables.Column(linkify=True)
    source = tables.Column(linkify=True)
    first_seen = DateTimeBadgeColumn()
    last_seen = DateTimeBadgeColumn()
    dismissed = BooleanColumn()
    actions = ActionsColumn(UnknownSender, buttons=("detail",), prepend_template=_ASSIGN)

    class Meta(BaseTable.Meta):
        model = UnknownSender
        empty_text = "No unknown senders found"
        fields = ("pk", "address", "source", "count", "first_seen", "last_seen", "dismissed", "actions")
        default_columns = ("pk", "address", "source", "count", "last_seen", "dismissed", "actions")
