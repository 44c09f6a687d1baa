"""The states and totals, on disk at once: a healer that is restarted goes on where it was.

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
from stack.healer.state import State, Totals, Treatment

FOLDER = Path("/var/lib/healer")
KEPT = "healer.json"
PUBLISHED = "healer.prom"  # for the service healer-metrics, which serves it
BOOT = Path("/proc/sys/kernel/random/boot_id")


class StateStore:
    """Every state by container id, and the totals; what is entered is on disk before anything is done about it."""

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
        self.states: dict[str, State] = {}
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
            states = {name: _state(told) for name, told in kept["states"].items()}
            budget = Budget(**kept.get("budget", {})) if of_this_boot else Budget()
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            event_log.write("failed", reason=f"what an earlier run has left cannot be used: {error}")
            return
        self.totals, self.budget = totals, budget
        self.states = states if of_this_boot else _begun(states)

    def state(self, container: str) -> State:
        """What is known of a container, which may be nothing."""
        return self.states.get(container, State())

    def enter(self, container: str, **news: Any) -> State:  # noqa: ANN401 - whatever a state has
        """Change what a state says."""
        state = replace(self.state(container), **news)
        if state != self.states.get(container):
            self.states[container] = state
            self._keep()
        return state

    def count(self, totals: Totals) -> None:
        """Take over new totals."""
        if totals != self.totals:
            self.totals = totals
            self._keep()

    def end_spell(self, container: str) -> None:
        """Take in that a container is sick no more."""
        state = self.state(container)
        if state.sick_from is not None:
            self.totals = self.totals.with_spell(state.service, self.clock() - state.sick_from)
            self.enter(container, sick_from=None)

    def forget(self, container: str) -> None:
        """Take in that a container is gone."""
        self.end_spell(container)
        if self.states.pop(container, None):
            self._keep()

    def publish(self) -> None:
        """Write out for Prometheus what has changed since."""
        now = self.clock()
        text = exposition(self.states.values(), self.totals, now, self.budget.left(now, self.settings))
        if text != self.published:
            self.published = text
            self._write(PUBLISHED, text, 0o644)

    def _keep(self) -> None:
        kept = {
            "boot": self.boot,
            "totals": asdict(self.totals),
            "budget": asdict(self.budget),
            "states": {name: asdict(state) for name, state in self.states.items()},
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


def _state(told: dict[str, Any]) -> State:
    treatment = told.pop("treatment")
    memory = Memory(**told.pop("memory"))
    return State(memory=memory, treatment=treatment and Treatment(**treatment), **told)


def _begun(states: dict[str, State]) -> dict[str, State]:
    """Of the states of an earlier boot, what is of no clock of it: restarts to be finished that a power cut met."""
    return {
        name: State(service=state.service, treatment=state.treatment)
        for name, state in states.items()
        if state.treatment and not state.treatment.restarted_at
    }
