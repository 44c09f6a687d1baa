"""What a container's main process is doing, as `ps` on the engine's side tells it: its state, and what it waits in.

A process that is stopped, or frozen with its whole cgroup, does nothing until somebody lets it: that is a fault however
busy the machine is. That it sleeps or runs tells nothing: a service that hangs sleeps, and so does one that has nothing
to do; one that starves is ready to run, and so is one that turns in circles.
"""

from collections.abc import Mapping
from typing import Any

from stack.healer.container import Container
from stack.healer.docker_api import Engine, EngineError, GoneError

COLUMNS = "-eo pid,stat,wchan:32"
FREEZERS = ("__refrigerator", "do_freezer_trap")  # of cgroup version 1 and of version 2
STATES = {"R": "ready to run", "S": "asleep", "D": "waiting for a device", "I": "asleep", "Z": "dead", "X": "dead"}
STOPPED, FROZEN = "stopped", "frozen"
HALTED = (STOPPED, FROZEN)


async def look(engine: Engine, patient: Container) -> str:
    """Ask the engine; what cannot be told, for want of a `ps` over there, say, keeps nobody from being judged."""
    try:
        return state(await engine.top(patient.id, COLUMNS), patient.pid)
    except GoneError:
        raise
    except EngineError as error:
        return f"not to be seen: {error}"


def state(told: Mapping[str, Any], pid: int) -> str:
    """Read the answer of `GET /containers/{id}/top`: one of few words, '' where it does not tell."""
    rows = [row for row in told.get("Processes") or () if len(row) >= 3 and row[0] == str(pid)]
    for _, stat, waits_in, *_ in rows:
        if stat[:1] in ("T", "t"):
            return STOPPED
        return FROZEN if waits_in in FREEZERS else STATES.get(stat[:1], "")
    return ""
