"""Try a check and, where it was late on a machine that starved, once more: alone, and when pressure has fallen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from _pytest.runner import runtestprotocol

from checks.core.attempts import excused, tries
from checks.core.evidence import Folder
from checks.core.pressure import starved
from checks.core.requirement import Requirement
from checks.core.run import Attempt, Outcome, Planned
from checks.harness.pressure import Gauge
from checks.harness.turns import SHARE_OF_PATIENCE, Turns
from stack.driver import wait

WINDOW_SECONDS = 2.0  # over which it is seen whether pressure has fallen

Reports = list[pytest.TestReport]


class Tries:
    """Makes the tries at each check of this process, and stores how they ended."""

    def __init__(self, folder: Folder, requirements: Callable[[Planned], Requirement]) -> None:
        self._folder, self._requirement = folder, requirements
        self.turns, self.gauge = Turns(folder.path), Gauge()
        self.attempt = 1  # which one is being made
        self.excused = 0  # how many were late by the machine's fault
        self.ended: Outcome | None = None  # how it ended, once that is known

    def close(self) -> None:
        """Measure no more."""
        self.gauge.close()

    def made(self, item: pytest.Item, planned: Planned, nextitem: pytest.Item | None) -> Reports:
        """Run a check to the end of its last try; the reports of that one."""
        self.attempt = 1
        with self.turns.beside_others():
            reports = self._try(item, nextitem)
        if (first := self.ended) and self._is_excused(planned, first):
            self.excused += 1
            reports = self._again(item, nextitem, first) or reports
        if self.ended:
            self._folder.conclude(self.ended)
        return reports

    def _try(self, item: pytest.Item, nextitem: pytest.Item | None) -> Reports:
        self.ended = None
        self.gauge.begin()
        return runtestprotocol(item, log=False, nextitem=nextitem)

    def _is_excused(self, planned: Planned, outcome: Outcome) -> bool:
        if not starved(outcome.pressure):
            return False
        (tried,) = tries(planned, outcome, self._folder.records(planned, attempt=1))
        return excused(self._requirement(planned), planned, tried)

    def _again(self, item: pytest.Item, nextitem: pytest.Item | None, first: Outcome) -> Reports:
        """No reports where the patience of the run is at its end."""
        with self.turns.alone() as patience:
            self.attempt = 2
            began, calm = time.monotonic(), self._calm_within(patience.left * SHARE_OF_PATIENCE)
            reports = self._try(item, nextitem) if calm or patience.left else []
            if not calm:
                patience.spend(time.monotonic() - began)
        self.ended = replace(self.ended, earlier=(_attempt(first),)) if reports and self.ended else first
        return reports

    def _calm_within(self, seconds: float) -> bool:
        """Wait until the machine starves no more; whether it came to that."""
        return wait.until(self._is_calm, bool, within=seconds).reached

    def _is_calm(self) -> bool:
        self.gauge.begin()
        wait.pause(WINDOW_SECONDS)
        return not starved(self.gauge.measured())


def _attempt(outcome: Outcome) -> Attempt:
    return Attempt(
        outcome=outcome.outcome,
        reason=outcome.reason,
        seconds=outcome.seconds,
        setup_seconds=outcome.setup_seconds,
        pressure=outcome.pressure,
    )
