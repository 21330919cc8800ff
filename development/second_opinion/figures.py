"""The figures of the second opinion over one set of messages."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from development.second_opinion.mutations import WHOLE_WINDOW, mutations
from development.second_opinion.samples import Sample, each_update
from nautobot_circuit_maintenance.reading.gates.base import CONFIRMED, DOUBTFUL

_TEN = 10
_RUNS = 3


@dataclass
class Figures:
    """How the opinions on right and on wrong readings of some messages are distributed."""

    confidence: Counter[str] = field(default_factory=Counter)
    doubtful: dict[str, str] = field(default_factory=dict)
    """Right readings that are doubtful, with the first reason."""
    mutated: Counter[str] = field(default_factory=Counter)
    """Wrong readings by kind."""
    noticed: Counter[str] = field(default_factory=Counter)
    """Those of them that are doubtful."""
    missed: list[tuple[str, str]] = field(default_factory=list)
    """Kind and message of the others."""

    def share(self, confidence: str) -> float:
        """Return the share of right readings with this confidence."""
        return self.confidence[confidence] / max(self.confidence.total(), 1)

    @property
    def noticed_share(self) -> float:
        """The share of wrong readings that are doubtful, without those that are another whole window."""
        kinds = [kind for kind in self.mutated if kind != WHOLE_WINDOW]
        return sum(self.noticed[kind] for kind in kinds) / max(sum(self.mutated[kind] for kind in kinds), 1)

    def weak_kinds(self) -> dict[str, float]:
        """Return the kinds with ten or more of which fewer are noticed than must be: 90 %, of whole windows 80 %."""
        shares = {kind: self.noticed[kind] / count for kind, count in self.mutated.items() if count >= _TEN}
        return {kind: share for kind, share in shares.items() if share < (0.8 if kind == WHOLE_WINDOW else 0.9)}


def figures(samples: Sequence[Sample]) -> Figures:
    """Return the figures over these messages; wrong readings are made of confirmed ones only."""
    found = Figures()
    for sample, update, opinion in each_update(samples):
        found.confidence[opinion.confidence] += 1
        if opinion.confidence == DOUBTFUL:
            found.doubtful[f"{sample.name} {update.maintenance_id[:20]}"] = opinion.findings[0].sentence
        if opinion.confidence != CONFIRMED:
            continue
        position = sample.updates.index(update)
        for mutation in mutations(sample, update):
            updates = (*sample.updates[:position], mutation.update, *sample.updates[position + 1 :])
            found.mutated[mutation.kind] += 1
            if sample.opinions(updates)[position].confidence == DOUBTFUL:
                found.noticed[mutation.kind] += 1
            else:
                found.missed.append((mutation.kind, sample.name))
    return found


def milliseconds(samples: Sequence[Sample]) -> list[float]:
    """Return the CPU time of the second opinion on each message, beyond the MIME parse: the best of three runs."""
    found = []
    for sample in samples:
        runs = []
        for _ in range(_RUNS):
            started = time.process_time()
            sample.opinions()
            runs.append(time.process_time() - started)
        found.append(min(runs) * 1000)
    return found
