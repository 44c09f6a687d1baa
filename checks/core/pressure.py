"""What the machine did while a check ran, and whether it starved: late because of the machine, or late because slow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CPU_LINE = 0.6  # measured: checks/harness/README.md has the table
MEMORY_LINE = 0.2
IO_LINE = 0.4
STEAL_LINE = 0.2
DELAY_LINE = 0.5  # seconds


@dataclass(frozen=True, kw_only=True)
class Pressure:
    """What the machine did in so many seconds; None is what its kernel does not tell.

    `cpu`, `memory` and `io` are the shares of that time in which some task was kept waiting for it (PSI, `some`),
    `steal` is the share of the cores' time that a hypervisor gave to others, and `delay_s` the longest by which a
    thread of ours was woken too late. `throttled` is the share of the time in which one container, the one with the
    most of it, was held back by its own CPU quota: that is the subject's doing, and excuses nothing.
    """

    seconds: float
    cpu: float | None
    memory: float | None
    io: float | None
    steal: float | None
    delay_s: float
    throttled: float | None


def starved(pressure: Pressure | None) -> bool:
    """Whether the machine kept what ran on it from being on time; nobody knows where nothing was measured."""
    return pressure is not None and any(True for _ in _crossed(pressure))


def in_words(pressure: Pressure) -> str:
    """The figures by which it starved, for the reason of a verdict."""
    return f"in those {pressure.seconds:.1f} s {', '.join(_crossed(pressure))}"


def figures(pressure: Pressure) -> str:
    """All that was measured, in a line."""
    shares = {"CPU": pressure.cpu, "memory": pressure.memory, "IO": pressure.io}
    told = [f"{name} {_percent(share)}" for name, share in shares.items() if share is not None]
    told += [f"stolen {_percent(pressure.steal)}"] if pressure.steal is not None else []
    told += [f"a thread of ours woken up to {pressure.delay_s:.2f} s late"]
    told += [f"a container held back by its own quota {_percent(pressure.throttled)}"] if pressure.throttled else []
    return ", ".join(told)


def _crossed(pressure: Pressure) -> Iterator[str]:
    if (pressure.cpu or 0.0) >= CPU_LINE:
        yield f"the machine kept runnable tasks waiting {_percent(pressure.cpu)} of the time"
    if (pressure.memory or 0.0) >= MEMORY_LINE:
        yield f"tasks waited for memory {_percent(pressure.memory)} of the time"
    if (pressure.io or 0.0) >= IO_LINE:
        yield f"tasks waited for a disk {_percent(pressure.io)} of the time"
    if (pressure.steal or 0.0) >= STEAL_LINE:
        yield f"the hypervisor gave {_percent(pressure.steal)} of the cores' time to others"
    if pressure.delay_s >= DELAY_LINE:
        yield f"a thread of ours was woken {pressure.delay_s:.1f} s late"


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0.0):.0f} %"
