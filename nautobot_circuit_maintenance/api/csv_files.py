"""CSV files of any length: Nautobot does not paginate CSV, so it would hold all rows and the whole file in memory."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse
from nautobot.core.api.renderers import NautobotCSVRenderer
from rest_framework.request import Request

CHUNK = 500
"""Rows that are read and written at a time."""


class StreamedCSVMixin:
    """A view set that writes its list as CSV while it reads it; in memory there is one chunk."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Stream CSV of more than one chunk; anything else is Nautobot's."""
        if "text/csv" not in request.accepted_media_type:
            return super().list(request, *args, **kwargs)
        rows = self.filter_queryset(self.get_queryset())
        if len(rows.values_list("pk")[: CHUNK + 1]) <= CHUNK:
            return super().list(request, *args, **kwargs)
        return StreamingHttpResponse(self._lines(rows), content_type="text/csv; charset=UTF-8")

    def _lines(self, rows: QuerySet[Any]) -> Iterator[str]:
        """Yield the file in pieces, as Nautobot's renderer writes it."""
        renderer, is_first = NautobotCSVRenderer(), True
        for chunk in chunks_of(rows):
            text = renderer.render(self.get_serializer(chunk, many=True).data)
            yield text if is_first else text.partition("\r\n")[2]
            is_first = False


def chunks_of(rows: QuerySet[Any]) -> Iterator[QuerySet[Any]]:
    """Yield the rows in their order, some at a time: first their keys by one query, then each chunk by its keys."""
    keys: list[Any] = []
    for pk in rows.prefetch_related(None).values_list("pk", flat=True).iterator(chunk_size=CHUNK):
        keys.append(pk)
        if len(keys) == CHUNK:
            yield rows.filter(pk__in=keys)
            keys = []
    if keys:
        yield rows.filter(pk__in=keys)
