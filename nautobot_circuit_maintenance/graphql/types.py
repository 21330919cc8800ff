"""GraphQL types of our models: those that Nautobot would make show too much, or take a name that core has taken."""

import graphene
import graphene_django_optimizer as optimizer
from django.db.models import QuerySet

from nautobot_circuit_maintenance import filters, models
from nautobot_circuit_maintenance.graphql.restricted import RestrictedObjectType


class CircuitMaintenanceWindowType(graphene.ObjectType):
    """One window of a maintenance; no model type, so that it needs no permission beside the maintenance's."""

    start_time = graphene.DateTime(required=True)
    end_time = graphene.DateTime(required=True)


class CircuitMaintenanceType(RestrictedObjectType):
    """A maintenance with its windows."""

    windows = graphene.List(graphene.NonNull(CircuitMaintenanceWindowType), required=True)

    class Meta:
        model = models.CircuitMaintenance
        filterset_class = filters.CircuitMaintenanceFilterSet
        fields = "__all__"

    @optimizer.resolver_hints(prefetch_related=("windows",))
    def resolve_windows(self, _info: graphene.ResolveInfo) -> QuerySet[models.MaintenanceWindow]:
        """Return the windows, read for all maintenances at once."""
        return self.windows.all()


class CircuitImpactType(RestrictedObjectType):
    """What a maintenance does to a circuit."""

    class Meta:
        model = models.CircuitImpact
        filterset_class = filters.CircuitImpactFilterSet
        fields = "__all__"


class CircuitMaintenanceNoteType(RestrictedObjectType):
    """A maintenance note; NoteType is core's."""

    class Meta:
        model = models.Note
        filterset_class = filters.NoteFilterSet
        fields = "__all__"


class NotificationSourceType(RestrictedObjectType):
    """A source, without where its last run stopped reading."""

    class Meta:
        model = models.NotificationSource
        filterset_class = filters.NotificationSourceFilterSet
        exclude = ["cursor", "searched_senders"]


class NotificationType(RestrictedObjectType):
    """A notification, without its raw bytes."""

    class Meta:
        model = models.Notification
        filterset_class = filters.NotificationFilterSet
        exclude = ["raw"]


class ParsedNotificationType(RestrictedObjectType):
    """What one notification said about one maintenance."""

    class Meta:
        model = models.ParsedNotification
        filterset_class = filters.ParsedNotificationFilterSet
        fields = "__all__"


graphql_types = [
    CircuitMaintenanceType,
    CircuitImpactType,
    CircuitMaintenanceNoteType,
    NotificationSourceType,
    NotificationType,
    ParsedNotificationType,
]
