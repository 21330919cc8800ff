"""The providers' ledger in the REST API: one row for each provider or circuit ID in a quarter."""

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from nautobot.circuits.models import Provider
from nautobot.core.api.authentication import TokenPermissions
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.ledger import Figures, Quarter
from nautobot_circuit_maintenance.models import CircuitMaintenance

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.analysis.ledger import LedgerRow

_YEARS = range(1970, 2200)


class FiguresSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The account of a quarter."""

    maintenances = serializers.IntegerField(help_text="Those that were not cancelled.")
    cancelled = serializers.IntegerField()
    moved = serializers.IntegerField()
    late_changes = serializers.IntegerField(help_text="Cancelled or moved less than 72 hours before the start.")
    minutes_planned = serializers.IntegerField()
    minutes_used = serializers.IntegerField(help_text="From start to completion, where notifications announce both.")
    with_minutes_used = serializers.IntegerField(help_text="Maintenances that have these.")
    outage_minutes = serializers.IntegerField(allow_null=True, help_text="Null if you may not view impacts.")
    notice_minutes = serializers.IntegerField(help_text="From the first notification to the start, all together.")
    with_notice = serializers.IntegerField(help_text="Maintenances that a notification announced.")
    windows_without_completion = serializers.IntegerField(help_text="Past windows that no notification completed.")


class LedgerRowSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """A row of the ledger."""

    provider = serializers.UUIDField()
    cid = serializers.CharField(help_text="Circuit ID; empty for the whole provider.")
    quarter = serializers.CharField(help_text="Such as `2026-4`, in UTC.")
    closed_at = serializers.DateTimeField(allow_null=True, help_text="Null while the figures follow the rows.")
    figures = FiguresSerializer()
    corrected = FiguresSerializer(allow_null=True, help_text="What closed figures would be now; null if the same.")


class LedgerView(APIView):
    """The ledger of a quarter, as far as the user may view providers and maintenances."""

    queryset = CircuitMaintenance.objects.all()
    permission_classes = [TokenPermissions]

    @extend_schema(
        parameters=[
            OpenApiParameter("quarter", str, description="Such as `2026-4`; the current one by default."),
            OpenApiParameter("provider", str, description="Name or ID; then also with `circuits=true`."),
            OpenApiParameter("circuits", bool, description="A row for each circuit ID of the provider."),
        ],
        responses={200: LedgerRowSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Answer with the rows by provider."""
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.analysis.ledger import read_circuits, read_ledger

        now, visibility = timezone.now(), Visibility.of(request.user)
        quarter = _quarter(request.query_params.get("quarter", "")) or Quarter.of(now)
        provider = _provider(visibility, request.query_params.get("provider", ""))
        if request.query_params.get("circuits") in ("true", "True", "1"):
            if provider is None:
                raise ValidationError({"provider": ["A provider is required with circuits."]})
            rows = read_circuits(visibility, quarter, now, provider.pk)
        else:
            rows = read_ledger(visibility, quarter, now, [provider.pk] if provider else None)
        sees_impacts = request.user.has_perm("nautobot_circuit_maintenance.view_circuitimpact")
        return Response([_as_json(row, sees_impacts=sees_impacts) for row in rows])


def _quarter(text: str) -> Quarter | None:
    """Return the quarter of a query string; raises ValidationError if it is not one."""
    if not text:
        return None
    year, _, number = text.partition("-")
    if not (year.isdecimal() and int(year) in _YEARS and number in ("1", "2", "3", "4")):
        raise ValidationError({"quarter": ["Enter a year and a quarter, such as 2026-4."]})
    return Quarter(int(year), int(number))


def _provider(visibility: Visibility, text: str) -> Provider | None:
    """Return the visible provider of a query string; raises ValidationError if there is none."""
    if not text:
        return None
    found = [each for each in visibility.providers if text in (each.name, str(each.pk))]
    if not found:
        raise ValidationError({"provider": ["This provider does not exist, or you may not view it."]})
    return found[0]


def _as_json(row: "LedgerRow", *, sees_impacts: bool) -> dict[str, Any]:
    def shown(figures: Figures | None) -> dict[str, Any] | None:
        hidden = {} if sees_impacts else {"outage_minutes": None}
        return {**figures.as_json(), **hidden} if figures else None

    return {
        "provider": str(row.provider),
        "cid": row.cid,
        "quarter": f"{row.quarter.year}-{row.quarter.number}",
        "closed_at": row.closed_at,
        "figures": shown(row.figures),
        "corrected": shown(row.corrected),
    }
