"""The bodies of the actions that fix something."""

from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from rest_framework import serializers


class LinkCircuitSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The body of Link."""

    circuit = serializers.UUIDField(help_text="ID of the circuit that the circuit ID means.")


class DismissSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The body of Dismiss."""

    reason = serializers.CharField(max_length=CHARFIELD_MAX_LENGTH, help_text="Why it needs no attention.")


class AssignSenderSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The body of Assign."""

    provider = serializers.UUIDField(help_text="ID of the provider that the address belongs to.")
