"""The charts and totals, on disk at once: a healer that is restarted goes on where it was.

They lie in a volume. A tmpfs would be emptied with each restart of the container, and the engine forgets: it counts no
restart that it was asked for, and keeps 256 events, of which each probe takes three.
"""

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from stack.healer import event_log
from stack.healer.budget import Budget
from stack.healer.metrics import exposition
from stack.healer.policy import Memory
from stack.healer.settings import Settings
from stack.healer.state import Chart, Totals, Treatment

FOLDER = Path("/var/lib/healer")
KEPT = "healer.json"
PUBLISHED = "healer.prom"  # for the service healer-metrics, which serves it
BOOT = Path("/proc/sys/kernel/random/boot_id")


class Book:
    """Every chart by container id, and the totals; what is entered is on disk before anything is done about it."""

    def __init__(
        self,
        settings: Settings,
        folder: Path = FOLDER,
        boot: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.folder = folder
        self.boot = boot or BOOT.read_text().strip()
        self.clock = clock
        self.charts: dict[str, Chart] = {}
        self.totals = Totals()
        self.budget = Budget()
        self.published = ""
        self.trouble = ""

    def open(self) -> None:
        """Read what an earlier run has left; whatever cannot be used is told, and done without."""
        try:
            kept = json.loads((self.folder / KEPT).read_text())
            totals = Totals(**kept["totals"])
            # Times are of the kernel's clock, which all containers share and which begins anew with each boot.
            of_this_boot = kept["boot"] == self.boot
            charts = {name: _chart(told) for name, told in kept["charts"].items()}
            budget = Budget(**kept.get("budget", {})) if of_this_boot else Budget()
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            event_log.write("failed", reason=f"what an earlier run has left cannot be used: {error}")
            return
        self.totals, self.budget = totals, budget
        self.charts = charts if of_this_boot else _begun(charts)

    def chart(self, container: str) -> Chart:
        """What is known of a container, which may be nothing."""
        return self.charts.get(container, Chart())

    def enter(self, container: str, **news: Any) -> Chart:  # noqa: ANN401 - whatever a chart has
        """Change what a chart says."""
        chart = replace(self.chart(container), **news)
        if chart != self.charts.get(container):
            self.charts[container] = chart
            self._keep()
        return chart

    def count(self, totals: Totals) -> None:
        """Take over new totals."""
        if totals != self.totals:
            self.totals = totals
            self._keep()

    def end_spell(self, container: str) -> None:
        """Take in that a container is sick no more."""
        chart = self.chart(container)
        if chart.sick_from is not None:
            self.totals = self.totals.with_spell(chart.service, self.clock() - chart.sick_from)
            self.enter(container, sick_from=None)

    def forget(self, container: str) -> None:
        """Take in that a container is gone."""
        self.end_spell(container)
        if self.charts.pop(container, None):
            self._keep()

    def publish(self) -> None:
        """Write out for Prometheus what has changed since."""
        now = self.clock()
        text = exposition(self.charts.values(), self.totals, now, self.budget.left(now, self.settings))
        if text != self.published:
            self.published = text
            self._write(PUBLISHED, text, 0o644)

    def _keep(self) -> None:
        kept = {
            "boot": self.boot,
            "totals": asdict(self.totals),
            "budget": asdict(self.budget),
            "charts": {name: asdict(chart) for name, chart in self.charts.items()},
        }
        self._write(KEPT, json.dumps(kept), 0o600)

    def _write(self, name: str, text: str, mode: int) -> None:
        """Write a file whole or not at all; a full disk keeps nobody from being healed."""
        unfinished = self.folder / f".{name}"
        try:
            with open(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode), "w") as file:  # noqa: PTH123
                file.write(text)
            unfinished.replace(self.folder / name)
        except OSError as error:
            self._failed(f"cannot write to its volume: {error.strerror}")
        else:
            self.trouble = ""

    def _failed(self, reason: str) -> None:
        if reason != self.trouble:  # told once, however long it lasts
            event_log.write("failed", reason=reason)
        self.trouble = reason


def _chart(told: dict[str, Any]) -> Chart:
    treatment = told.pop("treatment")
    memory = Memory(**told.pop("memory"))
    return Chart(memory=memory, treatment=treatment and Treatment(**treatment), **told)


def _begun(charts: dict[str, Chart]) -> dict[str, Chart]:
    """Of the charts of an earlier boot, what is of no clock of it: restarts to be finished that a power cut met."""
    return {
        name: Chart(service=chart.service, treatment=chart.treatment)
        for name, chart in charts.items()
        if chart.treatment and not chart.treatment.restarted_at
    }
