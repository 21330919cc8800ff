"""What is not a page: our panel on a page of core, CSV, bulk edit. `pages` measures them at each size."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import AbstractUser
from django.db import connection
from django.template import RequestContext
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from nautobot.circuits.models import Circuit
from nautobot.extras.context_managers import deferred_change_logging_for_bulk_operation, web_request_context

from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.template_content import MaintenancesPanel

_PROCESS = Path("/proc/self")
_FEW, _MORE = 5, 15
"""Rows that are edited: the difference is what a row takes."""


def panels(user: AbstractUser) -> dict[str, Callable[[], Any]]:
    """Return what renders the panel of a circuit: of one without maintenances, and of one with upcoming ones."""
    busy = Circuit.objects.filter(maintenance_impacts__maintenance__end_time__gte=timezone.now()).first()
    return {
        "panel of a circuit, nothing to show": _panel(user, Circuit(pk=uuid4())),
        **({"panel of a circuit, with rows": _panel(user, busy)} if busy else {}),
    }


def _panel(user: AbstractUser, circuit: Circuit) -> Callable[[], Any]:
    panel = MaintenancesPanel(weight=910, filter_name="circuit")
    request = RequestFactory().get("/")
    request.user = user
    return lambda: panel.render(RequestContext(request, {"object": circuit, "request": request}))


def csv_figures(client: Client) -> dict[str, float]:
    """Return how far the memory of this process rises while the whole table is sent as CSV, and the size of the file."""
    url = reverse("plugins-api:nautobot_circuit_maintenance-api:circuitmaintenance-list")
    _sent(client.get(f"{url}?format=csv"))  # loads what it needs
    _PROCESS.joinpath("clear_refs").write_text("5", encoding="ascii")  # starts a new peak: proc(5)
    before = _peak()
    size = _sent(client.get(f"{url}?format=csv"))
    return {"CSV: MB": size / 1e6, "CSV: more memory MB": (_peak() - before) / 1e6}


def _sent(pieces: Iterable[bytes]) -> int:
    """Return the size of a response; what is more than one chunk of rows is sent piece by piece."""
    return sum(len(piece) for piece in pieces)


def _peak() -> int:
    """Return the peak memory of this process in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", _PROCESS.joinpath("status").read_text(encoding="ascii"))
    return 1024 * int(found[1]) if found else 0


def csv(client: Client) -> Callable[[], Any]:
    """Return what reads the whole table as CSV."""
    url = reverse("plugins-api:nautobot_circuit_maintenance-api:circuitmaintenance-list")

    def request() -> Any:
        response = client.get(f"{url}?format=csv")
        _sent(response)
        return response

    return request


def bulk_edit_figures(user: AbstractUser) -> dict[str, float]:
    """Return the statements that bulk edit takes for one more row."""
    _edit(user, _FEW)  # fills core's caches
    return {"bulk edit: statements a row": (_edit(user, _MORE) - _edit(user, _FEW)) / (_MORE - _FEW)}


def _edit(user: AbstractUser, count: int) -> int:
    """Edit maintenances as Nautobot's job does; return how many statements that takes."""
    with web_request_context(user), CaptureQueriesContext(connection) as queries:
        with deferred_change_logging_for_bulk_operation():
            for maintenance in CircuitMaintenance.objects.order_by("name")[:count]:
                maintenance.ticket = f"INC{uuid4()}"
                maintenance.full_clean()
                maintenance.save()
    return len(queries)
