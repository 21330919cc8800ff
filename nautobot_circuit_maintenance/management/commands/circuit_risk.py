"""``nautobot-server circuit_risk``: may these circuits be taken down?"""

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.analysis.risk import asking
from nautobot_circuit_maintenance.analysis.risk.report import Risk, read_risk
from nautobot_circuit_maintenance.analysis.risk.words import read_names
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.errors import RiskError
from nautobot_circuit_maintenance.risk_settings import LONGEST_WORK

MAKES_DARK, NOT_ASSESSED = 1, 2
"""Exit codes; 0 means that no site goes dark that would not otherwise."""


class Command(BaseCommand):
    """Say which sites are at risk, or what taking circuits down would add."""

    help = (
        "Print which sites are at risk. With circuits and a time: what taking them down would add. Exit code 1: a site would go"
        " dark; 2: it could not be assessed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add circuits, time and format."""
        parser.add_argument("circuits", nargs="*", metavar="CIRCUIT", help="Circuit ID or primary key.")
        parser.add_argument("--start", help="ISO 8601, in Nautobot's time zone if it names none.")
        parser.add_argument("--end", help="The same.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the answer; raises CommandError with the exit code."""
        visibility, now = Visibility.everything(), timezone.now()
        try:
            risk = read_risk(visibility, now, with_devices=True)
            if not options["circuits"]:
                self._print_risk(risk, visibility, options)
                return
            question = _question(options)
            asking.check(risk, visibility, question.circuits)
        except RiskError as error:
            raise CommandError(str(error), returncode=NOT_ASSESSED) from error
        self._print_answer(asking.answer(risk, visibility, question), risk, visibility, options)

    def _print_risk(self, risk: Risk, visibility: Visibility, options: dict[str, Any]) -> None:
        names = read_names(visibility, risk.recorded, risk.findings)
        lines = [
            {
                "name": risk.names[each.key],
                "kind": each.kind.value,
                "start": each.start.isoformat(),
                "end": each.end.isoformat(),
                "why": names.why(each),
            }
            for each in risk.findings
        ]
        self._print(lines, {"findings": lines}, options)

    def _print_answer(self, answer: asking.Answer, risk: Risk, visibility: Visibility, options: dict[str, Any]) -> None:
        names = read_names(visibility, risk.recorded, [each.finding for each in answer.added])
        lines = [
            {
                "name": answer.names[each.finding.key],
                "kind": each.finding.kind.value,
                "start": each.start.isoformat(),
                "end": each.end.isoformat(),
                "why": names.why(each.finding),
            }
            for each in answer.added
        ]
        unknown = [{"maintenance": name, "cid": cid} for _, name, cid in answer.unknown]
        result = {"makes_dark": answer.makes_dark, "added": lines, "unknown_circuits": unknown}
        self._print(lines, result, options)
        for each in () if options["json"] else unknown:
            self.stdout.write(f"not known: {each['cid']}, which {each['maintenance']} names at that time")
        if answer.makes_dark:
            raise CommandError("A site would go dark.", returncode=MAKES_DARK)

    def _print(self, lines: list[dict[str, str]], result: dict[str, Any], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(result, indent=2))
            return
        for each in lines:
            self.stdout.write(f"{each['name']}: {each['kind']} {each['start']} - {each['end']} ({each['why']})")
        if not lines:
            self.stdout.write("No site is at risk." if "findings" in result else "Nothing is added.")


def _question(options: dict[str, Any]) -> asking.Question:
    """Return the question; raises CommandError with the exit code for what could not be assessed."""
    start, end = (_moment(options[name], name) for name in ("start", "end"))
    if not start < end <= start + LONGEST_WORK:
        message = f"--end must be after --start, at most {LONGEST_WORK.days} days."
        raise CommandError(message, returncode=NOT_ASSESSED)
    return asking.Question(frozenset(_circuit(each) for each in options["circuits"]), start, end)


def _moment(text: str | None, name: str) -> datetime:
    try:
        moment = parse_datetime(text or "")
    except ValueError:  # of parse_datetime(): the day does not exist
        moment = None
    if moment is None:
        raise CommandError(f"--{name} must be a time, such as 2026-12-03T22:00+01:00.", returncode=NOT_ASSESSED)
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _circuit(text: str) -> UUID:
    try:
        rows = Circuit.objects.filter(pk=UUID(text))
    except ValueError:  # of UUID(): it is a circuit ID
        rows = Circuit.objects.filter(cid=text)
    found = list(rows.values_list("pk", flat=True)[:2])
    if len(found) != 1:
        reason = "is not a circuit in Nautobot" if not found else "is the ID of several circuits; use the primary key"
        raise CommandError(f"{text} {reason}.", returncode=NOT_ASSESSED)
    return UUID(str(found[0]))
