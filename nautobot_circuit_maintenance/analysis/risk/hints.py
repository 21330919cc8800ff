"""Hints beside the findings, as far as a user may view what they are about."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.one_provider import OneProvider, left_to_one_provider
from nautobot_circuit_maintenance.analysis.risk.report import Risk
from nautobot_circuit_maintenance.analysis.risk.words import links_of
from nautobot_circuit_maintenance.analysis.visibility import Visibility


@dataclass(frozen=True)
class Hint:
    """All links that a site has left are of one provider."""

    span: OneProvider
    site: str
    provider: str


def read_hints(
    risk: Risk, visibility: Visibility, now: datetime, until: datetime, sites: Collection[UUID] | None = None
) -> list[Hint]:
    """Return the hints that begin before a time and are not over, of these sites or of all; takes three queries."""
    links = risk.recorded.surroundings.topology.links
    down = {each.circuit for each in risk.outages if each.end > now and each.start < until}
    affected = {end for link in links if link.circuit in down for end in (link.near, link.far) if end is not None}
    affected &= risk.assessment.sites.keys()
    of_sites = links_of(links, affected if sites is None else affected & set(sites))
    circuits = {circuit for own in of_sites.values() for circuit in own}
    providers = dict(visibility.circuits.filter(pk__in=circuits).values_list("pk", "provider_id"))
    spans = [
        each
        for each in left_to_one_provider(of_sites, providers, risk.outages)
        if each.end > now and each.start < until
    ]
    names = dict(visibility.locations.filter(pk__in={each.site for each in spans}).values_list("pk", "name"))
    of_providers = visibility.providers.filter(pk__in={each.provider for each in spans})
    known = dict(of_providers.values_list("pk", "name"))
    return [
        Hint(each, names[each.site], known[each.provider])
        for each in spans
        if each.site in names and each.provider in known
    ]
