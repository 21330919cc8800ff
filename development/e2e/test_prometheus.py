"""The metrics, alert rules and dashboard as Prometheus' own tool sees them; `invoke e2e` runs it with the settings of the unit tests."""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from development.services.embedded import ServiceError
from nautobot_circuit_maintenance.tests.factories import app, core

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "admin" / "monitoring"
OURS = re.compile(r"circuit_maintenance_\w+")
TOOL = "/usr/bin/promtool"


def promtool(*words: str, given: str = "") -> None:
    """Run promtool, which has to be content."""
    if not Path(TOOL).exists():
        raise ServiceError(f"{TOOL} is missing: install Debian's package prometheus.")
    done = subprocess.run([TOOL, *words], input=given, cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr


@pytest.fixture(name="page")
def read_metrics(db: None) -> str:  # pylint: disable=unused-argument  # pytest's way of asking for the database
    """Return our part of /metrics/, of a Nautobot that has something of everything."""
    app.create_world()
    site = core.create_sites("Oslo")[0]
    circuit = core.create_circuit(core.create_provider('"ISP" \\ 9'), "line\nbreak", location=site)
    now = timezone.now()
    app.create_impact(app.create_maintenance("now", circuit.provider, start=now - timedelta(hours=1)), circuit)
    answer = Client(SERVER_NAME="nautobot.example.com").get("/metrics/")
    assert answer.status_code == 200
    lines = answer.content.decode().splitlines(keepends=True)
    return "".join(line for line in lines if OURS.search(line.partition("{")[0]))


def expressions() -> Iterator[str]:
    """Yield the queries of the dashboard."""
    board = json.loads((FOLDER / "grafana.json").read_text(encoding="utf-8"))
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def test_metrics_are_as_prometheus_wants_them(page: str):
    """Names, types, help, escaping, no sample twice."""
    assert "circuit_maintenance_circuit_state{" in page

    promtool("check", "metrics", given=page)


def test_alert_rules_are_valid_and_do_what_their_tests_say():
    promtool("check", "rules", "alerts.yml")
    promtool("test", "rules", "alerts_test.yml")


def test_queries_of_the_dashboard_are_valid(tmp_path: Path):
    rules = [{"record": f"of:dashboard:{number}", "expr": expr} for number, expr in enumerate(expressions())]
    written = tmp_path / "dashboard.yml"
    written.write_text(
        json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8"
    )  # JSON is YAML

    promtool("check", "rules", str(written))


def test_rules_and_dashboard_use_metrics_that_exist(page: str):
    """A misspelled metric is never wrong, only silent."""
    alerts = (FOLDER / "alerts.yml").read_text(encoding="utf-8")
    used = set(OURS.findall(alerts)) | {name for expr in expressions() for name in OURS.findall(expr)}

    assert used - set(re.findall(r"^# TYPE (\w+)", page, re.MULTILINE)) == set()
