"""GraphQL types of the models; generated ones would expose too much or clash with core's names."""

import graphene
import graphene_django_optimizer as optimizer
from django.db.models import QuerySet

from nautobot_circuit_maintenance import filters, models
from nautobot_circuit_maintenance.graphql.restricted import RestrictedObjectType


class CircuitMaintenanceWindowType(graphene.ObjectType):
    """A window; not a model type, so that it needs no permission other than the maintenance's."""

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
        """Return the prefetched windows."""
        return self.windows.all()


class CircuitImpactType(RestrictedObjectType):
    """The impact on a circuit ID."""

    class Meta:
        model = models.CircuitImpact
        filterset_class = filters.CircuitImpactFilterSet
        fields = "__all__"


class CircuitMaintenanceNoteType(RestrictedObjectType):
    """A maintenance note; core has a type ``NoteType``."""

    class Meta:
        model = models.Note
        filterset_class = filters.NoteFilterSet
        fields = "__all__"


class NotificationSourceType(RestrictedObjectType):
    """A source, without its read position."""

    class Meta:
        model = models.NotificationSource
        filterset_class = filters.NotificationSourceFilterSet
        exclude = ["cursor", "searched_senders"]


class NotificationType(RestrictedObjectType):
    """A notification, without its original message."""

    class Meta:
        model = models.Notification
        filterset_class = filters.NotificationFilterSet
        exclude = ["raw"]


class ParsedNotificationType(RestrictedObjectType):
    """What one notification announces about one maintenance."""

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
