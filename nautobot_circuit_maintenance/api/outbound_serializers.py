"""Serializers of subscriptions and deliveries."""

import json
from typing import Any

from nautobot.apps.api import NautobotModelSerializer, TaggedModelSerializerMixin
from rest_framework import serializers

from nautobot_circuit_maintenance.api.safe_csv import SafeCsvMixin
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.choices import EventChoices
from nautobot_circuit_maintenance.compat import acting_user
from nautobot_circuit_maintenance.models import Delivery, Subscription
from nautobot_circuit_maintenance.outbound.stored_filters import problems_of

_ADDRESSED = ("contacts", "teams", "roles")


class SubscriptionSerializer(SafeCsvMixin, NautobotModelSerializer, TaggedModelSerializerMixin):
    """A subscription; the token of its calendar feed is in no answer."""

    events = serializers.ListField(child=serializers.ChoiceField(choices=EventChoices), required=False)
    maintenance_filter = serializers.DictField(
        required=False, help_text="Filters of the list of maintenances, each with a value or a list of values."
    )

    class Meta:
        model = Subscription
        exclude = ["token_hash", "clock", "next_digest"]
        read_only_fields = ["begun", "token_used_at", "last_error"]
        extra_kwargs = {
            "owner": {"required": False, "help_text": "You. Only a superuser may name another user."},
            "channel": {"required": True, "allow_blank": False},
        }

    def get_field_names(self, declared_fields: Any, info: Any) -> list[str]:
        """Keep who is addressed in CSV, where Nautobot leaves out every relation to many rows."""
        names = super().get_field_names(declared_fields, info)
        return [*names, *(name for name in _ADDRESSED if name not in names)] if self._is_csv_request() else names

    @property
    def fields(self) -> dict[str, Any]:
        """Have CSV name who is addressed, which JSON does with ``exclude_m2m=false``."""
        fields: dict[str, Any] = super().fields
        if self._is_csv_request():
            for name in _ADDRESSED:
                fields[name].write_only = False
        return fields

    def to_representation(self, instance: Subscription) -> dict[str, Any]:
        """Write the filter as JSON: of some dictionaries, Nautobot writes one value only."""
        data = super().to_representation(instance)
        if self._is_csv_request():
            data["maintenance_filter"] = json.dumps(data["maintenance_filter"])
        return data

    def validate_channel(self, value: str) -> str:
        """Accept channels of the settings, and the stored one."""
        known = get_app_settings().channels.names
        if value not in known and value != getattr(self.instance, "channel", None):
            raise serializers.ValidationError(f"This channel is not in the settings: {', '.join(sorted(known))}.")
        return value

    def validate_maintenance_filter(self, value: dict[str, Any]) -> dict[str, Any]:
        """Refuse a filter that the list of maintenances would refuse."""
        problems = problems_of(value, self._user())
        if problems:
            raise serializers.ValidationError(problems)
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Make who saves it its owner: otherwise, what only the owner may view could be sent to someone else."""
        user = self._user()
        if user is not None and not (user.is_superuser and (self.instance or attrs.get("owner"))):
            attrs["owner"] = user
        validated: dict[str, Any] = super().validate(attrs)
        return validated

    def _user(self) -> Any | None:
        """Return who saves it: Nautobot's import job has no request."""
        request = self.context.get("request")
        return request.user if request is not None else acting_user()


class DeliverySerializer(SafeCsvMixin):
    """A message or the run of a job."""

    why_not_imported = "It follows from a subscription."

    class Meta:
        model = Delivery
        exclude = ["thread", "states", "html", "data", "calendar", "root_key"]
