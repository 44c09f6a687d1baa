"""Runs in a container, alone: a healer of another kind, for what has to object to it, or to be measured against it.

`poll` is what people put beside a stack today: every five seconds it asks who is unhealthy, and restarts them one
after another, as `docker restart` does. `eager` restarts whatever of its project is stopped, paused, unhealthy or only
stopped in its tracks (SIGSTOP) at two looks in a row.
"""

import http.client
import json
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

SOCKET = "/var/run/docker.sock"
AT_REST = {"exited", "paused"}


@dataclass(frozen=True)
class Kind:
    """How often it looks (seconds), whom it restarts, after how many looks in a row, and how long they have to stop."""

    every: float
    sick: Callable[[dict[str, Any]], bool]
    looks: int
    stop_seconds: int


def main(kind: Kind, project: str) -> None:
    before: set[str] = set()
    while True:
        seen = {one["Id"]: one for one in containers(project) if kind.sick(one)}
        for one in set(seen) if kind.looks == 1 else before & set(seen):
            if seen[one]["State"] == "paused":
                ask("POST", f"/containers/{one}/unpause")
            ask("POST", f"/containers/{one}/restart?t={kind.stop_seconds}")
        before = set(seen) - before
        time.sleep(kind.every)


def containers(project: str) -> list[dict[str, Any]]:
    filters = json.dumps({"label": [f"com.docker.compose.project={project}"]})
    found: list[dict[str, Any]] = json.loads(
        ask("GET", f"/containers/json?{urlencode({'all': 1, 'filters': filters})}")
    )
    return [one for one in found if one["Labels"]["com.docker.compose.service"] != "restarter"]


def unhealthy(one: dict[str, Any]) -> bool:
    return "(unhealthy)" in one["Status"]


def not_at_its_best(one: dict[str, Any]) -> bool:
    return one["State"] in AT_REST or unhealthy(one) or in_its_tracks(one["Id"])


def in_its_tracks(container: str) -> bool:
    """Whether any of its processes is stopped."""
    told = json.loads(ask("GET", f"/containers/{container}/top?ps_args={quote('-eo pid,stat')}"))
    return any(state.startswith("T") for _, state in told.get("Processes") or ())


def ask(method: str, path: str) -> bytes:
    connection = http.client.HTTPConnection("engine", timeout=30)
    with socket.socket(socket.AF_UNIX) as connection.sock:
        connection.sock.connect(SOCKET)
        connection.request(method, path)
        return connection.getresponse().read()


KINDS = {
    "poll": Kind(every=5.0, sick=unhealthy, looks=1, stop_seconds=10),
    "eager": Kind(every=0.4, sick=not_at_its_best, looks=2, stop_seconds=1),
}

if __name__ == "__main__":
    main(KINDS[sys.argv[1]], sys.argv[2])
