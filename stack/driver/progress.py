"""Progress of several things at once: one live line each in a terminal, a plain line per change elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

_listeners: list[Callable[[str, str], None]] = []


def listen(told: Callable[[str, str], None]) -> Callable[[], None]:
    """Have `told(name, state)` called at each change that any progress of this process shows; gives what ends that."""
    _listeners.append(told)
    return lambda: _listeners.remove(told)


class Progress:
    """What is being waited for, by name, and how far it is; writes to stderr, where progress belongs."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(file=sys.stderr, highlight=False)
        self._started = time.monotonic()
        self._states: dict[str, str] = {}
        self._live = Live(console=self.console, transient=True) if self.console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, name: str, state: str) -> None:
        """`name` is now in `state`; repeated states are not repeated."""
        if self._states.get(name) == state:
            return
        self._states[name] = state
        for told in _listeners:
            told(name, state)
        if self._live:
            self._live.update(self._table(), refresh=True)
        else:
            self.say(f"{name}: {state}")

    def say(self, line: str) -> None:
        """A line that stays."""
        self.console.print(f"[{time.monotonic() - self._started:5.1f} s] {line}", markup=False, soft_wrap=True)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for name, state in self._states.items():
            table.add_row(name, state)
        return table
