"""GraphQL types of the models; generated ones would expose too much or clash with core's names."""

from datetime import datetime

import graphene
import graphene_django_optimizer as optimizer
from django.db.models import QuerySet

from nautobot_circuit_maintenance import filters, models
from nautobot_circuit_maintenance.graphql.restricted import RestrictedObjectType


class CircuitMaintenanceWindowType(graphene.ObjectType):
    """A window; not a model type, so that it needs no permission other than the maintenance's."""

    start_time = graphene.DateTime(required=True)
    end_time = graphene.DateTime(required=True)


class CircuitMaintenanceDoubtType(graphene.ObjectType):
    """Something about a maintenance that a person should clear up with the provider."""

    kind = graphene.String(required=True)
    sentence = graphene.String(required=True)
    fingerprint = graphene.String(description="Fingerprint of the notification that raised it.")


_Windows = graphene.List(graphene.NonNull(CircuitMaintenanceWindowType), required=True)


class CircuitMaintenanceType(RestrictedObjectType):
    """A maintenance with its windows."""

    windows = _Windows
    cancelled_windows = _Windows
    doubts = graphene.List(graphene.NonNull(CircuitMaintenanceDoubtType), required=True)
    other_ids = graphene.List(graphene.NonNull(graphene.String), required=True)

    class Meta:
        model = models.CircuitMaintenance
        filterset_class = filters.CircuitMaintenanceFilterSet
        exclude = models.CircuitMaintenance.HIDDEN

    @optimizer.resolver_hints(prefetch_related=("windows",))
    def resolve_windows(self, _info: graphene.ResolveInfo) -> QuerySet[models.MaintenanceWindow]:
        """Return the prefetched windows."""
        return self.windows.all()

    def resolve_cancelled_windows(self, _info: graphene.ResolveInfo) -> list[dict[str, datetime]]:
        """Return the windows that were cancelled while others stand."""
        return [{"start_time": start, "end_time": end} for start, end in self.cancelled_spans]


class CircuitImpactType(RestrictedObjectType):
    """The impact on a circuit ID, with the windows in which it is affected, if not in all."""

    windows = _Windows

    class Meta:
        model = models.CircuitImpact
        filterset_class = filters.CircuitImpactFilterSet
        fields = "__all__"

    @optimizer.resolver_hints(prefetch_related=("windows",))
    def resolve_windows(self, _info: graphene.ResolveInfo) -> QuerySet[models.MaintenanceWindow]:
        """Return the prefetched windows."""
        return self.windows.all()


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
        exclude = ["raw", "dismissed_state", "dismissed_error"]


class ParsedNotificationType(RestrictedObjectType):
    """What one notification announces about one maintenance."""

    class Meta:
        model = models.ParsedNotification
        filterset_class = filters.ParsedNotificationFilterSet
        fields = "__all__"


class MailLayoutType(RestrictedObjectType):
    """A taught layout, without its replay."""

    class Meta:
        model = models.MailLayout
        filterset_class = filters.MailLayoutFilterSet
        exclude = ["replay", "refused"]


class SubscriptionType(RestrictedObjectType):
    """A subscription, without the token of its calendar feed."""

    events = graphene.List(graphene.NonNull(graphene.String), required=True)

    class Meta:
        model = models.Subscription
        filterset_class = filters.SubscriptionFilterSet
        exclude = ["token_hash", "clock", "next_digest", "threads"]


class DeliveryType(RestrictedObjectType):
    """A message or the run of a job."""

    class Meta:
        model = models.Delivery
        filterset_class = filters.DeliveryFilterSet
        exclude = ["thread", "states", "html", "data", "calendar", "root_key", "open_threads"]


graphql_types = [
    CircuitMaintenanceType,
    CircuitImpactType,
    CircuitMaintenanceNoteType,
    NotificationSourceType,
    NotificationType,
    ParsedNotificationType,
    MailLayoutType,
    SubscriptionType,
    DeliveryType,
]
