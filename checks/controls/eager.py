"""Runs in a container, alone: a healer that is too eager, which restarts whatever of its project is not at its best.

Once it has seen something stopped, paused, unhealthy or stopped in its tracks (SIGSTOP) at two looks, it restarts it.
"""

import http.client
import json
import socket
import sys
import time
from typing import Any
from urllib.parse import quote, urlencode

SOCKET = "/var/run/docker.sock"
EVERY = 0.4  # seconds
AT_REST = {"exited", "paused"}


def main(project: str) -> None:
    before: set[str] = set()
    while True:
        seen = {one["Id"]: one for one in containers(project) if not_at_its_best(one)}
        for one in before & set(seen):
            if seen[one]["State"] == "paused":
                ask("POST", f"/containers/{one}/unpause")
            ask("POST", f"/containers/{one}/restart?t=1")
        before = set(seen) - before
        time.sleep(EVERY)


def containers(project: str) -> list[dict[str, Any]]:
    filters = json.dumps({"label": [f"com.docker.compose.project={project}"]})
    found: list[dict[str, Any]] = json.loads(
        ask("GET", f"/containers/json?{urlencode({'all': 1, 'filters': filters})}")
    )
    return [one for one in found if one["Labels"]["com.docker.compose.service"] != "eager"]


def not_at_its_best(one: dict[str, Any]) -> bool:
    return one["State"] in AT_REST or "(unhealthy)" in one["Status"] or in_its_tracks(one["Id"])


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


if __name__ == "__main__":
    main(sys.argv[1])
