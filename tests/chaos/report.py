"""What a run found, for people and for machines."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from tests.chaos.checks.checker import Violation
from tests.chaos.records.history import FaultRecord, History
from tests.chaos.records.soak import Growth
from tests.chaos.run import Plan

_MOST_SHOWN = 30


class Report(NamedTuple):
    """A run's plan, what happened in it, and the violations of the invariants. began: its first moment."""

    scenario: str
    plan: Plan
    seconds: float
    began: float
    history: History
    growths: Sequence[Growth]
    violations: Sequence[Violation]

    def as_json(self) -> dict[str, Any]:
        answers = self.history.answers
        return {
            "scenario": self.scenario,
            "seed": self.plan.seed,
            "minutes": self.plan.minutes,
            "factor": self.plan.factor,
            "seconds": round(self.seconds, 1),
            "events": len(self.history.produced),
            "poison": len(self.history.poison),
            "dead_letters": len(self.history.dead_letters),
            "looked_for_in_store": self.history.applied,
            "answers": len(answers),
            "answers_by_outcome": dict(_outcomes(self.history)),
            "faults": [self._fault(record) for record in self.history.faults],
            "growths": [growth._asdict() | {"last": growth.last._asdict()} for growth in self.growths],
            "violations": [violation._asdict() | {"at": self._when(violation.at)} for violation in self.violations],
        }

    def show(self, console: Console) -> None:
        faults = Table(
            "fault", "began", "lasted s", "recovered s", "proof", title=f"{self.scenario}, seed {self.plan.seed}"
        )
        for record in self.history.faults:
            row = self._fault(record)
            recovered = "never" if row["recovered"] is None else f"{row['recovered']:.1f}"
            faults.add_row(
                row["name"], f"{row['began']:.0f}", f"{row['lasted']:.1f}", recovered, row["proof"] or "NONE"
            )
        console.print(faults)
        growths = Table("role", "watched s", "RSS MB", "MB/h", "descriptors", "per h", "connections", "per h")
        for each in self.growths:
            rss, descriptors, connections = each.last[1:]
            values = (each.seconds, rss, each.rss_per_hour, descriptors, each.descriptors_per_hour)
            values = (*values, connections, each.connections_per_hour)
            growths.add_row(each.role, *(f"{value:.0f}" for value in values))
        console.print(growths)
        totals = f"{len(self.history.produced)} events, {len(self.history.poison)} bad messages"
        totals += f", {self.history.applied} committed events looked for in Redis"
        console.print(
            f"{totals}, {len(self.history.answers)} answers: {dict(_outcomes(self.history))}", highlight=False
        )
        self._show_violations(console)

    def _show_violations(self, console: Console) -> None:
        by_invariant = Counter(violation.invariant for violation in self.violations)
        found = ", ".join(f"{name}: {count}" for name, count in sorted(by_invariant.items()))
        console.print(f"violations: {found or 'none'}", style="red" if found else "green")
        for violation in self.violations[:_MOST_SHOWN]:
            when = f"{self._when(violation.at):.3f} s ({self._during(violation.at)})"
            console.print(f"{violation.invariant} at {when}: {violation.text}", highlight=False, markup=False)
        if len(self.violations) > _MOST_SHOWN:
            console.print(f"and {len(self.violations) - _MOST_SHOWN} more")

    def _fault(self, record: FaultRecord) -> dict[str, Any]:
        recovered = None if record.recovered is None else round(record.recovered - record.healed, 2)
        times = {"began": self._when(record.began), "lasted": round(record.healed - record.began, 2)}
        return {"name": record.name, **times, "recovered": recovered, "proof": record.proof}

    def _when(self, moment: float) -> float:
        return round(moment - self.began, 3) if moment else 0.0

    def _during(self, moment: float) -> str:
        """Name of the last fault that had begun."""
        before = [record.name for record in self.history.faults if record.began <= moment]
        return f"after the begin of {before[-1]}" if before else "before any fault"


def _outcomes(history: History) -> Counter[str]:
    return Counter(
        "partial" if answer.partial else "whole" if answer.code == "OK" else answer.code for answer in history.answers
    )
