"""Answers to questions about the risk, as the REST API writes them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from rest_framework.exceptions import ValidationError

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.values import Finding, Phase
from nautobot_circuit_maintenance.analysis.redundancy.what_if import Added, Slots
from nautobot_circuit_maintenance.analysis.risk import asking
from nautobot_circuit_maintenance.analysis.risk.report import Risk, read_risk
from nautobot_circuit_maintenance.analysis.risk.scoping import Scope
from nautobot_circuit_maintenance.analysis.risk.words import Names, read_names
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.errors import RiskError


def answer_to(asked: Mapping[str, Any], user: Any, now: datetime) -> dict[str, Any]:
    """Return the answer to these parameters; raises RiskError if the settings are wrong."""
    visibility = Visibility.of(user)
    risk = read_risk(visibility, now, with_devices=True)
    findings = _scope(asked).of(risk, risk.findings)
    answer, slots = _asked(risk, visibility, asked, now)
    added = answer.added if answer else ()
    names = read_names(visibility, risk.recorded, [*findings, *(each.finding for each in added)])
    titles = {**risk.names, **(answer.names if answer else {})}
    return {
        "core": risk.assessment.core.kind.value,
        "core_sites": [str(each) for each in risk.assessment.core.sites],
        "partial": risk.is_partial,
        "findings": [_finding(each, titles, names) for each in findings],
        "makes_dark": answer.makes_dark if answer else None,
        "added": [_added(each, titles, names) for each in added],
        "unknown_circuits": _unknown(answer),
        "slots": _slots(slots) if slots else None,
    }


def _scope(asked: Mapping[str, Any]) -> Scope:
    return Scope(
        locations=frozenset(asked.get("location", ())),
        devices=frozenset(asked.get("device", ())),
        providers=frozenset(asked.get("provider", ())),
        kind=Kind(asked["kind"]) if "kind" in asked else None,
        is_confirmed=asked["confirmed"],
        single_homed=asked["single_homed"],
    )


def _asked(
    risk: Risk, visibility: Visibility, asked: Mapping[str, Any], now: datetime
) -> tuple[asking.Answer | None, Slots | None]:
    """Return what the circuits would add, and free slots if they are asked for."""
    if not asked.get("circuit"):
        return None, None
    question = asking.Question(frozenset(asked["circuit"]), asked["start"], asked["end"])
    try:
        asking.check(risk, visibility, question.circuits)
    except RiskError as error:
        raise ValidationError({"circuit": [str(error)]}) from error
    slots = asking.free_slots(risk, question, now) if asked["slots"] else None
    return asking.answer(risk, visibility, question), slots


def _finding(finding: Finding, titles: dict[UUID, str], names: Names) -> dict[str, Any]:
    return {
        "subject": finding.subject.value,
        "id": str(finding.key),
        "name": titles[finding.key],
        "kind": finding.kind.value,
        "start": finding.start,
        "end": finding.end,
        "confirmed": finding.is_confirmed,
        "had_two_ways": finding.had_two_ways,
        "link_count": names.link_count(finding),
        "why": names.why(finding),
        "phases": [_phase(each, names) for each in finding.phases],
    }


def _phase(phase: Phase, names: Names) -> dict[str, Any]:
    def named(keys: tuple[UUID, ...], name_of: Callable[[UUID], str | None]) -> list[dict[str, str]]:
        pairs = ((key, name_of(key)) for key in keys)
        return [{"id": str(key), "name": name} for key, name in pairs if name is not None]

    return {
        "start": phase.start,
        "end": phase.end,
        "down": named(phase.down, names.circuits.get),
        "maintenances": named(phase.maintenances, names.maintenances.get),
        "hangs_on": named(phase.hangs_on, names.circuits.get),
    }


def _added(added: Added, titles: dict[UUID, str], names: Names) -> dict[str, Any]:
    return {**_finding(added.finding, titles, names), "start": added.start, "end": added.end}


def _unknown(answer: asking.Answer | None) -> list[dict[str, str]]:
    return [
        {"maintenance": str(key), "name": name, "cid": cid} for key, name, cid in (answer.unknown if answer else ())
    ]


def _slots(slots: Slots) -> dict[str, Any]:
    return {
        "alone": [str(each) for each in slots.alone],
        "days": [{"start": each.start, "end": each.end, "free": each.is_free} for each in slots.slots],
        "gaps": [{"start": start, "end": end} for start, end in slots.gaps],
    }
